#!/usr/bin/env python3
"""Print the line coverage of each C source, worst first, from the .gcda files under a build folder."""
import json
import pathlib
import subprocess
import sys


def covered_lines(build):
    """{source: {line: was it ever run}} over all objects."""
    lines = {}
    for data in sorted(build.rglob("*.gcda")):
        report = subprocess.run(["gcov", "--json-format", "--stdout", data], capture_output=True, check=True)
        for document in report.stdout.splitlines():
            for file in json.loads(document)["files"]:
                if not file["file"].startswith("/"):
                    seen = lines.setdefault(file["file"], {})
                    for line in file["lines"]:
                        number = line["line_number"]
                        seen[number] = seen.get(number, False) or line["count"] > 0
    return lines


def main():
    lines = covered_lines(pathlib.Path(sys.argv[1]))
    rows = sorted((sum(seen.values()) / len(seen), name, len(seen)) for name, seen in lines.items() if seen)
    for share, name, count in rows:
        print(f"{share:7.1%}  {count:6} lines  {name}")
    total = sum(count for _, _, count in rows)
    if total:
        print(f"{sum(share * count for share, _, count in rows) / total:7.1%}  {total:6} lines  in all")


if __name__ == "__main__":
    main()
