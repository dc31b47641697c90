#!/usr/bin/env python3
"""Run Co's test programs and say what differs from what is expected.

The folder says what kind of test a file is:

  tests/same/       valid Python too: stdout, exit status and the exception's line are CPython 3.11's,
                    stored beside it as NAME.out (`--oracle` renews them, `--fresh` compares them again);
                    `# release: 3.11.5` is the first that prints this, where earlier ones had a defect
  tests/lang/       Co's own behaviour, expected by comments on the lines that print:
                        # expect: 3                         a line of stdout
                        # expect error: TypeError: text     the last line of stderr, exit status 1
                        # expect stderr: text               stderr has this text in some line
                        # expect exit: 3                    the exit status
  tests/differs/    deliberate differences: the same comments for Co, `# cpython:` ones for CPython,
                    and a header that tells What, Why and Workaround
  tests/errors/     diagnostics and tracebacks: stdout, stderr and status, whole, stored as NAME.txt
  tests/golden/     any other long output, stored the same way; of mistakes/ also what --lang=ko says, as NAME.ko.txt,
                    and `co check` finds them unless `# unseen: …` says why it cannot
  tests/bytecode/   what `co dis` prints, stored as NAME.dis
  tests/bad/        hostile inputs: exit status and a pattern in the header; cases.py makes the huge ones
  examples/         what the reader sees: stdout under virtual time, stored as NAME.out
  docs/, README     their listings, by `co test`

Header comments: `# options: …` and `# args: …` give words before and after the file's name on the command
line, `# stdin: …` one line of input, `# seconds: …` a time limit; `# needs: …` names modules without which
the test is skipped (`postgres-server`: PGHOST and PGUSER point at a server that all tests share; `zsh`,
`fish`: that shell); `# manual: …` says why nothing runs it by itself; `# env: NAME=value …` adds to the
environment; `# command: co …` is a whole command line.
Files and folders that start with `_` are helpers, not tests.
"""
import argparse
import concurrent.futures
import dataclasses
import difflib
import fnmatch
import functools
import importlib.util
import os
import pathlib
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
sys.path.insert(0, str(TESTS / "tools"))
from postgres_server import Server, find_programs  # noqa: E402

ORACLE_VERSION = (3, 11)
ORACLE_RELEASE = TESTS / "same/CPYTHON"  # the release of CPython that printed what is stored
MEMORY = 3 << 30  # bytes of address space for any one program
RELEASE = ".".join(map(str, sys.version_info[:3]))
SECONDS = 10  # for any one program, unless it says otherwise
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")  # of an object
SANITIZER = re.compile(r"ERROR: (Address|Leak|UndefinedBehavior)Sanitizer|WARNING: ThreadSanitizer|\.[ch]:\d+:\d+: runtime error: ")


@dataclasses.dataclass
class Result:
    status: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False

    def last_error_line(self):
        """'TypeError: message' without what precedes it and the hint below it; of a SyntaxError only the type, its
        text is our own."""
        syntax = re.search(r"^(?:\S+:\d+:\d+: )?(SyntaxError|IndentationError|TabError): ", self.stderr, re.M)
        lines = [line for line in self.stderr.split("\n") if line and not line.startswith("    hint: ")]
        return syntax[1] if syntax else lines[-1] if lines else ""


