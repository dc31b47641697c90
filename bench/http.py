#!/usr/bin/env python3
"""CPU time for a request: Co's http and, where `go` is installed, Go's net/http on one thread, in turns.

Each server runs on the first core, wrk (Debian: wrk) on the second. Usage: http.py [--rounds 5] [--seconds 3] [--idle 10000]
"""
import argparse
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile

from servers import cpu_seconds, start

HERE = pathlib.Path(__file__).resolve().parent / "http"
ROOT = HERE.parent.parent


def measure(argv, port, seconds):
    """(microseconds of CPU for a request, requests a second, 99th percentile of the latency)"""
    server = start(argv, port)
    try:
        before = cpu_seconds(server.pid)
        load = ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}", "--latency", f"http://127.0.0.1:{port}/"]
        out = subprocess.run(load, capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(server.pid) - before
        requests = int(re.search(r"(\d+) requests in", out)[1])
        if "Non-2xx" in out or "Socket errors" in out:
            print(out)
        return used / requests * 1e6, requests / seconds, re.search(r"99%\s+(\S+)", out)[1]
    finally:
        server.terminate()
        server.wait()


def idle(argv, port, n):
    """Bytes of resident memory for each of n connections that have been served once and stay open."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = start(argv, port)
    request, connections = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", []

    def connect():
        connections.append(socket.create_connection(("127.0.0.1", port)))
        connections[-1].sendall(request)
        assert connections[-1].recv(1000).startswith(b"HTTP/1.1 200")

    def resident():
        return int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{server.pid}/status").read_text())[1]) * 1024
    try:
        connect()
        before = resident()
        for _ in range(n):
            connect()
        return (resident() - before) / n
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--co", default=str(ROOT / "co"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--idle", type=int, default=0, metavar="N", help="measure N idle connections instead")
    options = parser.parse_args()
    servers = {"Co": [options.co, HERE / "hello.co"]}
    if options.idle:
        print(f"{idle(servers['Co'], 9181, options.idle):.0f} bytes for each of {options.idle} idle connections")
        return
    with tempfile.TemporaryDirectory() as scratch:
        if shutil.which("go"):
            subprocess.run(["go", "build", "-o", f"{scratch}/hello", HERE / "hello.go"], check=True)
            servers["Go"] = [f"{scratch}/hello"]
        results = {name: [] for name in servers}
        for i in range(options.rounds):
            for j, (name, argv) in enumerate(servers.items()):
                results[name].append(measure(argv, 9181 + j, options.seconds))
                print("{}  {:6.2f} us a request  {:8.0f} requests/s  p99 {}".format(name, *results[name][-1]), flush=True)
    median = {name: statistics.median(row[0] for row in rows) for name, rows in results.items()}
    print(", ".join(f"{name} {us:.2f} us" for name, us in median.items()), "in the median")
    if "Go" in median:
        print(f"ratio {median['Co'] / median['Go']:.2f}")


if __name__ == "__main__":
    main()
