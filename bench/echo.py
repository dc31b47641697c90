#!/usr/bin/env python3
"""CPU time for a TCP round trip of 64 bytes on one of 32 connections: Co's streams, CPython's asyncio running the same program
and, where `go` is installed, Go's net on one thread, in turns.

Each server runs on the first core, the load (this program) on the second. Usage: echo.py [--rounds 5] [--seconds 3]
"""
import argparse
import os
import pathlib
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from servers import cpu_seconds, start

HERE = pathlib.Path(__file__).resolve().parent / "echo"
ROOT = HERE.parent.parent
MESSAGE = b"x" * 64


def measure(argv, port, seconds, connections=32):
    """(microseconds of the server's CPU for a round trip, round trips a second, 99th percentile in ms)"""
    server = start(argv, port)
    waiting = selectors.EpollSelector()
    try:
        for _ in range(connections):
            s = socket.create_connection(("127.0.0.1", port))
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(s, selectors.EVENT_READ, [time.perf_counter()])
            s.send(MESSAGE)
        before, begun, took = cpu_seconds(server.pid), time.perf_counter(), []
        while (now := time.perf_counter()) < begun + seconds:
            for key, _ in waiting.select():
                assert key.fileobj.recv(1000) == MESSAGE
                took.append(now - key.data[0])
                key.data[0] = now
                key.fileobj.send(MESSAGE)
        used = cpu_seconds(server.pid) - before
        return used / len(took) * 1e6, len(took) / seconds, statistics.quantiles(took, n=100)[98] * 1e3
    finally:
        for key in list(waiting.get_map().values()):
            key.fileobj.close()
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--co", default=str(ROOT / "co"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    servers = {"Co": [options.co, HERE / "echo.co"], "asyncio": [sys.executable, HERE / "echo.co"]}
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as scratch:
        if shutil.which("go"):
            subprocess.run(["go", "build", "-o", f"{scratch}/echo", HERE / "echo.go"], check=True)
            servers["Go"] = [f"{scratch}/echo"]
        results = {name: [] for name in servers}
        for i in range(options.rounds):
            for j, (name, argv) in enumerate(servers.items()):
                results[name].append(measure(argv, 9191 + j, options.seconds))
                print("{:8} {:6.2f} us a round trip  {:8.0f} a second  p99 {:.2f} ms".format(name, *results[name][-1]), flush=True)
    median = {name: statistics.median(row[0] for row in rows) for name, rows in results.items()}
    print(", ".join(f"{name} {us:.2f} us" for name, us in median.items()), "in the median")
    if "Go" in median:
        print(f"ratio to Go {median['Co'] / median['Go']:.2f}")


if __name__ == "__main__":
    main()
