"""What was typed before."""
import os
import stat

from terminal import *


def blocks_are_recalled_whole(co):
    t = co()
    t.press("def f():\rreturn 1\r\r", "x = 1\r")
    t.prompt()
    t.press(UP, UP)
    t.shows(">>> def f():", "...     return 1")
    t.press("\r", "f()\r")  # as it was, it needs no blank line
    t.shows(">>> f()", "1", ">>>")
    t.press(UP, UP, UP, UP)  # through the block's two lines
    t.prompt(">>> x = 1")
    t.press(DOWN, DOWN, DOWN, DOWN)
    t.prompt()


def what_was_being_typed_comes_back(co):
    t = co()
    t.press("a = 1\r", "half", UP)
    t.prompt(">>> a = 1")
    t.press(DOWN)
    t.prompt(">>> half")


def it_is_kept_for_the_next_session(co):
    t = co()
    t.press("greeting = '안녕'\r", "path = 'a\\\\b'\r", "if 1:\rpass\r\r", ctrl("d"))
    t.end()
    path = co.folder / "co/history"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    t = co()
    t.press(UP)
    t.shows(">>> if 1:", "...     pass")
    t.press(ctrl("p"), ctrl("p"))
    t.prompt(">>> path = 'a\\\\b'")
    t.press(alt("<"), UP)
    t.prompt(">>> greeting = '안녕'")


def search(co):
    t = co()
    for line in ("alpha = 1", "beta = 2", "alphabet = 3"):
        t.press(line + "\r")
    t.prompt()
    t.press(ctrl("r"), "alp")
    t.shows(">>> alphabet = 3", "search: alp")
    t.press(ctrl("r"))
    t.shows(">>> alpha = 1", "search: alp")
    t.press("x")
    t.shows("search: alpx  (nothing)")
    t.press(BACKSPACE, ctrl("g"))
    t.prompt()
    t.press(ctrl("r"), "beta\r")
    t.shows(">>> beta = 2", ">>>")


def enter_runs_the_block_that_was_found(co):
    t = co()
    t.press("for i in range(2):\r", "print('#', i)\r\r")
    t.shows("# 1", ">>>")
    t.press(ctrl("r"), "range\r")
    t.shows("# 1", ">>> for i in range(2):", "...     print('#', i)", "# 0", "# 1", ">>>")


def two_sessions_keep_both_their_lines(co):
    first, second = co(), co()
    for i in range(5):
        first.press(f"first{i} = 1\r")
        first.prompt()
        second.press(f"second{i} = 1\r")
        second.prompt()
    lines = (co.folder / "co/history").read_text().splitlines()
    assert lines == [f"{name}{i} = 1" for i in range(5) for name in ("first", "second")], lines


def a_symbolic_link_is_not_followed(co):
    (co.folder / "co").mkdir()
    target = co.folder / "target"
    target.write_text("secret\n")
    os.symlink(target, co.folder / "co/history")
    t = co(ready=False)
    t.wait(lambda: any("no history is kept" in row for row in t.screen.rows()), "note")
    t.press("x = 1\r")
    t.prompt()
    assert target.read_text() == "secret\n"


def a_torn_line_spoils_only_itself(co):
    (co.folder / "co").mkdir()
    path = co.folder / "co/history"
    path.write_text("good = 1\ntor")
    t = co()
    t.press("x = 2\r", UP, UP)
    t.prompt(">>> good = 1")
    assert path.read_text() == "good = 1\ntor\nx = 2\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def a_line_that_begins_with_a_blank_is_not_kept(co):
    t = co()
    t.press("x = 1\r", " y = 2\r", UP)
    t.prompt(">>> x = 1")


def a_long_history_is_shortened(co):
    (co.folder / "co").mkdir()
    path = co.folder / "co/history"
    path.write_text("".join(f"x = {i}\n" for i in range(6000)))
    t = co()
    t.press(UP)
    t.prompt(">>> x = 5999")
    lines = path.read_text().splitlines()
    assert len(lines) == 2500 and lines[-1] == "x = 5999", len(lines)
    assert os.listdir(co.folder / "co") == ["history"]
