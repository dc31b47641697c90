"""What begins with a colon, help and values."""
import time

from terminal import *


def time_tells_how_long(co):
    t = co()
    t.press(":time await sleep(0.2)\r")
    t.wait(lambda: any(row.startswith("took 2") and " ms" in row for row in t.screen.rows()), "time")


def what_is_timed_may_take_several_lines(co):
    t = co()
    t.press(":time sum([\r", "40,\r", "2])\r")
    t.wait(lambda: "42" in t.screen.rows() and any(row.startswith("took ") for row in t.screen.rows()), "value and time")
    t.press(":ti for i in range(2):\r", "print(f'<{i}>')\r\r")
    t.wait(lambda: "<1>" in t.screen.rows(), "output of the block")
    t.press(":dis [1,\r", "x]\r")
    t.wait(lambda: any("LOAD_GLOBAL" in row for row in t.screen.rows()), "code")
    t.press(":doc len\r", ":tasks\r", ":time\r")
    t.shows("no tasks", ">>> :time", "it takes an argument: :time EXPR", ">>>")


def trace_draws_who_waited(co):
    t = co(lines=40)
    t.press("async def f(n): await sleep(n / 10)\r\r", ":trace await gather(f(1), f(3))\r")
    t.wait(lambda: sum(row.startswith(("f(1)", "f(3)", "Task-")) or "f(" in row for row in t.screen.rows()) >= 2, "lanes")
    t.prompt()
    t.press("t = spawn(f(1))\r", ":tasks\r")
    t.prompt()


def trace_draws_while_it_runs(co):
    t = co(lines=40)
    t.press("async def f(n):\rfor i in range(100): await sleep(n / 10); print(f'<{n}:{i}>')\r\r")
    t.press(":trace await gather(f(2), f(3))\r")

    def lanes():
        return [row for row in t.screen.rows() if "f(2) " in row or "f(3) " in row]
    t.wait(lambda: "<2:0>" in t.screen.rows() and len(lanes()) == 2, "lanes below the output")
    t.wait(lambda: "<2:2>" in t.screen.rows() and t.screen.rows().index("<2:2>") < t.screen.rows().index(lanes()[0]),
           "output above the lanes")
    t.resize(60, 30)
    t.wait(lambda: "<2:6>" in t.screen.rows() and len(lanes()) == 2 and len(lanes()[0]) <= 60, "narrower lanes")
    t.press(ctrl("c"))
    t.wait(lambda: any(row.startswith("await gather(f(2), f(3))  ") for row in t.screen.rows()), "the finished picture")
    t.prompt()
    shown = "\n".join(t.lines())
    assert shown.count("<2:0>") == 1 and "KeyboardInterrupt" in shown and "Warning" not in shown, shown
    t.press("6 * 7\r")
    t.shows("42", ">>>")


def input_in_a_traced_run(co):
    t = co()
    t.press("async def f(): await sleep(0.5); return input('name? ')\r\r", ":trace await f()\r")
    t.wait(lambda: any("sleep 500 ms" in row for row in t.screen.rows()), "lanes")
    t.wait(lambda: t.screen.row(t.screen.cursor.y).startswith("name?"), "question")
    t.press("한글\r")
    t.wait(lambda: "'한글'" in t.screen.rows(), "answer")
    t.prompt()
    t.press(":trace await f()\r")
    time.sleep(0.3)
    t.press("미리\r")  # the answer before the question
    t.wait(lambda: "name? '미리'" in t.screen.rows(), "early answer")
    t.prompt()


def doc_and_help(co):
    t = co()
    t.press("def f(a, b=2):\r'Adds them.'\r\r", ":doc f\r")
    t.shows("f(a, b=2)", "    Adds them.", ">>>")
    t.press("help(len)\r")
    t.shows("len(obj, /)", "    The number of items.", ">>>")
    t.press(":doc itertools.chain.from_iterable\r")
    t.wait(lambda: any(row.startswith("from_iterable(") for row in t.screen.rows()), "a module that was not imported")
    t.press(":doc nothing.here\r")
    t.shows("there is no 'nothing.here' here", ">>>")


def dis_of_a_function_and_of_a_statement(co):
    t = co()
    t.press("def f(a): return a + 1\r\r", ":dis f\r")
    t.wait(lambda: any("ADD_RK" in row for row in t.screen.rows()), "code")
    t.press(":dis x = y\r")
    t.wait(lambda: any("STORE_GLOBAL" in row for row in t.screen.rows()), "code")


def load_and_save(co):
    path = co.folder / "session.co"
    t = co()
    t.press("x = 6\r", "def f():\rreturn x * 7\r\r", f":save {path}\r")
    t.prompt()
    assert path.read_text() == "x = 6\ndef f():\n    return x * 7\n\n", path.read_text()
    t.press(":reset\r", "x\r")
    t.wait(lambda: any("NameError" in row for row in t.screen.rows()), "NameError")
    t.press(f":load {path}\r", "f()\r")
    t.shows("42", ">>>")
    t.press(":load /nonexistent\r")
    t.wait(lambda: any("cannot read" in row for row in t.screen.rows()), "complaint")


def long_values_are_laid_out(co):
    t = co(columns=40)
    t.press("{'name': 'a' * 20, 'values': list(range(20))}\r")
    t.shows("{", "    'name': 'aaaaaaaaaaaaaaaaaaaa',", "    'values': [", "        0, 1, 2, 3, 4, 5, 6, 7, 8, 9,",
            "        10, 11, 12, 13, 14, 15, 16, 17,", "        18, 19,", "    ],", "}", ">>>")
    t.press("['한글' * 7, ('x' * 26, 1)]\r")
    t.shows("[", "    '" + "한글" * 7 + "',", "    ('" + "x" * 26 + "', 1),", "]", ">>>")


def a_list_that_holds_itself_is_shown(co):
    t = co(columns=20)
    t.press("x = [1234567, 1234567, 1234567]\r", "x.append(x)\r", "x\r")
    t.wait(lambda: any("[...]" in row for row in t.screen.rows()), "ellipsis")
    t.prompt()


def the_last_value_outlives_an_error(co):
    t = co()
    t.press("6 * 7\r", "1/0\r", "_\r")
    t.shows(">>> _", "42", ">>>")


def trace_again_while_a_task_of_the_first_still_waits(co):
    t = co(columns=100)
    t.press(":trace spawn(sleep(30), name='오래')\r")
    t.prompt()
    t.press(":trace await sleep(0.01)\r")
    t.prompt()
    assert not any("MemoryError" in row for row in t.lines()), t.picture()
    assert sum("█ runs" in row for row in t.lines()) == 2, t.picture()


def words_that_newcomers_type(co):
    t = co(lines=40)
    t.press("help\r")
    t.wait(lambda: any(row.startswith("  :tasks ") for row in t.screen.rows()), "the help text")
    t.press("async def f(): return 3\r\r", "f()\r", "sleep(1)\r")
    t.wait(lambda: sum(row.endswith("write 'await' in front of the call") for row in t.screen.rows()) == 2, "hints")
    t.press("help = quit = 3\r", "help\r", "quit + 1\r", "quit\r")
    t.shows("3", ">>> quit + 1", "4", ">>> quit", "3", ">>>")
    t.press("exit\r")
    assert t.end() == 0
