#!/usr/bin/env python3
"""Print cli/trace_page.html as a C array: zlib's, a third of its 17 KB."""
import pathlib
import zlib

page = (pathlib.Path(__file__).resolve().parents[2] / "cli/trace_page.html").read_bytes()
data = zlib.compress(page, 9)
print(f"enum {{ PAGE_SIZE = {len(page)} }};\nstatic const unsigned char packed_page[] = {{")
for at in range(0, len(data), 24):
    print(", ".join(map(str, data[at:at + 24])) + ",")
print("};")
