#!/usr/bin/env python3
"""What co trace costs: CPU time of each coroutine row with and without it, in interleaved rounds.

Prints the best of the rounds and their ratio. The time includes drawing the picture in the terminal, or in the
format of --output.
"""
import argparse
import sys

import measure
import rows


def best(commands, rounds):
    """The least CPU seconds of each command, all of them run in turn."""
    runs = [[measure.run(command) for command in commands] for _ in range(rounds)]
    failures = [run.failure for turn in runs for run in turn if run.failure]
    if failures:
        raise RuntimeError(failures[0])
    return [min(turn[i].cpu for turn in runs) for i in range(len(commands))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="^coroutine/", metavar="PATTERN", help="rows whose GROUP/NAME matches")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", metavar="PICTURE", help="draw into that file (.svg, .html, .json)")
    parser.add_argument("--co", help="the co to measure (./co)")
    options = parser.parse_args()
    co = measure.find_co(options.co)
    if co is None:
        sys.exit("co is not built: run make first")
    trace = [co, "trace", *(["-o", options.output] if options.output else [])]
    print(f"{'row':<28}{'co run':>10}{'co trace':>10}", flush=True)
    for row in rows.select(options.rows):
        if row.name == row.program.stem:
            plain, traced = best([[co, "run", row.program], [*trace, row.program]], options.rounds)
            print(f"{row.title:<28}{plain * 1e3:>7.1f} ms{traced * 1e3:>7.1f} ms  {traced / plain - 1:+.0%}", flush=True)


if __name__ == "__main__":
    main()
