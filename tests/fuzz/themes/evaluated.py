"""Text run by eval, exec and compile, with spaces of names of every kind; what it leaves behind and how it fails."""
from . import Source

EXPRESSIONS = ["1 + 1", "x", "y", "x + y", "[x for _ in range(2)]", "(lambda: x)()", "[(lambda: y)() for y in 'ab']", "(z := 5)", "locals() is globals()", "sorted(k for k in globals() if k[:2] != '__')", "sorted(k for k in locals() if k[:2] != '__')", "  3", "1 +", "x = 1", "(", "'a' 'b'", "f'{x!r:>4}'", "len", "__builtins__ is not None",
               "eval('x')", "exec('w = 1')", "(yield)", "await x", "print", "nothing", "1\n", "\n1", "1;", "not", "x if x else y", "{**{}, 'k': x}", "lambda: (yield)", "None", "__name__", "1 2", "x.y", "0x", "1_", "'", "'''", "\"\\q\"", "b'é'", "{1: 2, 3}", "a b", "f'{'", "x := 1", "...", "[*range(3)]", "__class__", "1 if 2"]
STATEMENTS = ["x = 1", "y = x", "def f(): return x\nprint(f())", "class K: v = x\nprint(K.v, K.__module__ == __name__)", "for i in range(2): pass\nprint(i)", "del x", "del nothing", "import math\nprint(math.pi)", "global q\nq = 7", "return 1", "break", "nonlocal x", "raise KeyError(x)", "print(sorted(k for k in locals() if k[:2] != '__'))", "x += 1\nprint(x)", "if x:\nprint(1)",
              "  x = 1", "def g():\n  global h\n  h = 3\ng()\nprint(h)", "try:\n  1/0\nexcept ZeroDivisionError as e:\n  print(e)\nprint('e' in locals())", "x: int = 5\nprint(__annotations__)", "print([x for x in range(3)], x)", "[w := 1, w]", "with open: pass", "yield 1", "f() = 1", "x, *y = [1, 2, 3]\nprint(x, y)", "assert x, 'no'",               "class A:\n  def m(self): return __class__\nprint(A().m().__name__)", "match x:\n  case 1: print('one')\n  case _: print('other')", "print(eval('x'))\nexec('x = 10')\nprint(x)", "pass", "", "# c", "\\\n", "async def c(): return 1\nprint(c.__name__)", "lambda x: x", "x = y = z = 4", "def f(a, a): pass", "def f(*): pass", "import nope_nope", "continue", "def f():\n\treturn 1\n        return 2", "print(__name__)", "else: 1", "print 'x'",
              "None = 1", "1 = x", "f(x for x in y, 1)", "x = (1,\n2", "raise", "def f(): yield x\nprint(list(f()))", "@len\ndef f(): pass", "while x: x = 0\nelse: print('else')", "exec('x = 99', {'x': 0})\nprint(x)", "globals()['gg'] = 1\nprint(gg)", "locals()['ll'] = 1\nprint(ll)", "for x in 5: pass", "del (x, y)", "print(x, y, sep='-')", "a = b", "(a, b) += 1", "x =="]
SPACES = ["", "", ", {}", ", {'x': 1}", ", {'x': 1, 'y': 2}", ", {'x': 1}, {'y': 2}", ", {'x': 1}, {'x': 3}", ", {}, Space()", ", {'x': 5}, Space(x=7)", ", globals()", ", globals(), {'x': 8}", ", None, {'x': 4}", ", dict(__builtins__={})", ", {'__builtins__': {'len': len}}", ", 5", ", {}, 5", ", Space()", ", {'x': 1, '__name__': 'mine'}", ", locals()", ", {'x': 0}, locals()", ", [], {}"]


def program(chance):
    source = Source()
    source("class Space(dict):", f"    def __missing__(self, key): {chance.choice(['return key', 'raise KeyError(key)', 'print(key) if len(key) < 3 else 0; raise KeyError(key)'])}",
           "def text(error): return chain(error) + (f' {error.lineno}' if isinstance(error, SyntaxError) else '')",
           "def there(use):", "    try: print(repr(use())[:200])", "    except BaseException as error: print(text(error))", "x = 1", "def inner(y=2):", "    there(lambda: y)")
    source.depth += chance.random() < 0.5
    for _ in range(6):
        mode = chance.choice(["eval", "eval", "exec", "exec", "exec", "single", "bad"])
        few = mode == "single" or mode == "eval" and chance.random() < 0.9
        text = chance.choice(EXPRESSIONS if few else STATEMENTS + EXPRESSIONS)
        space = chance.choice(SPACES)
        use = "eval" if mode == "eval" else "exec"
        how = chance.random()
        code = repr(text) if how < 0.55 else f"compile({text!r}, '<{use}>', {mode!r})" if how < 0.9 else f"{text!r}.encode()"
        if chance.random() < 0.3:
            source(f"space = {chance.choice(['{}', dict(x=1), 'Space(x=2)'])}", f"there(lambda: {use}({code}, space))", "print(sorted((k, str(v)[:9]) for k, v in space.items() if k != '__builtins__'))")
        elif space == "" or "locals" in space or chance.random() < 0.3:
            source(f"try: print(repr({use}({code}{space}))[:99])", "except BaseException as error: print(text(error))")
        else:
            source(f"there(lambda: {use}({code}{space}))")
    if source.depth:
        source.depth = 0
        source("inner()")
    return source.lines
