#!/usr/bin/env python3
"""Counts the instructions that co executes for every bench row at its small size, with callgrind.

The counts are kept in instructions.txt. --update stores them anew; --check, for CI, reports each row that
grew by more than 1 % and fails then. Programs run under virtual time and a fixed hash seed, so that a count
depends on the source and the compiler only.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

import measure
import rows

STORED = rows.BENCH / "instructions.txt"
HEADER = """\
# Instructions that co executes for each bench row at its small size (bench/rows.py), counted by callgrind.
# Made by bench/instructions.py --update; --check compares.
"""
TOLERANCE = 0.01
START_UP = "start-up"


def compiler():
    """The compiler and C library the counts belong to: another pair gives other counts."""
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    return f"gcc {gcc}, {os.confstr('CS_GNU_LIBC_VERSION')}"


def count(co, arguments):
    """Instructions executed by `co arguments`; RuntimeError with one line when it fails."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", co, *map(str, arguments)]
    environment = {**os.environ, "CO_HASH_SEED": "0"}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not collected:
        own = [line for line in run.stderr.splitlines() if not line.startswith("==")]
        raise RuntimeError(f"exit status {run.returncode} {own[-1] if own else ''}".strip())
    return int(collected.group(1))


def jobs(pattern):
    """Pairs of a name in instructions.txt and the arguments that co is given."""
    if re.search(pattern, START_UP):
        yield START_UP, ["-c", "pass"]
    for row in rows.select(pattern):
        if row.name == row.program.stem:  # a row that differs in its twins only is counted once
            yield f"{row.group}/{row.name}", ["run", "--virtual-time", row.program, row.small]


def stored():
    """The kept counts by name, and the compiler they belong to."""
    if not STORED.exists():
        return {}, None
    lines = STORED.read_text().splitlines()
    belongs = next((line[2:] for line in lines if line.startswith("# gcc")), None)
    pairs = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: int(number) for name, number in pairs}, belongs


def store(counts):
    lines = [f"{name} {counts[name]}" for name, _ in jobs("") if name in counts]
    STORED.write_text(HEADER + f"# {compiler()}\n" + "\n".join(lines) + "\n")


def compare(name, before, now):
    """One line about `name`; True when it grew by more than the tolerance."""
    if before is None:
        print(f"{name:<38}{now:>15,}  new", flush=True)
        return False
    change = now / before - 1
    grew = change > TOLERANCE
    print(f"{name:<38}{now:>15,}  {change:+8.2%}{'  GREW' if grew else ''}", flush=True)
    return grew


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a row grew by more than 1 %%")
    parser.add_argument("--update", action="store_true", help="store the counts")
    parser.add_argument("--rows", default="", metavar="PATTERN", help="only rows whose GROUP/NAME matches")
    parser.add_argument("--co", help="the co to count (./co)")
    options = parser.parse_args()
    co = measure.find_co(options.co)
    if co is None:
        sys.exit("co is not built: run make first")
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")

    before, belongs = stored()
    if belongs not in (None, compiler()):
        print(f"the stored counts are of {belongs}, this is {compiler()}: differences may be the compiler's")
    counts, grown, failed = dict(before), [], []
    for name, arguments in jobs(options.rows):
        try:
            counts[name] = count(co, arguments)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            print(f"{name:<38}FAILED: {error}", flush=True)
            failed.append(name)
            continue
        if compare(name, before.get(name), counts[name]):
            grown.append(name)
    if options.update:
        store(counts)
    print(f"{len(grown)} rows grew by more than {TOLERANCE:.0%}, {len(failed)} failed")
    return 1 if failed or (options.check and grown) else 0


if __name__ == "__main__":
    sys.exit(main())
