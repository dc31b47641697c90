#!/usr/bin/env python3
"""Compile the C program of docs/embedding.md against co.h and libco.a alone, run it, and compare what it prints with what
the page says.

Usage: run.py BUILD_FOLDER COMPILE... (the compiler and the flags of the build; $LIBS in the environment)
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def block(page, language):
    return re.search(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)[1]


def main(build, *compile_words):
    page = (ROOT / "docs/embedding.md").read_text()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "host.c").write_text(block(page, "c"))
        shutil.copy(ROOT / "include/co.h", folder)  # nothing else of the tree can be included
        shutil.copy(pathlib.Path(build, "libco.a"), folder)
        subprocess.run([*compile_words, "-Wall", "-Wextra", "-Werror", "-I.", "-o", "host", "host.c", "libco.a",
                        *shlex.split(os.environ.get("LIBS", ""))], cwd=folder, check=True)
        run = subprocess.run([folder / "host"], capture_output=True, text=True, timeout=60)
    if (run.stdout, run.stderr, run.returncode) != (block(page, "text"), "", 0):
        sys.exit(f"docs/embedding.md prints something else (status {run.returncode}):\n{run.stdout}{run.stderr}")
    print("the program of docs/embedding.md does what the page says")


if __name__ == "__main__":
    main(*sys.argv[1:])
