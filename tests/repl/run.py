#!/usr/bin/python3
"""Run the prompt's tests: every function of the modules beside this file that has a `co` parameter.

Usage: run.py --co BINARY [--slow N] [-k PATTERN]
A test gets `co`, which starts a Terminal with its own history folder: t = co(columns=60).
"""
import argparse
import concurrent.futures
import functools
import importlib
import inspect
import os
import pathlib
import signal
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
DOUBTFUL = 3  # so few failures are judged by a second run with nothing beside it: a terminal's tests are all waiting
MODULES = ["editing", "tasks", "history", "completion", "wide", "plain", "commands", "random_events"]

try:
    import terminal
except ImportError as missing:
    print(f"SKIPPED tests/repl: {missing} (Debian: python3-pyte)")
    sys.exit(0)


def collect(pattern):
    for name in MODULES:
        module = importlib.import_module(name)
        for function in vars(module).values():
            here = inspect.isfunction(function) and function.__module__ == name
            if here and "co" in inspect.signature(function).parameters:
                title = f"tests/repl/{name}: {function.__name__}"
                if not pattern or pattern in title:
                    yield title, function


def run_one(item, options):
    title, function = item
    terminals = []
    with tempfile.TemporaryDirectory(prefix="co-repl-") as folder:
        def start(**arguments):
            env = {"XDG_STATE_HOME": folder, **arguments.pop("env", {})}
            ready = arguments.pop("ready", True)  # keys typed before that would be echoed by the system
            started = terminal.Terminal(options.co, env=env, slow=options.slow, **arguments)
            terminals.append(started)
            if ready:
                started.prompt()
            return started
        start.folder = pathlib.Path(folder)
        start.binary = options.co
        start.slow = options.slow
        try:
            signal.alarm(int(60 * options.slow))  # whatever waits without a limit of its own
            function(start)
            return title, None
        except Exception:
            return title, traceback.format_exc(limit=-2)
        finally:
            signal.alarm(0)
            for each in terminals:
                each.close()


def too_long(*_):
    raise AssertionError("the test takes too long")


def main():
    signal.signal(signal.SIGALRM, too_long)
    parser = argparse.ArgumentParser()
    parser.add_argument("--co", required=True)
    parser.add_argument("--slow", type=float, default=1)
    parser.add_argument("-k")
    options = parser.parse_args()
    options.co = os.path.abspath(options.co)
    run, titles = functools.partial(run_named, options=options), names(options.k)
    with concurrent.futures.ProcessPoolExecutor(max_workers=4 * os.cpu_count()) as pool:
        problems = {title: problem for title, problem in pool.map(run, titles) if problem}
    if len(problems) <= DOUBTFUL:
        for title in list(problems):
            if run(title)[1] is None:
                print(f"passed only by itself: {title}\n{problems.pop(title)}", flush=True)
    for title, problem in problems.items():
        print(f"FAIL {title}\n{problem}", flush=True)
    print(f"tests/repl: {len(titles) - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


def names(pattern):
    return [title for title, _ in collect(pattern)]


def run_named(title, options):
    return run_one(next(item for item in collect(None) if item[0] == title), options)


if __name__ == "__main__":
    sys.exit(main())
