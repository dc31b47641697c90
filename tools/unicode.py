#!/usr/bin/env python3
"""Print the tables of lang/unicode.c, made from this Python's own unicodedata.

Sets are inversion lists: sorted code points at each of which membership flips. Of a name only 32 bits of
hash are kept: 140 KB instead of 890 KB of text, and of 100,000 wrong names one is taken for another.
"""
import re
import unicodedata

CODES = range(0x110000)
HANGUL = range(0xAC00, 0xD7A4)  # composed and named by rule in unicode.c
SURROGATES = range(0xD800, 0xE000)

# unicodedata.lookup knows these second names but lists them nowhere (NameAliases.txt).
ALIASES = """
NULL, NUL, START OF HEADING, SOH, START OF TEXT, STX, END OF TEXT, ETX, END OF TRANSMISSION, EOT,
ENQUIRY, ENQ, ACKNOWLEDGE, ACK, ALERT, BEL, BACKSPACE, BS, CHARACTER TABULATION, HORIZONTAL TABULATION,
HT, TAB, LINE FEED, NEW LINE, END OF LINE, EOL, LF, NL, LINE TABULATION, VERTICAL TABULATION, VT, FORM
FEED, FF, CARRIAGE RETURN, CR, SHIFT OUT, LOCKING-SHIFT ONE, SO, SHIFT IN, LOCKING-SHIFT ZERO, SI, DATA
LINK ESCAPE, DLE, DEVICE CONTROL ONE, DC1, DEVICE CONTROL TWO, DC2, DEVICE CONTROL THREE, DC3, DEVICE
CONTROL FOUR, DC4, NEGATIVE ACKNOWLEDGE, NAK, SYNCHRONOUS IDLE, SYN, END OF TRANSMISSION BLOCK, ETB,
CANCEL, CAN, END OF MEDIUM, EOM, SUBSTITUTE, SUB, ESCAPE, ESC, INFORMATION SEPARATOR FOUR, FILE
SEPARATOR, FS, INFORMATION SEPARATOR THREE, GROUP SEPARATOR, GS, INFORMATION SEPARATOR TWO, RECORD
SEPARATOR, RS, INFORMATION SEPARATOR ONE, UNIT SEPARATOR, US, SP, DELETE, DEL, PADDING CHARACTER, PAD,
HIGH OCTET PRESET, HOP, BREAK PERMITTED HERE, BPH, NO BREAK HERE, NBH, INDEX, IND, NEXT LINE, NEL, START
OF SELECTED AREA, SSA, END OF SELECTED AREA, ESA, CHARACTER TABULATION SET, HORIZONTAL TABULATION SET,
HTS, CHARACTER TABULATION WITH JUSTIFICATION, HORIZONTAL TABULATION WITH JUSTIFICATION, HTJ, LINE
TABULATION SET, VERTICAL TABULATION SET, VTS, PARTIAL LINE FORWARD, PARTIAL LINE DOWN, PLD, PARTIAL LINE
BACKWARD, PARTIAL LINE UP, PLU, REVERSE LINE FEED, REVERSE INDEX, RI, SINGLE SHIFT TWO, SINGLE-SHIFT-2,
SS2, SINGLE SHIFT THREE, SINGLE-SHIFT-3, SS3, DEVICE CONTROL STRING, DCS, PRIVATE USE ONE, PRIVATE USE-1,
PU1, PRIVATE USE TWO, PRIVATE USE-2, PU2, SET TRANSMIT STATE, STS, CANCEL CHARACTER, CCH, MESSAGE
WAITING, MW, START OF GUARDED AREA, START OF PROTECTED AREA, SPA, END OF GUARDED AREA, END OF PROTECTED
AREA, EPA, START OF STRING, SOS, SINGLE GRAPHIC CHARACTER INTRODUCER, SGC, SINGLE CHARACTER INTRODUCER,
SCI, CONTROL SEQUENCE INTRODUCER, CSI, STRING TERMINATOR, ST, OPERATING SYSTEM COMMAND, OSC, PRIVACY
MESSAGE, PM, APPLICATION PROGRAM COMMAND, APC, NBSP, SHY, LATIN CAPITAL LETTER GHA, LATIN SMALL LETTER
GHA, CGJ, ALM, SYRIAC SUBLINEAR COLON SKEWED LEFT, KANNADA LETTER LLLA, LAO LETTER FO FON, LAO LETTER FO
FAY, LAO LETTER RO, LAO LETTER LO, TIBETAN MARK BKA- SHOG GI MGO RGYAN, HANGUL JONGSEONG YESIEUNG-KIYEOK,
HANGUL JONGSEONG YESIEUNG-SSANGKIYEOK, HANGUL JONGSEONG SSANGYESIEUNG, HANGUL JONGSEONG YESIEUNG-KHIEUKH,
FVS1, FVS2, FVS3, MVS, FVS4, ZWSP, ZWNJ, ZWJ, LRM, RLM, LRE, RLE, PDF, LRO, RLO, NNBSP, MMSP, WJ, LRI,
RLI, FSI, PDI, WEIERSTRASS ELLIPTIC FUNCTION, MICR ON US SYMBOL, MICR DASH SYMBOL, LEFTWARDS
TRIANGLE-HEADED ARROW WITH DOUBLE VERTICAL STROKE, RIGHTWARDS TRIANGLE-HEADED ARROW WITH DOUBLE VERTICAL
STROKE, YI SYLLABLE ITERATION MARK, MYANMAR LETTER KHAMTI LLA, PRESENTATION FORM FOR VERTICAL RIGHT WHITE
LENTICULAR BRACKET, BYTE ORDER MARK, BOM, ZWNBSP, CUNEIFORM SIGN NU11 TENU, CUNEIFORM SIGN NU11 OVER NU11
BUR OVER BUR, MEDEFAIDRIN CAPITAL LETTER H, MEDEFAIDRIN CAPITAL LETTER NG, MEDEFAIDRIN SMALL LETTER H,
MEDEFAIDRIN SMALL LETTER NG, HENTAIGANA LETTER E-1, BYZANTINE MUSICAL SYMBOL FTHORA SKLIRON CHROMA VASIS
"""


