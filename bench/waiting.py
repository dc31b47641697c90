#!/usr/bin/env python3
"""10,000 that wait: as tasks, as blocking contexts, as threads of the operating system. Usage: waiting.py [N] [--co ./co]

Each program makes N of them that wait for a second, all at the same time; the time is that of the whole program, the memory
its peak less that of the same program with none.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TASKS = "import asyncio\nasync def main():\n    await asyncio.gather(*[asyncio.sleep(1) for _ in range({n})])\nasyncio.run(main())\n"
CONTEXTS = ("import _thread, time\nfor _ in range({n}):\n    _thread.start_new_thread(time.sleep, (1,))\n"
            "time.sleep({n} and 1.5)\n")
THREADS = ("import threading, time\nthreads = [threading.Thread(target=time.sleep, args=(1,)) for _ in range({n})]\n"
           "for t in threads: t.start()\nfor t in threads: t.join()\n")
PEAK = """
with open("/proc/self/status") as status:
    print([line.split()[1] for line in status if line.startswith("VmHWM")][0])
"""


def run(argv):
    """(seconds, CPU seconds, peak megabytes)"""
    start, before = time.monotonic(), os.times()
    out = subprocess.run(argv, capture_output=True, check=True).stdout
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, cpu, int(out) / 1024


def measure(program, source, n):
    """The medians of three runs."""
    empty, full = ([run([program, "-c", source.format(n=i) + PEAK]) for _ in range(3)] for i in (0, n))
    seconds, cpu, memory = (statistics.median(column) for column in zip(*full))
    return seconds, cpu, memory - statistics.median(row[2] for row in empty)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("n", type=int, nargs="?", default=10_000)
    parser.add_argument("--co", default=str(ROOT / "co"))
    options = parser.parse_args()
    print(f"| {options.n:,} that wait for a second | seconds | CPU | memory | each |\n|---|--:|--:|--:|--:|")
    for what, program, source in [("tasks of Co", options.co, TASKS), ("`_thread` of Co", options.co, CONTEXTS),
                                  ("tasks of CPython", "python3", TASKS), ("threads of the system, by CPython", "python3", THREADS)]:
        seconds, cpu, memory = measure(program, source, options.n)
        print(f"| {what} | {seconds:.2f} | {cpu:.2f} s | {memory:.1f} MB | {memory * 1024 / options.n:.1f} KB |", flush=True)


if __name__ == "__main__":
    main()
