"""Classes, instances and what lies between them changed while functions go on using them: what was remembered must be forgotten."""
from . import Source

VALUES = ["1", "None", "[2]", "len", "int", "lambda *a: ('function', len(a))", "Get()", "GetSet()", "property(lambda s: 'property')",
          "property(lambda s: lambda *a: ('made', len(a)))", "classmethod(lambda c, *a: (c.__name__, len(a)))",
          "staticmethod(lambda *a: ('static', len(a)))"]
SPECIAL = {
    "__len__": ["lambda s: 7", "lambda s: -1", "None"],
    "__getitem__": ["lambda s, i: ('item', i)", "lambda s, i: 1 / 0"],
    "__add__": ["lambda s, x: 'sum'", "lambda s, x: NotImplemented", "None", "lambda s: 1"],
    "__eq__": ["lambda s, x: 'equal'", "lambda s, x: NotImplemented", "None"],
    "__call__": ["lambda s, *a: ('called', len(a))", "None", "staticmethod(lambda *a: len(a))"],
    "__bool__": ["lambda s: False", "lambda s: 5", "None"],
    "__str__": ["lambda s: 'text'", "lambda s: 5"],
    "__getattr__": ["lambda s, n: 'missing ' + n", "lambda s, n: None"],
    "__getattribute__": ["lambda s, n: object.__getattribute__(s, n)", "lambda s, n: 'always'"],
    "__setattr__": ["lambda s, n, v: object.__setattr__(s, n, v)", "lambda s, n, v: None"],
}
USES = ["o.a", "o.a()", "o.a(1)", "getattr(o, 'a')", "hasattr(o, 'a')", "o.b", "len(o)", "o[0]", "o + 1", "o == 1", "o(2)", "bool(o)",
        "str(o)[:4]", "type(o).a", "super(type(o), o).a"]


def change(chance):
    cls, thing, name = chance.choice("ABCS"), f"objects[{chance.randrange(4)}]", chance.choice("aab")
    value, special = chance.choice(VALUES), chance.choice(list(SPECIAL))
    return chance.choice([
        f"{cls}.{name} = {value}", f"{cls}.{name} = {value}", f"del {cls}.{name}", f"{thing}.{name} = {value}", f"del {thing}.{name}",
        f"{thing}.__dict__['{name}'] = {value}", f"{thing}.__dict__.pop('{name}', None)", f"{thing}.__class__ = {cls}",
        f"{thing}.__dict__ = {{'{name}': 5}}", f"{cls}.{special} = {chance.choice(SPECIAL[special])}", f"del {cls}.{special}",
        f"vars({thing}).update({{f'z{{i}}': i for i in range({chance.randint(1, 12)})}})",
    ])


def program(chance):
    source = Source()
    source("class Get:", "    def __get__(self, o, t=None): return ('get', o is None)", "class GetSet(Get):", "    def __set__(self, o, v): vars(o)['b'] = v",
           "class A:", "    def a(self, *a): return ('A.a', len(a))", "class B:", f"    {chance.choice(['a = 1', 'pass', 'b = 2'])}",
           "class C(A, B):", f"    {chance.choice(['pass', 'b = 3', 'def b(self): return super().a()'])}", "class S(A):", "    __slots__ = ('b',)",
           "objects = [C(), A(), S(), C()]", "def told(x): return x if isinstance(x, (int, str, tuple, list)) else type(x).__name__",
           "def tell(use, o):", "    try: return told(use(o))", "    except Exception as error: return chain(error)[:80]")
    uses = chance.sample(USES, 4)
    source(f"uses = [{', '.join(f'lambda o: {use}' for use in uses)}]")
    for _ in range(chance.randint(5, 14)):
        source(f"try: {change(chance)}", "except Exception as error: print(type(error).__name__)")
        source("print([tell(use, o) for use in uses for o in objects])")
    return source.lines
