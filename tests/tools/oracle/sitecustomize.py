"""CPython as the oracle of tests/run.py: it finds this file on PYTHONPATH and then imports .co files too."""
import sys
from importlib.machinery import FileFinder, SourceFileLoader

class CoFinder:
    """Looks for NAME.co beside the program, before anything else of that name."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        for folder in path if path is not None else sys.path:
            try:
                spec = FileFinder(folder or ".", (SourceFileLoader, [".co"])).find_spec(name)
            except ImportError:
                continue
            if spec is not None and spec.loader is not None:
                return spec
        return None


sys.meta_path.insert(0, CoFinder)
