#!/usr/bin/env python3
"""What one operation of the language or the library costs beside python3: the rows of library.txt, one by one.

Each row runs in processes of its own, by turns, as a loop over its statement; the time of the empty loop is taken off. A
figure is nanoseconds of CPU time for one statement, the least of all rounds. Ratios above one are what is left to do.
"""
import argparse
import re
import statistics
import subprocess
import sys
import textwrap

import measure
import rows

PROGRAM = """
from time import process_time as clock

def empty(turns):
    start = clock()
    for turn in range(turns): pass
    return clock() - start

def loop(turns):
{setup}
    start = clock()
    for turn in range(turns):
{statement}
    return clock() - start

turns = 1
while loop(turns) < {least}:
    turns *= 2
print(max(min(loop(turns) for _ in range(4)) - min(empty(turns) for _ in range(2)), 0) / turns * 1e9)
"""


def table():
    """(name, statement, setup) of each row."""
    for line in (rows.BENCH / "library.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            fields = [field.strip().replace("\\|", "|").replace("¶", "\n") for field in re.split(r"(?<!\\)\|", line)]
            yield fields


def program(statement, setup, least):
    return PROGRAM.format(setup=textwrap.indent(setup, " " * 4), statement=textwrap.indent(statement, " " * 8), least=least)


def nanoseconds(interpreter, source):
    """CPU time of one statement, or None with a line about why there is none."""
    done = subprocess.run([interpreter, "-c", source], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        print((done.stderr.strip().splitlines() or ["no answer"])[-1], file=sys.stderr)
        return None
    return float(done.stdout)


def measure_row(interpreters, source, rounds):
    """The least time of each interpreter, which take turns; None if one of them fails."""
    best = [float("inf")] * len(interpreters)
    for _ in range(rounds):
        for i, interpreter in enumerate(interpreters):
            took = nanoseconds(interpreter, source)
            if took is None:
                return None
            best[i] = min(best[i], took)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="rows whose names contain one of these (all)")
    parser.add_argument("--co", help="the co to measure (./co)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--least", type=float, default=0.005, help="seconds that a loop runs for (0.005)")
    parser.add_argument("--above", type=float, default=0, help="show only rows with a higher ratio")
    options = parser.parse_args()
    interpreters = [measure.find_co(options.co), measure.find_python()]
    ratios = []
    print(f"{'':26} {'co':>9} {'python3':>9} ratio")
    for name, statement, setup in table():
        if options.names and not any(part in name for part in options.names):
            continue
        best = measure_row(interpreters, program(statement, setup, options.least), options.rounds)
        if best is None:
            print(f"{name:26} failed", flush=True)
            continue
        ratio = best[0] / max(best[1], 0.1)
        ratios.append(max(ratio, 0.01))
        if ratio >= options.above:
            print(f"{name:26} {best[0]:9.1f} {best[1]:9.1f} {ratio:5.2f}", flush=True)
    if ratios:
        above = sum(ratio > 1 for ratio in ratios)
        print(f"{len(ratios)} rows, geometric mean {statistics.geometric_mean(ratios):.2f}, {above} above 1")


if __name__ == "__main__":
    main()