def inversion_list(test):
    flips, inside = [], False
    for code in CODES:
        if test(chr(code)) != inside:
            flips.append(code)
            inside = not inside
    return flips


def is_zero_width(char):
    code = ord(char)
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:  # vowels and finals of conjoining Jamo
        return True
    return unicodedata.category(char) in ("Mn", "Me", "Cf") and code != 0xAD


PLACE_BITS = 14  # of a row of `decompositions`: in which pair of bytes the image begins


def decompositions():
    """Code points that NFKD changes, each with the place of its image in a pool: how many code points, and these."""
    rows, pool, places = [], bytearray(), {}
    for code in CODES:
        if code in HANGUL or code in SURROGATES:
            continue
        image = unicodedata.normalize("NFKD", chr(code))
        if image != chr(code):
            if image not in places:
                places[image] = len(pool) // 2
                pool += bytes([len(image)]) + image.encode()
                pool += bytes(len(pool) % 2)
            rows.append(code << PLACE_BITS | places[image])
    assert len(pool) // 2 < 1 << PLACE_BITS and rows[-1] < 1 << 32
    return rows, pool


def compositions():
    rows = []
    for code in CODES:
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (int(part, 16) for part in parts)
            if unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(code):
                rows.append((first, second, code))
    return sorted(rows)


def combining_classes():
    """Runs of equal non-zero class: first, last, class."""
    runs = []
    for code in CODES:
        cls = unicodedata.combining(chr(code))
        if cls and runs and runs[-1][2] == cls and runs[-1][1] == code - 1:
            runs[-1][1] = code
        elif cls:
            runs.append([code, code, cls])
    return runs


def name_hash(name):
    """FNV-1a, 64 bits, of which the upper half is kept; unicode.c computes the same."""
    value = HASH_START
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value >> 32


HASH_START = 0xCBF29CE484222325  # no two names share a hash with this one


def names():
    """Runs of code points that have names, and the names' hashes in that order; the same of further names."""
    rows, runs = [], []
    for code in CODES:
        name = unicodedata.name(chr(code), None)
        if name and not re.match("CJK UNIFIED IDEOGRAPH-|HANGUL SYLLABLE ", name):
            if not runs or runs[-1][0] + runs[-1][1] != code:
                runs.append([code, 0])
            runs[-1][1] += 1
            rows.append(name_hash(name))
    for name in " ".join(ALIASES.split()).split(", ") + [f"VS{number}" for number in range(1, 257)]:
        runs.append([ord(unicodedata.lookup(name)), 1])
        rows.append(name_hash(name))
    assert len(set(rows)) == len(rows), "two names share a hash: begin with another number"
    return runs, rows


def ideograph_ranges():
    """Runs of characters named CJK UNIFIED IDEOGRAPH-<hex>."""
    return inversion_list(lambda char: unicodedata.name(char, "").startswith("CJK UNIFIED IDEOGRAPH-"))


def print_array(ctype, name, cells):
    print(f"static const {ctype} {name}[] = {{")
    line = "   "
    for cell in cells:
        if len(line) + len(cell) > 105:
            print(line)
            line = "   "
        line += f" {cell},"
    print(line + "\n};")


def print_codes(name, codes):
    print_array("uint32_t", name, map(str, codes))


def print_rows(ctype, name, rows):
    print_array(ctype, name, ("{" + ", ".join(map(str, row)) + "}" for row in rows))


def main():
    print(f"/* Unicode {unicodedata.unidata_version}, made by tools/unicode.py. */")
    print_codes("name_start", inversion_list(str.isidentifier))
    print_codes("name_part", inversion_list(lambda char: ("a" + char).isidentifier()))
    print_codes("printable", inversion_list(str.isprintable))
    print_codes("wide", inversion_list(lambda char: unicodedata.east_asian_width(char) in "WF"))
    print_codes("zero_width", inversion_list(is_zero_width))
    print_codes("combining", inversion_list(lambda char: unicodedata.category(char).startswith("M")))
    print_codes("ideographs", ideograph_ranges())
    rows, pool = decompositions()
    print_codes("decompositions", rows)
    print_array("uint8_t", "decomposition_pool", map(str, pool))
    print_rows("Composition", "compositions", compositions())
    print_rows("ClassRun", "class_runs", combining_classes())
    runs, hashes = names()
    print_rows("NameRun", "name_runs", runs)
    print(f"enum {{ PLACE_BITS = {PLACE_BITS} }};\nstatic const uint64_t hash_start = {HASH_START:#x};")
    print_array("uint32_t", "name_hashes", map(hex, hashes))


main()
