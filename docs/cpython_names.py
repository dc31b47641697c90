#!/usr/bin/env python3
"""Print the public names of CPython's modules, one module a line: made once with CPython 3.11, kept in cpython_names.txt.

Usage: python3.11 cpython_names.py MODULE ... > cpython_names.txt
"""
import importlib
import sys
import types
import warnings

warnings.simplefilter("ignore")


def public(module):
    listed = set(getattr(module, "__all__", ()))
    others = {name for name in dir(module) if not name.startswith("_")
              and not isinstance(getattr(module, name), types.ModuleType)
              and getattr(getattr(module, name), "__module__", module.__name__) in (module.__name__, None)}
    return sorted(listed or others)


for name in sorted(sys.argv[1:]):
    try:
        module = importlib.import_module(name)
    except ImportError:
        continue
    print(name, *public(module))
