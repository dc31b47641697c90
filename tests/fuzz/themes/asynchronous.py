"""Coroutines and async generators stepped by hand: send, throw, close in every state; what they await yields to the driver."""
from . import Source, values
from .generators import THROWN, Bodies, guard

AWAITED = ["Pause(1)", "Pause('p')", "helper(x)", "old(3)", "Broken()", "5", "None"]


class AsyncBodies(Bodies):
    """The same statements, where a yield is an await; async generators may yield, too."""

    def __init__(self, chance, source, generators, yielding):
        super().__init__(chance, source, generators)
        self.yielding = yielding

    def yielded(self):
        self.yields += 1
        if self.yielding and self.chance.random() < 0.6:
            return f"(yield {self.yields})"
        return f"(await {self.chance.choice(AWAITED[:4] * 4 + AWAITED)})"

    def delegate(self, depth, loop):
        if not self.delegates:
            return self.plain(depth, loop)
        target = self.chance.choice(self.delegates)
        self.source(self.chance.choice([f"x = [n async for n in {target}]", f"async for n in {target}: print('n', n)",
                                        f"x = {{n: n async for n in {target} if n != 2}}", f"kept = keep({target}); x = await anext(kept, 'none'); await kept.aclose()"]))

    def leave(self, depth, loop):
        if self.yielding:
            error = self.chance.choice(values.ERRORS + ["StopAsyncIteration"])
            self.source(f"if {self.chance.choice(['x', 'not x', 'True'])}: {self.chance.choice(['return', f'raise {error}(1)', 'x = 1 / 0'])}")
        else:
            super().leave(depth, loop)

    def guarded(self, depth, loop):
        self.block("async with Guard():", depth, loop)


def library(source, chance):
    guard(source, chance, "async ")
    source("import types", "class Pause:", "    def __init__(self, n): self.n = n",
           "    def __await__(self):", "        got = yield ('pause', self.n)", "        return got",
           "class Broken:", "    def __await__(self): return 5",
           "async def helper(n): return await Pause(('helper', n))",
           "@types.coroutine", "def old(n):", "    return (yield ('old', n))")


def step(chance, name, closes):
    """Drive the awaitable one step. What closes a coroutine leaves an async generator that it waits for to the reference counts."""
    thrown = [error for error in THROWN if closes or error != "GeneratorExit"]
    return chance.choice([f"{name}.send(None)", f"{name}.send(1)", f"{name}.send(None)", f"{name}.throw({chance.choice(thrown)})",
                          f"{name}.close()" if closes else f"{name}.send(None)", f"{name}.send(None)"])


def program(chance):
    source = Source()
    library(source, chance)
    generators = []
    for name in ["ones", "twos"][:chance.randint(0, 2)]:
        with source.block(f"async def {name}(x=None):"):
            bodies = AsyncBodies(chance, source, list(generators), True)
            for _ in range(chance.randint(2, 4)):
                bodies.statement(2)
            source("yield 'last'")
        generators.append(f"{name}()")
    if generators and chance.random() < 0.6:
        source(f"g = keep({generators[-1]})")
        for _ in range(chance.randint(2, 6)):
            source(f"a = g.{chance.choice(['asend(None)', 'asend(1)', '__anext__()', 'aclose()', 'athrow(ValueError(9))', 'athrow(KeyError)', '__anext__()'])}")
            for _ in range(chance.randint(1, 4)):
                source(f"show(lambda: {step(chance, 'a', True)})")
        source("show(lambda: (g.ag_running, g.ag_await is None, g.ag_frame is None))")
        return source.lines
    with source.block("async def main(x=None):"):
        bodies = AsyncBodies(chance, source, generators, False)
        for _ in range(chance.randint(2, 4)):
            bodies.statement(2)
        source("return x")
    source("c = keep(main())")
    for _ in range(chance.randint(3, 8)):
        source(f"show(lambda: {step(chance, 'c', False)})")
    source("show(lambda: (c.cr_running, c.cr_await is None, c.cr_frame is None))")
    return source.lines
