"""Dicts, their views, and the algebra of sets and views; subclasses with __missing__; changes while iterating."""
from . import Source, values

DICTS = ["{}", "{1: 2, 3: 4}", "{'a': 1, 'b': 2}", "dict(a=1, b=[2])", "dict.fromkeys('abc', 0)", "{1: 1, True: 2, 1.0: 3}", "defaultdict(list, a=[1])", "Counter('abca')", "OrderedDict(b=1, a=2)", "Missing(a=1)", "ChainMap({'a': 1}, {'a': 2, 'b': 3})", "{(1, 2): 3, None: 4}",
         "{i: -i for i in range(5)}", "MappingProxyType({'a': 1})"]
SETS = ["{1, 2, 3}", "set()", "frozenset({2, 3})", "{0, 1, 5, 9}", "set(range(0, 20, 3))", "frozenset(range(4))", "{True, 2}", "{1.0, 2.5}"]
OTHERS = SETS + ["d.keys()", "d.items()", "d.values()", "[1, 2, 2]", "(1, 'a')", "{1: 2}", "'ab'", "iter([1, 3])", "None", "5", "[[1]]", "range(3)", "{1: 2}.keys()", "{'a': 1}.items()", "frozenset()"]
KEYS = ["1", "'a'", "'b'", "None", "(1, 2)", "1.0", "True", "[1]", "'zz'", "{}", "frozenset({1})"]
VALUES = ["0", "'v'", "[1]", "None", "d", "{}"]


def operation(chance):
    name = chance.choice
    key, value, other, third = name(KEYS), name(VALUES), name(OTHERS), name(OTHERS)
    view = name(["d.keys()", "d.items()", "d.keys()", "d.values()"])
    a_set = name(SETS + ["s", "s", "s"])
    sign = name(["&", "|", "-", "^", "<", "<=", "==", ">", ">=", "!="])
    method = name(["union", "intersection", "difference", "symmetric_difference", "isdisjoint", "issubset", "issuperset"])
    change = name(["update", "intersection_update", "difference_update", "symmetric_difference_update"])
    return name([
        f"ordered({a_set} {sign} {other})", f"ordered({view} {sign} {other})", f"ordered({other} {sign} {view})", f"ordered({a_set}.{method}({other}))", f"ordered({a_set}.{method}({name(['', f'{other}, {third}', other])}))", f"{view}.isdisjoint({other})",
        f"ordered(s.{change}({other}) or s)", f"s.{name(['add', 'discard', 'remove'])}({key})", f"ordered(s.copy())", f"s.pop() is s", f"{key} in {name([view, a_set, 'd'])}", f"d[{key}]", f"d.get({key}{name(['', ', ' + value])})", f"d.setdefault({key}{name(['', ', ' + value])})",
        f"d.pop({key}{name(['', ', ' + value])})", f"d.popitem()", f"d.update({name([other, f'[({key}, {value})]', '[(1,)]', '[(1, 2, 3)]', 'a=5', f'{{}}, z={value}', 'None', '[5]', repr(['ab']), '{1: 2}', 'Keys()'])})", f"d | {name(['{}', other, '{1: 5}', repr({'a': 0})])}", f"{name(['{}', other])} | d",
        f"dict({name(['d', other, f'[({key}, {value})]', repr(['ab', 'cd']), 'd.items()', 'd, q=1', 'zip(d, d)', '1', 'Keys()'])})", f"list(reversed({name(['d', 'd.keys()', 'd.items()', 'd.values()'])}))", f"len({view})", f"repr({view})", f"list(d.items())[:3]", f"{{**d, {key}: {value}}}",
        f"sorted(d, key=str)", f"d == {name([other, 'dict(d)', '{}', 'd.copy()'])}", f"d.copy()", f"{view} == {name(['d.keys()', 'd.items()', other])}", f"[*{view}]", f"max(d, key=lambda k: str(k))", f"d.fromkeys({name([repr('ab'), '[1, 1]', '{}', '5', '[[]]'])}{name(['', ', ' + value])})", f"{view}.mapping",
        f"dict.fromkeys({other})", f"type(d)({name(['d', repr('ab'), 'a=1', ''])})", f"hash({name(['frozenset({1, 2})', 'd', 's', view, '(1, frozenset())'])}) is None", f"d.__missing__({key})", f"d.__class__.__name__", f"(lambda **k: k)(**{name(['d', '{1: 2}', repr({'a': 1}), 'Keys()'])})",
        f"s.__{name(['and', 'or', 'sub', 'xor', 'rsub', 'iand', 'ior'])}__({other}) is NotImplemented", f"{{k: v for k, v in d.items() if v}}", f"ordered({{*{other}, *{third}}})", f"d.items() >= {{({key}, {value})}}", f"d.keys() & {name(['d', 's', other])}", f"frozenset({other}) == set({other})",
    ])


def program(chance):
    source = Source()
    mapping = chance.choice(DICTS)
    source("from collections import defaultdict, Counter, OrderedDict, ChainMap", "from types import MappingProxyType", "class Missing(dict):", f"    def __missing__(self, key): {chance.choice(['return key', 'raise KeyError(0)', 'self[key] = 1; return 2'])}",
           "class Keys:", f"    def keys(self): return {chance.choice(['[1, 2]', repr(['a']), '5', 'iter((1,))', repr('ab')])}", "    def __getitem__(self, key): return [key]",
           "def ordered(x): return (type(x).__name__, sorted(x, key=str)) if isinstance(x, (set, frozenset)) else x", f"d = {mapping}", f"s = {chance.choice(SETS)}", f"s = set(s) if {chance.random() < 0.6} else s")
    for _ in range(8):
        kind = chance.random()
        if kind < 0.8:
            use = operation(chance)
            source(f"show(lambda: {use})")
        elif kind < 0.9:
            with source.block("try:"):
                source(chance.choice([f"d[{chance.choice(KEYS)}] = {chance.choice(VALUES)}", f"del d[{chance.choice(KEYS)}]", f"d |= {chance.choice(['{1: 0}', '[(1, 2)]', '5', repr('ab'), 'd'])}", f"s {chance.choice(['|=', '&=', '-=', '^='])} {chance.choice(OTHERS)}", "d.clear()", "s.clear()"]))
            source("except Exception as error: print(type(error).__name__, error)")
        else:
            source("n = 0", "try:")
            with source.block(f"    for k in {chance.choice(['d', 'd.items()', 'd.values()', 's', 'reversed(d)', 'list(d)'])}:"):
                source(f"    n += 1", f"    if n > 4: break", f"    {chance.choice(['d[n, 0] = n', 'd.pop(k, 0)', 's.add(n * 100)', 'd.clear()', 'd[k] = 5', 's.discard(k)', 'd.update({n: n})', 's.clear()'])}")
            source("except Exception as error: print(type(error).__name__, error)", "print(n, len(d), len(s))")
    return source.lines
