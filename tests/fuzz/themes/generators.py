"""Generators with random bodies, delegating to one another, driven by random send, throw, close and next."""
from . import Source, values

THROWN = ["ValueError('t')", "KeyError", "GeneratorExit", "StopIteration(7)", "TypeError, 'old form'", "RuntimeError(1)"]


class Bodies:
    """Statements of a generator (or, with await and async, of another coroutine: see asynchronous.py)."""

    def __init__(self, chance, source, delegates):
        self.chance, self.source, self.delegates, self.yields = chance, source, delegates, 0

    def yielded(self):
        self.yields += 1
        return f"(yield {self.yields})"

    def statement(self, depth, loop=False):
        simple = [self.plain, self.plain, self.keep, self.delegate, self.leave]
        nested = [self.attempt, self.attempt, self.loop, self.condition, self.guarded]
        kind = self.chance.choice(simple + (nested if depth else []))
        kind(depth - 1, loop)

    def block(self, head, depth, loop, least=1):
        with self.source.block(head):
            for _ in range(self.chance.randint(least, 2)):
                self.statement(depth, loop)

    def plain(self, depth, loop):
        self.source(self.chance.choice([f"x = {self.yielded()}", f"print('got', {self.yielded()})", self.yielded()]))

    def keep(self, depth, loop):
        self.source(self.chance.choice(["print('here', repr(x))", "x = 'kept'", "print(sys.exc_info()[1].__repr__())",
                                        f"x = [{self.yielded()}, {self.yielded()}]"]))

    def delegate(self, depth, loop):
        target = self.chance.choice(self.delegates + ["[10, 20]", "iter('ab')", "(n for n in (5, 6))", "5" if self.chance.random() < 0.2 else "()"])
        self.source(self.chance.choice([f"x = yield from {target}", f"print('result', (yield from {target}))"]))

    def leave(self, depth, loop):
        error = self.chance.choice(values.ERRORS)
        ways = ["return 'early'", f"raise {error}('own')", "x = 1 / 0"]
        if loop:
            ways += ["break", "continue"] * 2
        self.source(f"if {self.chance.choice(['x', 'not x', 'x == 1', 'True', 'isinstance(x, str)'])}: {self.chance.choice(ways)}")

    def attempt(self, depth, loop):
        self.block("try:", depth, loop)
        if self.chance.random() < 0.7:
            kind = self.chance.choice(values.ERRORS + ["GeneratorExit", "Exception", "BaseException"])
            self.block(f"except {kind} as error:", depth, loop)
            self.source("    print('caught', chain(error))" if self.chance.random() < 0.7 else "    raise")
            if self.chance.random() < 0.3:
                self.block("else:", depth, loop)
            if self.chance.random() < 0.5:
                return
        self.block("finally:", depth, loop)
        self.source("    print('finally')")

    def loop(self, depth, loop):
        self.block(f"for i in range({self.chance.randint(0, 3)}):", depth, True)
        if self.chance.random() < 0.3:
            self.block("else:", depth, loop)

    def condition(self, depth, loop):
        self.block("if x:", depth, loop)
        self.block("else:", depth, loop)

    def guarded(self, depth, loop):
        self.block("with Guard():", depth, loop)


def guard(source, chance, prefix=""):
    with source.block("class Guard:"):
        source(f"{prefix}def __{prefix[:1]}enter__(self): print('enter')")
        source(f"{prefix}def __{prefix[:1]}exit__(self, kind, error, trace): print('exit', kind); return {chance.choice(['None', 'True', 'kind is ValueError'])}")


def generator(chance, source, name, delegates):
    with source.block(f"def {name}(x=None):"):
        bodies = Bodies(chance, source, delegates)
        for _ in range(chance.randint(2, 4)):
            bodies.statement(2)
        source(f"yield 'last'" if not bodies.yields else "print('ends')")
        if chance.random() < 0.6:
            source(f"return {chance.choice(values.SMALL + ['(1, 2)', 'x', 'ValueError(3)', 'StopIteration(4)'])}")


def drive(chance, source, name):
    step = chance.choice([f"next({name})", f"{name}.send({chance.choice(['None', '1', repr('s')])})", f"{name}.send(None)", f"next({name}, 'none')",
                          f"{name}.throw({chance.choice(THROWN)})", f"{name}.close()", f"next({name})", f"{name}.send(2)",
                          f"[next({name}, 0), next({name}, 0)]", f"({name}.gi_running, {name}.gi_frame is None, {name}.gi_yieldfrom is None)",
                          f"list({name})"])
    if chance.random() < 0.15:
        source("try: raise OSError('outer')", "except OSError:", f"    show(lambda: {step})")
    else:
        source(f"show(lambda: {step})")


def program(chance):
    source = Source()
    guard(source, chance)
    delegates = []
    for name in ["first", "second", "third"][:chance.randint(1, 3)]:
        generator(chance, source, name, list(delegates))
        delegates += [f"keep({name}())", f"keep({name}(1))"]
    source(f"g = {delegates[-1]}")
    for _ in range(chance.randint(3, 8)):
        drive(chance, source, "g")
    return source.lines
