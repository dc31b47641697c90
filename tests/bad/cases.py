"""Hostile inputs that are too big, too odd or too binary to be files here.

rows(scratch) writes them to the folder `scratch` and answers the rows that tests/run.py runs: a name, a
command, the exit statuses that are right, a pattern found in what it prints. The word CO is the binary.
"""

MILLION = 1_000_000
OK, ERROR, USAGE, INTERRUPTED = 0, 1, 2, 130
REFUSED = "SyntaxError|MemoryError|RecursionError"


def rows(scratch):
    table = Table(scratch)
    for fill in (broken_text, other_text, unreadable, nesting, chains, nested_blocks, long_sources,
                 wide_sources, streams, command_line):
        fill(table)
    return table.rows


class Table:
    def __init__(self, scratch):
        self.scratch = scratch
        self.rows = []

    def command(self, name, words, status=OK, output="", **more):
        statuses = status if isinstance(status, tuple) else (status,)
        self.rows.append(dict(name=f"bad/{name}", words=words, statuses=statuses, output=output,
                              cwd=self.scratch, **more))

    def script(self, name, source, status=ERROR, output="", **more):
        path = self.scratch / f"{name}.co"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        self.command(name, ["CO", path.name], status, output, **more)

    def shell(self, name, line, status=OK, output="", **more):
        """A line for sh in which $CO is the binary."""
        self.command(name, ["sh", "-c", f"CO=$0; {line}", "CO"], status, output, **more)


# -- what is hardly text -------------------------------------------------------------------------------


def broken_text(t):
    encoding = "SyntaxError.*(utf-8|UTF-8)"
    t.script("invalid_utf8", b"x = '\xff\xfe'\n", output=encoding)
    t.script("utf8_cut_off", b"# \xed\x95\nprint(1)\n", output=encoding)
    t.script("utf8_surrogate", b"x = '\xed\xa0\x80'\n", output=encoding)
    t.script("utf8_overlong", b"x = '\xc0\x80'\n", output=encoding)
    t.script("nul_byte", b"print(1)\0\n", output="SyntaxError.*(NUL|null)")
    t.script("nul_in_string", b"print('a\0b')\n", output="SyntaxError.*(NUL|null)")
    t.script("random_bytes", bytes(i * 7919 % 251 for i in range(5000)), output="SyntaxError")
    t.script("elf_header", b"\x7fELF\x02\x01\x01\0\0\0", output="SyntaxError")
    t.script("unterminated_fstring", "x = f'{a\n", output="SyntaxError")
    t.script("bad_dedent", "if 1:\n        x\n    y\n", output="IndentationError")


def other_text(t):
    t.script("empty_file", b"", OK)
    t.script("only_a_comment", b"# nothing", OK)
    t.script("byte_order_mark", b"\xef\xbb\xbfprint('bom')\n", OK, "bom")
    t.script("carriage_returns", b"if 1:\r\n    print('crlf')\r\n", OK, "crlf")
    t.script("shebang", b"#!/usr/bin/env co\nprint('shebang')\n", OK, "shebang")
    t.script("no_last_newline", b"if 1:\n    print('end')", OK, "end")
    t.script("form_feed", b"\x0cif 1:\n\x0c    print('fed')\n", OK, "fed")


def unreadable(t):
    (t.scratch / "folder.co").mkdir()
    t.command("directory", ["CO", "folder.co"], USAGE, "folder.co")
    t.command("missing_file", ["CO", "no-such-file.co"], USAGE, "no-such-file.co")
    t.command("unreadable_file", ["CO", "/proc/self/mem"], USAGE, "/proc/self/mem")
    t.command("dev_null", ["CO", "/dev/null"])


# -- a million of one token ----------------------------------------------------------------------------


def nesting(t):
    forms = {"brackets": "( 1 )", "lists": "[  ]", "dicts": "{1: 2 }", "not": "not_ 1 ", "minus": "- 1 ",
             "tilde": "~ 1 ", "lambda": "lambda:_ 1 ", "ternary": "1_if_1_else_ 1 ", "power": "2** 1 ",
             "unclosed": "(  ", "fstrings": "f'{ 1 }'", "stars": "* x ", "yield": "yield_ 1 ",
             "subscripts": "x[ 0 ]", "calls": "f(  )"}
    for name, form in forms.items():
        left, middle, right = (part.replace("_", " ") for part in form.split(" "))
        t.script(f"million_{name}", f"x = {left * MILLION}{middle}{right * MILLION}\n", output=REFUSED)
    t.script("million_await", f"async def f():\n    {'await ' * MILLION}x\n", output=REFUSED)


