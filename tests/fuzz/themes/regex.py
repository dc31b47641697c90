"""Regular expressions: patterns of random shape (wrong ones too), each way to use them, what matches say about themselves."""
from . import Source

ATOMS = ["a", "b", "c", ".", "\\d", "\\w", "\\s", "\\W", "\\D", "\\S", "\\b", "\\B", "^", "$", "\\A", "\\Z", "[abc]", "[^a]", "[a-c1]", "[]a]", "[^]]", "[\\w-]", "[\\d.]", "é", "\\n", "\\x61", "\\141", "\\.", " ", "1", "\\1",
         "\\2", "(?P=n)", "\\u00e9", "[a-]", "[z-a]", "\\q", "[[:alpha:]]", "{", "}", "]", "\\0", "(?#note)", "A", "\\t"]
GROUPS = ["({})", "({})", "(?:{})", "(?P<n>{})", "(?P<m>{})", "(?={})", "(?!{})", "(?<=a)", "(?<!b)", "(?<={})", "(?i:{})", "(?-i:{})", "(?s:{})", "(?>{})", "(?(1){}|b)", "(?(n){})", "(?<n>{})", "({}", "(?P<1>{})", "(?x: {} )", "(?a:{})"]
COUNTS = ["*", "+", "?", "{2}", "{1,2}", "{,1}", "{0,}", "*?", "+?", "??", "{1,2}?", "*+", "++", "?+", "**", "{2,1}", "{1"]
TEXTS = ["abcabc", "aAbB", "a b c", "", "ab12 é", "line\nabc\n", "aaa", "a1b22c333", "\n", "a.b,c;d", "xéÉx", "  abc", "١٢", "ccab\tba"]
FLAGS = ["0", "0", "0", "re.I", "re.M", "re.S", "re.X", "re.A", "re.I | re.M", "re.DOTALL | re.VERBOSE"]
REPLACEMENTS = ["'-'", "''", r"r'<\g<0>>'", r"r'\1'", r"r'\g<n>'", r"r'\2\1'", "lambda m: m[0].upper()", "lambda m: repr(m.span())", r"r'\n\\'", r"r'\q'", r"r'\g<'", r"r'\g<9>'", "5", r"r'\0'", r"r'\g<n>\g<1>'"]
USES = ["[m.span() for m in re.finditer(p, t, {f})]", "re.findall(p, t, {f})", "re.split(p, t, flags={f})", "re.split(p, t, {n}, {f})", "re.sub(p, {r}, t, flags={f})", "re.sub(p, {r}, t, {n}, {f})", "re.subn(p, {r}, t, flags={f})",
        "re.search(p, t, {f})", "re.match(p, t, {f})", "re.fullmatch(p, t, {f})", "m(re.search(p, t, {f}))", "m(re.match(p, t, {f}))", "m(re.fullmatch(p, t, {f}))", "re.compile(p, {f})", "re.compile(p, {f}).groupindex", "re.compile(p, {f}).groups", "re.compile(p, {f}).flags",
        "re.compile(p).search(t, {n}, {k})", "re.compile(p).match(t, {n})", "re.compile(p).findall(t, {n}, {k})", "re.compile(p).fullmatch(t, {n}, {k})", "re.search(p, t).expand({r})", "re.search(p, t).group({n})", "re.search(p, t)[{n}]", "re.search(p, t).group({n}, 'n')",
        "re.search(p, t).span({n})", "re.search(p, t).groupdict(0)", "re.search(p, t).groups('')", "re.search(p, t).start('n')", "re.findall(p, t.encode())", "re.findall(p.encode('latin-1'), t.encode(), {f})", "re.escape(p)", "re.sub(p.encode(), b'-', t.encode())",
        "re.compile(p) == re.compile(p)", "[(k.lastindex, k.lastgroup) for k in re.finditer(p, t)]", "re.search(p, t).regs", "[*re.compile(p).finditer(t, 1)]"]


def pattern(chance, depth):
    parts = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        if depth and chance.random() < 0.4:
            part = chance.choice(GROUPS)
            part = part.format(pattern(chance, depth - 1)) if "{}" in part else part
        else:
            part = chance.choice(ATOMS[:20] if chance.random() < 0.7 else ATOMS)
        parts.append(part + (chance.choice(COUNTS[:9] if chance.random() < 0.8 else COUNTS) if chance.random() < 0.35 else ""))
    text = "".join(parts)
    if depth and chance.random() < 0.2:
        text += "|" + pattern(chance, depth - 1)
    return text


def program(chance):
    source = Source()
    source("import re", "def m(k): return k and (k.group(), k.groups(), k.groupdict(), k.span(), k.lastindex, k.lastgroup, k.pos, k.endpos, k.re.groups, k.string)")
    for _ in range(3):
        text = pattern(chance, chance.choice([0, 1, 2]))
        if chance.random() < 0.1:
            text = chance.choice(["(?i)", "(?m)", "(?x)", "(?s)", "(?a)", "(?L)", "(?u)"]) + text
        source(f"p = {text!r}")
        for _ in range(4):
            use = chance.choice(USES[:13] if chance.random() < 0.6 else USES).format(
                f=chance.choice(FLAGS), r=chance.choice(REPLACEMENTS), n=chance.choice(["0", "1", "2", "-1", "3"]), k=chance.choice(["2", "4", "100", "-1"]))
            source(f"t = {chance.choice(TEXTS)!r}", f"show(lambda: {use})")
    return source.lines
