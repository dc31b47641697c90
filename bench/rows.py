"""The rows of the bench: one line each, read by run.py and instructions.py.

A row's program is GROUP/NAME.co; its full size is the default written in that program, `small` is the
argument for counting instructions and for quick checks. `plain` names the twins that make plain calls
where the program has coroutines: they are shown, but not compared with.
"""
import re
from collections import namedtuple
from pathlib import Path

BENCH = Path(__file__).resolve().parent

Row = namedtuple("Row", "group name title small plain program")


def row(group, name, title, small, plain=(), program=None):
    return Row(group, name, title, small, plain, BENCH / group / f"{program or name}.co")


ROWS = [
    row("coroutine", "generator_sum", "generator sum", 300_000),
    row("coroutine", "short_generators", "short generators created", 100_000),
    row("coroutine", "generators_alive", "500,000 generators alive", 40_000),
    row("coroutine", "recursive_yield_from", "recursive `yield from`", 8_000, plain=("lua", "go")),
    row("coroutine", "yield_from_per_node", "the same, one coroutine per node", 8_000,
        program="recursive_yield_from"),
    row("coroutine", "pipeline", "5-stage pipeline", 80_000),
    row("coroutine", "send_ping_pong", "send ping-pong", 150_000),
    row("coroutine", "async_fib", "async fib", 22, plain=("lua", "go")),
    row("coroutine", "deep_await", "deep await", 20_000, plain=("lua", "go")),
    row("coroutine", "gather_sleep0", "gather of sleep(0) tasks", 600),
    row("coroutine", "sleepers", "100,000 sleepers", 10_000),
    row("coroutine", "async_queue", "async queue", 10_000),
    row("coroutine", "async_generator", "async generator", 60_000),
    row("coroutine", "ring", "ring of 503 tasks", 20_000),
    row("coroutine", "async_tree", "async tree", 4),
    row("coroutine", "async_tree_sleeps", "async tree with sleeps", 4),

    row("classic", "fib", "fib", 23),
    row("classic", "loop", "loop", 4_000),
    row("classic", "nbody", "nbody", 5_000),
    row("classic", "spectral_norm", "spectral norm", 60),
    row("classic", "fannkuch", "fannkuch", 7),
    row("classic", "mandelbrot", "mandelbrot", 100),
    row("classic", "binary_trees", "binary trees", 10),
    row("classic", "nqueens", "nqueens", 8),
    row("classic", "sieve", "sieve", 100_000),
    row("classic", "oo_dispatch", "oo dispatch", 20_000),
    row("classic", "dict_words", "dict words", 30_000),
    row("classic", "string_build", "string build", 15_000),
    row("classic", "sort", "sort", 12_000),
    row("classic", "closures", "closures", 25_000),
    row("classic", "exceptions", "exceptions", 40_000),
    row("classic", "bigint", "bigint", 1_200),

    row("containers", "dict_insert", "dict insert", 12_000),
    row("containers", "dict_lookup", "dict look-up", 60_000),
    row("containers", "set_basics", "set basics", 6_000),
    row("containers", "list_insert", "list insert", 2_000),
    row("containers", "list_slice", "list slice", 20_000),
    row("containers", "list_sort", "list sort", 3_000),
    row("containers", "str_join_split", "str join and split", 8_000),
    row("containers", "str_slice_find", "str slice and find", 25_000),

    row("others", "adventure", "text adventure", 100),
    row("others", "matrix", "matrices on lists", 30),
    row("others", "encoder", "encoder of nested data", 120),
    row("others", "life", "game of life", 60),
    row("others", "tokenizer", "tokenizer", 100),
]

GROUPS = list(dict.fromkeys(r.group for r in ROWS))


def select(pattern):
    """The rows whose group or name matches the regular expression `pattern`."""
    return [r for r in ROWS if re.search(pattern, f"{r.group}/{r.name}")]


def full_size(r):
    """The size that r's program takes when it is given no argument."""
    return re.search(r"len\(sys.argv\) > 1 else ([\d_]+)", r.program.read_text()).group(1).replace("_", "")
