"""Without a terminal that can be drawn on: plain lines, no escapes."""
import subprocess

from terminal import *


def piped(start, text, env=None, words=("repl",)):
    environment = {"PATH": os.environ["PATH"], "LANG": "C", "XDG_STATE_HOME": str(start.folder), **(env or {})}
    done = subprocess.run([start.binary, *words], input=text, capture_output=True, text=True, env=environment,
                          timeout=20 * start.slow)
    assert "\x1b" not in done.stdout + done.stderr, done
    return done


def a_pipe_gets_plain_lines(co):
    done = piped(co, "x = 20\nx + 1\ndef f():\n    return 3\n\nf()\n_ + 1\n")
    assert done.stdout == ">>> >>> 21\n>>> ... ... >>> 3\n>>> 4\n>>> ", done.stdout
    assert done.returncode == 0


def errors_go_to_stderr_and_the_session_goes_on(co):
    done = piped(co, "1/0\nx = (\n1 +* 2)\n5\n")
    assert "ZeroDivisionError" in done.stderr and "SyntaxError" in done.stderr, done.stderr
    assert "5\n" in done.stdout


def a_file_is_read_as_well(co):
    path = co.folder / "input"
    path.write_text("async def f():\n    await sleep(0.01)\n    return 'ok'\n\nawait f()\n")
    with open(path) as file:
        done = subprocess.run([co.binary, "repl"], stdin=file, capture_output=True, text=True, timeout=20 * co.slow)
    assert "'ok'" in done.stdout, done


def the_last_block_needs_no_blank_line(co):
    assert "7" in piped(co, "if 1:\n    print(7)").stdout


def tasks_go_on_between_lines(co):
    process = subprocess.Popen([co.binary, "repl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("async def f():\n    await sleep(0.05)\n    print('printed')\n\nt = spawn(f())\n")
    process.stdin.flush()
    seen = ""
    while "printed" not in seen:
        seen += process.stdout.read(1)
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    assert process.wait(10) == 0


def what_is_timed_may_take_several_lines(co):
    done = piped(co, ":time sum([\n40,\n2])\n:time\n:time for i in range(2):\n    print(i)\n\n")
    lines = ["took" if line.startswith("took ") else line for line in done.stdout.splitlines()]
    assert lines == [">>> ... ... 42", "took", ">>> it takes an argument: :time EXPR", ">>> ... ... 0", "1", "took", ">>> "], lines


def a_dumb_terminal_gets_no_escapes(co):
    t = co(env={"TERM": "dumb"})
    t.press("1 + 1\r")
    t.shows("2", ">>>")
    t.press("async def f():\r    await sleep(0.05); print('later')\r\rt = spawn(f())\r")
    t.wait(lambda: any(row.endswith("later") for row in t.screen.rows()), "output of the task")
    t.press("2 +", ctrl("c"))
    t.wait(lambda: any("KeyboardInterrupt" in row for row in t.screen.rows()), "KeyboardInterrupt")
    t.press(ctrl("d"))
    assert t.end() == 0
    assert b"\x1b" not in t.raw


def commands_work_here_too(co):
    done = piped(co, "def f(): return 1\n\n:doc sorted\n:nonsense\n:tasks\n")
    assert "sorted(iterable, /, *, key=None, reverse=False)" in done.stdout and "no tasks" in done.stdout, done.stdout