def run(argv, cwd, stdin="", env=None, seconds=SECONDS):
    """Run a program to its end. Its output is text: undecodable bytes show as backslash escapes."""
    start = time.monotonic()
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, cwd=cwd, env=environment(env), stdin=pipe, stdout=pipe, stderr=pipe,
                               start_new_session=True)
    timed_out = False
    try:
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        out, err = process.communicate(data, timeout=seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    out, err = (data.decode("utf-8", "backslashreplace") for data in (out, err))
    return Result(process.returncode, out, err, time.monotonic() - start, timed_out)


def environment(extra=None):
    """A bare environment in the C locale, where Co's output must be UTF-8 all the same."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C", "TERM": "dumb",
           "ASAN_OPTIONS": "detect_stack_use_after_return=0:allocator_may_return_null=1",
           "UBSAN_OPTIONS": "print_stacktrace=1"}
    return {**env, **(extra or {})}


def run_python(path, args=(), stdin="", seed="0"):
    """Run a file by CPython, which learns here to import .co files."""
    env = {"PYTHONPATH": str(TESTS / "tools/oracle"), "PYTHONUTF8": "1", "PYTHONHASHSEED": seed,
           "PYTHONDONTWRITEBYTECODE": "1"}
    return run([sys.executable, path.name, *args], path.parent, stdin, env, seconds=60)


def is_oracle():
    return sys.version_info[:2] == ORACLE_VERSION


def release(text):
    return tuple(map(int, text.split(".")))


def diff(expected, actual):
    if expected == actual:
        return None
    lines = difflib.unified_diff(expected.split("\n"), actual.split("\n"), lineterm="", n=2)
    return "\n".join(list(lines)[2:60])


def with_last_newline(text):
    return text if not text or text.endswith("\n") else text + "\n\\ no newline at the end\n"


# -- kinds of tests --------------------------------------------------------------------------------------


class Program:
    """A source file that is run once; what is expected of it is the subclass's business."""

    limits = ""  # what the shell does first, e.g. "ulimit -v 100000"

    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(ROOT))
        text = path.read_bytes().decode("utf-8", "replace")
        self.source = text
        self.header = dict(re.findall(r"^# (\w+): (.*)$", text, re.M))
        self.stdin = self.header["stdin"] + "\n" if "stdin" in self.header else ""
        self.seconds = float(self.header.get("seconds", SECONDS))
        self.needs = self.words("needs")
        self.env = dict(word.split("=", 1) for word in self.words("env"))

    def words(self, key):
        return shlex.split(self.header.get(key, ""))

    def command(self, co):
        if "command" in self.header:
            return [co if word == "co" else word for word in self.words("command")]
        return [co, *self.words("options"), self.path.name, *self.words("args")]

    @property
    def cwd(self):
        return self.path.parent

    def update(self, result):
        raise SystemExit(f"{self.name}: expectations of this kind are written by hand")


class Stored(Program):
    """Expects what a file beside it holds."""

    suffix = ".txt"

    @property
    def stored(self):
        return self.path.with_suffix(self.suffix)

    def check(self, result):
        if not self.stored.exists():
            return f"{self.stored.name} is missing; write it by: tests/run.py --update {self.name}"
        return diff(self.stored.read_text(), self.transcript(result))

    def update(self, result):
        self.stored.write_text(self.transcript(result))

    def transcript(self, result):
        out, err = (ADDRESS.sub("0x...", with_last_newline(text)) for text in (result.stdout, result.stderr))
        return f"--- stdout\n{out}--- stderr\n{err}--- exit {result.status}\n"


class Korean(Stored):
    """The same program read by a Korean: the stored output is NAME.ko.txt."""

    suffix = ".ko.txt"

    def __init__(self, path):
        super().__init__(path)
        self.name += " (ko)"
        self.env = {**self.env, "CO_LANG": "ko"}


class Seen(Program):
    """A mistake that `co check` finds without running it, unless the file says `# unseen: why`."""

    def __init__(self, path):
        super().__init__(path)
        self.name += " (check)"

    def command(self, co):
        return [co, "check", self.path.name]

    def check(self, result):
        found = result.status == 1
        return None if found == ("unseen" not in self.header) else f"co check: exit {result.status}\n{result.stdout}"

    def update(self, result):
        pass


class Bytecode(Stored):
    suffix = ".dis"

    def command(self, co):
        return [co, "dis", self.path.name]

    def transcript(self, result):
        return result.stdout + result.stderr


class Example(Stored):
    suffix = ".out"

    def command(self, co):
        return [co, "run", "--virtual-time", *self.words("options"), self.path.name, *self.words("args")]

    def transcript(self, result):
        return result.stdout + (result.stderr and "--- stderr\n" + result.stderr)


class Same(Stored):
    suffix = ".out"

    def transcript(self, result):
        text = with_last_newline(result.stdout) + f"# exit {result.status}\n"
        return text + (result.last_error_line() + "\n" if result.status == 1 else "")

    def check(self, result):
        if not self.stored.exists():
            return f"{self.stored.name} is missing; write it by: make oracle"
        return super().check(result)

    def update(self, result):
        raise SystemExit(f"{self.name}: what CPython prints is stored by: make oracle")

    def kept(self):
        return self.stored.read_text() if self.stored.exists() else None

    def release(self):
        """The first release of CPython 3.11 that prints this: earlier ones had a defect that was mended since."""
        return release(self.header.get("release", "3.11.0"))

    def what_it_prints(self):
        """The same as oracle(), with the complaint as text."""
        try:
            return self.oracle()
        except SystemExit as e:
            return str(e)

    def oracle(self):
        """What CPython prints, or a SystemExit if that depends on the hash seed."""
        first, second = (self.transcript(run_python(self.path, self.words("args"), self.stdin, seed))
                         for seed in ("1", "2"))
        if first != second:
            raise SystemExit(f"{self.name}: CPython prints something else each time")
        return first


