#!/usr/bin/env python3
"""What co trace costs: CPU time of each coroutine row with and without it, in interleaved rounds.

Prints the best of the rounds and their ratio. The time includes drawing the picture in the terminal, or in the
format of --output. With --off it tells what the events cost that nobody listens to: instructions of this build, and
of one that has no events (it is made first, in build/silent).
"""
import argparse
import subprocess
import sys

import instructions
import measure
import rows

SWITCHES = "gather_sleep0", 50  # a row, and how many more switches each more of its size makes


def best(commands, rounds):
    """The least CPU seconds of each command, all of them run in turn."""
    runs = [[measure.run(command) for command in commands] for _ in range(rounds)]
    failures = [run.failure for turn in runs for run in turn if run.failure]
    if failures:
        raise RuntimeError(failures[0])
    return [min(turn[i].cpu for turn in runs) for i in range(len(commands))]


def count_off(co, pattern):
    silent = rows.BENCH.parent / "build/silent"
    subprocess.run(["make", "-s", f"B={silent.relative_to(rows.BENCH.parent)}", "EXTRA=-DCO_EVENTS=0", "build"],
                   cwd=rows.BENCH.parent, check=True, stdout=subprocess.DEVNULL)
    print(f"{'row':<28}{'events':>14}{'without':>14}", flush=True)
    for row in rows.select(pattern):
        if row.name == row.program.stem:
            arguments = ["run", "--virtual-time", row.program, row.small]
            here, there = (instructions.count(program, arguments) for program in (co, silent / "co"))
            print(f"{row.title:<28}{here:>14,}{there:>14,}  {here / there - 1:+.2%}", flush=True)
    name, each = SWITCHES
    sizes = [["run", "--virtual-time", rows.BENCH / f"coroutine/{name}.co", n] for n in (1000, 2000)]
    per_switch = [(instructions.count(program, sizes[1]) - instructions.count(program, sizes[0])) / (1000 * each)
                  for program in (co, silent / "co")]
    print(f"a switch: {per_switch[0]:.1f} and {per_switch[1]:.1f} instructions")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="^coroutine/", metavar="PATTERN", help="rows whose GROUP/NAME matches")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", metavar="PICTURE", help="draw into that file (.svg, .html, .json)")
    parser.add_argument("--off", action="store_true", help="count instructions while nothing is traced")
    parser.add_argument("--co", help="the co to measure (./co)")
    options = parser.parse_args()
    co = measure.find_co(options.co)
    if co is None:
        sys.exit("co is not built: run make first")
    if options.off:
        return count_off(co, options.rows)
    trace = [co, "trace", *(["-o", options.output] if options.output else [])]
    print(f"{'row':<28}{'co run':>10}{'co trace':>10}", flush=True)
    for row in rows.select(options.rows):
        if row.name == row.program.stem:
            plain, traced = best([[co, "run", row.program], [*trace, row.program]], options.rounds)
            print(f"{row.title:<28}{plain * 1e3:>7.1f} ms{traced * 1e3:>7.1f} ms  {traced / plain - 1:+.0%}", flush=True)


if __name__ == "__main__":
    main()
