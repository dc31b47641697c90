"""CPython as the oracle of tests/run.py: it finds this file on PYTHONPATH and then imports .co files too."""
import functools
import sys
from importlib.machinery import FileFinder, SourceFileLoader


@functools.cache
def finder(folder):
    return FileFinder(folder or ".", (SourceFileLoader, [".co"]))


class CoFinder:
    """Looks for NAME.co in the program's own folder and packages, before anything else of that name."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        folders = sys.path[:1] if path is None else path
        for folder in folders:
            if not folder.startswith(sys.prefix):
                spec = finder(folder).find_spec(name)
                if spec is not None and spec.loader is not None:
                    return spec
        return None


sys.meta_path.insert(0, CoFinder)