class Annotated(Program):
    """Expects what the comments on its own lines say."""

    def __init__(self, path, tag="expect"):
        super().__init__(path)
        self.lines = re.findall(rf"# {tag}: ?(.*)$", self.source, re.M)
        self.errors = re.findall(rf"# {tag} error: (.*)$", self.source, re.M)
        self.stderr = re.findall(rf"# {tag} stderr: (.*)$", self.source, re.M)
        status = re.findall(rf"# {tag} exit: (\d+)", self.source)
        self.status = int(status[0]) if status else (1 if self.errors else 0)

    def check(self, result):
        if not (self.lines or self.errors or self.stderr or self.status):
            return "it expects nothing: no '# expect' comment"
        expected = "".join(line.rstrip() + "\n" for line in self.lines)
        actual = "".join(line.rstrip() + "\n" for line in result.stdout.splitlines())
        problems = [diff(expected, actual)]
        if self.errors and result.last_error_line() not in self.errors:
            problems.append(f"expected error: {self.errors[0]}\nactual stderr:  {result.last_error_line()}")
        problems += [f"expected on stderr: {text}" for text in self.stderr if text not in result.stderr]
        if result.status != self.status:
            problems.append(f"expected exit status {self.status}, actual {result.status}")
        problems = [text for text in problems if text]
        if problems and result.stderr and not self.errors:
            problems.append("stderr:\n" + result.stderr[-2000:])
        return "\n".join(problems) or None


class Differs(Annotated):
    def check(self, result):
        for word in ("What", "Why", "Workaround"):
            if not re.search(rf"^# {word}: \S", self.source, re.M):
                return f"its header lacks a '# {word}: …' line"
        problem = super().check(result)
        if problem or not is_oracle():
            return problem
        result = run_python(self.path, self.words("args"), self.stdin)
        problem = Annotated(self.path, tag="cpython").check(result)
        return problem and "under CPython:\n" + problem


class Hostile(Program):
    """Expects one of the exit statuses of its header and a pattern in all it prints."""

    def __init__(self, path):
        super().__init__(path)
        self.limits = self.header.get("limits", "")
        self.statuses = tuple(map(int, self.words("exit")))

    def command(self, co):
        if "signal" not in self.header:
            return super().command(co)
        name, seconds = self.words("signal")
        return ["timeout", "--foreground", "--preserve-status", "-s", name, seconds, *super().command(co)]

    def check(self, result):
        return check_hostile(result, self.statuses, self.header.get("output", ""))


@dataclasses.dataclass
class Row:
    """A hostile input that tests/bad/cases.py generates."""

    name: str
    words: list
    statuses: tuple
    output: str
    cwd: pathlib.Path
    stdin: bytes = b""
    seconds: float = SECONDS
    limits = ""
    env = None
    needs = ()

    def command(self, co):
        return [co if word == "CO" else word for word in self.words]

    def check(self, result):
        return check_hostile(result, self.statuses, self.output)


def check_hostile(result, statuses, pattern):
    printed = result.stdout + result.stderr
    if result.status not in statuses:
        return f"expected exit status {statuses}, actual {result.status}\n{printed[-1500:]}"
    if not re.search(pattern, printed, re.S):
        return f"expected /{pattern}/ in\n{printed[-1500:]}"
    return None


KINDS = [
    ("tests/same", "*.co", Same),
    ("tests/lang", "*.co", Annotated),
    ("tests/differs", "*.co", Differs),
    ("tests/errors", "*.co", Stored),
    ("tests/golden", "*.co", Stored),
    ("tests/golden/mistakes", "*.co", Korean),
    ("tests/golden/mistakes", "*.co", Seen),
    ("tests/bytecode", "*.co", Bytecode),
    ("tests/bad", "*.co", Hostile),
    ("examples", "*.co", Example),
    ("examples", "*.py", Example),
]


