#!/usr/bin/python3
"""Many random events: keys, pastes, resizes and task output, in sessions of a thousand. `make soak-repl`.

Usage: soak.py --co BINARY [--events N] [--seed N]
"""
import argparse
import os
import pathlib
import random
import sys
import tempfile

import random_events
import terminal


def session(co, seed, events):
    with tempfile.TemporaryDirectory(prefix="co-soak-") as folder:
        started = []

        def start(**arguments):
            started.append(terminal.Terminal(co, env={"XDG_STATE_HOME": folder}, slow=3, **arguments))
            started[0].prompt()
            return started[0]
        try:
            random_events.play(start, seed, events, reflows=seed % 2 == 1, noise=seed % 3 != 0)
        finally:
            started[0].close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--co", required=True)
    parser.add_argument("--events", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    done, seed = 0, options.seed
    while done < options.events:
        events = min(1000, options.events - done)
        try:
            session(os.path.abspath(options.co), seed, events)
        except AssertionError as error:
            print(f"{error}\nafter {done} events; again: {pathlib.Path(__file__).name} --seed {seed} --events {events}")
            return 1
        done, seed = done + events, seed + 1
        if done % 10000 == 0:
            print(f"{done} events", flush=True)
    print(f"soak: {done} random events, screen and model agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
