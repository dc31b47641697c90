#!/usr/bin/env python3
"""Print the line coverage of each source, worst first, from the .gcda files under a build folder."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def gcov(data, *options):
    """What gcov says of each source file behind one .gcda file: its name, from the root, and its report."""
    report = subprocess.run(["gcov", "--json-format", "--stdout", *options, data], capture_output=True, check=True)
    for file in (file for text in report.stdout.splitlines() for file in json.loads(text)["files"]):
        name = os.path.relpath(os.path.join(ROOT, file["file"]), ROOT)
        if not name.startswith(".."):
            yield name, file


def coverage(build):
    """({source: {line: did it run}}, {(function, source): did it run}) over all objects."""
    lines, functions = {}, {}
    for data in sorted(pathlib.Path(build).rglob("*.gcda")):
        for name, file in gcov(data):
            seen = lines.setdefault(name, {})
            for line in file["lines"]:
                number = line["line_number"]
                seen[number] = seen.get(number, False) or line["count"] > 0
            for function in file["functions"]:
                key = function["name"], name
                functions[key] = functions.get(key, False) or function["execution_count"] > 0
    return lines, functions


def main():
    lines, _ = coverage(sys.argv[1])
    rows = sorted((sum(seen.values()) / len(seen), name, len(seen)) for name, seen in lines.items() if seen)
    for share, name, count in rows:
        print(f"{share:7.1%}  {count:6} lines  {name}")
    for floor in ["cli", "stdlib", "lang", "vm", ""]:
        here = [(share, count) for share, name, count in rows if name.startswith(floor)]
        total = sum(count for _, count in here)
        if total:
            covered = sum(share * count for share, count in here)
            print(f"{covered / total:7.1%}  {total:6} lines  {floor + '/ in all' if floor else 'in all'}")


if __name__ == "__main__":
    main()