class Documents:
    """The listings of documents: `co test` of those that there are."""

    limits, stdin, env, seconds, cwd = "", "", None, 6 * SECONDS, ROOT

    def __init__(self, name, paths, needs=()):
        self.name, self.paths, self.needs = name, paths, needs

    def command(self, co):
        return [co, "test", *self.paths]

    def check(self, result):
        return None if result.status == 0 else result.stdout[-4000:] + result.stderr[-1000:]


def collect():
    cases = []
    for folder, pattern, kind in KINDS:
        for path in sorted((ROOT / folder).rglob(pattern)):
            if not any(part.startswith("_") for part in path.relative_to(ROOT).parts):
                case = kind(path)
                if "manual" not in case.header:
                    cases.append(case)
    with_server = ["docs/postgres.md"]
    documents = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md"))]
    others = [path for path in documents + ["README.md", "README.ko.md"] if path not in with_server]
    return cases + [Documents("documents", [*others, "examples"]),
                    Documents("documents with a server", with_server, ("postgres-server",))]


def collect_bad(scratch):
    """The hostile inputs, written to a scratch folder of their own."""
    path = TESTS / "bad/cases.py"
    if not path.exists():
        return []
    spec = importlib.util.spec_from_file_location("cases", path)
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return [Row(**row) for row in module.rows(pathlib.Path(scratch))]


# -- running them ----------------------------------------------------------------------------------------


def execute(case, options):
    """The case's problem as text (a Fault if it is the binary's for certain), None if it passed, or a Skip."""
    if case.limits and options.sanitized:
        return Skip("a sanitizer needs more address space")
    env = case.env
    for need in case.needs:
        if need == "postgres-server":
            server = postgres_server()
            if server is None:
                return Skip(NO_SERVER)
            env = {**(env or {}), **server.env}
        elif need in ("zsh", "fish"):
            if not shutil.which(need):
                return Skip(f"there is no {need}")
        elif not has_module(options.co, need):
            return Skip(f"there is no module {need} yet")
    argv = case.command(options.co)
    if case.limits:
        argv = ["sh", "-c", case.limits + '; exec "$@"', "sh", *argv]
    result = run(argv, case.cwd, case.stdin, env, case.seconds * options.slow)
    if result.timed_out:
        return f"no end after {case.seconds * options.slow:g} seconds\n{result.stderr[-500:]}"
    if SANITIZER.search(result.stderr):
        return Fault("a sanitizer reports:\n" + result.stderr[:6000])
    if result.status < 0:
        return Fault(f"killed by {signal.Signals(-result.status).name}\n{result.stderr[-1500:]}")
    if options.update is not None:
        case.update(result)
        return None
    return case.check(result)


class Skip(str):
    """Why a case was not run."""


class Fault(str):
    """What no machine is too slow for: a crash, or what a sanitizer reports."""


# A machine that others use too may stand still for seconds in the midst of a test of timeouts. So few failures as these are
# judged by a second run, with nothing beside it; what the first one said is printed all the same.
DOUBTFUL = 3


NO_SERVER = "no PostgreSQL server is installed (Debian: postgresql)"
SERVER_LOCK = threading.Lock()
SERVERS = []  # at most one, or None: there is none


def postgres_server():
    """The server that all tests share, started by the first that needs it."""
    with SERVER_LOCK:
        if not SERVERS:
            SERVERS.append(Server() if find_programs() else None)
        return SERVERS[0]


@functools.cache
def has_module(co, module):
    return run([co, "-c", f"import {module}"], ROOT).status == 0


def indented(text):
    return "".join(f"    {line}\n" for line in text.rstrip("\n").split("\n"))


