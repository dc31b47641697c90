#!/usr/bin/env python3
"""Measures ./co against python3 (and, on demand, other languages) and says where it stands.

Every program is run in interleaved rounds; a figure is the median of the CPU time (user + system) of the
whole process as a multiple of python3's, so lower is faster. The checksums that the programs print must
agree.
"""
import argparse
import math
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict, namedtuple

import measure
import rows

# A peer runs the program itself (language None) or its twin in twins/LANGUAGE.
Peer = namedtuple("Peer", "command language")
PEERS = {
    "lua5.4": Peer(["lua5.4"], "lua"),
    "luajit-joff": Peer(["luajit", "-joff"], "lua"),
    "luajit": Peer(["luajit"], "lua"),
    "node": Peer(["node"], "js"),
    "pypy3": Peer(["pypy3"], None),
    "go": Peer(["go"], "go"),
}
COMPILED = {"go", "luajit"}  # not interpreters: no coroutine row is held against them

# What co must reach, as multiples of python3's time: now, and in the end.
Target = namedtuple("Target", "mean row")
TARGETS = {
    "now": {"coroutine": Target(0.25, 1.0), "classic": Target(0.60, 1.0)},
    "goal": {"coroutine": Target(0.10, 0.30), "classic": Target(0.45, 1.0)},
}
DEFAULT_TARGET = Target(1.0, 1.0)
STRONG_IN_CPYTHON = {"string_build", "sort", "exceptions", "bigint"}  # the goal there is 0.9
OTHERS_ABOVE_CLASSIC = 1.25  # no program of the group "others" may exceed the classic mean by more


class Bench:
    """The measured runs of every row, by implementation, and what is derived from them."""

    def __init__(self, options):
        self.options = options
        self.rows = rows.select(options.rows)
        self.co = measure.find_co(options.co)
        self.python = measure.find_python()
        self.names = ["python3", "co", *options.peers]
        self.runs = defaultdict(list)  # (row, implementation) -> runs
        self.failures = []             # of co or python3, one line each
        self.gaps = []                 # of the others

    def command(self, row, name):
        """How `name` runs `row`, or None when it has no such program."""
        size = str(row.small) if self.options.quick else rows.full_size(row)
        if name in ("co", "python3"):
            program = self.co if name == "co" else self.python
            return program and [program, row.program, *([size] if self.options.quick else [])]
        peer = PEERS[name]
        if peer.language is None:
            return [*peer.command, row.program, size]
        twin = rows.BENCH / "twins" / peer.language / f"{row.name}.{peer.language}"
        if not twin.exists():
            twin = twin.with_stem(row.program.stem)
        if not twin.exists():
            return None
        return [build_go(twin), size] if name == "go" else [*peer.command, twin, size]

    def measure_row(self, row):
        commands = {name: self.command(row, name) for name in self.names}
        commands = {name: command for name, command in commands.items() if command}
        for _ in range(self.options.rounds):
            for name, command in list(commands.items()):
                run = measure.run(command, self.options.limit)
                if run.failure is None:
                    self.runs[row, name].append(run)
                    continue
                self.note_failure(row, name, run.failure)
                self.runs.pop((row, name), None)
                del commands[name]
        self.compare_checksums(row)

    def compare_checksums(self, row):
        expected = {run.output for run in self.runs[row, "python3"]}
        for name in self.names:
            outputs = {run.output for run in self.runs[row, name]}
            if expected and outputs - expected:
                wrong, right = (outputs - expected).pop(), expected.pop()
                self.note_failure(row, name, f"prints {wrong[:60]!r}, python3 {right[:60]!r}")
                del self.runs[row, name]
                expected = {right}

    def note_failure(self, row, name, why):
        ours = name in ("co", "python3")
        (self.failures if ours else self.gaps).append(f"{row.title}: {name}: {why}")

    def median(self, row, name, field="cpu"):
        values = [getattr(run, field) for run in self.runs[row, name]]
        return statistics.median(values) if values else None

    def ratio(self, row, name):
        mine, base = self.median(row, name), self.median(row, "python3")
        return mine / base if mine is not None and base else None

    def mean(self, group, name):
        """The geometric mean of `name`'s ratios in `group`."""
        ratios = [self.ratio(row, name) for row in self.rows if row.group == group]
        logs = [math.log(max(r, 1e-6)) for r in ratios if r is not None]
        return math.exp(sum(logs) / len(logs)) if logs else None

    def groups(self):
        return [group for group in rows.GROUPS if any(row.group == group for row in self.rows)]


def build_go(source):
    """The binary of a Go twin; when it does not compile, running it fails and says so."""
    binary = measure.BUILD / "go" / source.stem
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        binary.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "build", "-o", str(binary), str(source)])
    return binary


def figure(x):
    if x is None:
        return "–"
    return f"{x:.3f}" if x < 0.1 else f"{x:.2f}"


def megabytes(kilobytes):
    return "–" if kilobytes is None else f"{kilobytes / 1024:.1f}"


