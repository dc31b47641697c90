#!/usr/bin/env python3
"""train.py CO: the runs that a release build's profile is made of.

CO, which counts how often it goes where, runs bench rows at their small size and the programs of tests/same: what programs do,
in about the proportions in which they do it, and what they do when something goes wrong. The rows of `others` are left out: they
tell what co is like where nobody prepared for it. Under virtual time, with a fixed hash seed and without the outside world, so
that the counts are the same each time. What a program prints is the tests' business.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

import rows

SAME = rows.BENCH.parent / "tests" / "same"
OUTSIDE = {"asyncio_io", "asyncio_process", "io", "os", "pathlib", "process", "socket", "threads"}  # other areas are the program's own
SECONDS = 60  # for any one program


def programs():
    """The arguments of each run, the long ones first."""
    for row in rows.ROWS:
        if row.group != "others" and row.name == row.program.stem:  # a row that differs in its twins only is run once
            yield [row.program, str(row.small)]
    for program in sorted(SAME.glob("*/*.co")):
        if program.parent.name not in OUTSIDE and not program.name.startswith("_"):
            yield [program]


def run(co, arguments, folder):
    environment = {"CO_HASH_SEED": "0", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    try:
        subprocess.run([co, "run", "--virtual-time", *arguments], cwd=folder, env=environment, timeout=SECONDS,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        sys.exit(f"train.py: {arguments[0]} is still running after {SECONDS} s")


def main():
    co = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(run, co, arguments, folder) for arguments in programs()]:
            done.result()


main()
