"""Subscripts, slices and the sequence methods, of built-in sequences and of classes that say their length and items."""
from . import Source

TARGETS = ["list(range(6))", "[]", "[3, 1, 2]", "tuple('abcd')", "()", "'hello'", "b'bytes'", "bytearray(b'array')", "range(10)", "range(8, -8, -3)", "range(0)", "deque([1, 2, 3])",
           "Seq()", "array(range(5))", "Own([4, 5, 6])", "range(10**20, 10**20 + 5)", "[[1], [1], [2]]"]
NUMBERS = ["0", "1", "2", "3", "-1", "-2", "-4", "7", "-9", "None", "True", "Index(1)", "Index(-2)", "Index(10**30)", "2**63", "-2**63", "10**30", "1.0", "'a'", "Bad()"]
STEPS = ["None", "1", "-1", "2", "-2", "3", "0", "10**20", "-10**20", "Index(2)", "-sys.maxsize", "sys.maxsize"]
ITEMS = ["9", "'z'", "[7, 8]", "'xy'", "(1, 2, 3)", "b'ab'", "range(2)", "iter([5])", "x", "[]", "None", "257", "97", "{1: 2}"]


def statement(chance, source):
    start, stop, step, other = (chance.choice(NUMBERS) for _ in range(4))
    step = chance.choice(STEPS)
    item = chance.choice(ITEMS)
    place = chance.choice([start, f"{start}:{stop}", f"{start}:{stop}:{step}", f"::{step}", f"{start}:", f":{stop}", f"{start}, {stop}", "...", f"slice({start}, {stop}, {step})"])
    name = chance.choice
    shown = [f"x[{place}]", f"x[{place}]", f"x.index({item}{name(['', f', {start}', f', {start}, {stop}'])})", f"x.count({item})", f"{item} in x", f"slice({start}, {stop}, {step}).indices({name(['5', '0', '-1', 'Index(4)', '10**20'])})",
             f"list(reversed(x))[:4]", f"x + {item}", f"x * {name(['2', '0', '-1', 'Index(2)', '1.5', 'True'])}", f"x {name(['<', '<=', '==', '!=', '>'])} {item}", f"x {name(['<', '=='])} x[{start}:]", f"len(x)",
             f"[*x][{place}]", f"sorted(x, reverse={name(['True', '0', '5', 'None'])})", f"max(x, key=lambda v: -v)", f"min(x, default={start})", f"sum(x)", f"list(zip(x, {item}))", f"list(enumerate(x, {start}))[:3]", f"range({start}, {stop}, {step})",
             f"len(range({start}, {stop}, {step}))", f"{name(['1', '5', '10**20', 'True', '-7'])} in range({start}, {stop}, {step})", f"range({start}, {stop})[{place}]", f"range({start}, {stop}, {step}) == range({start}, {other})", f"hash(range({start}, {stop})) == hash(range({start}, {stop}))",
             f"x.{name(['pop', '__getitem__', '__delitem__', '__contains__'])}({start})", f"operator.{name(['getitem', 'indexOf', 'countOf', 'contains'])}(x, {name([start, item])})", f"x.copy()", f"x.tolist()", 
             f"[y for y in x if y][{place}]", f"tuple(x)[{place}]", f"str(x)[{place}]"]
    changes = [f"x[{place}] = {item}", f"x[{place}] = {item}", f"x[{place}] = {item}", f"del x[{place}]", f"x.insert({start}, {item})", f"x.extend({item})", f"x.append({item})", f"x.remove({item})", "x.reverse()", "x.sort()", f"x.sort(key={name(['str', 'len', 'None', '5', 'lambda v: -v'])})",
               f"x += {item}", f"x *= {name(['2', '0', 'Index(1)'])}", f"a, *b = x; print(a, b)", f"*a, b, c = x; print(a, b, c)", f"x[{start}] += {item}", f"x[{start}], x[{stop}] = x[{stop}], x[{start}]", "x.clear()", f"x.rotate({start})", f"x.pop()"]
    if chance.random() < 0.5:
        source(f"show(lambda: {name(shown)})")
    else:
        source("try:", f"    {name(changes)}", "except Exception as error: print(type(error).__name__, error)", "print(repr(x).split(' object at ')[0][:80])")


def program(chance):
    source = Source()
    source("import operator", "from collections import deque", "from collections import UserList as Own")
    source("class Index:", "    def __init__(self, n): self.n = n", "    def __index__(self): return self.n", "    def __repr__(self): return f'Index({self.n})'",
           "class Bad:", f"    def __index__(self): {chance.choice(['return 1.5', 'raise KeyError(1)', 'return None', 'return True'])}",
           "class Seq:", "    def __repr__(self): return 'Seq()'", "    def __len__(self): return 4", "    def __getitem__(self, key):", "        if isinstance(key, slice): return ('slice', repr(key))",
           "        if not isinstance(key, int) or key >= 4: raise IndexError(key)", "        return key * 10", f"def array(them): return {chance.choice(['list', 'bytearray', 'tuple'])}(them)")
    target = chance.choice(TARGETS)
    source(f"x = {target}")
    for _ in range(8):
        statement(chance, source)
    return source.lines
