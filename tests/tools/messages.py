#!/usr/bin/env python3
"""Check that every text Co says has its row in vm/messages.def, and every row is said.

A text is a literal given to one of the functions below, or in a row of a table whose texts are given to one. That both
languages have the same directives is checked when the table is built (tools/messages.py). In cli/ nothing is printed for
people that has not been looked up.
"""
import keyword
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import messages  # noqa: E402

SAYING = re.compile(r"\b(?:said|reader_say|text_saidf|sb_saidf)\(")
SAYING_BY_FLOOR = {
    "lang": re.compile(r"\b(?:text_saidf|diag_add|diag_addv|diag_replace|diag_hint|parser_error|compile_error|scopes_error"
                       r"|HINT|bad|misplaced|report|escape_error|hex_escape)\("),
    "vm": re.compile(r"\b(?:said|sb_saidf|add_hint)\("),
}
# Tables whose texts are said: in which columns they stand.
TABLES = (("lang/lints.def", "LINT", (2, 3)), ("vm/advice.def", "ADVICE", (0,)), ("vm/waits.def", "WAIT", (1,)),
          ("cli/options.def", "COMMAND", (5, 6)), ("cli/options.def", "OPTION", (6,)),
          ("cli/options.def", "VARIABLE", (1,)), ("cli/options.def", "STATUS", (1,)), ("cli/repl_texts.def", "TEXT", (1,)),
          ("cli/trace_words.def", "WORD", (0,)))
LITERALS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
# What is printed without being looked up: names, numbers, signs, and output that programs read.
PRINTING = re.compile(r"\b(?:printf|puts|fputs|perror|report_text|output_bytes)\(|\bfprintf\((?:stderr|stdout), ")
SILENT = ("cli/code.c", "cli/usage.c", "cli/check.c")  # for programs: C, roff, shells, JSON
KEYWORDS = set(keyword.kwlist)
SYSTEM = {os.strerror(number) for number in range(1, 134)}  # what strerror says


def arguments(text, start):
    """The text of a call's arguments, from behind its opening parenthesis to the closing one."""
    depth, at = 1, start
    while depth and at < len(text):
        quoted = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'').match(text, at)
        if quoted:
            at = quoted.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return text[start:at - 1]


def without_comments(text):
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*(?!!).*?\*/', lambda m: m[1] or "", text, flags=re.S)


def rows_of(text, macro):
    """The literals of each argument of every row of a table."""
    for row in re.finditer(rf"^{macro}\(", text, re.M):
        parts = re.split(r',(?=(?:[^"]*"[^"]*")*[^"]*$)', arguments(text, row.end()).replace('\\"', "\0"))
        yield ["".join(messages.joined(m[0].replace("\0", '\\"')) for m in LITERALS.finditer(part)) for part in parts]


def speaks(text):
    """Whether there is a word in a literal, apart from its directives and types' names."""
    return bool(re.search(r"[A-Za-z]{3}", re.sub(r"[A-Z]\w*Error", "", messages.DIRECTIVE.sub("", text))))


def sources(*floors):
    for floor in floors:
        for path in sorted((ROOT / floor).iterdir()):
            if path.suffix in (".c", ".re", ".y", ".def") and path.name != "messages.def":
                yield path.relative_to(ROOT).as_posix(), without_comments(path.read_text(encoding="utf-8"))


def page_complaints():
    """The page of a trace says only words of its table, and each of them."""
    page = (ROOT / "cli/trace_page.html").read_text(encoding="utf-8")
    table = {row[0] for row in rows_of((ROOT / "cli/trace_words.def").read_text(encoding="utf-8"), "WORD")}
    literals = set(re.findall(r'"([^"\\\n]*)"', page)) | set(re.findall(r"data-say>([^<]+)<", page))
    said = {text for call in re.findall(r"\bsay\((.*?)\)", page) for text in re.findall(r'"([^"]+)"', call)}
    said |= set(re.findall(r'aria-label="([^"]+)"', page)) | set(re.findall(r"data-say>([^<]+)<", page))
    from_c = {"ends", "fails", "is cancelled", "is left unfinished"}
    return ([f"cli/trace_page.html: not in cli/trace_words.def: {text!r}" for text in sorted(said - table)]
            + [f"cli/trace_words.def: said nowhere: {text!r}" for text in sorted(table - literals - from_c)])


def main():
    rows = {english for english, _ in messages.rows()}
    wrong, everything = page_complaints(), set()
    for name, macro, columns in TABLES:
        text = without_comments((ROOT / name).read_text(encoding="utf-8"))
        said = {row[i] for row in rows_of(text, macro) for i in columns}
        wrong += [f"{name}: no row in vm/messages.def: {text!r}" for text in sorted(said - rows) if speaks(text)]
    for name, text in sources("vm", "lang", "stdlib", "cli"):
        everything |= {messages.joined(m[0]) for m in LITERALS.finditer(text)}
        saying = SAYING_BY_FLOOR.get(name.split("/")[0], SAYING)
        for call in saying.finditer(text):
            inside = arguments(text, call.end())
            for literal in LITERALS.finditer(saying.split(inside)[0]):
                said = messages.joined(literal[0])
                if speaks(said) and said not in rows and said not in KEYWORDS:
                    wrong.append(f"{name}: no row in vm/messages.def: {said!r}")
        if not name.startswith("cli/") or name in SILENT:
            continue
        for call in PRINTING.finditer(text):
            for literal in LITERALS.finditer(arguments(text, call.end())):
                if speaks(messages.joined(literal[0])):
                    wrong.append(f"{name}: printed without being looked up (vm/messages.h): {literal[0]}")
    wrong += [f"vm/messages.def: said nowhere: {english!r}" for english in sorted(rows - everything - SYSTEM)]
    print("\n".join(wrong) if wrong else "every message has its row")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
