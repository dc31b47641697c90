#!/usr/bin/env python3
"""Run libFuzzer targets side by side for a time and sum up: executions, edges, findings.

Each target NAME starts from the suite's programs and keeps what it learns in build/fuzz-corpus/NAME/.
A finding is written to build/fuzz-findings/NAME/ and makes the exit status 1.
"""
import argparse
import pathlib
import re
import runpy
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def seeds(name):
    """The suite's own programs are the corpus in the tree; of http, the requests of its table."""
    if name == "http":
        return requests()
    folder = ROOT / "build/fuzz-seeds"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("same", "lang", "errors"):
        for path in (ROOT / "tests" / kind).rglob("*.co"):
            target = folder / "-".join(path.relative_to(ROOT / "tests").parts)
            if not target.exists():
                shutil.copyfile(path, target)
    return folder


def requests():
    folder = ROOT / "build/fuzz-seeds-http"
    folder.mkdir(parents=True, exist_ok=True)
    table = runpy.run_path(ROOT / "tests/lang/http/_cases.co")
    for i, case in enumerate(table["GOOD"] + table["BAD"]):
        (folder / str(i)).write_bytes(case[-1])
    return folder


def dictionary(name):
    """The language's own words and signs, and a few beginnings, one entry each; of http, fields' names and the like."""
    path = ROOT / f"build/fuzz-{name}.dict"
    texts = re.findall(r'^(?:KEYWORD|PUNCT)\(.*"(.+)"', (ROOT / "lang/tokens.def").read_text(), re.M)
    texts += ["\n    ", "f'{", "}'", "'''", "\\N{", "async def f():", "0x", "1e9", "가"]
    if name == "http":
        texts = re.findall(r"'([^']+)'", (ROOT / "stdlib/http_parser.re").read_text())
        texts += ["HTTP/1.1\r\n", "\r\n\r\n", "0\r\n\r\n", "http://", "Sun, 06 Nov 1994 08:49:37 GMT", "HTTP/1.1 200 OK\r\n"]
    entries = ("".join(f"\\x{byte:02x}" for byte in text.encode()) for text in texts)
    path.write_text("".join(f'"{entry}"\n' for entry in entries))
    return path


def start(target, seconds):
    name = pathlib.Path(target).name
    corpus, findings = ROOT / "build/fuzz-corpus" / name, ROOT / "build/fuzz-findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    words = [target, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=4096",
             f"-artifact_prefix={findings}/", f"-dict={dictionary(name)}", "-print_final_stats=1", corpus, seeds(name)]
    log = findings.with_suffix(".log")  # a pipe would fill up while the other target is waited for
    with log.open("w") as out:
        return name, log, subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    total, failed = 0, False
    for name, path, process in [start(target, options.seconds) for target in options.targets]:
        process.wait()
        log = path.read_text(errors="replace")
        executions = int((re.findall(r"stat::number_of_executed_units:\s*(\d+)", log) or ["0"])[-1])
        edges = (re.findall(r"cov: (\d+)", log) or ["0"])[-1]
        total += executions
        outcome = "a finding" if process.returncode else "no finding"
        print(f"{name}: {executions} executions, {edges} edges, {outcome}")
        if process.returncode:
            failed = True
            print(log[-6000:])
    print(f"{total} executions in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
