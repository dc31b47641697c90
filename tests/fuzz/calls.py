#!/usr/bin/env python3
"""Call every function, type and method there is with arguments nobody would give: whatever is raised is right, a crash is not.

Each program comes from a number, calls what one module or one value has to offer, and is plain Co, so that a crash is a
file to run again. It is told with the last line that it had begun. What would harm the machine is not called.
"""
import argparse
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

MAX_TIME = 5  # seconds
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SANITIZER = re.compile(r"(ERROR: \w+Sanitizer|runtime error: |internal error).*")
HARMFUL = set("""_exit abort alarm breakpoint chdir chmod chown chroot close closerange dup dup2 exit fork ftruncate help input
    kill killpg link lockf makedirs mkdir mkfifo nice open pause pipe popen pthread_kill putenv quit raise_signal remove
    removedirs rename renames replace rmdir rmtree run run_forever select set_blocking set_inheritable setitimer setrecursionlimit
    setrlimit sleep sleep_ms socket spawn start_new_thread symlink sync system truncate umask unlink unsetenv utime wait
    wait_for_input write call check_call check_output getoutput getstatusoutput Popen main move copyfileobj copytree
    set_int_max_str_digits serve _debug_crash read readline readlines readinto accept recv recvfrom recv_into connect
    create_connection getaddrinfo gethostbyname gethostbyaddr getnameinfo getfqdn fileno detach""".split())

PRELUDE = '''
import array, asyncio, collections, contextlib, contextvars, datetime, enum, fractions, functools, gc, io, itertools
import json, random, re, string, struct, sys, types, weakref

class Hostile:
    """Answers what it likes, and changes what it can reach."""
    def __init__(self, seed): self.chance = random.Random(seed)
    def act(self, *args, **kwargs):
        turn = self.chance.randrange(14)
        if turn == 0: raise ValueError("hostile")
        if turn == 1: raise StopIteration
        if turn == 2: things.clear()
        if turn == 3: table.clear()
        if turn == 4: things.extend([self] * 40)
        if turn == 5: table[len(table)] = self
        if turn == 6: gc.collect()
        if turn == 7: group.clear()
        if turn == 8: del buffer[:]
        return self.chance.choice((0, 1, -1, True, None, 2**70, "a", b"b", self, 1.5, [1], (1, 2), NotImplemented, iter("xy")))
for name in """lt le eq ne gt ge hash repr str bytes len bool index int float iter next getitem setitem delitem contains call
        add radd iadd sub mul rmul imul truediv floordiv mod divmod pow lshift rshift and or xor neg pos abs invert round trunc
        floor ceil enter exit aenter aexit aiter anext await format length_hint reversed missing get set delete fspath
        getattr set_name instancecheck copy deepcopy reduce getstate buffer sizeof dir""".split():
    setattr(Hostile, f"__{name}__", Hostile.act)

class Numb(int): pass
class Texts(str): pass
class Things(list): pass
class Table(dict): pass
class Plain: pass
class Shade(enum.Enum): DARK = 1
def plain(a=1, *b, c=2, **d): return a
def generate():
    try:
        while True: yield 1
    except ValueError: yield 2
async def wait(): return 1
async def stream():
    yield 1
    yield 2
def used(it):
    for _ in it: break
    return it
loop = asyncio.new_event_loop()
things, table, group, buffer = [1, 2, 3], {"a": 1}, {1, 2}, bytearray(b"abc")
ring = []; ring.append(ring)
chain = {}; chain["self"] = chain
done = loop.create_future(); done.set_result(1)
spent = iter(()); list(spent)
ended = generate(); ended.close()
file = io.StringIO("one\\ntwo"); closed = io.BytesIO(b"x"); closed.close()
caught = ValueError("x")
try: raise caught
except ValueError: pass
'''
VALUES = """None | True | 0 | 1 | -1 | 3 | 255 | 2**31 | 2**63 | -2**63 - 1 | 2**200 | 0.0 | -0.0 | 1.5 | 1e308 | float('inf') | float('nan') | '' | 'a' | 'abc'
'\\0' | '\\ud800' | '한글' | '%s %d' | '{0!r:>5}' | '{' | 'a' * 300 | b'' | b'ab' | b'\\xff\\0' | bytearray(b'xy') | memoryview(b'abc') | memoryview(buffer) | [] | [1, 2, 3]
things | ring | chain | {} | table | {1: 2, 'k': []} | () | (1, 'a') | (None,) * 5 | set() | group | frozenset('ab') | range(3) | range(10**20) | slice(None) | slice(-5, 2**65, -1)
iter([1, 2]) | used(iter('abc')) | spent | generate() | used(generate()) | ended | (x for x in things) | wait() | stream() | plain | lambda *a, **k: a | int | str | type | object | list | len
object() | Plain() | Plain | Hostile(1) | Hostile(2) | Hostile(3) | Hostile(4) | Hostile(5) | Numb(3) | Texts('t') | Things('ab') | Table(a=1) | Shade.DARK | Shade | caught
ExceptionGroup('g', [caught]) | KeyError('k') | OSError(2, 'x', 'f') | UnicodeDecodeError('utf-8', b'x', 0, 1, 'r') | StopIteration(3) | ... | NotImplemented | file | closed | io.BytesIO(b'1\\n2')
loop | loop.create_future() | done | asyncio.Lock() | asyncio.Queue() | asyncio.Event() | loop.call_later(9, plain) | contextvars.ContextVar('v') | contextvars.copy_context()
datetime.date(2024, 2, 29) | datetime.timedelta(1) | datetime.datetime(2024, 1, 1) | datetime.timezone.utc | fractions.Fraction(1, 3) | re.compile('(a)|b') | re.match('a', 'a') | functools.partial(plain, 1)
weakref.ref(Plain) | types.SimpleNamespace(a=1) | array.array('i', [1, 2]) | array.array('d') | struct.Struct('<ih') | random.Random(1) | itertools.count() | itertools.cycle('ab') | itertools.chain('ab', [1])
zip('ab', things) | map(str, things) | filter(None, things) | enumerate('ab') | reversed(things) | collections.deque([1, 2], 3) | collections.OrderedDict(a=1) | collections.defaultdict(list) | collections.Counter('aab')
collections.ChainMap({}, table) | collections.namedtuple('N', 'x y')(1, 2) | {}.keys() | table.items() | {1: 2}.values() | property(plain) | classmethod(plain) | staticmethod(plain) | super(Numb, Numb(1))
types.MappingProxyType(table) | list[int] | int | str | 'a'.join | things.append | sys.stdout | Plain.__dict__ | type(Plain.__init__) | gc | string.Formatter() | contextlib.ExitStack() | json.JSONDecoder()
itertools.groupby('aab') | itertools.tee('ab')[0] | itertools.islice('abc', 2) | itertools.product('ab', repeat=2) | functools.lru_cache(plain) | functools.cmp_to_key(plain)(1) | string.Template('$a')"""
VALUES = [value.strip() for line in VALUES.split("\n") for value in line.split(" | ")]
NAMES = ["key", "default", "timeout", "maxsize", "encoding", "errors", "name", "reverse", "strict", "start", "sep", "end", "file", "loop", "x", "return_exceptions"]


