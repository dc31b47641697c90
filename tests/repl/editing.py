"""The block that is being typed."""
from terminal import *


def a_statement_runs_and_shows_its_value(co):
    t = co()
    t.prompt()
    t.press("1 + 2\r")
    t.shows(">>> 1 + 2", "3", ">>>")
    t.press("_ * 10\r")
    t.shows(">>> _ * 10", "30", ">>>")


def a_function_is_indented_as_it_is_typed(co):
    t = co()
    t.press("def f(x):\rif x:\rreturn [\r1,\r2]\r")
    t.shows(">>> def f(x):", "...     if x:", "...         return [", "...             1,", "...             2]")
    t.press("\r")
    t.prompt()
    t.press("f(1)\r")
    t.shows("[1, 2]", ">>>")


def lines_above_can_be_edited(co):
    t = co()
    t.press("for i in range(3):\rprint(i)\rprint('end')", UP, UP, END, BACKSPACE, BACKSPACE, "): # three")
    t.shows(">>> for i in range(3): # three", "...     print(i)", "...     print('end')")
    t.press(LEFT * 9, BACKSPACE * 2, "2)", DOWN, DOWN, END, "\r\r")
    t.shows("0", "end", "1", "end", ">>>")


def emacs_keys(co):
    t = co()
    t.press("one two three", ctrl("a"), ctrl("k"))
    t.prompt()
    t.press(ctrl("y"))
    t.prompt(">>> one two three")
    t.press(alt("b"), alt("b"), alt("d"))
    t.wait(lambda: t.screen.row(t.screen.cursor.y) == ">>> one  three", "killed word")
    t.press(ctrl("e"), ctrl("w"), ctrl("u"), "x")
    t.prompt(">>> x")
    t.press("\x1f")  # undo the x, then the kills
    t.prompt()
    t.press("\x1f", "\x1f")
    t.prompt(">>> one  three")
    t.press(ctrl("c"), "ab", ctrl("t"), ctrl("b"), ctrl("d"), ctrl("f"), "c")
    t.prompt(">>> bc")
    t.press(ctrl("c"), "a b", ctrl("w"), "c d", ctrl("w"), ctrl("y"), alt("y"))
    t.prompt(">>> a c b")


def alt_enter_always_begins_a_line(co):
    t = co()
    t.press("x = 1", ALT_ENTER, "y = 2", ALT_ENTER, "x + y\r")
    t.shows(">>> x = 1", "... y = 2", "... x + y", "3", ">>>")


def enter_inside_a_block_begins_a_line(co):
    t = co()
    t.press("if 1:\rprint(1)", UP, END, "\rprint(0)")
    t.shows(">>> if 1:", "...     print(0)", "...     print(1)")
    t.press(DOWN, END, "\r\r")
    t.shows("0", "1", ">>>")


def a_paste_of_200_lines_runs_as_one(co):
    t = co(lines=20)
    body = "".join(f"    total += {i}\r" for i in range(198))
    t.press(paste(f"def f(total):\r{body}    return total"))
    t.prompt("...     return total")
    t.press("\r\r")
    t.prompt()
    t.press("f(0)\r")
    t.shows(">>> f(0)", str(sum(range(198))), ">>>")
    lines = t.lines()
    start = max(i for i, line in enumerate(lines) if line == ">>> def f(total):")
    typed = [">>> def f(total):", *(f"...     total += {i}" for i in range(198)), "...     return total"]
    assert lines[start:start + 200] == typed, "the block is not whole in the scrollback"


def a_paste_of_several_statements_runs_in_order(co):
    t = co()
    t.press(paste("a = 1\n\n\ndef f():\n    return a\n\nfor i in range(2):\n    print(i, f())\n"), "\r")
    t.shows("0 1", "1 1", ">>>")


def the_paste_of_another_system_has_line_ends_too(co):
    t = co()
    t.press(paste("x = 1\r\nx + 1"), "\r")
    t.shows(">>> x = 1", "... x + 1", "2", ">>>")


def colours_follow_the_typing(co):
    t = co()
    t.press('def f(x): return "half')
    t.prompt('>>> def f(x): return "half')
    row = t.screen.buffer[t.screen.cursor.y]
    assert row[4].fg == "magenta" and row[8].fg == "blue", (row[4], row[8])
    assert row[21].fg == "green" and row[25].fg == "green", row[21]
    t.press('" # done')
    t.wait(lambda: t.screen.buffer[t.screen.cursor.y][29].fg == "black", "grey comment")  # pyte's name for 90


