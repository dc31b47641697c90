"""Objects whose special methods change the container at work, answer wrong types, raise or recurse."""
from . import Source

ANSWERS = ["True", "False", "NotImplemented", "None", "5", "-1", "'text'", "1.5", "[]", "self", "b'x'", "iter([1])", "10**30", "...", "(1, 2)"]
DEEDS = ["raise ValueError('hostile')", "raise TypeError('hostile')", "raise KeyError", "raise StopIteration", "raise AttributeError('hostile')", "raise IndexError",
         "things.clear()", "things.append(self)", "table.clear()", "table[len(table)] = self", "group.clear()", "group.add(len(group))", "del things[:1]", "things.extend([1] * 20)",
         "print('in', sys._getframe().f_code.co_name)" if False else "print('called')", "self.value = 7"]
DUNDERS = {
    "__eq__": "self, other", "__hash__": "self", "__lt__": "self, other", "__gt__": "self, other", "__repr__": "self", "__str__": "self", "__len__": "self", "__bool__": "self",
    "__index__": "self", "__int__": "self", "__float__": "self", "__iter__": "self", "__next__": "self", "__getitem__": "self, key", "__setitem__": "self, key, value",
    "__delitem__": "self, key", "__contains__": "self, item", "__call__": "self, *args", "__add__": "self, other", "__radd__": "self, other", "__iadd__": "self, other",
    "__mul__": "self, other", "__rmul__": "self, other", "__neg__": "self", "__format__": "self, spec", "__getattr__": "self, name", "__bytes__": "self", "__reversed__": "self",
    "__length_hint__": "self", "__enter__": "self", "__exit__": "self, *error", "__round__": "self, digits=None", "__le__": "self, other", "__ne__": "self, other", "__mod__": "self, other",
    "__missing__": "self, key", "__abs__": "self", "__divmod__": "self, other", "__pow__": "self, other", "__and__": "self, other", "__ror__": "self, other", "__trunc__": "self", "keys": "self",
    "__get__": "self, object, owner", "__set__": "self, object, value", "__set_name__": "self, owner, name", "__dir__": "self", "__invert__": "self",
}
USES = """sorted(things) | things.sort() | things.index(h) | things.count(h) | things.remove(h) | h in things | things == [h, h] | [h] < [h] | max(things) | min(h, h) | sum(things) | sum([h], h)
table[h] | table[h] = 1 | table.get(h) | h in table | table == {h: 1} | {h: 1, h: 2} | group.add(h) | {h, h} | group == {h} | group | {h} | hash((h, 1)) == hash((h, 1)) | dict([(h, h)]) | table.pop(h, None)
repr(things) | str(h) | f'{h}' | f'{h!r:>5}' | '%s %r' % (h, h) | '{}'.format(h) | ''.join([h]) | ', '.join(h) | print(h) | ascii(h) | format(h, '>3') | bytes(h) | bytes([h]) | bytearray(h)
list(h) | tuple(h) | set(h) | dict(h) | [*h] | (lambda *a: a)(*h) | (lambda **k: k)(**h) | a, b = h | for n in h: break | [n for n in h] | zip(h, h) | list(map(h, [1])) | next(h) | iter(h, 1) | any(h)
list(reversed(h)) | enumerate(h) | len(h) | bool(h) | not h | h and 1 | while h: break | if h: pass | assert h | [1, 2, 3][h] | 'abc'[h:] | [0] * h | h * [0] | range(h) | int(h) | float(h) | abs(h) | -h | ~h
h + 1 | 1 + h | h += 1 | h - 1 | h @ h | h % 2 | '%d' % h | divmod(h, 2) | h ** 2 | pow(2, h, 3) | h & 1 | 1 | h | h == h | h != 1 | h < 1 | 1 < h | h <= h < h | round(h) | round(1.5, h) | chr(h) | hex(h) | h()
h[0] | h[1:2] | h[0] = 1 | del h[0] | 1 in h | h.missing | getattr(h, 'value', 0) | with h as v: pass | isinstance(1, h) | issubclass(int, h) | raise h | raise ValueError from h | 'times' in dir(h) | vars(h) | h.__class__.__name__
int.from_bytes(h, 'big') | (5).to_bytes(h, 'big') | 'a'.center(h) | [].insert(h, 1) | [1, 2].pop(h) | 'a,b'.split(',', h) | slice(h).indices(5) | {**table, h: 1} | things[:] = h | things += h | things.extend(h) | table.update(h)
match h:~    case [a, *_]: pass~    case {'k': _}: pass~    case 0: pass | print(*h, sep=h) | type('T', (), {'d': h})().d | type('T', (), {'d': h})() | sys.getrecursionlimit() and max(things, key=h) | list(filter(h, [1, 2]))
all(x is h for x in things) | min(things, default=h) | list(zip(things, strict=h)) | int('10', h) | 'x' * h | [things.append(1) for n in h if len(things) < 30] | complex_number = h.real | isinstance(h, (int, h)) | type(h)(h)"""


def uses():
    found = [use.strip() for line in USES.split("\n") for use in line.split(" | ")]
    return [use for use in found if use]


ALL_USES = uses()



def program(chance):
    source = Source()
    base = chance.choice(["", "", "", "(int)", "(str)", "(list)", "(dict)", "(tuple)", "(set)", "(Exception)", "(float)"])
    with source.block(f"class Hostile{base}:"):
        source("times = 0")
        for name in chance.sample(list(DUNDERS), chance.randint(2, 6)):
            with source.block(f"def {name}({DUNDERS[name]}):"):
                source("Hostile.times += 1", "if Hostile.times > 25: raise RuntimeError('enough')")
                if chance.random() < 0.5:
                    source(chance.choice(DEEDS))
                source(f"return {chance.choice(ANSWERS)}")
        if chance.random() < 0.1:
            source(f"{chance.choice(list(DUNDERS))} = {chance.choice(['None', '5', 'len'])}")
    source("try:", "    h = Hostile()", "except Exception as error:", "    print(chain(error)); return",
           "things, table, group = [h, 1, h], {1: h, 'k': h}, {1, 2}")
    with source.block("def attempt(use):"):
        source("Hostile.times = 0", "try: print(use())", "except BaseException as error: print(type(error).__name__, error)")
    for place in range(6):
        use = chance.choice(ALL_USES)
        statement = not expression_like(use)
        if statement:
            with source.block(f"def use(h=h, things=things):"):
                source(*use.replace("~", "\n").split("\n"))
            source("attempt(use)")
        else:
            source(f"attempt(lambda: ({use}))")
        if chance.random() < 0.4:
            source("things[:], group = [h, 2], {3}")
    return source.lines


def expression_like(text):
    try:
        compile(text.replace("~", "\n"), "use", "eval")
        return True
    except SyntaxError:
        return False
