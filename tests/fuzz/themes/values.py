"""Expressions for values, good and bad, that most grammars draw from."""

SMALL = ["0", "1", "-1", "2", "3", "7", "True"]
INTS = SMALL + ["255", "256", "-256", "(2**31)", "(2**61)", "(-2**60)", "(2**63)", "(-2**64)", "(10**25)", "sys.maxsize"]
FLOATS = ["0.0", "-0.0", "0.5", "1.5", "-2.5", "1e16", "1e-7", "1e300", "5e-324", "float('inf')", "float('nan')"]
STRS = ["''", "'a'", "'abc'", "'a b'", "'Hello World'", "'12'", "'é한'", "'x\\ny'", "'aXbX'", "' pad '", "'ß'"]
BYTES = ["b''", "b'a'", "b'abc'", "b'a,b'", "bytearray(b'ab')", "bytearray()"]
LISTS = ["[]", "[1]", "[1, 2, 3]", "[3, 1, 2]", "['b', 'a']", "[[1], [2]]", "[None, 1]"]
TUPLES = ["()", "(1,)", "(1, 2)", "('a', 'b')", "(1, 'a', None)"]
DICTS = ["{}", "{'a': 1}", "{1: 2, 3: 4}", "{'a': {'b': 1}}"]
SETS = ["set()", "{1, 2, 3}", "{1}", "frozenset({2, 3})", "frozenset()"]
OTHERS = ["None", "...", "NotImplemented", "object", "int", "str", "len", "slice(0, 2)", "range(3)", "range(5, 0, -2)",
          "slice(None, None, -1)", "iter([1, 2])", "(x for x in [1, 2])", "lambda *a: 1"]

ANY = SMALL + INTS + FLOATS + STRS + BYTES + LISTS + TUPLES + DICTS + SETS + OTHERS
ITERABLES = STRS + BYTES + LISTS + TUPLES + DICTS + SETS + ["range(3)", "iter([1, 2])", "(x for x in [1, 2])", "zip('ab', [1, 2])"]
ERRORS = ["ValueError", "KeyError", "TypeError", "ZeroDivisionError", "IndexError", "StopIteration", "RuntimeError"]


def some(chance, values, least=0, most=3):
    return [chance.choice(values) for _ in range(chance.randint(least, most))]
