#!/usr/bin/env python3
"""Print which cells of asyncio's table no program under tests/same reaches: API x what can happen to it.

The APIs are those of the running CPython (3.11): what asyncio's modules make public, and the public methods of the classes
that programs meet. What waits has six cells, the rest one. A cell is reached when a stored output has the line
`API | cell | ...`; the one cell of what does not wait also when a program names it. coverage_asyncio.reasons,
`API | cell: reason`, excuses what makes no sense or is left out.
"""
import asyncio
import asyncio.subprocess
import fnmatch
import inspect
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parents[2]
SAME = ROOT / "tests/same"
REASONS = ROOT / "tests/tools/coverage_asyncio.reasons"
WAITING = ("finishes", "raises", "cancelled before", "cancelled during", "cancelled after", "times out")
AT_ONCE = ("finishes",)
CLASSES = {"Future": asyncio.Future, "Task": asyncio.Task, "loop": asyncio.BaseEventLoop, "Runner": asyncio.Runner,
           "Timeout": asyncio.Timeout, "TaskGroup": asyncio.TaskGroup, "Handle": asyncio.Handle, "TimerHandle": asyncio.TimerHandle,
           "Lock": asyncio.Lock, "Event": asyncio.Event, "Condition": asyncio.Condition, "Semaphore": asyncio.Semaphore,
           "BoundedSemaphore": asyncio.BoundedSemaphore, "Barrier": asyncio.Barrier, "Queue": asyncio.Queue,
           "LifoQueue": asyncio.LifoQueue, "PriorityQueue": asyncio.PriorityQueue, "StreamReader": asyncio.StreamReader,
           "StreamWriter": asyncio.StreamWriter, "Server": asyncio.Server, "Process": asyncio.subprocess.Process}
# Plain functions that answer an awaitable, and classes that are one or are used by `async with`.
AWAITED = {"gather", "as_completed", "shield", "timeout", "timeout_at", "TaskGroup", "Future", "Task", "create_task",
           "ensure_future", "wrap_future", "loop.run_in_executor", "run", "Runner.run", "loop.run_until_complete"}


def apis():
    """(name, whether it waits) of each."""
    for name in sorted(set(asyncio.__all__) | {"subprocess.create_subprocess_exec"}):
        thing = getattr(asyncio, name, None)
        if callable(thing) and not (isinstance(thing, type) and issubclass(thing, BaseException)):
            yield name, name in AWAITED or inspect.iscoroutinefunction(thing)
    for kind, cls in CLASSES.items():
        for name in sorted(n for n in dir(cls) if not n.startswith("_")):
            method = getattr(cls, name)
            full = f"{kind}.{name}"
            yield full, full in AWAITED or inspect.iscoroutinefunction(method)


def reached():
    """Cells of the outputs, and all words of the programs."""
    cells, words = set(), set()
    for path in SAME.rglob("*.out"):
        for line in path.read_text(errors="replace").splitlines():
            parts = line.split(" | ")
            if len(parts) >= 2:
                cells.add((parts[0].strip(), parts[1].strip()))
    for path in SAME.rglob("*.co"):
        text = path.read_text(errors="replace")
        if "asyncio" in text:
            words |= set(re.findall(r"\w+", text))
    return cells, words


def excused():
    reasons = {}
    for line in REASONS.read_text().splitlines():
        if line and not line.startswith("#"):
            row, reason = line.split(": ", 1)
            reasons[tuple(row.split(" | "))] = reason
    return reasons


def main():
    cells, words = reached()
    reasons, used, left, total, without = excused(), set(), [], 0, 0
    for name, waits in apis():
        for cell in WAITING if waits else AT_ONCE:
            total += 1
            short = name.rpartition(".")[2]
            if (name, cell) in cells or (not waits and cell == "finishes" and short in words):
                continue
            row = next((r for r in reasons if fnmatch.fnmatchcase(name, r[0]) and fnmatch.fnmatchcase(cell, r[1])), None)
            if row is None:
                left.append(f"{name} | {cell}")
            else:
                used.add(row)
                without += 1
    for row in left:
        print(row)
    for row in sorted(set(reasons) - used):
        print(f"{' | '.join(row)}: a reason for what is reached, or is no cell")
    print(f"asyncio: {total} cells, {total - len(left) - without} reached, {without} with a reason, {len(left)} left over")
    return 1 if left or set(reasons) - used else 0


if __name__ == "__main__":
    if sys.version_info[:2] != (3, 11):
        sys.exit("the table is that of CPython 3.11")
    sys.exit(main())
