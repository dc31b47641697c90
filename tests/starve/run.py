"""What happens when there is no more memory from the Nth allocation on, for every N (or each EVERY-th)?

A program either does not notice, or ends with MemoryError or what the command says about memory: no signal, no
hanging, no other error. Run by `make starve`; under CONFIG=asan each object is an allocation of its own.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
OPTIONS = {"ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0:allocator_may_return_null=1:exitcode=99",
           "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1"}


class Starving:
    def __init__(self, co, shim, scratch):
        self.co, self.counted = co, scratch / "allocations"
        self.environment = dict(os.environ, **OPTIONS, LD_PRELOAD=str(shim), STARVE_COUNT=str(self.counted))

    def run(self, program, at=None):
        environment = self.environment if at is None else dict(self.environment, STARVE_AT=str(at))
        try:
            return subprocess.run([self.co, program], env=environment, capture_output=True, timeout=60,
                                  stdin=subprocess.DEVNULL, cwd=HERE)
        except subprocess.TimeoutExpired:
            return None

    def allocations(self):
        return int(self.counted.read_text())


def complaint(usual, got):
    """What is wrong with a run without memory; None: nothing."""
    if got is None:
        return "hangs"
    if got.returncode < 0 or got.returncode == 99:
        return f"status {got.returncode}\n{got.stderr.decode(errors='replace')[-2000:]}"
    if got.returncode == 0:
        return None if got.stdout == usual.stdout else f"prints\n{got.stdout.decode(errors='replace')[-500:]}"
    if re.search(rb"MemoryError|Cannot allocate memory|ENOMEM", got.stderr):
        return None
    return f"status {got.returncode}\n{got.stderr.decode(errors='replace')[-500:]}"


def sweep(starving, program, every):
    usual = starving.run(program)
    if usual is None or usual.returncode != 0:
        print(f"{program.name}: fails with all the memory it wants")
        return 0, 1
    points, failed = range(1, starving.allocations() + 1, every), 0
    for at in points:
        wrong = complaint(usual, starving.run(program, at))
        if wrong:
            failed += 1
            print(f"{program.name}: nothing left from allocation {at} on: {wrong}")
    return len(points) - failed, failed


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--co", required=True, type=pathlib.Path)
    options.add_argument("--shim", required=True, type=pathlib.Path)
    options.add_argument("--every", type=int, default=1)
    options.add_argument("-k", default="")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        starving = Starving(chosen.co.resolve(), chosen.shim.resolve(), pathlib.Path(scratch))
        results = [sweep(starving, program, chosen.every)
                   for program in sorted(HERE.glob("*.co")) if chosen.k in program.name]
    passed, failed = (sum(column) for column in zip(*results))
    print(f"tests/starve: {passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