def cells(bench, row):
    """The columns of one row as text: title, python3's seconds, ratios, peak memory."""
    seconds = bench.median(row, "python3")
    ratios = [figure(bench.ratio(row, name)) for name in bench.names[1:]]
    peaks = [megabytes(bench.median(row, name, "peak")) for name in ("co", "python3")]
    return [row.title, "–" if seconds is None else f"{seconds:.2f} s", *ratios, *peaks]


def heading(bench, group):
    return [group, "python3", *bench.names[1:], "co MB", "python3 MB"]


def summary(bench, group):
    return ["geometric mean", "1", *[figure(bench.mean(group, name)) for name in bench.names[1:]], "", ""]


def aligned(head, texts):
    """A line of the plain report: the title, then right-aligned columns as wide as `head` needs."""
    widths = [max(9, len(text) + 2) for text in head[1:]]
    return f"{texts[0]:<34}" + "".join(f"{text:>{width}}" for text, width in zip(texts[1:], widths))


def print_markdown(bench):
    for group in bench.groups():
        head = heading(bench, group)
        print("| " + " | ".join(head) + " |")
        print("|---|" + "--:|" * (len(head) - 1))
        for row in bench.rows:
            if row.group == group:
                print("| " + " | ".join(cells(bench, row)) + " |")
        print("| " + " | ".join(f"**{text}**" if text else "" for text in summary(bench, group)) + " |\n")


def same_work(bench, row):
    """The interpreters among the peers that do in `row` what co does."""
    return [name for name in bench.names[2:]
            if name not in COMPILED and PEERS[name].language not in row.plain]


def row_limit(bench, row, level):
    classic = bench.mean("classic", "co")
    if level == "goal" and row.group == "others" and classic:
        return min(1.0, classic * OTHERS_ABOVE_CLASSIC)
    if level == "goal" and row.name in STRONG_IN_CPYTHON:
        return 0.9
    return TARGETS[level].get(row.group, DEFAULT_TARGET).row


def row_misses(bench, row):
    """What co owes in this row, as pairs of level and text."""
    ratio = bench.ratio(row, "co")
    if ratio is None:
        return
    for level in TARGETS:
        limit = row_limit(bench, row, level)
        if ratio > limit:
            yield level, f"{row.title}: {figure(ratio)}, at most {figure(limit)}"
            break
    rivals = same_work(bench, row) if row.group == "coroutine" else ["lua5.4"]
    for name in rivals:
        rival = bench.ratio(row, name) if name in bench.names else None
        if rival is not None and ratio > rival:
            yield "goal", f"{row.title}: {figure(ratio)}, {name} has {figure(rival)}"


def mean_misses(bench, group):
    mean = bench.mean(group, "co")
    for level, targets in TARGETS.items():
        limit = targets.get(group, DEFAULT_TARGET).mean
        if mean is not None and mean > limit:
            yield level, f"{group} rows, geometric mean: {figure(mean)}, at most {figure(limit)}"
            break


def print_notes(bench):
    if bench.co is None:
        print("co is not built: run make first")
    for failure in bench.failures:
        print(f"FAILED  {failure}")
    for gap in bench.gaps:
        print(f"no result  {gap}")
    misses = [miss for group in bench.groups() for miss in mean_misses(bench, group)]
    misses += [miss for row in bench.rows for miss in row_misses(bench, row)]
    for level in TARGETS:
        texts = [text for its_level, text in misses if its_level == level]
        if texts:
            print(f"missed ({'target' if level == 'now' else 'final goal'}):")
            print("\n".join(f"  {text}" for text in texts))
    if bench.co and not misses and not bench.failures:
        print("all targets met")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--rows", default="", metavar="PATTERN", help="only rows whose GROUP/NAME matches")
    parser.add_argument("--peers", default="", help="other implementations, of " + ",".join(PEERS))
    parser.add_argument("--all", action="store_true", help="every peer that is installed")
    parser.add_argument("--quick", action="store_true", help="small sizes: tests the programs, measures little")
    parser.add_argument("--markdown", action="store_true", help="print tables for the README")
    parser.add_argument("--co", help="the co to measure (./co)")
    parser.add_argument("--limit", type=int, default=120, help="seconds that one run may take (120)")
    options = parser.parse_args()
    wanted = list(PEERS) if options.all else [name for name in options.peers.split(",") if name]
    for name in wanted:
        if name not in PEERS:
            parser.error(f"no peer {name!r}; there are {', '.join(PEERS)}")
    options.peers = [name for name in wanted if shutil.which(PEERS[name].command[0])]
    return options


def main():
    options = parse_arguments()
    bench = Bench(options)
    print(f"{options.rounds} rounds, CPU time as a multiple of python3 {measure.version(bench.python)}'s "
          f"(lower is faster), {measure.machine()}")
    for group in bench.groups():
        head = heading(bench, group)
        if not options.markdown:
            print("\n" + aligned(head, head))
        for row in bench.rows:
            if row.group == group:
                bench.measure_row(row)
                if not options.markdown:
                    print(aligned(head, cells(bench, row)), flush=True)
        if not options.markdown:
            print(aligned(head, summary(bench, group)))
    print()
    if options.markdown:
        print_markdown(bench)
    print_notes(bench)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
