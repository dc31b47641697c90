"""Random signatures and random calls of them: every argument lands, or the TypeError is CPython's."""
from . import Source, values

NAMES = ["a", "b", "c", "d", "e"]


def signature(chance):
    names = NAMES[:chance.randint(0, 5)]
    slash, star = chance.randint(0, len(names)), chance.randint(0, len(names))
    parts, defaults = [], False
    for place, name in enumerate(names):
        if place == star and chance.random() < 0.6:
            parts.append(chance.choice(["*", "*rest"]))
            defaults = False
        defaults = (defaults and not any(p.startswith("*") for p in parts)) or chance.random() < 0.35
        parts.append(f"{name}={chance.choice(values.SMALL)}" if defaults else name)
        if place + 1 == slash and not any(p.startswith("*") for p in parts) and chance.random() < 0.5:
            parts.append("/")
    if chance.random() < 0.3:
        parts.append("**named")
    return ", ".join(parts)


def argument(chance):
    return chance.choice([
        chance.choice(values.SMALL), chance.choice(values.SMALL), chance.choice(values.SMALL),
        f"{chance.choice(NAMES + ['z', 'self'])}={chance.choice(values.SMALL)}", f"{chance.choice(NAMES)}={chance.choice(values.SMALL)}",
        f"*{chance.choice(values.LISTS + values.TUPLES + ['5', 'None', 'range(2)'])}",
        f"**{chance.choice(['{}', 'None', '5', repr({chance.choice(NAMES): 1}), repr({chance.choice(NAMES): 2, 'y': 3}), '{1: 2}'])}",
    ])


def program(chance):
    source = Source()
    kind = chance.choice(["function", "method", "class", "lambda", "static", "class method", "partial", "nested"])
    text = signature(chance)
    inside = "sorted((k, v) for k, v in locals().items() if k not in ('self', 'cls', '__class__'))"
    if kind in ("method", "class", "static", "class method"):
        first = {"method": "self", "class": "self", "static": "", "class method": "cls"}[kind]
        with source.block("class K:"):
            source({"static": "@staticmethod", "class method": "@classmethod"}.get(kind, ""))
            with source.block(f"def {'__init__' if kind == 'class' else 'f'}({', '.join(filter(None, [first, text]))}):"):
                source(f"print({inside})" + ("" if kind == "class" else "; return 'done'"))
        target = {"method": chance.choice(["K().f", "K.f", "super(type('L', (K,), {}), type('L', (K,), {})()).f"]), "class": "type(K"}.get(kind, "K.f")
        target = "K" if kind == "class" else target
    elif kind == "lambda":
        source(f"f = lambda {text}: {inside}")
        target = "f"
    else:
        with source.block(f"def f({text}):"):
            source(f"return {inside}")
        target = "f"
        if kind == "partial":
            source("import functools", f"f = functools.partial(f{''.join(', ' + argument(chance) for _ in range(chance.randint(0, 2)))})".replace("**{1: 2}", "**{}"))  # tests/differs/keywords_are_strings
    for _ in range(5):
        arguments = ", ".join(argument(chance) for _ in range(chance.randint(0, 4)))
        source("try:", f"    print({target}({arguments}) is None)" if kind == "class" else f"    print({target}({arguments}))",
               "except TypeError as error:", "    print(error)")
    return [line for line in source.lines if line.strip()]
