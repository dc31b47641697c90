"""with statements and contextlib: managers that fail on the way in or out, or swallow; stacks, callbacks, generators as managers."""
from . import Source, values

WAYS = ["return None", "return True", "raise ValueError('way')", "raise KeyError", "return 0", "1 / 0", "raise StopIteration"]


def manager(chance, source, name):
    form = chance.random()
    if form < 0.5:
        with source.block(f"class {name}:"):
            source(f"def __enter__(self): print('enter {name}'); {chance.choice(WAYS[:2] * 4 + ['return self'] + WAYS)}")
            source(f"def __exit__(self, *error): print('exit {name}', error[:2]); {chance.choice(WAYS)}")
            if chance.random() < 0.1:
                source(chance.choice(["__enter__ = None", "__exit__ = 5", "del __exit__"]))
    else:
        source("@contextlib.contextmanager")
        with source.block(f"def {name}():"):
            source(f"print('before {name}')")
            if chance.random() < 0.7:
                with source.block("try:"):
                    source(f"yield '{name}'")
                with source.block(f"except {chance.choice(['ValueError', 'KeyError', 'Exception', 'BaseException'])} as error:"):
                    source("print('thrown', chain(error))", chance.choice(["raise", "pass", "raise TypeError('other')", "raise TypeError from error", "return", "yield 2"]))
                with source.block("finally:"):
                    source(f"print('after {name}')")
            else:
                source(*chance.choice([["yield 1", "yield 2"], ["if False: yield"], [f"yield '{name}'"]]))


def body(chance, source, depth):
    head = chance.choice(["with A() as a:", "with A(), B() as b:", "with (A() as a, B()):", "with contextlib.suppress(ValueError, KeyError):",
                          "with contextlib.ExitStack() as stack:", "with contextlib.nullcontext(5) as a:", "with contextlib.closing(Closed()):",
                          "for i in range(2):"])
    with source.block(head):
        if "stack" in head:
            source(*chance.choices(["stack.enter_context(A())", "stack.push(B())", "stack.callback(print, 'called', k=1)" if chance.random() < 0.2 else "stack.callback(print, 'called')",
                                    "stack.push(lambda *error: print('pushed', error[:2]) or True)", "kept = keep(stack.pop_all())", "stack.callback(lambda: 1 / 0)"], k=2))
        if depth and chance.random() < 0.5:
            body(chance, source, depth - 1)
        source(chance.choice(["print('inside')", f"raise {chance.choice(values.ERRORS)}('body')", "1 / 0", "return 'returned'",
                              "break" if "range" in head else "print(1)", "raise SystemExit(3)"]))


def program(chance):
    source = Source()
    source("import contextlib", "class Closed:", "    def close(self): print('closed')")
    manager(chance, source, "A")
    manager(chance, source, "B")
    if chance.random() < 0.15:
        source("@A()")
    with source.block("def f():"):
        body(chance, source, 2)
    source("show(f)", "show(f)")
    return source.lines