def no_color_means_none(co):
    t = co(env={"NO_COLOR": "1"})
    t.press("def f(): return 'text'")
    t.prompt(">>> def f(): return 'text'")
    assert b"\x1b[0;" not in t.raw and b"\x1b[3" not in t.raw, t.raw


def ctrl_c_clears_the_input(co):
    t = co()
    t.press("something")
    t.prompt(">>> something")
    t.press(ctrl("c"))
    t.prompt()
    t.press("1\r")
    t.shows(">>> something", ">>> 1", "1", ">>>")


def ctrl_l_clears_the_screen_only(co):
    t = co()
    t.press("1\r")
    t.shows(">>> 1", "1", ">>>")
    t.press("abc", ctrl("l"))
    t.wait(lambda: t.screen.row(0) == ">>> abc" and t.screen.cursor.y == 0, "clear screen")


def ctrl_d_leaves(co):
    t = co()
    t.press("x", LEFT, ctrl("d"))
    t.prompt()
    t.press(ctrl("d"))
    assert t.end() == 0, t.status


def exit_gives_its_status(co):
    t = co()
    t.press("exit(7)\r")
    assert t.end() == 7


def a_syntax_error_points_at_its_place(co):
    t = co()
    t.press("x = (1 +* 2)\r")
    t.wait(lambda: any("SyntaxError" in row for row in t.screen.rows()), "SyntaxError")
    t.prompt()
    t.press("1/0\r")
    t.shows("    1/0", "    ~^~", "ZeroDivisionError: division by zero", ">>>")


def tracebacks_show_lines_of_earlier_blocks(co):
    t = co()
    t.press("def f(n):\rreturn 1 / n\r\r")
    t.prompt()
    t.press("f(0)\r")
    t.shows('  File "<prompt 1>", line 2, in f', "    return 1 / n", "           ~~^~~")


def output_without_a_line_end_is_kept(co):
    t = co()
    t.press("print('abc', end='')\r")
    t.shows(">>> print('abc', end='')", "abc", ">>>")


def input_reads_what_is_typed(co):
    t = co()
    t.press("name = input('who? ')\r")
    t.wait(lambda: t.screen.row(t.screen.cursor.y) == "who?", "question")
    t.press("me\r")
    t.prompt()
    t.press("name\r")
    t.shows("'me'", ">>>")


def the_window_may_change_its_size(co):
    for reflows in (False, True):
        t = co(columns=60, lines=16, reflows=reflows)
        t.press("1\r")
        t.shows(">>> 1", "1", ">>>")
        t.press("value = [", "'a long piece of text', " * 4)
        t.wait(lambda: t.screen.row(t.screen.cursor.y).endswith("text',"), "long line")
        for columns, lines in ((30, 16), (80, 10), (10, 20), (60, 16)):
            t.resize(columns, lines)
            t.wait(lambda: shown_text(t, columns) == "value = [" + "'a long piece of text'," * 1 + " 'a long piece of text'," * 3,
                   f"input in {columns} columns")
        t.press("]\r", "len(value)\r")
        t.shows(">>> len(value)", "4", ">>>")
        assert sum(row.startswith(">>> value") for row in t.screen.rows()) == 1, t.picture()


def a_window_may_be_narrower_than_the_prompt(co):
    t = co(columns=60, lines=16)
    t.resize(2, 16)
    t.wait(lambda: not any(row.strip() for row in t.screen.rows()[1:]), "screen on which nothing fits")
    t.press("\x01")
    t.settle()
    t.resize(60, 16)
    t.press("6 * 7\r")
    t.shows("42", ">>>")


def shown_text(t, columns):
    """The input around the cursor, its rows joined."""
    y = t.screen.cursor.y
    while y >= 0 and not t.screen.row(y).startswith(">>>"):
        y -= 1
    rows = ["".join(t.screen.buffer[i][x].data for x in range(t.screen.columns)) for i in range(max(y, 0), t.screen.lines)]
    return "".join(row[4 if columns >= 20 or i == 0 else 0:] for i, row in enumerate(rows)).rstrip()


def ctrl_z_stops_and_comes_back(co):
    t = co()
    t.press("abc")
    t.prompt(">>> abc")
    t.press(ctrl("z"))
    t.settle(0.3)
    os.kill(t.pid, signal.SIGCONT)
    t.wait(lambda: t.screen.row(t.screen.cursor.y) == ">>> abc", "input again")
    t.press("\x15" + "1\r")
    t.shows(">>> 1", "1", ">>>")
