#!/usr/bin/env python3
"""Print what of the language no program under tests/same or tests/lang reaches.

Rows are read from the tables that define them: grammar rules (lang/grammar.y as lemon numbers them), tree nodes
(lang/ast.def), opcodes (vm/opcodes.def), natives (functions nat_… in vm/ and stdlib/) and error types (vm/errors.def).
Reached means: a line that names it ran in the `cover` build, or, for opcodes, that it stands in the bytecode of such a
program; error types count as soon as a program names them.
Lines of tests/tools/coverage_language.reasons, `row: reason`, excuse a row.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

from cover import ROOT, coverage, gcov

GRAMMAR, PARSER = "lang/grammar.y", "build/gen/lang/grammar.c"
NODES, OPCODES, ERRORS = "lang/ast.def", "vm/opcodes.def", "vm/errors.def"
REASONS = ROOT / "tests/tools/coverage_language.reasons"


def table(path, macro):
    """The first column of a .def table, its own macros expanded."""
    source = f'#define {macro}(NAME, ...) row NAME\n#include "{path}"\n'
    listing = subprocess.run(["cc", "-E", "-P", "-I", ROOT, "-"], input=source, capture_output=True, text=True,
                             check=True)
    return re.findall(r"\brow (\w+)", listing.stdout)


def programs():
    for folder in ("tests/same", "tests/lang"):
        yield from sorted((ROOT / folder).rglob("*.co"))


def unreached_rules(build):
    """Grammar rules that were never reduced.

    Lemon writes a case for each rule and lets rules of the same action fall through to it; the second and later ones
    test `yyruleno` in a line of their own (a branch in the cover build), so the first is what they leave of the whole.
    """
    files = dict(gcov(build / "lang/grammar.gcda", "--branch-probabilities", "--branch-counts"))
    actions = {line["line_number"]: line["count"] for line in files[GRAMMAR]["lines"]}
    tests = {line["line_number"]: line["branches"][0]["count"] for line in files[PARSER]["lines"] if line["branches"]}
    group, number = {}, 0  # rule: how often it was reduced, None for the first until the action's line is known
    for text in (ROOT / PARSER).read_text().split("\n"):
        rule = re.search(r"^ +(?:case \d+: )?/\* (?:\(\d+\) )?(\w+ ::=.*?) \*/", text)
        place = re.match(r'#line (\d+) "(.*)"', text)
        number = int(place[1]) if place else number + 1  # as gcov counts: of the line after #line
        if rule:
            group[rule[1]] = tests[number - 1] if "yytestcase" in text else None
        elif place and place[2] == GRAMMAR:
            whole = actions.get(number) or actions.get(number + 1, 0)  # an action may begin on the line after its {
            others = sum(filter(None, group.values()))
            for name, count in group.items():
                if (whole - others if count is None else count) == 0:
                    yield f"rule {name}"
            group = {}


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
    made = names_that_ran(lines, r"\b(?:AST_|NODE_NEW\()(\w+)")
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
    rows = [*unreached_rules(options.build), *unreached_nodes(lines), *unreached_opcodes(options.build / "co"),
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
