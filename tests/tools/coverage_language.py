#!/usr/bin/env python3
"""Print what of the language no program under tests/same or tests/lang reaches.

Rows are read from the tables that define them: grammar rules (lang/grammar.y), tree nodes (lang/ast.def), opcodes
(vm/opcodes.def), natives (functions nat_… in vm/ and stdlib/) and error types (vm/errors.def). Reached means: a
line that names it ran in the `cover` build, or, for opcodes, that it stands in the bytecode of such a program.
Lines of tests/tools/coverage_language.reasons, `row: reason`, excuse a row.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

from cover import ROOT, coverage

GRAMMAR, NODES = "lang/grammar.y", "lang/ast.def"
OPCODES, ERRORS = "vm/opcodes.def", "vm/errors.def"
REASONS = ROOT / "tests/tools/coverage_language.reasons"


def table(path, macro):
    """The first column of a .def table."""
    return re.findall(rf"^\s*{macro}\(\s*(\w+)", (ROOT / path).read_text(), re.M)


def programs():
    for folder in ("tests/same", "tests/lang"):
        yield from sorted((ROOT / folder).rglob("*.co"))


def unreached_rules(lines):
    """A rule is reached when its action's line ran; rules without an action have none."""
    text = (ROOT / GRAMMAR).read_text().split("\n")
    ran = lines.get(GRAMMAR, {})
    for number, line in enumerate(text, 1):
        rule = re.match(r"(\w+)(?:\(\w+\))? ::= (.*?)\.\s*\{", line)
        if rule and not ran.get(number, False):
            symbols = re.sub(r"\(\w+\)", "", rule[2]).strip()
            yield f"rule {rule[1]} ::= {symbols}"


def names_that_ran(lines, pattern):
    """What the pattern finds in the lines of C that ran."""
    found = set()
    for name, counts in lines.items():
        path = ROOT / name
        if path.suffix in (".c", ".h", ".y", ".re") and path.exists():
            text = path.read_text().split("\n")
            for number, ran in counts.items():
                if ran and number <= len(text):
                    found.update(re.findall(pattern, text[number - 1]))
    return found


def unreached_nodes(lines):
    made = names_that_ran(lines, r"\bAST_(\w+)")
    return (f"node {name}" for name in table(NODES, "NODE") if name not in made)


def unreached_errors(lines):
    raised = names_that_ran(lines, r"\bERR_(\w+)")
    text = "".join(path.read_text(errors="replace") for path in programs())
    for enum, name in re.findall(r'^ERROR\((\w+), \w+, "(?:\w+\.)*(\w+)"\)', (ROOT / ERRORS).read_text(), re.M):
        if enum not in raised and not re.search(rf"\b{name}\b", text):
            yield f"error {name}"


def unreached_opcodes(co):
    def listing(path):
        return subprocess.run([co, "dis", path], capture_output=True, text=True, errors="replace").stdout

    with concurrent.futures.ThreadPoolExecutor() as pool:
        seen = set(re.findall(r"\b[A-Z][A-Z_]+\b", "".join(pool.map(listing, programs()))))
    return (f"opcode {name}" for name in table(OPCODES, "OPCODE") if name not in seen)


def unreached_natives(functions):
    for (name, file), ran in sorted(functions.items()):
        if name.startswith("nat_") and not ran:
            yield f"native {name[4:]} ({file})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path, help="the folder of the cover build")
    options = parser.parse_args()
    lines, functions = coverage(options.build)
    rows = [*unreached_rules(lines), *unreached_nodes(lines), *unreached_opcodes(options.build / "co"),
            *unreached_natives(functions), *unreached_errors(lines)]
    reasons = {}
    if REASONS.exists():
        reasons = dict(line.split(": ", 1) for line in REASONS.read_text().splitlines() if ": " in line)
    left = [row for row in rows if row not in reasons]
    print("".join(f"{row}\n" for row in left), end="")
    excused = [row for row in rows if row in reasons]
    print("".join(f"{row}: {reasons[row]}\n" for row in excused), end="")
    print(f"{len(left)} rows not reached, {len(excused)} with a reason")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
