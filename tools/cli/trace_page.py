#!/usr/bin/env python3
"""Print cli/trace_page.html as the items of a C array of char, with a NUL at the end."""
import pathlib

page = pathlib.Path(__file__).resolve().parents[2] / "cli/trace_page.html"
data = page.read_bytes() + b"\0"
for at in range(0, len(data), 24):
    print(", ".join(str(byte if byte < 128 else byte - 256) for byte in data[at:at + 24]) + ",")
