"""The grammars of tests/fuzz/diff.py. Each has `program(chance)`, which makes the lines of a function's body from a random.Random."""
import contextlib
import importlib

NAMES = ("asynchronous calls changes classes containers contexts evaluated exceptions formats generators hostile matching methods numbers "
         "records regex scopes sequences tasks texts unpacking views").split()


class Source:
    """Lines of a program, written one by one; `with source.block('if x:')` indents."""

    def __init__(self):
        self.lines, self.depth = [], 0

    def __call__(self, *lines):
        self.lines += ["    " * self.depth + line for line in lines]

    @contextlib.contextmanager
    def block(self, head):
        self(head)
        self.depth += 1
        length = len(self.lines)
        yield
        if len(self.lines) == length:
            self("pass")
        self.depth -= 1


ALL = {name: importlib.import_module(f"{__name__}.{name}") for name in NAMES}
