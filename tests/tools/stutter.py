#!/usr/bin/env python3
"""Run a command while the programs below it stand still at random moments, as on a machine that others use too.

Usage: stutter.py NAME COMMAND [ARGUMENT ...]; exits as the command does.
Every process of that NAME below the command is stopped for up to 0.8 seconds, goes on for up to 0.4, and so on. What a test
says then must not change: one that does judges time where it should judge order.
"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import time


def processes():
    """Of each process: its number, its parent's, its name."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = stat.read_text().split(" (", 1)
        except OSError:
            continue  # it has ended
        name, fields = rest.rsplit(") ", 1)
        yield int(number), int(fields.split()[1]), name


def below(root, name):
    children = {}
    for number, parent, its_name in processes():
        children.setdefault(parent, []).append((number, its_name))
    todo = [root]
    while todo:
        for number, its_name in children.get(todo.pop(), ()):
            todo.append(number)
            if its_name == name:
                yield number


def tell(numbers, what):
    for number in numbers:
        try:
            os.kill(number, what)
        except ProcessLookupError:
            pass


def main(name, *command):
    child = subprocess.Popen(command)
    while child.poll() is None:
        time.sleep(random.uniform(0, 0.4))
        stopped = list(below(child.pid, name))
        tell(stopped, signal.SIGSTOP)
        time.sleep(random.uniform(0, 0.8))
        tell(stopped, signal.SIGCONT)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
