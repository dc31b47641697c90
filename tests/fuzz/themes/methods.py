"""A method of a built-in type, with arguments that may be wrong in number, type or size."""
from . import values

OBJECTS = {
    int: values.INTS, float: values.FLOATS, str: values.STRS, bytes: ["b''", "b'abc'", "b' Xy,z '"],
    bytearray: ["bytearray(b'abc')", "bytearray()"], list: values.LISTS, tuple: values.TUPLES, dict: values.DICTS,
    set: ["{1, 2, 3}", "set()"], frozenset: ["frozenset({1, 2})", "frozenset()"], range: ["range(5)", "range(10, 0, -3)"],
    slice: ["slice(1, 2)", "slice(None, None, -1)"], type({}.keys()): ["{'a': 1}.keys()"], memoryview: ["memoryview(b'abc')"],
    type({}.items()): ["{1: 2}.items()"], type({}.values()): ["{1: 2}.values()"], type(iter([])): ["iter([1, 2])"],
    enumerate: ["enumerate('ab')"], zip: ["zip('ab', [1, 2])"], type(x for x in ()): ["(x for x in [1, 2])"],
}
# Protocols of pickling, sizes in memory and what an object's class may say about itself.
LEFT_OUT = {"__class__", "__init_subclass__", "__subclasshook__", "__reduce__", "__reduce_ex__", "__doc__", "__sizeof__", "__del__",
            "__getstate__", "__setstate__", "__dir__", "__getformat__", "__alloc__", "__hash__", "gi_frame", "gi_code"}
METHODS = {type: [name for name in dir(type) if name not in LEFT_OUT] for type in OBJECTS}
KEYWORDS = ["key", "reverse", "sep", "maxsplit", "keepends", "encoding", "errors", "tabsize", "signed", "length", "byteorder", "start"]
ODD = ["Index()", "Hostile()", "float('nan')", "10**20", "-10**20", "'utf-8'", "'ignore'", "'big'", "97"]


def call(chance):
    kind = chance.choice(list(OBJECTS))
    name = chance.choice(METHODS[kind])
    target = f"({chance.choice(OBJECTS[kind])}).{name}"
    if not callable(getattr(kind, name)):
        return target
    count = chance.choice([0, 1, 1, 1, 2, 2, 3])
    args = [chance.choice(values.ANY + ODD) for _ in range(count)]
    if chance.random() < 0.12:
        args.append(f"{chance.choice(KEYWORDS)}={chance.choice(values.ANY)}")
    return f"{target}({', '.join(args)})"


def program(chance):
    lines = ["class Index:", "    def __index__(self): return 2", "class Hostile:", "    __hash__ = None",
             "    def __index__(self): raise ZeroDivisionError('index')", "    def __eq__(self, other): raise ZeroDivisionError('eq')",
             "def drained(x):", "    if isinstance(x, (set, frozenset)): return type(x), sorted(map(repr, x))",
             "    return list(x) if hasattr(type(x), '__next__') else x"]
    return lines + [f"show(lambda: drained({call(chance)}))" for _ in range(4)]
