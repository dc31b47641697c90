#!/usr/bin/env python3
"""Make what the documents show from what the program does: the pictures, and the lists in language.md.

Usage: make.py CO [--check]. With --check nothing is written, and whatever would be is an error.
"""
import fnmatch
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

DOCS = pathlib.Path(__file__).resolve().parent
ROOT = DOCS.parent
BLOG = ROOT / "examples/blog"
PICTURES = {  # name of the picture: the programs of examples/blog in it
    "clients": ["clients.py"],
    "turns": ["01_turns.co"],
    "both": ["03_both.co"],
    "switch_points": ["04_switch_points.co"],
    "one_at_a_time": ["05_one_at_a_time.co"],
    "sync": ["08_sync.co"],
    "five_steps": ["09_five_steps.co"],
    "sync_and_async": ["08_sync.co", "10_clients.co"],
    "await_or_gather": ["12_await_or_gather.co"],
}


def run(*command):
    """Its output. The build that collects at every safepoint takes a minute for some."""
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, timeout=600, cwd=BLOG).stdout


def picture(co, programs):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "picture.svg"
        compare = ["--compare"] if len(programs) > 1 else []
        run(co, "trace", "--virtual-time", "-o", path, *compare, *programs)
        return path.read_text()


def modules():
    """The modules that a program can import, by the tables."""
    native = re.findall(r"^MODULE\((\w+)", (ROOT / "stdlib/modules.def").read_text(), re.M)
    written = [".".join(p.relative_to(ROOT / "stdlib").with_suffix("").parts) for p in (ROOT / "stdlib").rglob("*.co")]
    names = {name.removesuffix(".__init__") for name in [*native, *written]}
    return sorted(name for name in names if not any(part.startswith("_") for part in name.split(".")))


def differences():
    rows = ["| difference | why | what to do |", "|---|---|---|"]
    for path in sorted((ROOT / "tests/differs").glob("*.co")):
        head = path.read_text().split("\n\n")[0]
        part = {key: " ".join(text.replace("\n#", " ").split())
                for key, text in re.findall(r"^# (What|Why|Workaround): (.*(?:\n#  .*)*)", head, re.M)}
        rows.append("| [{}](../tests/differs/{}) | {} | {} |".format(
            part.get("What", path.stem).replace("|", "\\|"), path.name, part.get("Why", ""), part.get("Workaround", "")))
    return "\n".join(rows) + "\n"


def names_of_modules(co):
    """{module: (names that CPython 3.11 has and Co, names that only CPython has)}, of the modules that both have."""
    here = set(modules())
    wanted = dict(line.split(" ", 1) for line in (DOCS / "cpython_names.txt").read_text().splitlines() if " " in line)
    wanted = {module: names.split() for module, names in wanted.items() if module in here}
    arguments = [f"{module}:{','.join(names)}" for module, names in wanted.items()]
    absent = dict(line.split(":") for line in run(co, DOCS / "lists.co", "absent", *arguments).splitlines())
    return {module: ([n for n in names if n not in absent[module].split()], absent[module].split())
            for module, names in wanted.items()}


MODULES_HEAD = """# The names in Co's modules

Made by `make docs`. For each module that Co shares with CPython 3.11: how many of the public names that it has there are in
Co. Those that are not follow, with the reason. Using one of them raises an `AttributeError` (or `ImportError`) that names
this page. What modules hold is listed in [language.md](language.md).

"""


def reasons():
    """([(module, patterns of names, why they are left out)] in the order in which they are tried, [(modules, why)])."""
    names, modules = [
        [line.split(": ", 1) for line in part.splitlines() if not line.startswith("#")]
        for part in (DOCS / "left_out.txt").read_text().split("\n\n")]
    return [(head.split()[0], head.split()[1:], reason) for head, reason in names], modules


def reason_of(module, name, known):
    for its_module, patterns, reason in known:
        if its_module == module and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            return reason
    sys.exit(f"docs/left_out.txt does not say why {module}.{name} is left out")


def left_out(module, absent, known):
    """The section about a module: a line for each reason."""
    by_reason = {}
    for name in absent:
        by_reason.setdefault(reason_of(module, name, known), []).append(f"`{name}`")
    return f"\n### {module}\n\n" + "".join(f"- {reason}: {', '.join(its)}\n" for reason, its in by_reason.items())


def modules_page(names):
    known, whole = reasons()
    rows = ["| module | present |", "|---|--:|"]
    rows += [f"| `{module}` | {len(present)} of {len(present) + len(absent)} |" for module, (present, absent) in names.items()]
    sections = [left_out(module, absent, known) for module, (_, absent) in names.items() if absent]
    modules = [f"- {', '.join(f'`{name}`' for name in head.split(', '))}: {reason}\n" for head, reason in whole]
    return (MODULES_HEAD + "\n".join(rows) + "\n\n## What is left out, and why\n" + "".join(sections) +
            "\n## Modules that a program may look for in vain\n\n" + "".join(modules))


def absent_table(names):
    """The same for error texts: what of a module only CPython has."""
    lines = ["/* absent.def - what CPython's modules have and Co's have not: ABSENT(\"module\", \" name name \"). Made by `make docs`. */"]
    for module, (_, absent) in names.items():
        if absent:
            text = textwrap.wrap(" ".join(absent), 100)
            lines.append(f'ABSENT("{module}", " ' + ' "\n       "'.join(text) + ' ")')
    return "\n".join(lines) + "\n"


def lists_of_modules(co, page):
    """A module whose library this machine lacks keeps its row."""
    rows = run(co, DOCS / "lists.co", *modules())
    stands = {row.split(" | ")[0]: row for row in page.splitlines()}
    return re.sub(r"^(\| `\S+`) \| not here \|$", lambda row: stands.get(row[1], row[0]), rows, flags=re.M)


def with_lists(co, page):
    parts = {
        "builtins": lambda: run(co, DOCS / "lists.co", "builtins"),
        "modules": lambda: lists_of_modules(co, page),
        "differences": differences,
    }
    for name, make in parts.items():
        mark = re.compile(rf"(<!-- {name}: by make docs -->\n).*?(<!-- end -->)", re.S)
        page = mark.sub(lambda match: match[1] + make() + match[2], page)
    return page


def main(co, check=None):
    co = pathlib.Path(co).resolve()
    wanted = {DOCS / f"pictures/{name}.svg": picture(co, programs) for name, programs in PICTURES.items()}
    language = DOCS / "language.md"
    wanted[language] = with_lists(co, language.read_text())
    names = names_of_modules(co)
    wanted[DOCS / "modules.md"] = modules_page(names)
    wanted[ROOT / "stdlib/absent.def"] = absent_table(names)
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is not what 'make docs' makes")
        else:
            path.write_text(wanted[path])
    if not stale:
        print("pictures and lists of the documents are up to date")
    return bool(stale and check)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
