#!/usr/bin/env python3
"""What coroutines weigh and cost when there are many or they are deep, and what an empty program costs.

Bytes are resident bytes per object, everything included: the slope between two sizes, read while the
objects are alive. Costs per item are slopes of CPU time. With --python the same is said of python3.
"""
import argparse
import statistics
import subprocess
import sys
from pathlib import Path

import measure
import rows

PROBES = rows.BENCH / "probes"


def resident(command, limit=120):
    """Resident bytes of `command` at the moment when it prints its line; it is stopped then."""
    process = subprocess.Popen(["timeout", "--foreground", str(limit), *map(str, command)],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError((process.stderr.read().strip().splitlines() or ["no answer"])[-1])
        child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        for line in Path(f"/proc/{child}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")
    finally:
        process.terminate()
        process.communicate()


def bytes_each(program, probe, sizes):
    small, large = sizes
    low, high = (resident([program, PROBES / probe, n]) for n in sizes)
    return (high - low) / (large - small)


def cpu(command, rounds):
    runs = [measure.run(command) for _ in range(rounds)]
    for run in runs:
        if run.failure:
            raise RuntimeError(run.failure)
    return statistics.median(run.cpu for run in runs)


def ns_per_item(program, probe, depth, items, rounds):
    """CPU nanoseconds that one more item costs at `depth`."""
    base = cpu([program, PROBES / probe, depth, 0], rounds)
    return max(cpu([program, PROBES / probe, depth, items], rounds) - base, 0) / items * 1e9


def ns_per_switch(program, tasks, switches, rounds):
    few, many = 1, 1 + switches // tasks
    base = cpu([program, PROBES / "switches.co", tasks, few], rounds)
    extra = cpu([program, PROBES / "switches.co", tasks, many], rounds) - base
    return max(extra, 0) / (tasks * (many - few)) * 1e9


def start_up(program, runs):
    """Milliseconds of wall time of an empty program above /bin/true's, and its peak memory in MB."""
    samples = {"true": [], "empty": []}
    for _ in range(runs):
        samples["true"].append(measure.run(["/bin/true"]))
        samples["empty"].append(measure.run([program, "-c", "pass"]))
        if samples["empty"][-1].failure:
            raise RuntimeError(samples["empty"][-1].failure)
    wall = {name: statistics.median(run.wall for run in runs) for name, runs in samples.items()}
    peak = statistics.median(run.peak for run in samples["empty"])
    return (wall["empty"] - wall["true"]) * 1e3, peak / 1024


class Report:
    """Prints a figure per line, with the target it is held against; a failing probe does not end it."""

    def __init__(self, held):
        self.held = held  # python3 is shown, not judged
        self.missed = self.failed = 0

    def figure(self, title, value, unit, now=None, goal=None):
        verdict = ""
        if self.held and now is not None:
            verdict = f"  at most {now:g}, in the end {goal:g}"
            if value > now:
                verdict += "  MISSED"
                self.missed += 1
        print(f"  {title:<44}{value:>10.2f} {unit:<6}{verdict}", flush=True)

    def attempt(self, title, probe):
        try:
            probe()
        except (RuntimeError, OSError, IndexError) as error:
            self.failed += 1
            print(f"  {title:<44}FAILED: {error}", flush=True)


def report_depth(report, program, title, probe, items, rounds):
    shallow, deep = (ns_per_item(program, probe, depth, items, rounds) for depth in (5, 500))
    report.figure(f"{title}, depth 5", shallow, "ns")
    report.figure(f"{title}, depth 500", deep, "ns")
    report.figure(f"{title}, ratio", deep / max(shallow, 0.01), "", 1.5, 1.5)


def report_scale(report, program, crowd, rounds):
    few, many = (ns_per_switch(program, tasks, 20 * crowd, rounds) for tasks in (10, crowd))
    report.figure("switch among 10 tasks", few, "ns")
    report.figure(f"switch among {crowd:,} tasks", many, "ns")
    report.figure("switch, ratio", many / max(few, 0.01), "", 2.0, 2.0)


def report_start_up(report, program, runs):
    milliseconds, megabytes = start_up(program, runs)
    report.figure("empty program, wall above /bin/true", milliseconds, "ms", 1.5, 0.5)
    report.figure("empty program, peak resident", megabytes, "MB", 4.0, 3.0)


def measure_program(program, held, crowd, options):
    """All figures of one implementation; `crowd` is how many tasks and generators it is asked to hold."""
    report, sizes = Report(held), (crowd // 2, crowd)
    report.attempt("sleeping task", lambda: report.figure(
        f"sleeping task ({crowd:,} under gather)", bytes_each(program, "sleeping_tasks.co", sizes),
        "bytes", 320, 256))
    report.attempt("live generator", lambda: report.figure(
        f"live generator ({crowd:,} in a list)", bytes_each(program, "live_generators.co", sizes),
        "bytes", 160, 120))
    report.attempt("start-up", lambda: report_start_up(report, program, options.starts))
    items, rounds = crowd, options.rounds
    report.attempt("deep await", lambda: report_depth(
        report, program, "sleep(0) under await", "await_depth.co", items // 4, rounds))
    report.attempt("yield from", lambda: report_depth(
        report, program, "item through yield from", "yield_from_depth.co", items, rounds))
    report.attempt("switches", lambda: report_scale(report, program, crowd // 2, rounds))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--co", help="the co to measure (./co)")
    parser.add_argument("--python", action="store_true", help="measure python3, too, with fewer objects")
    parser.add_argument("--starts", type=int, default=200, help="interleaved starts of the empty program (200)")
    parser.add_argument("--rounds", type=int, default=3, help="runs per cost (3)")
    options = parser.parse_args()
    co, status = measure.find_co(options.co), 0
    if co:
        print("co")
        report = measure_program(co, True, 1_000_000, options)
        status = 1 if report.failed or report.missed else 0
    else:
        print("co is not built: run make first")
    if options.python:
        print("python3")
        measure_program(measure.find_python(), False, 100_000, options)
    return status


if __name__ == "__main__":
    sys.exit(main())
