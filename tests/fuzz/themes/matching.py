"""match statements: patterns of every kind, nested, against subjects that fit them more or less."""
from . import Source, values


class Patterns:
    def __init__(self, chance):
        self.chance, self.names = chance, 0

    def name(self):
        self.names += 1
        return f"n{self.names}"

    def pattern(self, depth):
        choice = self.chance.choice
        if depth == 0 or self.chance.random() < 0.25:
            return choice(["_", self.name(), "1", "-1", "1.5", "'a'", "None", "True", "b'x'", "''", "Point.ORIGIN", "str()", "int(" + self.name() + ")", "float()", "0"])
        inner = lambda: self.pattern(depth - 1)
        many = [inner() for _ in range(self.chance.randint(0, 3))]
        if self.chance.random() < 0.35:
            many.insert(self.chance.randint(0, len(many)), "*" + choice(["_", self.name()]))
        pairs = [f"{key}: {inner()}" for key in self.chance.sample(["'a'", "1", "'b'", "None", "-2", "Point.ORIGIN"], self.chance.randint(0, 2))]
        if self.chance.random() < 0.3:
            pairs.append("**" + self.name())
        literals = ["1", "'a'", "None", "[]", "{}", "int()", "str()", "(1, 2)", "Point()"]
        return choice([
            lambda: f"[{', '.join(many)}]", lambda: f"({', '.join(many)}{',' if len(many) == 1 else ''})", lambda: f"{{{', '.join(pairs)}}}",
            lambda: f"Point({inner()}, {inner()})", lambda: f"Point(x={inner()})", lambda: f"Point({inner()}, y={inner()})",
            lambda: " | ".join(self.chance.sample(literals, 2)), lambda: f"({inner()}) as {self.name()}", lambda: f"list({self.name()})",
            lambda: f"dict({self.name()})", lambda: "tuple()", lambda: f"Other({inner()})", lambda: f"str({self.name()})",
            lambda: f"Broken({inner()})", lambda: f"Point({inner()}, {inner()}, {inner()})",
        ])()


def subject(chance, depth=2):
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(["1", "-1", "1.5", "'a'", "None", "True", "b'x'", "''", "0", "Point(1, 2)", "Point('a', None)", "object", "(0, 0)", "range(2)", "'ab'", "bytearray(b'x')", "{1}"])
    parts = [subject(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    pairs = [f"{key}: {subject(chance, depth - 1)}" for key in chance.sample(["'a'", "1", "'b'", "None", "-2"], chance.randint(0, 3))]
    return chance.choice([f"[{', '.join(parts)}]", f"({', '.join(parts)}{',' if len(parts) == 1 else ''})", f"{{{', '.join(pairs)}}}", f"Point({subject(chance, 0)}, {subject(chance, depth - 1)})",
                          f"Sub({subject(chance, 0)}, 1)", f"Other()", "Broken()", "Lazy({'a': 1})"])


def program(chance):
    source = Source()
    source("class Point:", "    __match_args__ = ('x', 'y')", "    ORIGIN = (0, 0)", "    def __init__(self, x=0, y=0): self.x, self.y = x, y",
           "    def __repr__(self): return f'Point({self.x}, {self.y})'", "class Sub(Point): pass", "class Other:", "    def __getattr__(self, name): print('asked', name); raise AttributeError(name)",
           f"class Broken: __match_args__ = {chance.choice(['5', '[1]', '(1,)', repr('x'), '()'])}", "class Lazy(dict):", "    def get(self, key, default=None): print('get', key); return super().get(key, default)",
           "    def __missing__(self, key): return 'missing'")
    with source.block("def f(subject):"):
        with source.block("match subject:"):
            for _ in range(chance.randint(1, 4)):
                patterns = Patterns(chance)
                text = patterns.pattern(3)
                guard = chance.choice(["", "", "", " if subject", " if print('guard')", " if 1 / 0"])
                with source.block(f"case {text}{guard}:"):
                    names = ", ".join(f"n{n + 1}" for n in range(patterns.names) if f"n{n + 1}" in text)
                    source(f"return {text!r}, {names or None}")
        source("return 'nothing', sorted(locals())")
    for _ in range(6):
        source(f"show(lambda: f({subject(chance)}))")
    return source.lines
