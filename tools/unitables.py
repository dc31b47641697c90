#!/usr/bin/env python3
"""Print the tables of vm/unitables.c, made from what this Python itself answers about every code point.

A code point's row of blocks (code >> ROW) picks a block of record numbers; a record is everything text
methods ask. Three steps rather than two save 60 KB. Most letters map to a neighbour at a fixed distance, so records hold distances and a thousand
letters share one; mappings to several characters lie in a table of their own.
"""
import unicodedata

BLOCK, ROW = 4, 9  # bits of a code point that say where it lies in its block, in its row
CODES = range(0x110000)
FLAGS = ["ALPHA", "DECIMAL", "DIGIT", "NUMERIC", "SPACE", "PRINTABLE", "UPPER", "LOWER", "TITLE", "CASED",
         "IGNORABLE", "NAME_START", "NAME_PART", "LINE_BREAK", "MARK", "MIXES"]

mappings = [0]     # lengths and code points of mappings to several characters
mapping_at = {}


def second_parts():
    """What NFC may join to the character before it."""
    parts = set(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))  # vowels and tails of Hangul
    for c in map(chr, CODES):
        image = unicodedata.decomposition(c).split()
        if len(image) == 2 and not image[0].startswith("<"):
            parts.add(chr(int(image[1], 16)))
    return parts


SECOND_PARTS = second_parts()


def mixes(c):
    """Whether some normalization form changes it, or what stands beside it; those of syllables of Hangul follow a rule."""
    if "\uAC00" <= c <= "\uD7A3":
        return False
    return unicodedata.normalize("NFKD", c) != c or unicodedata.combining(c) != 0 or c in SECOND_PARTS


def flags_of(c):
    """The predicates, in the order of FLAGS. Two that Python does not show come from a neighbour's case."""
    ignorable = ("A" + c + "Σ").lower()[-1] == "ς" and (c + "Σ").lower()[-1] != "ς"
    return (c.isalpha(), c.isdecimal(), c.isdigit(), c.isnumeric(), c.isspace(), c.isprintable(), c.isupper(),
            c.islower(), c.istitle() and not c.isupper(), (c + "a").title()[-1] == "a", ignorable,
            c.isidentifier(), ("a" + c).isidentifier(), len(("a" + c + "a").splitlines()) == 2,
            unicodedata.category(c).startswith("M"), mixes(c))


def width_of(c):
    code = ord(c)
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:  # vowels and finals of conjoining Jamo
        return 0
    if unicodedata.category(c) in ("Mn", "Me", "Cf", "Cc") and code != 0xAD:
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def mapping(c, text):
    """A distance, or, odd, the place of several characters in `mappings`: both shifted left by one."""
    if len(text) == 1:
        return (ord(text) - ord(c)) * 2
    if text not in mapping_at:
        mapping_at[text] = len(mappings)
        mappings.extend([len(text), *map(ord, text)])
    return mapping_at[text] * 2 + 1


def record_of(code):
    c = chr(code)
    bits = sum(1 << i for i, on in enumerate(flags_of(c)) if on)
    digit = unicodedata.digit(c, 255)
    return (bits, digit, width_of(c), mapping(c, c.upper()), mapping(c, c.lower()), mapping(c, c.title()),
            mapping(c, c.casefold()))


def unique(items):
    """Every different item once, and for each item its number among those."""
    numbers = {}
    return [numbers.setdefault(item, len(numbers)) for item in items], list(numbers)


def cut(items, size):
    return [tuple(items[i:i + size]) for i in range(0, len(items), size)]


def flat(groups):
    return [item for group in groups for item in group]


def print_array(kind, name, values):
    print(f"{kind} {name}[] = {{")
    line = ""
    for text in map(str, values):
        if len(line) + len(text) > 108:
            print(line)
            line = ""
        line += text + ","
    print(f"{line}\n}};")


def check_caseless():
    """What uni_is_caseless in unitables.h says of these ranges."""
    for code in (*range(0x2E80, 0xA640), *range(0xAC00, 0xD800)):
        c = chr(code)
        assert c == c.upper() == c.lower() == c.title() == c.casefold(), hex(code)


def main():
    check_caseless()
    record_numbers, records = unique(map(record_of, CODES))
    block_numbers, blocks = unique(cut(record_numbers, 1 << BLOCK))
    row_numbers, block_rows = unique(cut(block_numbers, 1 << ROW - BLOCK))
    print("/* Made by tools/unitables.py from unicodedata", unicodedata.unidata_version, "*/")
    print_array("const UniRecord", "uni_records", ("{%s}" % ",".join(map(str, r)) for r in records))
    print_array("const uint32_t", "uni_mappings", mappings)
    print_array("const uint16_t", "uni_ascii_flags", (records[record_numbers[code]][0] for code in range(0x80)))
    print_array("const uint8_t", "uni_rows", row_numbers)
    print_array("const uint16_t", "uni_blocks", flat(block_rows))
    print_array("const uint16_t", "uni_numbers", flat(blocks))


if __name__ == "__main__":
    main()
