#!/usr/bin/env python3
"""Print the tables of vm/ucd.c and vm/ucd_names.c, made from this Python's own unicodedata.

Both are columns of numbers and text that a compressor likes, deflated: 115 KB in all where the names alone are 870 KB of
text. A number is three bytes in three planes, so that the upper ones, mostly 0, cost nothing.
"""
import fractions
import re
import unicodedata
import zlib

from unitables import print_array, unique

CODES = range(0x110000)
HANGUL = range(0xAC00, 0xD7A4)  # decomposed and named by rule in C
NAMES_A_BLOCK = 64  # of which the first is written in full
CODE_OF_NAME = "\x01"  # stands for the code point in hexadecimal: many names end so

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


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 6)
    return packer.compress(data) + packer.flush()


def planes(numbers):
    assert all(0 <= n < 1 << 24 for n in numbers)
    return b"".join(bytes(n >> shift & 0xFF for n in numbers) for shift in (0, 8, 16))


def gaps(numbers):
    """From each number to the next, the first from 0."""
    return [b - a for a, b in zip([0, *numbers], numbers)]


#-- properties ---------------------------------------------------------------------------------------

def records():
    """Runs of code points with the same properties: where they start, which record is theirs; records of five columns."""
    starts, rows, last = [], [], None
    for code in CODES:
        c = chr(code)
        row = (unicodedata.category(c), unicodedata.bidirectional(c), unicodedata.east_asian_width(c),
               unicodedata.mirrored(c), unicodedata.combining(c))
        if row != last:
            starts.append(code)
            rows.append(row)
            last = row
    numbers, rows = unique(rows)
    return starts, numbers, list(zip(*rows))


def mappings():
    """What decomposes, one step: code points; how each does (a tag, canonical ones have none); their images."""
    codes, tags, images = [], [], []
    for code in CODES:
        parts = unicodedata.decomposition(chr(code)).split()
        if parts and code not in HANGUL:
            tags.append(parts.pop(0) if parts[0].startswith("<") else "")
            codes.append(code)
            images.append([int(part, 16) for part in parts])
    return codes, tags, images


def composes(code, tag, image):
    """Whether NFC makes this character of its two parts: some decompose for good."""
    return not tag and len(image) == 2 and unicodedata.normalize("NFC", "".join(map(chr, image))) == chr(code)


def numbers():
    """Code points with a numeric value, and it: whole numbers up to 10**12, and fractions."""
    codes = [code for code in CODES if unicodedata.numeric(chr(code), None) is not None]
    tops, bottoms, tens = [], [], []
    for code in codes:
        value = fractions.Fraction(unicodedata.numeric(chr(code))).limit_denominator(1000)
        power = 0
        while value and value % 10 == 0:
            value, power = value / 10, power + 1
        tops.append(value.numerator + 1)  # one is negative: -1/2
        bottoms.append(value.denominator)
        tens.append(power)
        assert unicodedata.numeric(chr(code)) == (tops[-1] - 1) / bottoms[-1] * 10 ** power
    return codes, tops, bottoms, tens


def properties():
    """Names of the columns, the columns, and tables of the words that some of them number."""
    starts, numbers_of_records, (category, bidi, width, mirrored, combining) = records()
    category, categories = unique(category)
    bidi, directions = unique(bidi)
    width, widths = unique(width)
    codes, tags, images = mappings()
    composing = [composes(*row) for row in zip(codes, tags, images)]
    tags, words = unique(tags)
    valued, tops, bottoms, tens = numbers()
    columns = {
        "RUN_START": gaps(starts), "RUN_RECORD": numbers_of_records,
        "CATEGORY": category, "BIDIRECTIONAL": bidi, "WIDTH": width, "MIRRORED": list(mirrored), "COMBINING": list(combining),
        "MAPPED": gaps(codes), "MAPPED_TAG": tags, "MAPPED_COMPOSES": list(map(int, composing)),
        "MAPPED_END": gaps(ends(images)), "IMAGE": [code for image in images for code in image],
        "VALUED": gaps(valued), "VALUE_TOP": tops, "VALUE_BOTTOM": bottoms, "VALUE_TENS": tens,
    }
    return columns, {"categories": categories, "directions": directions, "widths": widths, "tags": words}


def ends(lists):
    end, found = 0, []
    for items in lists:
        end += len(items)
        found.append(end)
    return found


#-- names --------------------------------------------------------------------------------------------

def named():
    """Code points and names, in order; then second names."""
    rows = []
    for code in CODES:
        name = unicodedata.name(chr(code), None)
        if name and not re.match("CJK UNIFIED IDEOGRAPH-|HANGUL SYLLABLE ", name):
            rows.append((code, re.sub(f"-{code:04X}$", f"-{CODE_OF_NAME}", name)))
    first = len(rows)
    for name in " ".join(ALIASES.split()).split(", ") + [f"VS{number}" for number in range(1, 257)]:
        rows.append((ord(unicodedata.lookup(name)), name))
    return rows, first


def shared(a, b):
    """How many characters both begin with."""
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def names():
    rows, first = named()
    prefixes, rests, last = [], [], ""
    for number, (code, name) in enumerate(rows):
        prefixes.append(shared(last, name) if number % NAMES_A_BLOCK else 0)
        rests.append(name[prefixes[-1]:] + "\n")
        last = name
    steps = [(code - before) & 0xFFFFFF for (before, _), (code, _) in zip([(0, "")] + rows, rows)]
    longest = max(len(unicodedata.name(chr(code), "")) for code in CODES)
    data = planes(steps) + bytes(prefixes) + "".join(rests).encode()
    return data, {"NAME_COUNT": len(rows), "FIRST_NAMES": first, "NAMES_A_BLOCK": NAMES_A_BLOCK, "NAME_LONGEST": longest,
                  "NAMES_SIZE": len(data)}


#-- what is printed ----------------------------------------------------------------------------------

def ranges(test):
    """Inversion list: sorted code points at each of which membership flips."""
    flips, inside = [], False
    for code in CODES:
        if test(chr(code)) != inside:
            flips.append(code)
            inside = not inside
    return flips


def print_properties():
    columns, words = properties()
    data = b"".join(map(planes, columns.values()))
    print("#ifdef UCD_PROPERTIES")
    print("enum {", ", ".join([*columns, "COLUMNS"]), "};")
    print_array("static const uint16_t", "column_counts", map(len, columns.values()))
    for name, texts in words.items():
        print_array("static const char *const", name, (f'"{text}"' for text in texts))
    print(f"enum {{ PROPERTIES_SIZE = {len(data)} }};")
    print_array("static const uint8_t", "deflated_properties", deflated(data))
    print("#endif")


def print_names():
    data, constants = names()
    print("#ifdef UCD_NAMES")
    print("enum {", ", ".join(f"{name} = {value}" for name, value in constants.items()), "};")
    print_array("static const uint32_t", "ideographs", ranges(lambda c: unicodedata.name(c, "").startswith("CJK UNIFIED IDEOGRAPH-")))
    print_array("static const uint8_t", "deflated_names", deflated(data))
    print("#endif")


print(f'/* Unicode {unicodedata.unidata_version}, made by tools/ucd.py. */')
print(f'#define UCD_VERSION "{unicodedata.unidata_version}"')
print_properties()
print_names()
