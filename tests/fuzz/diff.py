#!/usr/bin/env python3
"""Random programs, run by co and by python3 (3.11): what they print must be equal.

Each program comes from one of the grammars under themes/ and from a number, so that the same seed makes the same programs. A
process for each core makes, runs and judges them by the hundred; a program that differs is run alone, shrunk by leaving out
lines for as long as it still differs, and printed. The exit status is 1 if one is left that no rule of LISTED explains by a
file of tests/differs/.
"""
import argparse
import functools
import multiprocessing
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import themes  # noqa: E402

BATCH, SECONDS, ALONE, PATIENCE = 100, 20, 3, 30  # seconds for a batch, for one program, for one that ended on the other side
NO_END = "the process ends: no end\n"  # CPython waits for ever
NO_COMPLEX = "complex, which Co does not have"  # tests/differs/complex_numbers: whatever CPython makes of one
DEADLOCK = "ends with SystemExit(3)\n"  # co tells (tests/differs/deadlock_ends_the_program)

PRELUDE = """\
import os, sys
kept = []
def keep(thing): # objects do not die in the middle of a program: only CPython would notice at once
    kept.append(thing)
    return thing
def show(function, *args, **named):
    try:
        print(repr(function(*args, **named)))
    except BaseException as error:
        print(chain(error))
def chain(error, depth=4):
    text = f'{type(error).__name__}({error})'
    if depth and error.__cause__ is not None:
        text += ' from ' + chain(error.__cause__, depth - 1)
    elif depth and error.__context__ is not None and not error.__suppress_context__:
        text += ' after ' + chain(error.__context__, depth - 1)
    return text
"""

# File of tests/differs/ -> what of the output tells it: a program is left alone if both sides agree without it.
LISTED = {
    "coroutine_attributes": r"'(?:status|line|locals|awaiting|clone)'(?:, )?",
    "complex_numbers": r"\w+Error\([^\n]*\bcomplex\b[^\n]*|\([-+.e\dj]+j\)",
    "ordered_dict_is_a_dict_inside": r"(?m)^.*(?:OrderedDict|dictionary) (?:mutated|changed size|keys changed) during iteration.*\n"
                                     r"|need more than \d values? to unpack|too many values to unpack \(expected 2\)"
                                     r"|(?:cannot convert )?dictionary update sequence element #\d(?: has length \d; 2 is required| to a sequence)"
                                     r"|'\w+' object is not iterable",
    "slots_of_a_list_class_below_a_dict": r"(?:, )?'[xz]'|'[xz]', ",
    "frozen_dataclass_with_slots": r"TypeError\(super\(type, obj\): obj must be an instance or subtype of type\)"
                                   r"|FrozenInstanceError\(cannot (?:assign to|delete) field '\w+'\)",
    "text_of_recursion_error": r"(?<=maximum recursion depth exceeded)(?: in comparison| while [a-zA-Z ]+)",
}


def batch_of(programs):
    """One script of many programs, each guarded and introduced by a line with its number."""
    parts = [PRELUDE]
    for number, program in enumerate(programs):
        parts.append(f"{function_of(number, program)}print('\\x1e{number}')\n"
                     f"try:\n    program_{number}()\nexcept BaseException as error:\n    print('ends with', chain(error))\n")
    return "".join(parts) + "sys.stdout.flush()\nos._exit(0)\n"


def function_of(number, program):
    return f"def program_{number}():\n" + "".join(f"    {line}\n" for line in program) + "    pass\n"


