"""Runs programs for the bench and says what they used: seconds, peak memory, output."""
import os
import platform
import shutil
import signal
import subprocess
from collections import namedtuple
from pathlib import Path

from rows import BENCH

ROOT = BENCH.parent
BUILD = ROOT / "build" / "bench"

# cpu and wall in seconds, peak in kB. `failure` is None or one line that says why there is no result.
Run = namedtuple("Run", "cpu wall peak output failure")


def failed(why):
    return Run(None, None, None, "", why)


def helper():
    """The compiled measure.c."""
    binary, source = BUILD / "measure", BENCH / "measure.c"
    if not binary.exists() or binary.stat().st_mtime < source.stat().st_mtime:
        BUILD.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", str(binary), str(source)], check=True)
    return str(binary)


def run(command, limit=120):
    """Run `command`, killing it after `limit` seconds. Never raises for what the program does."""
    reader, writer = os.pipe()
    process = subprocess.Popen([helper(), str(writer), *map(str, command)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, pass_fds=[writer],
                               start_new_session=True)
    os.close(writer)
    with os.fdopen(reader) as report:
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return failed(f"still running after {limit} s")
        fields = report.read().split()
    if len(fields) != 5:
        return failed("could not be started")
    wall, user, system, peak, status = map(int, fields)
    if status != 0:
        last = err.decode(errors="replace").strip().splitlines()[-1:]
        return failed(" ".join([f"exit status {status}", *last]))
    return Run((user + system) / 1e6, wall / 1e9, peak, out.decode(errors="replace").strip(), None)


def find_co(given=None):
    """The co to measure, or None when it has not been built."""
    for path in [given] if given else [ROOT / "co", ROOT / "build" / "release" / "co"]:
        if os.access(path, os.X_OK) and Path(path).is_file():
            return str(Path(path).resolve())
    return None


def find_python():
    """The python3 that everything is measured against: the system's 3.11, else the first on PATH."""
    system = "/usr/bin/python3"
    for path in [system, shutil.which("python3")]:
        if path and os.access(path, os.X_OK) and version(path).startswith("3.11"):
            return path
    return shutil.which("python3")


def version(python):
    code = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def machine():
    """One line about where the figures come from."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{os.cpu_count()} x {model}"