def chains(t):
    links = {"attributes": ".real", "calls": "()", "items": "[0]", "plus": "+1", "or": " or 0",
             "less": " < 2"}
    for name, link in links.items():
        t.script(f"million_{name}_in_a_row", f"x = 1\nx{link * MILLION}\n", (OK, ERROR), seconds=30)
    t.script("strings_in_a_row", "x = " + "'a' " * 200_000 + "\nprint(len(x))\n", OK, "200000")
    t.script("decorators_10000", "d = lambda f: f\n" + "@d\n" * 10_000 + "def f(): pass\nprint('ok')\n",
             (OK, ERROR), "ok|SyntaxError")


def nested_blocks(t):
    def nest(head, depth, body, step="    "):
        return "".join(f"{step * i}{head}\n" for i in range(depth)) + f"{step * depth}{body}\n"

    t.script("blocks_150", nest("if 1:", 150, "pass"), output="IndentationError|SyntaxError")
    t.script("blocks_99", nest("if 1:", 99, "print('in')"), (OK, ERROR), "in|SyntaxError")
    t.script("functions_99", nest("def f():", 99, "pass"), (OK, ERROR))
    t.script("for_90", nest("for x in [1]:", 90, "print('in')", " "), (OK, ERROR), "in|SyntaxError")
    t.script("with_90", "class C:\n    def __enter__(self): pass\n    def __exit__(self, *a): pass\n"
             + nest("with C():", 90, "print('in')", " "), (OK, ERROR), "in|SyntaxError")
    t.script("try_90", nest("try:", 90, "print('in')", " ")
             + "".join(f"{' ' * i}finally: pass\n" for i in reversed(range(90))),
             (OK, ERROR), "in|SyntaxError")
    t.script("comprehensions_150", f"x = {'[' * 150}1{' for a in [1]]' * 150}\nprint('done')\n", (OK, ERROR),
             "done|SyntaxError|RecursionError")
    t.script("patterns_5000", f"match 1:\n    case {'[' * 5000}{']' * 5000}: pass\n", (OK, ERROR))


def long_sources(t):
    t.script("line_of_10_MB", f"x = '{'가' * 3_500_000}'\nprint(len(x))\n", OK, "3500000")
    t.script("name_of_1_MB", f"{'a' * MILLION} = 1\nprint('ok')\n", OK, "ok")
    t.script("comment_of_10_MB", f"#{'x' * 10_000_000}\nprint('ok')\n", OK, "ok")
    t.script("list_of_a_million", f"x = [{'1,' * MILLION}]\nprint(len(x))\n", OK, "1000000", seconds=30)
    t.script("statements_200000", "x = 0\n" + "x += 1\n" * 200_000 + "print(x)\n", OK, "200000", seconds=30)
    elifs = "".join(f"elif x == {-i}: pass\n" for i in range(100_000))
    t.script("elif_100000", f"x = 5\nif x == -1: pass\n{elifs}else: print('else')\n", (OK, ERROR), "else|SyntaxError",
             seconds=30)
    t.script("big_literal", f"print(len(str({'9' * 4000})))\n", OK, "4000")
    t.script("huge_literal", f"x = {'9' * 5_000_000}\n", (OK, ERROR), "|SyntaxError", seconds=30)
    t.script("huge_hex_literal", f"print(0x{'f' * 2_000_000}.bit_length())\n", OK, "8000000")


def wide_sources(t):
    """5,000 of what the machine counts: right, or refused by name."""

    def wide(name, source, output):
        t.script(name, source, (OK, ERROR), f"{output}|SyntaxError")

    names = ", ".join(f"a{i}" for i in range(5000))
    numbers = ", ".join(map(str, range(5000)))
    pairs = ", ".join(f"{i}: {i}" for i in range(70_000))
    floats = ", ".join(f"{i}.5" for i in range(70_000))
    functions = "".join(f"def f{i}(): return {i}\n" for i in range(20_000))
    stores = "".join(f"    v{i} = {i}\n" for i in range(5000))
    wide("locals_5000", f"def f():\n{stores}    return v4999 + v0\nprint(f())\n", "4999")
    wide("parameters_5000", f"def f({names}): return a4999\nprint(f(*range(5000)))\n", "4999")
    wide("arguments_5000", f"def f(*a): return len(a)\nprint(f({numbers}))\n", "5000")
    wide("keywords_5000", f"def f(**k): return len(k)\nprint(f({names.replace(',', '=1,')}=1))\n", "5000")
    wide("targets_5000", f"{names} = range(5000)\nprint(a4999)\n", "4999")
    wide("globals_5000", f"{names.replace(', ', ' = ')} = 7\nprint(a0 + a4999)\n", "14")
    wide("constants_70000", f"x = [{floats}]\nprint(len(x))\n", "70000")
    wide("dict_of_70000", f"x = {{{pairs}}}\nprint(len(x))\n", "70000")
    wide("functions_20000", f"{functions}print(f19999())\n", "19999")
    wide("jump_over_100000", "x = 1\nif x == 2:\n" + "    x = 3\n" * 100_000 + "print(x)\n", "1")


