"""Servers under measurement: each on the first core, on one thread."""
import os
import pathlib
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def start(argv, port):
    process = subprocess.Popen(["taskset", "-c", "0", *map(str, argv)], env={**os.environ, "GOMAXPROCS": "1", "PORT": str(port)})
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{argv[0]} does not listen")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
