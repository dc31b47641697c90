"""try, except, else, finally, loops, return, break, continue and raise, nested at random; contexts and causes are printed."""
from . import Source, values

CAUGHT = ["ValueError", "(KeyError, TypeError)", "LookupError", "ArithmeticError", "Exception", "BaseException", "", "5", "(ValueError, 'x')"]


def statement(chance, source, depth, loop, group=False):
    kind = chance.random()
    if depth == 0 or kind < 0.35:
        ways = ["print(count())", f"raise {chance.choice(values.ERRORS)}({chance.choice(['', '1', repr('text')])})", "1 / 0", "[][count()]", "{}['k']",
                f"raise {chance.choice(values.ERRORS)} from {chance.choice(['None', 'KeyError(2)', 'OSError', '5'])}", "raise",
                "print(sys.exc_info()[1].__repr__())", "undefined", "inner()", "assert count() > 3, 'few'", "raise Own(count())",
                "raise ExceptionGroup('group', [ValueError(1), KeyError(2), ExceptionGroup('in', [TypeError(3), ValueError(4)])])"]
        if not group:
            ways += ["return count()"] + (["break", "continue"] * 2 if loop else [])
        source(f"if count() % {chance.choice([2, 3])}: {chance.choice(ways)}" if chance.random() < 0.4 else chance.choice(ways))
    elif kind < 0.8:
        attempt(chance, source, depth - 1, loop, group)
    elif kind < 0.92:
        with source.block(chance.choice(["for i in range(3):", "while count() < 20:"])):
            for _ in range(chance.randint(1, 2)):
                statement(chance, source, depth - 1, True)
        if chance.random() < 0.4:
            with source.block("else:"):
                statement(chance, source, depth - 1, loop, group)
    else:
        with source.block(f"with Guard({chance.choice(['True', 'False', 'None', '[]', '1 / 2'])}):"):
            statement(chance, source, depth - 1, loop, group)


def attempt(chance, source, depth, loop, group):
    star = chance.random() < 0.2
    with source.block("try:"):
        for _ in range(chance.randint(1, 2)):
            statement(chance, source, depth, loop, group)
    handlers = chance.randint(0, 2)
    for place in range(handlers):
        kinds = [kind for kind in CAUGHT if kind or (place == handlers - 1 and not star)]
        kind = chance.choice([k for k in kinds if k[:1] not in ("5", "(")] if star else kinds)
        with source.block(f"except{'*' if star else ''} {kind}{' as error' if kind else ''}:"):
            if kind:
                source("print('caught', chain(error))")
            statement(chance, source, depth, loop and not star, group or star)
    if handlers and chance.random() < 0.3:
        with source.block("else:"):
            statement(chance, source, depth, loop, group)
    if not handlers or chance.random() < 0.4:
        with source.block("finally:"):
            source("print('finally', sys.exc_info()[0])")
            statement(chance, source, depth, loop, group)


def program(chance):
    source = Source()
    source("class Own(ValueError): pass", "numbers = []")
    source("def count(): numbers.append(1); return len(numbers)")
    with source.block("class Guard:"):
        source("def __init__(self, answer): self.answer = answer", "def __enter__(self): print('enter')",
               "def __exit__(self, kind, error, trace): print('exit', kind); return self.answer")
    for name, depth in (("inner", 2), ("outer", 4)):
        with source.block(f"def {name}():"):
            if name == "inner":
                source("if count() > 40: return 'enough'")
            for _ in range(chance.randint(1, 3)):
                statement(chance, source, depth, False)
        source("def show_inner(): pass") if name == "inner" else None
    source("show(outer)", "show(outer)", "print(sys.exc_info())")
    return source.lines