def ask(co, code):
    return subprocess.run([co, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout.split()


def modules():
    words = re.findall(r"^MODULE\((\w+)", (ROOT / "stdlib/modules.def").read_text(), re.M)
    return words + [path.stem for path in sorted((ROOT / "stdlib").glob("*.co")) if path.stem != "antigravity"]


def targets(co):
    """What there is to call: (what it is called on, names)."""
    for module in dict.fromkeys(modules()):
        try:
            names = ask(co, f"import {module}\nfor n in dir({module}):\n    if callable(getattr({module}, n)): print(n)")
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            continue  # its library is absent
        yield f"import {module}\n", module, names
    listing = PRELUDE + "".join(f"""
try:
    value = {value}
    print({number}, *[n for n in dir(value) if callable(getattr(value, n, None))])
except BaseException as e: pass
""" for number, value in enumerate(VALUES))
    lines = subprocess.run([co, "-c", listing], capture_output=True, text=True, timeout=120).stdout.splitlines()
    for line in lines:
        number, *names = line.split()
        if number.isdigit():
            yield "", VALUES[int(number)], names


def program(chance, imports, on, names, calls=60):
    lines = [PRELUDE, imports, "import warnings; warnings.simplefilter('ignore')",
             "def attempt(call):", "    try: call()", "    except BaseException: pass", f"target = None", "def renew():", "    global target",
             f"    target = {on}", "attempt(renew)"]
    names = [name for name in names if name not in HARMFUL]
    for number in range(calls if names else 0):
        arguments = [chance.choice(VALUES) for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 4)))]
        if chance.random() < 0.15:
            arguments.append(f"{chance.choice(NAMES)}={chance.choice(VALUES)}")
        if chance.random() < 0.05:
            arguments.append(chance.choice(("*ring", "*things", "**table", "*generate_some()")))
        receiver = "target" if chance.random() < 0.9 else chance.choice(VALUES)
        if chance.random() < 0.1:
            lines.append("attempt(renew)")
        lines.append(f"attempt(lambda: {wrapped(chance, f'({receiver}).{chance.choice(names)}(' + ', '.join(arguments) + ')')})")
    return "\n".join(lines) + "\n"


def wrapped(chance, call):
    """What comes back is looked at, too."""
    return chance.choice((call,) * 6 + (f"repr({call})", f"[*zip(range(50), {call})]", f"next(iter({call}))", f"({call}) == 1", f"hash({call})",
                                        f"loop.run_until_complete(asyncio.wait_for({call}, 0.01))", f"({call}).send(None)", f"json.dumps({call})", f"sorted({call})"))


def problem(co, path, folder):
    argv = [co, "--max-time", str(MAX_TIME), "--max-memory", "300M", str(path)]
    with open(path.with_suffix(".err"), "w+b") as said:  # no pipe: children that it leaves behind would hold it open
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder, start_new_session=True)
        try:
            status = child.wait(10 * MAX_TIME)
        except subprocess.TimeoutExpired:
            return "does not end in ten times its --max-time"
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()
        said.seek(0)
        told = SANITIZER.search(said.read().decode(errors="replace"))
    path.with_suffix(".err").unlink()
    return told[0] if told else f"killed by {signal.Signals(-status).name}" if status < 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--co", default=str(ROOT / "co"))
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only what has that in its name")
    parser.add_argument("--keep", default="", help="the folder where programs that crash are kept")
    options = parser.parse_args()
    options.co = os.path.abspath(options.co)
    all_targets = [target for target in targets(options.co) if options.only in target[1]]
    until, programs, found, number = time.monotonic() + options.seconds, 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="co-calls-") as folder:
        while time.monotonic() < until:
            chance = random.Random(f"{options.seed} {number}")
            imports, on, names = chance.choice(all_targets)
            path = pathlib.Path(options.keep or folder).resolve() / f"calls_{options.seed}_{number}.co"
            path.write_text(program(chance, imports, on, names))
            what = problem(options.co, path, folder)
            number, programs, found = number + 1, programs + 1, found + (what is not None)
            if what:
                print(f"{path.name} ({on}): {what}", flush=True)
            elif options.keep:
                path.unlink()
    print(f"{programs} programs of calls, {found} crash")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
