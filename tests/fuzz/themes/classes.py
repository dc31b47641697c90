"""Hierarchies: bases at random (MRO conflicts too), super() chains, descriptors, hooks of attributes, slots, classes built by type()."""
from . import Source, values

BUILTIN = ["int", "str", "list", "dict", "tuple", "Exception", "set", "float"]
MEMBERS = [
    "def m(self): return ['{c}'] + (super().m() if hasattr(super(), 'm') else [])",
    "def m(self): return ['{c}', *super().m()]",
    "@classmethod\ndef k(cls): return (cls.__name__, '{c}') + (super().k() if hasattr(super(), 'k') else ())",
    "@staticmethod\ndef s(*a): return '{c}', a", "@property\ndef p(self): return '{c}.p'",
    "@property\ndef q(self): return self._q\n@q.setter\ndef q(self, v): print('set q in {c}', v); self._q = v\n@q.deleter\ndef q(self): print('del q'); del self._q",
    "x = '{c}.x'", "y: int = 5", "__slots__ = ()", "__slots__ = ('x', 'z')", "__slots__ = ('z', '__dict__')", "d = Data('{c}')", "n = NonData('{c}')",
    "def __init__(self, *a, **k): print('init {c}', len(a)); self.i = '{c}'; super().__init__(*a, **k)", "def __init__(self): self.z = 1",
    "def __new__(cls, *a): print('new {c}', len(a)); return super().__new__(cls, *a)", "def __init_subclass__(cls, **k): print('sub of {c}:', cls.__name__, k); super().__init_subclass__()",
    "def __getattr__(self, name): print('getattr {c}', name); return super().__getattr__(name) if name == 'deep' else len(name)",
    "def __getattribute__(self, name):\n    if name == 'x': return '{c} took x'\n    return super().__getattribute__(name)",
    "def __setattr__(self, name, value): print('setattr {c}', name); super().__setattr__(name, value)", "def __delattr__(self, name): print('delattr {c}', name); super().__delattr__(name)",
    "def __class_getitem__(cls, key): return f'{{cls.__name__}}[{{key}}]'", "def __eq__(self, other): return '{c}'", "def __repr__(self): return '<{c}>'", "def __add__(self, other): return '{c} add'",
    "def __radd__(self, other): return '{c} radd'", "def __lt__(self, other): return '{c} lt'", "def __len__(self): return 3", "__hash__ = None", "def __call__(self, *a): return '{c} called', a",
    "def __private(self): return '{c} private'\n    # mangled".split("\n")[0], "def t(self): return self.__private()", "def __contains__(self, item): return item",
    "m = None", "x = property(lambda self: 'lambda {c}')", "class Inner: name = '{c}'", "def __str__(self): return 'str {c}'", "def __getitem__(self, key): return ('{c}', [0, 1][key])", "def __iter__(self): return iter('{c}')",
]
PROBES = ["o.m()", "{c}.k()", "o.k()", "o.s(1)", "o.p", "o.q", "o.q = 5", "del o.q", "o.x", "o.x = 9", "del o.x", "o.y", "o.z", "o.z = 1", "o.d", "o.d = 3", "del o.d", "o.n", "o.n = 4", "{c}.d", "{c}.n", "{c}.x", "o.i",
          "o.nothing", "o.deep", "{c}.nothing", "[b.__name__ for b in {c}.__mro__]", "sorted(vars(o))", "o == o", "o != 1", "repr(o)[:9]", "o + 1", "1 + o", "o + o", "o < o", "o > o", "len(o)", "hash(o) is None", "o(1)", "o.t()",
          "{c}[int]", "isinstance(o, A)", "issubclass({c}, A)", "super({c}, o).m()", "super({c}, {c}).k()", "{c}.m(o)", "A.m(o)", "sorted(o.__dict__)", "hasattr(o, '__dict__')", "type(o).__name__", "o.__class__ = A", "{c}.m = lambda self: 'new'",
          "{c}.x = 1", "del {c}.x", "o.Inner.__qualname__", "1 in o", "str(o)[:12]", "o[0]", "list(o)", "{c}.__base__.__name__", "bool(o)", "{c}.__bases__", "o.m.__qualname__", "o.m.__func__ is {c}.m", "A in A.__subclasses__()",
          "setattr(o, 'dynamic', 1)", "getattr(o, 'p', 'default')", "o.__eq__(1)", "object.__getattribute__(o, 'x')", "type('T', ({c},), {{'x': 1}})().x", "type('T', ({c}, A), {{}})", "type('T', (A, {c}), {{}})", "dir(o) == sorted(dir(o))"]


def program(chance):
    source = Source()
    source("class Data:", "    def __init__(self, owner): self.owner = owner", "    def __get__(self, o, kind): return 'data', self.owner, o is None",
           "    def __set__(self, o, value): print('data set', value)", f"    {chance.choice(['def __delete__(self, o): print(1)', 'def __set_name__(self, o, name): print(o.__name__, name)'])}",
           "class NonData:", "    def __init__(self, owner): self.owner = owner", "    def __get__(self, o, kind=None): return 'non-data', self.owner, kind is None")
    names = "ABCD"[:chance.randint(1, 4)]
    for place, name in enumerate(names):
        bases = chance.sample(names[:place], min(place, chance.choice([0, 1, 1, 2, 3])))
        if chance.random() < 0.6:
            bases.sort(reverse=True)  # mostly an order that is consistent
        if chance.random() < 0.25:
            bases.append(chance.choice(BUILTIN))
        extra = ["flag=1"] if chance.random() < 0.1 else []
        source("try:")
        source.depth += 1
        with source.block(f"class {name}({', '.join(bases + extra)}):"):
            for member in chance.sample(MEMBERS, chance.randint(1, 6)):
                source(*member.format(c=name).split("\n"))
        source.depth -= 1
        source("except Exception as error:", "    print(chain(error))", f"    class {name}: pass")
    last = chance.choice(names)
    source("try:", f"    o = {last}({chance.choice(['', '', '', '1', repr('a'), '[]'])})", "except Exception as error:", f"    print(chain(error)); o = A")
    for _ in range(8):
        probe = chance.choice(PROBES).format(c=last)
        if " = " in probe or probe.startswith("del "):
            source(f"try: {probe}", "except Exception as error: print(type(error).__name__, error)")
        else:
            source(f"show(lambda: {probe})")
    return source.lines
