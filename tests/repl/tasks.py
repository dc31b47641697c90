"""Tasks live while the prompt waits."""
import re

from terminal import *

TICKER = paste("async def tick(n):\n    for i in range(n):\n        print('tick', i)\n        await sleep(0.1)\n") + "\r"


def start_ticker(t, n):
    t.press(TICKER)
    t.prompt()
    t.press(f"t = spawn(tick({n}))\r")
    t.wait(lambda: "tick 0" in t.screen.rows(), "first tick")


def ticks(t):
    return [int(line.split()[1]) for line in t.lines() if re.fullmatch(r"tick \d+", line)]


def a_function_is_typed_and_edited_while_a_task_prints(co):
    t = co(columns=50, lines=14)
    start_ticker(t, 40)
    for key in "def area(w):\ra = w * h\rreturn a":
        t.press(key)
        t.settle(0.02)
    t.press(UP, UP, END, LEFT, LEFT)
    for key in ", h":
        t.press(key)
        t.settle(0.05)
    t.shows(">>> def area(w, h):", "...     a = w * h", "...     return a")
    t.press(DOWN, DOWN, END, "\r\r")
    t.press("area(6, 7)\r")
    t.shows(">>> area(6, 7)", "42")
    t.wait(lambda: ticks(t) and ticks(t)[-1] == 39, "last tick")
    assert ticks(t) == list(range(40)), ticks(t)
    torn = [line for line in t.lines() if "tick" in line and not re.fullmatch(r"tick \d+", line)]
    assert all(">>>" in line or "..." in line for line in torn), torn


def an_unended_line_grows_above_the_input(co):
    t = co()
    t.press(paste("async def dots():\n    for i in range(5):\n        print('.', end='', flush=True)\n        "
                  "await sleep(0.05)\n    print('!')\n") + "\r")
    t.prompt()
    t.press("t = spawn(dots())\r", "typed mean")
    t.shows(".....!", ">>> typed mean")
    t.press("while")
    t.prompt(">>> typed meanwhile")


def a_progress_line_is_written_over(co):
    t = co()
    t.press(paste("async def progress():\n    for i in range(0, 101, 20):\n        print(f'\\r{i} %', end='', flush=True)\n"
                  "        await sleep(0.02)\n    print()\n") + "\r")
    t.prompt()
    t.press("t = spawn(progress())\r", "abc")
    t.shows("100 %", ">>> abc")
    assert not any("80 %" in line for line in t.lines()), t.picture()


def ctrl_c_stops_what_was_run_and_nothing_else(co):
    t = co()
    start_ticker(t, 30)
    t.press("await sleep(60)\r")
    t.settle(0.3)
    t.press(ctrl("c"))
    t.wait(lambda: any("KeyboardInterrupt" in row for row in t.screen.rows()), "KeyboardInterrupt")
    t.prompt()
    before = len(ticks(t))
    t.wait(lambda: len(ticks(t)) > before + 1, "ticks afterwards")
    t.press("while True: pass\r\r")
    t.settle(0.3)
    t.press(ctrl("c"))
    t.prompt()
    t.press("t.done()\r")
    t.wait(lambda: "False" in t.screen.rows() or "True" in t.screen.rows(), "answer")
    assert "Cancelled" not in "\n".join(t.lines())


def ctrl_c_at_the_prompt_clears_it_and_leaves_tasks_alone(co):
    t = co()
    start_ticker(t, 20)
    t.press("half a line")
    t.settle(0.1)
    t.press(ctrl("c"))
    t.prompt()
    t.wait(lambda: ticks(t)[-1] == 19, "last tick")


def the_second_ctrl_c_reaches_a_task_that_only_computes(co):
    t = co()
    t.press(paste("async def busy():\n    while True: pass\n") + "\r")
    t.prompt()
    t.press("t = spawn(busy())\r")
    t.settle(0.3)
    t.press(ctrl("c"))
    t.settle(0.3)
    t.press(ctrl("c"))
    t.prompt()
    t.press("1 + 1\r")
    t.shows("2", ">>>")


def ctrl_d_tells_how_many_tasks_live_and_cancels_them_in_order(co):
    t = co()
    t.press(paste("async def w(n):\n    try: await sleep(60)\n    finally: print('ends', n)\n") + "\r")
    t.prompt()
    t.press("a, b, c = [spawn(w(i)) for i in range(3)]\r")
    t.prompt()
    t.press(ctrl("d"))
    assert t.end() == 0
    lines = [line for line in t.lines() if line]
    assert lines[-4:] == ["3 tasks are still running: cancelling them", "ends 0", "ends 1", "ends 2"], t.picture()


def a_failed_task_is_reported_above_the_input(co):
    t = co()
    t.press(paste("async def bad():\n    await sleep(0.2)\n    1/0\n") + "\r")
    t.prompt()
    t.press("t = spawn(bad())\r", "typing")
    t.shows("ZeroDivisionError: division by zero", ">>> typing")


def top_level_await_and_redefinition(co):
    t = co()
    t.press("async def f(): return 1\r\r", "await f()\r")
    t.shows(">>> await f()", "1", ">>>")
    t.press("async def f(): return 2\r\r", "await f()\r")
    t.shows(">>> await f()", "2", ">>>")
    t.press("x = await gather(f(), f())\r", "x\r")
    t.shows(">>> x", "[2, 2]", ">>>")


def asyncio_run_leaves_the_other_tasks_alone(co):
    t = co()
    start_ticker(t, 25)
    t.press("import asyncio\r", "asyncio.run(sleep(0.2, 'done'))\r")
    t.wait(lambda: "'done'" in t.lines(), "result")
    t.wait(lambda: ticks(t)[-1] == 24, "last tick")


def a_deadlock_is_told_and_the_prompt_goes_on(co):
    t = co()
    t.press("import asyncio\r", "await asyncio.Queue().get()\r")
    t.wait(lambda: any("deadlock" in row for row in t.screen.rows()), "deadlock")
    t.prompt()
    t.press("1 + 1\r")
    t.shows("2", ">>>")


def tasks_shows_the_tree(co):
    t = co()
    t.press(paste("async def w(n):\n    if n: await gather(w(n - 1), w(n - 1))\n    await sleep(60)\n") + "\r")
    t.prompt()
    t.press("t = spawn(w(1), name='root')\r")
    t.prompt()
    t.press(":tasks\r")
    t.prompt()
    rows = [re.sub(r"\d+\.\d s", "N s", row) for row in t.screen.rows()]
    at = rows.index(">>> :tasks")
    assert rows[at + 1].startswith("root  waits on ") and rows[at + 1].endswith("in w, <prompt 1>:2"), t.picture()
    assert rows[at + 2].startswith("├─ Task-") and "waits on sleep, for N s  in w, <prompt 1>:3" in rows[at + 2], t.picture()
    assert rows[at + 3].startswith("└─ Task-"), t.picture()


def keys_typed_while_a_statement_runs_come_after_it(co):
    t = co()
    t.press("await sleep(0.5)\r")
    t.settle(0.1)
    t.press("40 + 2\r")
    t.wait(lambda: "42" in t.screen.rows(), "value")
    t.prompt()