# -- the world around it -------------------------------------------------------------------------------


def streams(t):
    t.command("stdin", ["CO", "-"], OK, "piped", stdin=b"print('piped')\n")
    t.command("stdin_without_dash", ["CO"], OK, "piped", stdin=b"print('piped')\n")
    t.command("stdin_syntax_error", ["CO", "-"], ERROR, "SyntaxError", stdin=b"print(\n")
    t.shell("stdout_closed", "\"$CO\" -c 'print(1)' >&-", (OK, ERROR))
    full = "No space left on device"
    t.shell("stdout_full", "\"$CO\" -c 'print(1)' >/dev/full", (1, 120), full)
    t.shell("stdout_full_long", "\"$CO\" -c 'print(\"x\" * 1000000)' >/dev/full", (1, 120), full)
    t.shell("file_too_large", "ulimit -f 0; \"$CO\" -c 'with open(\"full\", \"w\") as f: f.write(\"x\")'", ERROR,
            r"OSError: \[Errno 27\] File too large")
    t.shell("stdout_broken_pipe", "\"$CO\" -c 'for i in range(100000): print(i)' | head -n 1", OK, "^0\n")
    t.shell("stderr_closed", "\"$CO\" -c '1/0' 2>&-", ERROR)
    t.shell("stdin_closed", "\"$CO\" -c 'print(2)' <&-", OK, "2")
    t.shell("input_from_closed_stdin", "\"$CO\" -c 'input()' <&-", ERROR, "Error")
    t.shell("all_closed", "\"$CO\" -c 'print(2)' <&- >&- 2>&-", (OK, ERROR))
    interrupt = "timeout --foreground --preserve-status -s INT 0.5"
    t.shell("interrupt_reading_stdin", f"sleep 2 | {interrupt} \"$CO\" -c 'input()'", INTERRUPTED,
            "KeyboardInterrupt")
    t.command("posix_locale", ["env", "LC_ALL=POSIX", "CO", "-c", "print('한글')"], OK, "^한글\n$")


def command_line(t):
    t.command("unknown_option", ["CO", "--no-such-option"], USAGE, "no-such-option")
    t.command("option_without_value", ["CO", "--max-time"], USAGE, "max-time")
    t.command("option_with_bad_value", ["CO", "--max-time", "abc", "x.co"], USAGE, "max-time|abc")
    t.command("option_with_bad_size", ["CO", "--max-memory", "-5", "x.co"], USAGE, "max-memory|-5")
    t.command("command_without_code", ["CO", "-c"], USAGE, "-c")
    t.command("module_missing", ["CO", "-m", "no_such_module"], (ERROR, USAGE), "no_such_module")
    t.command("module_name_empty", ["CO", "-m", ""], (ERROR, USAGE))
    t.command("run_without_file", ["CO", "run"], USAGE)
    t.command("dis_without_file", ["CO", "dis"], USAGE)
    t.command("dis_of_missing_file", ["CO", "dis", "no-such.co"], USAGE, "no-such.co")
    t.command("file_name_with_blanks", ["CO", "a b 가.co"], USAGE, "a b 가.co")
    t.shell("file_name_of_bad_bytes", "\"$CO\" \"$(printf '\\377.co')\"", USAGE)
    t.command("file_name_too_long", ["CO", "a" * 10_000], USAGE)
    t.command("file_name_empty", ["CO", ""], USAGE)
    count = "import sys; print(len(sys.argv))"
    t.shell("arguments_of_bad_bytes", f"\"$CO\" -c '{count}' \"$(printf '\\377')\"", OK, "2")
    t.command("arguments_10000", ["CO", "-c", count, *map(str, range(10_000))], OK, "10001")
    t.command("no_environment", ["env", "-i", "CO", "-c", "print('bare')"], OK, "bare")
    t.command("version", ["CO", "--version"], OK, r"\d+\.\d+")
    t.command("help", ["CO", "-h"], OK, "FILE")
    t.command("code", ["CO", "-c", "print('안녕')"], OK, "안녕")
    t.command("code_with_syntax_error", ["CO", "-c", "print("], ERROR, "SyntaxError")
