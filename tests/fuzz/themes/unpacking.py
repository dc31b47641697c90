"""Assignment targets of any shape, starred and nested, against values that fit or do not; displays and del."""
from . import Source, values


def target(chance, names, depth=2, star=True):
    kind = chance.random()
    if depth == 0 or kind < 0.5:
        return chance.choice([next(names), next(names), "box.x", "items[0]", "items[1:2]", "table['k']", "hooked[0]", "hooked.y"])
    parts = [target(chance, names, depth - 1) for _ in range(chance.randint(1, 3))]
    if chance.random() < 0.35:
        place = chance.randrange(len(parts))
        parts[place] = "*" + target(chance, names, 0)
    return chance.choice([f"({', '.join(parts)},)", f"[{', '.join(parts)}]"])


def value(chance, depth=2):
    if depth == 0 or chance.random() < 0.3:
        return chance.choice(["1", "'ab'", "'x'", "(1, 2)", "[3, 4, 5]", "range(3)", "{7: 8}", "iter('xyz')", "None", "Sequence()", "Bad()", "Failing()", "(n for n in (1, 2))"])
    parts = [("*" if chance.random() < 0.2 else "") + value(chance, depth - 1) for _ in range(chance.randint(1, 3))]
    return chance.choice([f"({', '.join(parts)},)", f"[{', '.join(parts)}]"])


def program(chance):
    source = Source()
    source("class Box: pass", "class Sequence:", "    def __getitem__(self, i):", "        if i > 2: raise IndexError", "        return i * 10",
           "class Bad:", "    def __iter__(self): return 5", "class Failing:", "    def __iter__(self):", "        yield 1", "        raise KeyError('failing')",
           "class Hooked:", "    def __setitem__(self, k, v): print('item', k, v)", "    def __setattr__(self, k, v): print('attr', k, v)",
           "    def __delitem__(self, k): print('del', k)", "    def __delattr__(self, k): raise AttributeError('no ' + k)",
           "box, items, table, hooked = Box(), [1, 2, 3], {}, Hooked()", "a = b = c = d = e = f = None")
    for _ in range(3):
        names = iter(chance.choices("abcdef", k=40))
        left = target(chance, names)
        form = chance.random()
        source("try:")
        source.depth += 1
        if form < 0.6:
            again = f"{target(chance, names)} = " if chance.random() < 0.2 else ""
            source(f"{left} = {again}{value(chance)}")
        elif form < 0.8:
            source(f"for {left} in [{value(chance)}, {value(chance)}]: print(a, b, c, d, items)")
        elif form < 0.9:
            source(f"del {left.replace('*', '')}")
        else:
            source(f"print([(a, b) for {left.replace('box.x', 'a')} in [{value(chance)}]])")
        source.depth -= 1
        source("except Exception as error: print(chain(error))", "show(lambda: (a, b, c, d, e, f, vars(box), items, table))")
    source(f"show(lambda: [{', '.join(chance.choice(['*', '']) + value(chance) for _ in range(3))}])")
    source(f"show(lambda: {{**{chance.choice(values.DICTS)}, 1: 0, **{chance.choice(values.DICTS + values.LISTS)}}})")
    return source.lines
