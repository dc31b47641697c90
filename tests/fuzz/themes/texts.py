"""Methods and operators of str, bytes and bytearray with arguments that mostly fit."""
from . import values

STRS = values.STRS + ["'abcabc'", "'  x  y '", "'a,b,,c'", "'line\\r\\none\\x0btwo\\x1cthree'", "'ǅungla'", "'ﬁ ﬀ'", "'ΑΣ Σ'", "'İı'", "'x' * 20", "'\\t1\\t22'", "'१२'", "'½'",
                      "'_a1'", "'class'", "'\\ud800'", "'😀é'", "'a\\u0301'", "'-42'", "'+0x1f'", "'{} %s'", "'aAbB'", "'\\x00'"]
BYTES = ["b''", "b'abc'", "b'abcabc'", "b' a b '", "b'a,b,,c'", "b'\\xff\\x00z'", "b'Hello World'", "b'12'", "b'l1\\r\\nl2\\n'", "bytearray(b'abcabc')", "bytearray()", "b'\\t1\\t22'", "b'aAbB'"]
POSITIONS = ["0", "1", "-1", "2", "-3", "5", "100", "-100", "None", "True", "2**70", "-2**70", "1.0"]
COUNTS = ["0", "1", "2", "-1", "10", "True", "None", "2**70", "'1'"]
CODECS = ["'utf-8'", "'ascii'", "'latin-1'", "'utf-16'", "'utf-16-le'", "'utf-32-be'", "'UTF8'", "'l1'", "'nope'", "'utf_8_sig'", "5"]
HANDLERS = ["'strict'", "'ignore'", "'replace'", "'backslashreplace'", "'xmlcharrefreplace'", "'surrogateescape'", "'surrogatepass'", "'nope'"]
PLAIN = ("capitalize lower upper title swapcase isalnum isalpha isascii isdigit islower isspace istitle isupper").split()
OF_STR = "casefold isdecimal isidentifier isnumeric isprintable".split()


def call(chance):
    binary = chance.random() < 0.35
    pool = BYTES if binary else STRS
    text, other, third = (chance.choice(pool if chance.random() < 0.95 else values.ANY) for _ in range(3))
    text = chance.choice(pool)
    start, stop = chance.choice(POSITIONS), chance.choice(POSITIONS)
    count, name = chance.choice(COUNTS), chance.choice
    sub = chance.choice([other, other, other, f"{text}[1:2]", f"({other}, {third})", "97"])
    mark = 'b' * binary + "'*'"
    ways = [
        f"{text}.{name(PLAIN + ([] if binary else OF_STR))}()",
        f"{text}.{name(['find', 'rfind', 'index', 'rindex', 'count', 'startswith', 'endswith'])}({name([sub, f'{sub}, {start}', f'{sub}, {start}, {stop}'])})",
        f"{text}.{name(['split', 'rsplit'])}({name(['', other, f'{other}, {count}', f'maxsplit={count}', f'None, {count}', f'sep={other}', f'{text}[:1], {count}'])})",
        f"{text}.{name(['partition', 'rpartition', 'removeprefix', 'removesuffix'])}({name([other, f'{text}[:1]', f'{text}[-1:]'])})",
        f"{text}.replace({other}, {third}{name(['', '', f', {count}'])})", f"{text}.replace({text}[:1], {third}{name(['', f', {count}'])})",
        f"{text}.{name(['strip', 'lstrip', 'rstrip'])}({name(['', 'None', other, f'{text}[:2]'])})",
        f"{text}.{name(['center', 'ljust', 'rjust'])}({name(['0', '5', '9', '12', '-3', '1.5', 'True'])}{name(['', '', f', {other}', ', ' + mark])})",
        f"{text}.{name(['zfill', 'expandtabs'])}({name(['0', '4', '8', '-2', 'True', 'None', '1.5'])})", f"{text}.splitlines({name(['', 'True', 'keepends=1', '0', 'None'])})",
        f"{other}.join({name([f'[{text}, {third}]', f'({text},)', text, '[]', f'iter([{text}, 1])', 'None', f'dict.fromkeys([{text}])', f'[{text}, None]'])})",
        f"{text} {name(['+', '*', '%', 'in', '<', '==', '>=', 'not in'])} {name([other, other, '2', '-1', '(1,)', '[]', 'None'])}",
        f"{text}[{name([start, f'{start}:{stop}', f'{start}:{stop}:{count}', f'::{count}'])}]",
        f"{text}.translate({name(['None', '{97: None, 98: 120}', repr({97: 'xy', 66: 'q'}), 'str.maketrans(*MARKS)', 'bytes(range(256))[::-1]', '{}', '[1] * 256', 'bytes.maketrans(*PAIR)'])})",
        f"{text}.{'decode' if binary else 'encode'}({name(['', name(CODECS), f'{name(CODECS)}, {name(HANDLERS)}', f'errors={name(HANDLERS)}'])})",
        f"{name(['str.maketrans', 'bytes.maketrans'])}({name([other, f'{other}, {third}', f'{text}[:2], {text}[-2:]', '{97: 98}', '{(1,): 2}'])})",
        f"{name(['ascii', 'repr', 'len', 'list', 'sorted', 'set', 'max', 'min', 'int', 'float', 'bytes', 'str', 'hash', 'bool', 'tuple', 'ord'])}({text})".replace("hash(", "len(").replace("set(", "len("),
    ]
    if binary:
        ways += [f"{text}.hex({name(['', repr(':'), repr(':') + ', 2', repr('-') + ', -3', repr('ab'), 'PAIR[0]', '5'])})", f"bytes.fromhex({name([repr('6162'), repr('61 62'), repr('6 1'), repr('6'), repr('zz'), repr(' 6162 '), 'PAIR[1]'])})",
                 f"{name(['bytes', 'bytearray'])}({name(['3', '[1, 2]', '[256]', '[-1]', repr('a'), repr('a') + ', ' + name(CODECS), 'None', 'range(3)', '-1', '1.5', text])})"]
    return name(ways)


def program(chance):
    return ["MARKS, PAIR = ('ab', 'xy', 'c'), (b'ab', b'xy')", *(f"show(lambda: {call(chance)})" for _ in range(8))]
