#!/usr/bin/env python3
"""Check by the linker's symbols that each floor stands without the ones above it.

Usage: floors.py BUILD_FOLDER

vm/ may need nothing of lang/, stdlib/ or cli/; lang/ nothing of stdlib/ or cli/, and of vm/ only the contract (the opcode
table, messages, Unicode); stdlib/ nothing of lang/ or cli/. Prints one line per symbol that breaks this, and fails.
"""
import pathlib
import subprocess
import sys

BELOW = {"vm": {"vm"}, "lang": {"lang", "contract"}, "stdlib": {"stdlib", "vm", "contract"}}
# Plain data, and functions about it, which need no VM.
CONTRACT = {"opcode", "lines", "flow", "liveness", "verify", "dis", "messages", "hangul", "unitables", "ucd", "ucd_names", "inflate"}


def symbols(objects, flags):
    out = subprocess.run(["nm", "-A", "-P", *flags, *map(str, objects)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        path, name = line.split()[:2]
        yield pathlib.Path(path.rstrip(":")), name


def main(build):
    floors = {f: sorted(pathlib.Path(build, f).glob("*.o")) for f in ("vm", "lang", "stdlib", "cli")}
    floors["lang"] += sorted(pathlib.Path(build, "gen", "lang").glob("*.o"))
    home = {}
    for floor, objects in floors.items():
        for path, name in symbols(objects, ["--defined-only", "--extern-only"]):
            home[name] = "contract" if floor == "vm" and path.stem in CONTRACT else floor
    broken = []
    for floor, allowed in BELOW.items():
        for path, name in symbols(floors[floor], ["--undefined-only"]):
            where = home.get(name)
            if where and where not in allowed | ({"contract"} if floor == "vm" else set()):
                broken.append(f"{path}: {name} is defined in {where}/")
    print("\n".join(broken) if broken else "every floor stands by itself")
    return 1 if broken or not home else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
