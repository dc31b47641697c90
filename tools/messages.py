#!/usr/bin/env python3
"""Print vm/messages.def as a C table sorted by its English texts; refuse rows that cannot be right.

A row is SAID("English", "Korean"). Both take the same arguments; a diagnostic's text may take them in another order ("%2$s").
A particle in braces becomes its form after a consonant between two control bytes (vm/messages.c chooses).
"""
import ast
import pathlib
import re
import sys

TABLE = pathlib.Path(__file__).resolve().parent.parent / "vm/messages.def"
DIRECTIVE = re.compile(r"%(?:\d\$)?(?:[-+ #0]*\d*(?:\.\d+|\.\*)?(?:l|ll|z|j|t)?[a-zA-Z])|%%")
STRINGS = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
ROW = re.compile(r"^SAID\(\s*" + STRINGS + r",\s*" + STRINGS + r"\)", re.M)
PARTICLES = ("을", "이", "은", "과", "로")


def joined(literals):
    """The text of adjacent C literals."""
    return "".join(ast.literal_eval(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', literals))


def rows():
    source = TABLE.read_text(encoding="utf-8")
    found = [(joined(english), joined(korean)) for english, korean in ROW.findall(source)]
    if len(found) != len(re.findall(r"^SAID\(", source, re.M)):
        sys.exit(f"{TABLE}: a row is not SAID(\"...\", \"...\")")
    return found


def taken(text):
    """The conversions of a text in the order of the arguments they take."""
    found = [d for d in DIRECTIVE.findall(text) if d != "%%"]
    numbered = [re.match(r"%(\d)\$(.*)", d) for d in found]
    if all(numbered):
        return [conversion for _, conversion in sorted((m[1], m[2]) for m in numbered)]
    return [d[1:] for d in found]


def complaints(table):
    seen = set()
    for english, korean in table:
        if english in seen:
            yield f"said twice: {english!r}"
        seen.add(english)
        if taken(english) != taken(korean):
            yield f"other directives than its English text has: {korean!r}"
        if not korean.strip() or not english.strip():
            yield f"an empty text beside {english or korean!r}"
        if english.endswith("\n") != korean.endswith("\n"):
            yield f"only one ends its line: {english!r}"
        for particle in re.findall(r"\{([가-힣]+)\}", korean):
            if particle not in PARTICLES:
                yield f"unknown particle {{{particle}}}: {korean!r}"


def c_literal(text):
    text = re.sub(r"\{([가-힣]+|%s)\}", "\x02\\1\x03", text)
    octal = "".join(chr(b) if 0x20 <= b < 0x7F and chr(b) not in "\"\\?" else f"\\{b:03o}" for b in text.encode())
    return f'"{octal}"'


def main():
    table = rows()
    wrong = list(complaints(table))
    if wrong:
        sys.exit("\n".join(f"{TABLE}: {w}" for w in wrong))
    for english, korean in sorted(table, key=lambda row: row[0].encode()):
        print(f"{{{c_literal(english)}, {c_literal(korean)}}},")


if __name__ == "__main__":
    main()