@dataclasses.dataclass
class Totals:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def report(self, name, outcome):
        if isinstance(outcome, Skip):
            self.skipped += 1
            if outcome == NO_SERVER:
                print(f"SKIPPED {name}: {outcome}", flush=True)
        elif outcome is None:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {name}\n" + indented(outcome), flush=True)

    def line(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def run_unit(binary, totals, options):
    """A program made with check prints one line of counts and one per failure."""
    check = {"CK_VERBOSITY": "normal", "CK_DEFAULT_TIMEOUT": str(int(20 * options.slow))}
    result = run([binary], ROOT, env=check, seconds=300 * options.slow)
    name = f"unit {pathlib.Path(binary).name}"
    counts = re.search(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", result.stdout, re.M)
    if result.status == 0 and not SANITIZER.search(result.stderr):
        totals.passed += int(counts[1]) if counts else 1
        return
    if counts and result.status > 0:
        totals.passed += int(counts[1]) - int(counts[2]) - int(counts[3])
        totals.failed += int(counts[2]) + int(counts[3]) - 1
    totals.report(name, f"exit status {result.status}\n{result.stdout[-4000:]}{result.stderr[-4000:]}")


def run_all(cases, totals, options):
    doubtful = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, outcome in zip(cases, pool.map(lambda case: execute(case, options), cases)):
            if outcome is None or isinstance(outcome, Skip | Fault):
                totals.report(case.name, outcome)
            else:
                doubtful.append((case, outcome))
    for case, outcome in doubtful:
        again = execute(case, options) if len(doubtful) <= DOUBTFUL else outcome
        if again is None:
            print(f"passed only by itself: {case.name}\n" + indented(outcome), flush=True)
        totals.report(case.name, again)


def renew_oracle(cases, options):
    """Store, or with --fresh only compare, what CPython prints."""
    if not is_oracle():
        print(f"skipped: python3 is {RELEASE}, not {'.'.join(map(str, ORACLE_VERSION))}")
        return 0
    cases = [case for case in cases if isinstance(case, Same)]
    older = [case for case in cases if case.release() > release(RELEASE)]
    if older:
        print(f"left alone, as this is CPython {RELEASE}: {len(older)} programs that name a later release")
    cases = [case for case in cases if case not in older]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        changed = [case for case, text in zip(cases, pool.map(Same.what_it_prints, cases)) if text != case.kept()]
    if options.fresh:  # CPython's own children, threads and timers may be late: then it is asked again, with nothing beside it
        changed = [case for case in changed if all(case.what_it_prints() != case.kept() for _ in range(3))]
    for case in changed:
        print(f"{case.name}: {'is out of date' if options.fresh else 'stored'}")
        if not options.fresh:
            case.stored.write_text(case.oracle())
    print(f"{len(cases)} programs, {len(changed)} {'out of date' if options.fresh else 'changed'}")
    if not options.fresh and not options.k and not older:
        ORACLE_RELEASE.write_text(RELEASE + "\n")
    return 1 if options.fresh and changed else 0


def matches(case, options):
    if options.update:
        return hasattr(case, "update") and any(str(case.name).startswith(prefix.rstrip("/")) for prefix in options.update)
    words = (options.k or "").split()
    return not words or any(word in case.name or fnmatch.fnmatch(case.name, word) for word in words)


def parse_options():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    add = parser.add_argument
    add("-k", metavar="PATTERN", help="only tests whose name contains or matches it, or one of several words")
    add("--co", default=str(ROOT / "co"), help="the binary under test (default: ./co)")
    add("--jobs", type=int, default=os.cpu_count(), help="programs at a time (default: one per core)")
    add("--slow", type=float, default=1, help="multiply every time limit")
    add("--unit", action="append", default=[], metavar="BINARY", help="a unit test to run as well")
    add("--only-units", action="store_true", help="run nothing but the unit tests")
    add("--update", nargs="+", metavar="PATH", help="store the present output of these golden files")
    add("--oracle", action="store_true", help="store what CPython prints for tests/same")
    add("--fresh", action="store_true", help="check that what is stored is what CPython prints")
    options = parser.parse_args()
    options.co = os.path.abspath(options.co)
    if options.update:
        options.update = [str(pathlib.Path(path).resolve().relative_to(ROOT)) for path in options.update]
    return options


def main():
    for ignored in signal.SIGINT, signal.SIGQUIT:  # as in a shell's background, and programs would inherit that
        signal.signal(ignored, signal.default_int_handler)
    options = parse_options()
    cases = [] if options.only_units else [case for case in collect() if matches(case, options)]
    if options.oracle or options.fresh:
        return renew_oracle(cases, options)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server is stopped on the way out
    totals = Totals()
    units = [binary for binary in options.unit if not options.k or options.k in binary]
    with tempfile.TemporaryDirectory(prefix="co-tests-") as scratch:
        if not options.only_units:
            binary = pathlib.Path(options.co).read_bytes()
            options.sanitized = b"__asan_init" in binary or b"__tsan_init" in binary
            if not options.update:
                cases += [case for case in collect_bad(scratch) if matches(case, options)]
            if not options.sanitized:
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for binary in units:
            run_unit(binary, totals, options)
        try:
            run_all(cases, totals, options)
        finally:
            for server in filter(None, SERVERS):
                server.stop()
    print(totals.line())
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
