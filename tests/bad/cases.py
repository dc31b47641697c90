"""Hostile inputs: each gives a clear message or the right result, and a documented status, within seconds.

rows(scratch) writes what it needs to the folder `scratch` and yields the rows that tests/run.py runs.
"""
USAGE, ERROR, DEADLOCK, TIME_LIMIT, INTERRUPTED = 2, 1, 3, 124, 130
MILLION = 1_000_000


def rows(scratch):
    return Table(scratch).rows


class Table:
    def __init__(self, scratch):
        self.scratch = scratch
        self.rows = []
        self.sources()
        self.nesting()
        self.long_sources()
        self.recursion()
        self.deep_data()
        self.sizes()
        self.memory()
        self.endings()
        self.interrupts()
        self.output()
        self.command_line()

    def command(self, name, words, status=0, expected="", seconds=10, stdin=b"", limits="", env=None):
        statuses = status if isinstance(status, tuple) else (status,)
        self.rows.append({"name": f"bad/{name}", "words": words, "stdin": stdin, "statuses": statuses, "seconds": seconds,
                          "expected": expected, "limits": limits, "env": env, "cwd": self.scratch})

    def script(self, name, source, status=ERROR, expected="", options=(), before=(), **more):
        path = self.scratch / f"{name}.co"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        self.command(name, [*before, "CO", *options, path.name], status, expected, **more)

    # -- what is not even text -------------------------------------------------------------------------

    def sources(self):
        self.script("invalid_utf8", b"x = '\xff\xfe'\n", expected="SyntaxError.*(utf-8|UTF-8)")
        self.script("utf8_cut_off", b"# \xed\x95\nprint(1)\n", expected="SyntaxError.*(utf-8|UTF-8)")
        self.script("utf8_surrogate", b"x = '\xed\xa0\x80'\n", expected="SyntaxError.*(utf-8|UTF-8)")
        self.script("nul_byte", b"print(1)\0\n", expected="SyntaxError.*(NUL|null)")
        self.script("nul_in_string", b"print('a\0b')\n", expected="SyntaxError.*(NUL|null)")
        self.script("random_bytes", bytes(i * 7919 % 251 for i in range(5000)), expected="SyntaxError")
        self.script("elf_header", b"\x7fELF\x02\x01\x01\0\0\0", expected="SyntaxError")
        self.script("empty_file", b"", status=0)
        self.script("only_a_comment", b"# nothing", status=0)
        self.script("byte_order_mark", b"\xef\xbb\xbfprint('bom')\n", status=0, expected="bom")
        self.script("carriage_returns", b"if 1:\r\n    print('crlf')\r\n", status=0, expected="crlf")
        self.script("shebang", b"#!/usr/bin/env co\nprint('shebang')\n", status=0, expected="shebang")
        self.script("no_last_newline", b"if 1:\n    print('end')", status=0, expected="end")
        self.script("unterminated_string", "x = 'abc\n", expected="SyntaxError")
        self.script("unterminated_triple", "x = '''abc\n" * 3, expected="SyntaxError")
        self.script("unterminated_fstring", "x = f'{a\n", expected="SyntaxError")
        self.script("unterminated_bracket", "x = (1,\n", expected="SyntaxError")
        self.script("wrong_bracket", "x = (1]\n", expected="SyntaxError")
        self.script("bad_dedent", "if 1:\n        x\n    y\n", expected="IndentationError|SyntaxError")
        self.script("tabs_and_spaces", "if 1:\n        x = 1\n\ty = 2\n", expected="TabError|IndentationError|SyntaxError")
        (self.scratch / "folder.co").mkdir()
        self.command("directory", ["CO", "folder.co"], USAGE, "folder.co")
        self.command("missing_file", ["CO", "no-such-file.co"], USAGE, "no-such-file.co")
        self.command("unreadable_file", ["CO", "/proc/self/mem"], (USAGE, ERROR), "/proc/self/mem")
        self.command("dev_null", ["CO", "/dev/null"], 0)
        self.command("stdin", ["CO", "-"], 0, "piped", stdin=b"print('piped')\n")
        self.command("stdin_without_dash", ["CO"], 0, "piped", stdin=b"print('piped')\n")
        self.command("stdin_syntax_error", ["CO", "-"], ERROR, "SyntaxError", stdin=b"print(\n")

    # -- a million of one token ------------------------------------------------------------------------

    def nesting(self):
        deep = [("brackets", "(", "1", ")"), ("lists", "[", "", "]"), ("dicts", "{1:", "2", "}"), ("not", "not ", "1", ""),
                ("minus", "-", "1", ""), ("tilde", "~", "1", ""), ("lambda", "lambda: ", "1", ""), ("ternary", "1 if 1 else ", "1", ""),
                ("power", "2**", "1", ""), ("unclosed", "(", "", ""), ("fstring_braces", "f'{", "1", "}'"), ("star", "*", "x", ""),
                ("yield", "yield ", "1", ""), ("subscripts", "x[", "0", "]"), ("calls_inside", "f(", "", ")")]
        for name, left, middle, right in deep:
            text = "x = " + left * MILLION + middle + right * MILLION + "\n"
            self.script(f"million_{name}", text, expected="SyntaxError|MemoryError|RecursionError|NameError")
        self.script("million_await", "async def f():\n    " + "await " * MILLION + "x\n",
                    expected="SyntaxError|RecursionError|MemoryError")
        chains = [("attributes", ".real", (0, ERROR)), ("calls", "()", ERROR), ("items", "[0]", ERROR), ("plus", "+1", (0, ERROR)),
                  ("or", " or 0", (0, ERROR)), ("comparisons", " < 2", (0, ERROR))]
        for name, link, status in chains:
            self.script(f"million_{name}_in_a_row", "x = 1\nx" + link * MILLION + "\n", status=status, seconds=30)
        self.script("nested_blocks", "".join("    " * i + "if 1:\n" for i in range(150)) + "    " * 150 + "pass\n",
                    expected="IndentationError|SyntaxError")
        self.script("nested_functions", "".join("    " * i + "def f():\n" for i in range(99)) + "    " * 99 + "pass\n",
                    status=(0, ERROR))
        self.script("nested_for", "".join(" " * i + "for x in [1]:\n" for i in range(90)) + " " * 90 + "print('in')\n",
                    status=(0, ERROR), expected="in|SyntaxError")
        self.script("nested_comprehensions", "x = " + "[" * 150 + "1" + " for a in [1]]" * 150 + "\nprint('done')\n",
                    status=(0, ERROR), expected="done|SyntaxError|RecursionError")
        self.script("nested_patterns", "match 1:\n    case " + "[" * 5000 + "]" * 5000 + ": pass\n", status=(0, ERROR),
                    expected="|SyntaxError")

    def long_sources(self):
        self.script("line_of_10_MB", "x = '" + "가" * 3_500_000 + "'\nprint(len(x))\n", status=0, expected="3500000")
        self.script("name_of_1_MB", "a" * MILLION + " = 1\nprint('ok')\n", status=0, expected="ok")
        self.script("comment_of_10_MB", "#" + "x" * 10_000_000 + "\nprint('ok')\n", status=0, expected="ok")
        self.script("list_of_a_million", "x = [" + "1," * MILLION + "]\nprint(len(x))\n", status=0, expected="1000000", seconds=30)
        self.script("elif_100000", "x = 5\nif x == -1: pass\n" + "".join(f"elif x == {-i - 2}: pass\n" for i in range(100_000))
                    + "else: print('else')\n", status=0, expected="else", seconds=30)
        self.script("statements_200000", "x = 0\n" + "x += 1\n" * 200_000 + "print(x)\n", status=0, expected="200000", seconds=30)
        many = "\n".join(f"    v{i} = {i}" for i in range(5000))
        self.script("locals_5000", f"def f():\n{many}\n    return v4999 + v0\nprint(f())\n", status=(0, ERROR),
                    expected="4999|SyntaxError")
        names = ", ".join(f"a{i}" for i in range(5000))
        self.script("parameters_5000", f"def f({names}): return a4999\nprint(f(*range(5000)))\n", status=(0, ERROR),
                    expected="4999|SyntaxError")
        values = ", ".join(map(str, range(5000)))
        self.script("arguments_5000", f"def f(*a): return len(a)\nprint(f({values}))\n", status=(0, ERROR),
                    expected="5000|SyntaxError")
        keywords = ", ".join(f"k{i}={i}" for i in range(5000))
        self.script("keywords_5000", f"def f(**k): return len(k)\nprint(f({keywords}))\n", status=(0, ERROR),
                    expected="5000|SyntaxError")
        constants = ", ".join(f"{i}.5" for i in range(70_000))
        self.script("constants_70000", f"x = [{constants}]\nprint(len(x))\n", status=(0, ERROR), expected="70000|SyntaxError")
        self.script("targets_5000", f"{names} = range(5000)\nprint(a4999)\n", status=(0, ERROR), expected="4999|SyntaxError")
        self.script("strings_in_a_row", "x = " + "'a' " * 200_000 + "\nprint(len(x))\n", status=0, expected="200000")
        self.script("decorators_10000", "d = lambda f: f\n" + "@d\n" * 10_000 + "def f(): pass\nprint('ok')\n", status=(0, ERROR),
                    expected="ok|SyntaxError")
        self.script("big_literal", "x = " + "9" * 4000 + "\nprint(len(str(x)))\n", status=0, expected="4000")
        self.script("huge_literal", "x = " + "9" * 5_000_000 + "\n", status=(0, ERROR), expected="|SyntaxError", seconds=30)
        self.script("huge_hex_literal", "x = 0x" + "f" * 2_000_000 + "\nprint(x.bit_length())\n", status=0, expected="8000000")

    # -- recursion in scripts --------------------------------------------------------------------------

    def recursion(self):
        for name, source in {
            "function": "def f(): return f()\nf()\n",
            "mutual": "def f(x): return g(x)\ndef g(x): return f(x)\nf(1)\n",
            "getattr": "class A:\n    def __getattr__(self, n): return getattr(self, n + 'x')\nA().x\n",
            "getattribute": "class A:\n    def __getattribute__(self, n): return self.x\nA().x\n",
            "setattr": "class A:\n    def __setattr__(self, n, v): self.x = v\nA().x = 1\n",
            "repr": "class A:\n    def __repr__(self): return repr(self)\nrepr(A())\n",
            "str_in_list": "class A:\n    def __repr__(self): return str([self])\nstr(A())\n",
            "eq": "class A:\n    def __eq__(self, o): return self == o\nA() == A()\n",
            "hash": "class A:\n    def __hash__(self): return hash(self)\nhash(A())\n",
            "hash_in_dict": "class A:\n    def __hash__(self): return len({self: 1})\nhash(A())\n",
            "add": "class A:\n    def __add__(self, o): return self + o\nA() + 1\n",
            "bool": "class A:\n    def __bool__(self): return not self\nnot A()\n",
            "len": "class A:\n    def __len__(self): return len(self)\nlen(A())\n",
            "iter": "class A:\n    def __iter__(self): return iter(self)\niter(A())\n",
            "next": "class A:\n    def __iter__(self): return self\n    def __next__(self): return next(self)\nnext(A())\n",
            "iteration": "class A:\n    def __iter__(self):\n        for x in self: yield x\nfor x in A(): pass\n",
            "call": "class A:\n    def __call__(self): return self()\nA()()\n",
            "init": "class A:\n    def __init__(self): A()\nA()\n",
            "new": "class A:\n    def __new__(cls): return A()\nA()\n",
            "property": "class A:\n    @property\n    def p(self): return self.p\nA().p\n",
            "format": "class A:\n    def __format__(self, s): return f'{self}'\nf'{A()}'\n",
            "contains": "class A:\n    def __contains__(self, x): return x in self\n1 in A()\n",
            "getitem": "class A:\n    def __getitem__(self, i): return self[i]\nA()[0]\n",
            "lt_in_sort": "class A:\n    def __lt__(self, o): return sorted([A(), A()])\nsorted([A(), A()])\n",
            "key_in_sort": "def k(x): return sorted([2, 1], key=k)\nsorted([1, 2], key=k)\n",
            "map": "def f(x): return list(map(f, [x]))\nf(1)\n",
            "enter": "class A:\n    def __enter__(self):\n        with self: pass\n    def __exit__(self, *a): pass\nwith A(): pass\n",
            "generator": "def g():\n    yield from g()\nlist(g())\n",
            "generator_next": "def g(): yield next(g())\nnext(g())\n",
            "coroutine": "async def f(): await f()\nimport asyncio\nasyncio.run(f())\n",
            "await_method": "class A:\n    def __await__(self): return (yield from self.__await__())\nasync def f(): await A()\nf().send(None)\n",
            "lambda": "f = lambda: f()\nf()\n",
            "class_body": "def f():\n    class A:\n        f()\nf()\n",
            "comprehension": "f = lambda: [f() for _ in [1]]\nf()\n",
            "decorator": "def d(f): return d(f)\n@d\ndef g(): pass\n",
            "instancecheck": "def f(t): return isinstance(1, f(t))\nf(int)\n",
        }.items():
            self.script(f"recursion_{name}", source, expected="RecursionError")
        self.script("recursion_limit_raised", "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
                    "print(f(100_000))\n", status=(0, ERROR), expected="100000|RecursionError|MemoryError")
        self.script("recursion_limit_raised_for_repr", "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n"
                    "    def __repr__(self): return repr([self])\nrepr(A())\n", expected="RecursionError|MemoryError")
        self.script("recursion_limit_bad", "import sys\nsys.setrecursionlimit(-1)\n", expected="ValueError")
        self.script("recursion_error_in_handler", "def f():\n    try:\n        f()\n    except RecursionError:\n        f()\n"
                    "import sys\nsys.setrecursionlimit(20)\ntry:\n    f()\nexcept RecursionError:\n    print('caught')\n",
                    status=0, expected="caught")

    # -- structures a million deep ---------------------------------------------------------------------

    def deep_data(self):
        build = "x = {leaf}\nfor _ in range(1000000): x = {link}\n"
        links = {"list": ("[]", "[x]"), "tuple": ("()", "(x,)"), "dict": ("{}", "{1: x}")}
        for name, (leaf, link) in links.items():
            deep = build.format(leaf=leaf, link=link)
            self.script(f"deep_{name}_repr", deep + "repr(x)\n", expected="RecursionError", seconds=20)
            self.script(f"deep_{name}_eq", deep + deep.replace("x", "y") + "print(x == y)\n", expected="RecursionError", seconds=20)
            self.script(f"deep_{name}_made_and_dropped", deep + "x = None\nprint('dropped')\n", status=0, expected="dropped", seconds=20)
        self.script("deep_tuple_hash", build.format(leaf="()", link="(x,)") + "hash(x)\n", expected="RecursionError", seconds=20)
        self.script("deep_tuple_less", build.format(leaf="()", link="(x,)") + "y = ()\nfor _ in range(1000000): y = (y,)\nx < y\n",
                    expected="RecursionError", seconds=20)
        self.script("deep_frozenset_hash", "x = frozenset()\nfor _ in range(100000): x = frozenset([x])\nprint('made')\n", status=0,
                    expected="made", seconds=20)
        self.script("deep_instances", "class A: pass\nx = None\nfor _ in range(1000000):\n    y = A()\n    y.next = x\n    x = y\nprint('made')\n",
                    status=0, expected="made", seconds=20)
        self.script("deep_closures", "f = lambda: 0\nfor _ in range(100000): f = (lambda g: lambda: g())(f)\nf()\n", expected="RecursionError")
        self.script("delegating_100000_deep", "def g(n):\n    if n: yield from g(n - 1)\n    else: yield 1\nlist(g(100000))\n",
                    expected="RecursionError")
        self.script("delegating_100000_deep_by_hand", "def g(it): yield from it\nit = g([1, 2])\nfor _ in range(100000): it = g(it)\nlist(it)\n",
                    status=(0, ERROR), expected="|RecursionError")
        self.script("generators_in_a_chain", "def g(it):\n    for x in it: yield x\nit = g([1])\nfor _ in range(100000): it = g(it)\nlist(it)\n",
                    expected="RecursionError")
        self.script("generators_in_a_chain_dropped", "def g(it):\n    try:\n        for x in it: yield x\n    finally: pass\nit = g([1])\n"
                    "for _ in range(100000): it = g(it)\nprint('made')\n", status=0, expected="made")
        self.script("maps_in_a_chain", "it = [1]\nfor _ in range(100000): it = map(str, it)\nlist(it)\n", expected="RecursionError")
        self.script("filters_in_a_chain", "it = [1]\nfor _ in range(100000): it = filter(None, it)\nlist(it)\n", expected="RecursionError")
        self.script("zips_in_a_chain", "it = [1]\nfor _ in range(100000): it = zip(it)\nlist(it)\n", expected="RecursionError")
        self.script("enumerates_in_a_chain", "it = [1]\nfor _ in range(100000): it = enumerate(it)\nnext(iter(it))\n", expected="RecursionError")
        self.script("bound_methods_in_a_chain", "class A:\n    def m(self): pass\nf = A().m\nfor _ in range(100000): f = f.__call__\nf()\n",
                    status=(0, ERROR), expected="|RecursionError|AttributeError")
        self.script("awaiting_100000_deep", "async def f(n):\n    if n: await f(n - 1)\nf(100000).send(None)\n", expected="RecursionError")
        chain = "e = None\nfor i in range(100000):\n    n = ValueError(i)\n    n.__{0}__ = e\n    e = n\n"
        self.script("exceptions_in_a_cause_chain", chain.format("cause") + "raise e\n", expected="ValueError: 99999", seconds=20)
        self.script("exceptions_in_a_context_chain", chain.format("context") + "raise e\n", expected="ValueError: 99999", seconds=20)
        self.script("exceptions_raised_in_handlers", "e = None\nfor i in range(100000):\n    try:\n        try:\n            raise ValueError(i)\n"
                    "        finally:\n            if e: raise e\n    except ValueError as n: e = n\nprint('done')\n", status=0, expected="done",
                    seconds=20)
        self.script("exception_groups_nested", "e = ValueError(1)\nfor i in range(100000): e = ExceptionGroup('g', [e])\nraise e\n",
                    expected="ExceptionGroup|RecursionError", seconds=20)
        self.script("classes_100000_deep", "class A: pass\nfor _ in range(3000):\n    class A(A): pass\nprint(len(A.__mro__))\n",
                    status=(0, ERROR), expected="3002|RecursionError", seconds=20)
        self.script("isinstance_nested_tuple", "t = int\nfor _ in range(1000000): t = (t,)\nisinstance('', t)\n",
                    expected="RecursionError", seconds=20)
        self.script("list_in_itself", "a = []\na.append(a)\nprint(a)\na == [a]\nb = []\nb.append(b)\na == b\n", expected="RecursionError")

    # -- sizes that cannot be --------------------------------------------------------------------------

    def sizes(self):
        for name, source in {
            "power": "10**10**9\n",
            "shift": "1 << (1 << 62)\n",
            "shift_big": "1 << (1 << 70)\n",
            "string_times": "'a' * (1 << 62)\n",
            "string_times_wraps": "'abcd' * ((1 << 62) + 1)\n",
            "list_times": "[1] * (1 << 60)\n",
            "tuple_times": "(1, 2) * (1 << 60)\n",
            "bytes_times": "b'ab' * (1 << 62)\n",
            "times_big": "'a' * (1 << 70)\n",
            "bytes_of": "bytes(1 << 60)\n",
            "bytearray_of": "bytearray(1 << 60)\n",
            "list_of_range": "list(range(1 << 60))\n",
            "tuple_of_range": "tuple(range(1 << 60))\n",
            "format_width": "f'{1:{1 << 60}}'\n",
            "format_width_text": "'{:99999999999999999999}'.format(1)\n",
            "format_precision": "f'{1.5:.{1 << 60}f}'\n",
            "format_string_width": "format('a', '>99999999999999999')\n",
            "percent_width": "'%*d' % (1 << 60, 1)\n",
            "percent_width_text": "'%99999999999999999999d' % 1\n",
            "ljust": "'a'.ljust(1 << 60)\n",
            "center": "'a'.center((1 << 62) - 1, 'b')\n",
            "zfill": "'1'.zfill(1 << 60)\n",
            "expandtabs": "'\\t'.expandtabs(1 << 60)\n",
            "replace": "('a' * 100000).replace('a', 'b' * 1000000)\n",
            "join": "('a' * 1000000).join(['b'] * 1000000)\n",
            "round_digits": "round(5, -(1 << 70))\n1 << (1 << 62)\n",
            "to_bytes": "(1).to_bytes(1 << 60, 'big')\n",
            "slice_assignment": "a = [1]\na[:] = range(1 << 60)\n",
            "repeated_doubling": "s = 'x'\nwhile True: s += s\n",
            "repeated_append": "a = []\nwhile True: a.append('x' * 100000)\n",
        }.items():
            self.script(f"size_{name}", source, expected="MemoryError|OverflowError|ValueError", seconds=20)
        self.script("size_float_digits", "print(len(f'{1e308:.1000f}'), len(f'{5e-324:.1100f}'))\n", status=0, expected="1310 1102")
        self.script("size_index", "[1][1 << 70]\n", expected="IndexError")
        self.script("size_range_len", "print(len(range(1 << 62)))\nlen(range(1 << 70))\n", expected="4611686018427387904.*OverflowError")
        self.script("size_slices", "print([1, 2][-(1 << 70):1 << 70], 'ab'[:1 << 70:1 << 70], range(5)[1 << 70:])\n", status=0,
                    expected=r"\[1, 2\] a range\(5, 5\)")
        self.script("size_sleep", "import asyncio\nasyncio.run(asyncio.wait_for(asyncio.sleep(1e300), 0.01))\n", expected="TimeoutError")
        self.script("size_sleep_nan", "import asyncio\nasyncio.run(asyncio.sleep(float('nan')))\n", status=(0, ERROR), expected="|ValueError")

    # -- memory that runs out --------------------------------------------------------------------------

    def memory(self):
        hungry = {
            "list": "a = []\nwhile True: a.append([0] * 10)\n",
            "dict": "d = {}\ni = 0\nwhile True:\n    d[i] = i\n    i += 1\n",
            "set": "s = set()\ni = 0\nwhile True:\n    s.add(i)\n    i += 1\n",
            "string": "s = 'x'\nwhile True: s += s\n",
            "big_integers": "n = 3\nwhile True: n = n * n\n",
            "tasks": "import asyncio\nasync def f(): await asyncio.sleep(100)\nasync def main():\n    a = []\n    while True: a.append(asyncio.create_task(f()))\nasyncio.run(main())\n",
            "generators": "def g(): yield\na = []\nwhile True:\n    a.append(g())\n    next(a[-1])\n",
            "instances": "class A: pass\na = None\nwhile True:\n    b = A()\n    b.next = a\n    a = b\n",
            "exceptions": "a = []\nwhile True:\n    try: 1 / 0\n    except ZeroDivisionError as e: a.append(e)\n",
            "closures": "a = []\nwhile True: a.append(lambda x=a: x)\n",
        }
        for name, source in hungry.items():
            self.script(f"memory_ulimit_{name}", source, expected="MemoryError", seconds=30, limits="ulimit -v 300000;")
            self.script(f"memory_option_{name}", source, expected="MemoryError", seconds=30, options=("--max-memory", "40M"))
        self.script("memory_recovers", "a = []\ntry:\n    while True: a.append('x' * 100000)\nexcept MemoryError:\n    a = None\n"
                    "print('recovered', len([0] * 100000))\n", status=0, expected="recovered 100000", options=("--max-memory", "40M"))
        self.script("memory_tiny", "print('hello')\n", status=(0, ERROR, USAGE), expected="hello|emory", limits="ulimit -v 20000;")

    # -- how programs end ------------------------------------------------------------------------------

    def endings(self):
        self.script("finally_raises_at_shutdown", "import asyncio\nasync def f():\n    try:\n        await asyncio.sleep(10)\n    finally:\n"
                    "        raise ValueError('while cancelled')\nasync def main():\n    t = asyncio.create_task(f())\n    await asyncio.sleep(0)\n"
                    "asyncio.run(main())\nprint('end')\n", status=(0, ERROR), expected="ValueError: while cancelled")
        self.script("generator_raises_at_exit", "def g():\n    try:\n        yield\n    finally:\n        raise ValueError('at exit')\n"
                    "it = g()\nnext(it)\nprint('end')\n", status=(0, ERROR), expected="end")
        self.script("generator_yields_at_exit", "def g():\n    while True:\n        try:\n            yield\n        except GeneratorExit: pass\n"
                    "it = g()\nnext(it)\nprint('end')\n", status=(0, ERROR), expected="end")
        self.script("generator_loops_at_exit", "def g():\n    try:\n        yield\n    finally:\n        while True: pass\n"
                    "it = g()\nnext(it)\nprint('end')\n", status=(0, TIME_LIMIT), expected="end", options=("--max-time", "1"))
        self.script("task_refuses_cancel", "import asyncio\nasync def f():\n    while True:\n        try: await asyncio.sleep(10)\n"
                    "        except asyncio.CancelledError: print('no')\nasync def main():\n    t = asyncio.create_task(f())\n    await asyncio.sleep(0)\n"
                    "asyncio.run(main())\n", status=TIME_LIMIT, expected="no", options=("--max-time", "1"))
        self.script("exit_in_finally", "import sys\ntry:\n    1 / 0\nfinally:\n    sys.exit(7)\n", status=7)
        self.script("exception_text_raises", "class E(Exception):\n    def __str__(self): raise ValueError('in str')\nraise E\n", expected="E")
        self.script("exception_repr_is_no_text", "class E(Exception):\n    def __str__(self): return 5\nraise E\n", expected="E")
        self.script("exception_replaced_stdout", "import sys\nsys.stdout = None\nprint('x')\nraise ValueError('end')\n", expected="ValueError: end")
        self.script("deadlock", "import asyncio\nasync def main(): await asyncio.Event().wait()\nasyncio.run(main())\n", status=DEADLOCK,
                    expected="deadlock")

    def interrupts(self):
        interrupt = ["timeout", "--preserve-status", "-s", "INT", "0.5"]
        kill = ["timeout", "--preserve-status", "-s", "TERM", "0.5"]
        for name, source in {
            "loop": "print('start', flush=True)\nwhile True: pass\n",
            "sleep": "import asyncio\nprint('start', flush=True)\nasyncio.run(asyncio.sleep(100))\n",
            "top_level_sleep": "print('start', flush=True)\nawait sleep(100)\n",
            "time_sleep": "import time\nprint('start', flush=True)\ntime.sleep(100)\n",
            "comprehension": "print('start', flush=True)\n[0 for _ in iter(int, 1)]\n",
            "generator": "print('start', flush=True)\ndef g():\n    while True: yield\nfor _ in g(): pass\n",
            "sum_of_endless": "print('start', flush=True)\nsum(iter(int, 1))\n",
            "busy_tasks": "import asyncio\nprint('start', flush=True)\nasync def f():\n    while True: await asyncio.sleep(0)\n"
                          "async def main(): await asyncio.gather(f(), f())\nasyncio.run(main())\n",
            "big_power": "print('start', flush=True)\nx = 3 ** 5000000\nwhile True: x = x * 3 % (1 << 4000000)\n",
        }.items():
            self.script(f"interrupt_{name}", source, status=INTERRUPTED, expected="start.*KeyboardInterrupt", before=interrupt)
        self.script("interrupt_caught", "import time\ntry:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')\n", status=0,
                    expected="caught", before=interrupt)
        self.script("interrupt_runs_finally", "import asyncio\nasync def main():\n    try:\n        await asyncio.sleep(100)\n    finally:\n"
                    "        print('cleaned')\nasyncio.run(main())\n", status=INTERRUPTED, expected="cleaned", before=interrupt)
        self.script("terminated", "print('start', flush=True)\nimport time\ntime.sleep(100)\n", status=143, expected="start", before=kill)
        self.command("interrupt_reading_stdin", ["sh", "-c", "sleep 2 | timeout --preserve-status -s INT 0.5 \"$0\" -c 'input()'", "CO"],
                     INTERRUPTED, "KeyboardInterrupt")

    def output(self):
        self.command("stdout_closed", ["sh", "-c", "\"$0\" -c 'print(1)' >&-", "CO"], (0, ERROR))
        self.command("stdout_full", ["sh", "-c", "\"$0\" -c 'print(1)' >/dev/full", "CO"], (1, 120), "No space left on device")
        self.command("stdout_full_long", ["sh", "-c", "\"$0\" -c 'print(\"x\" * 1000000)' >/dev/full", "CO"], (1, 120),
                     "No space left on device")
        self.command("stdout_broken_pipe", ["sh", "-c", "\"$0\" -c 'for i in range(100000): print(i)' | head -n 1", "CO"], 0, "^0\n")
        self.command("stderr_closed", ["sh", "-c", "\"$0\" -c '1/0' 2>&-", "CO"], ERROR)
        self.command("stdin_closed", ["sh", "-c", "\"$0\" -c 'print(2)' <&-", "CO"], 0, "2")
        self.command("input_from_closed_stdin", ["sh", "-c", "\"$0\" -c 'input()' <&-", "CO"], ERROR, "Error")
        self.command("all_closed", ["sh", "-c", "\"$0\" -c 'print(2)' <&- >&- 2>&-", "CO"], (0, ERROR))
        self.script("output_order", "import sys\nfor i in range(3):\n    print('out', i)\n    print('err', i, file=sys.stderr)\nraise ValueError('last')\n",
                    expected="ValueError: last")
        self.script("output_of_surrogate", "print('before')\nprint('\\ud800')\n", expected="before.*UnicodeEncodeError")
        self.script("output_long", "print('가' * 1000000)\nprint('끝')\n", status=0, expected="끝")
        self.script("output_under_posix_locale", "print('한글')\n", status=0, expected="^한글\n$", env={"LC_ALL": "POSIX"})

    def command_line(self):
        self.command("unknown_option", ["CO", "--no-such-option"], USAGE, "no-such-option")
        self.command("option_without_value", ["CO", "--max-time"], USAGE, "max-time")
        self.command("option_with_bad_value", ["CO", "--max-time", "abc", "x.co"], USAGE, "max-time|abc")
        self.command("option_with_bad_size", ["CO", "--max-memory", "-5", "x.co"], USAGE, "max-memory|-5")
        self.command("command_without_code", ["CO", "-c"], USAGE, "-c")
        self.command("module_missing", ["CO", "-m", "no_such_module"], (ERROR, USAGE), "no_such_module")
        self.command("module_name_empty", ["CO", "-m", ""], (ERROR, USAGE))
        self.command("run_without_file", ["CO", "run"], USAGE)
        self.command("dis_without_file", ["CO", "dis"], USAGE)
        self.command("dis_of_missing_file", ["CO", "dis", "no-such.co"], USAGE, "no-such.co")
        self.command("file_name_with_blanks", ["CO", "a b 가.co"], USAGE, "a b 가.co")
        self.command("file_name_of_bad_bytes", ["sh", "-c", "\"$0\" \"$(printf '\\377.co')\"", "CO"], USAGE)
        self.command("file_name_too_long", ["CO", "a" * 10_000], USAGE)
        self.command("file_name_empty", ["CO", ""], USAGE)
        self.command("arguments_of_bad_bytes", ["sh", "-c", "\"$0\" -c 'import sys; print(len(sys.argv))' \"$(printf '\\377')\"", "CO"], 0, "2")
        self.command("arguments_10000", ["CO", "-c", "import sys; print(len(sys.argv))", *map(str, range(10_000))], 0, "10001")
        self.command("no_home", ["env", "-i", "CO", "-c", "print('no environment')"], 0, "no environment")
        self.command("version", ["CO", "--version"], 0, r"\d+\.\d+")
        self.command("help", ["CO", "-h"], 0, "co FILE|FILE")
        self.command("code_on_the_command_line", ["CO", "-c", "print('안녕')"], 0, "안녕")
        self.command("syntax_error_on_the_command_line", ["CO", "-c", "print("], ERROR, "SyntaxError")