def run(command, script, seconds=SECONDS):
    environment = {**os.environ, "PYTHONHASHSEED": "0", "CO_HASH_SEED": "0", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run([*command, script], capture_output=True, timeout=seconds, env=environment,
                              stdin=subprocess.DEVNULL, cwd=os.path.dirname(script))
        return done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        return late.stdout or b"", "no end"


def outputs(command, programs, folder, seconds=SECONDS):
    """What each program printed; None for those that were not reached because an earlier one ended the process."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", dir=folder, delete=False, encoding="utf8", errors="surrogatepass") as file:
        file.write(batch_of(programs))
    out, status = run(command, file.name, seconds)
    os.unlink(file.name)
    text = out.decode("utf8", "backslashreplace").replace(file.name, "program.py")
    text = re.sub(r"0x[0-9a-f]{6,}", "0x...", re.sub(r" at \S+/asyncio/\w+\.py:\d+", "", text))
    text = re.sub(r"\{(?=[^\n]*['.N])(?:[^{}:\n]|\{[^{}\n]*\})*, (?:[^{}:\n]|\{[^{}\n]*\})*\}", in_order, text)
    pieces = re.split(r"^\x1e(\d+)\n", text, flags=re.M)
    found = dict(zip(map(int, pieces[1::2]), pieces[2::2]))
    if status != 0 and found:
        found[max(found)] += f"the process ends: {status}\n"
    return [found.get(number) for number in range(len(programs))]


def in_order(found):
    """A set with texts or None in it: sorted, for their hashes are each process's own."""
    return "{" + ", ".join(sorted(found[0][1:-1].split(", "))) + "}"


class Judge:
    def __init__(self, co, python, folder):
        self.co, self.python, self.folder = [co], [python], folder

    def compare(self, programs):
        """(program, python's output, co's) of those that differ."""
        seconds = SECONDS if len(programs) > 1 else ALONE
        expected, got = (outputs(side, programs, self.folder, seconds) for side in (self.python, self.co))
        if len(programs) == 1 and ends(expected[0]) != ends(got[0]):  # the machine may have stood still
            expected, got = (outputs(side, programs, self.folder, PATIENCE) for side in (self.python, self.co))
        differing = [three for three in zip(programs, expected, got) if three[1] != three[2] or three[1] is None]
        if len(programs) == 1:
            return [three for three in differing if not listed(three[1] or "", three[2] or "")]
        # In smaller pieces, in the end alone: one that ends the process takes what follows along.
        again, size = [program for program, _, _ in differing], max(1, len(programs) // 10)
        return [found for start in range(0, len(again), size) for found in self.compare(again[start:start + size])]

    def shrink(self, program):
        """Leave out lines, with what is indented below them, as long as the rest still differs and is valid."""
        changed = True
        while changed:
            changed = False
            for start in range(len(program) - 1, -1, -1):
                for stop in {block_end(program, start), start + 1}:
                    fewer = program[:start] + program[stop:]
                    if compiles(fewer) and self.compare([fewer]):
                        program, changed = fewer, True
                        break
        return program


def ends(output):
    return output is not None and not output.endswith(NO_END)


def block_end(program, start):
    """The line after what belongs to line `start`."""
    indent = len(program[start]) - len(program[start].lstrip())
    stop = start + 1
    while stop < len(program) and len(program[stop]) - len(program[stop].lstrip()) > indent:
        stop += 1
    return stop


def compiles(program):
    try:
        compile(function_of(0, program), "program", "exec", dont_inherit=True)
        return True
    except (SyntaxError, ValueError):
        return False


def listed(want, have):
    if want.endswith(NO_END) and have.endswith(DEADLOCK):
        return want.removesuffix(NO_END) == have.removesuffix(DEADLOCK)
    if want.endswith(NO_END):  # it computes something gigantic: equal as far as it got, if what co kept back is not known
        return not have or have.startswith(want.removesuffix(NO_END))
    lines, other = want.split("\n"), have.split("\n")
    if len(lines) == len(other) and all(line == had or NO_COMPLEX in had for line, had in zip(lines, other)):
        return True
    return any(re.sub(rule, "", want) == re.sub(rule, "", have) for rule in LISTED.values())


def make(seed, number, chosen):
    """The program of this number: lines that CPython compiles."""
    for attempt in range(50):
        chance = random.Random(f"{seed} {number} {attempt}")
        program = chance.choice(chosen).program(chance)
        if compiles(program):
            return program
    raise SystemExit(f"the grammar makes no valid program of number {number}")


def judged(judge, options, start):
    """What differs among the programs of one batch, as small as it gets: (program, python's output, co's)."""
    chosen = [themes.ALL[name] for name in options.theme or themes.ALL]
    programs = [make(options.seed, n, chosen) for n in range(start, min(start + BATCH, options.n))]
    found = judge.compare(programs)
    if options.no_shrink:
        return found
    smaller = [judge.shrink(program) for program, _, _ in found]
    return [again[0] if (again := judge.compare([program])) else (program, "(not again)", "") for program in smaller]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--co", default="./co")
    parser.add_argument("--python", default="python3")
    parser.add_argument("-n", type=int, default=2000, help="how many programs")
    parser.add_argument("-j", type=int, default=os.cpu_count(), help="how many processes")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--theme", action="append", help="only this grammar: " + ", ".join(themes.ALL))
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--show", action="store_true", help="print the programs instead of running them")
    parser.add_argument("--most", type=int, default=20, help="stop after so many differences")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.show:
        chosen = [themes.ALL[name] for name in options.theme or themes.ALL]
        for number in range(options.n):
            print(f"# {number}", *make(options.seed, number, chosen), sep="\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return report(Judge(os.path.abspath(options.co), options.python, folder), options)


def report(judge, options):
    """Print what differs, smallest form first seen; tell how many programs were compared."""
    ran = differing = 0
    with multiprocessing.Pool(options.j) as pool:
        batch = functools.partial(judged, judge, options)
        for found in pool.imap(batch, range(0, options.n, BATCH)):
            ran = min(ran + BATCH, options.n)
            for program, want, have in found:
                print("-" * 100, *program, "## python3:", (want or "nothing").rstrip(), "## co:", (have or "nothing").rstrip(),
                      sep="\n", flush=True)
            differing += len(found)
            if differing >= options.most:
                break
    print(f"{ran} programs of seed {options.seed}: {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
