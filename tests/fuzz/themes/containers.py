"""Long runs of operations on one list, dict, set, deque, str or bytearray: slices, slice assignment, change while iterating."""
from . import Source, values

INDEX = ["0", "1", "-1", "2", "5", "-7", "None", "10**20", "-10**20", "True", "1.0", "'a'"]


def cut(chance):
    parts = [chance.choice(["", "", *INDEX[:9]]) for _ in range(chance.choice([2, 2, 3]))]
    return ":".join(parts)


def index(chance):
    return cut(chance) if chance.random() < 0.5 else chance.choice(INDEX)


def item(chance):
    return chance.choice(["1", "2", "'a'", "None", "1.0", "True", "(1, 2)", "[1]", "0", "-1", "x"])


def sequence(chance):
    return chance.choice(values.LISTS + values.TUPLES + ["range(4)", "'abc'", "x", "(n for n in (1, 2))", "5", "{1: 2}", "{3}"])


OPERATIONS = {
    "list": ["x[{i}]", "x[{i}] = {v}", "x[{c}] = {s}", "del x[{i}]", "x.append({v})", "x.extend({s})", "x.insert({i0}, {v})", "x.pop({i0})", "x.remove({v})",
             "x.index({v})", "x.index({v}, {i0}, {i0})", "x.count({v})", "x.reverse()", "x.sort()", "x.sort(key=str, reverse={b})", "x += {s}", "x *= {n}", "x = x + {s}",
             "x = {n} * x", "x.copy()", "{v} in x", "x == {s}", "x < {s}", "[x.append(n) for n in x if len(x) < 9]", "[x.pop() for n in x]", "min(x)", "sum(x)",
             "list(reversed(x))", "sorted(x)", "any(x)", "x.clear()", "[*x, *{s}]", "list(zip(x, {s}))", "len(x)", "list(enumerate(x, {n}))", "list(map({f}, x))",
             "list(filter({f}, x))", "max(x, default=0)", "x.__delitem__({i0})", "iter(x).__length_hint__()"],
    "dict": ["x[{v}]", "x[{v}] = {v}", "del x[{v}]", "x.get({v}, {v})", "x.pop({v})", "x.pop({v}, 0)", "x.popitem()", "x.setdefault({v}, {v})", "x.update({s})",
             "x.update(a={v})", "x |= {s}", "x | {d}", "{d} | x", "list(x)", "list(x.items())", "x.keys() & {s}", "x.keys() - {s}", "x.items() == {d}.items()", "{v} in x",
             "dict.fromkeys({s}, {v})", "list(reversed(x))", "[x.pop(k) for k in x]", "[x.setdefault(str(k), 1) for k in x]", "[x.update({{k: 1}}) for k in x]", "x.copy()",
             "x == {d}", "dict({s})", "x.clear()", "len(x)", "x.values()", "{{**x, **{d}}}", "next(iter(x))", "x.items() <= {d}.items()", "x < {d}", "min(x)",
             "x.keys().isdisjoint({s})", "sorted(x.items())", "{{v: k for k, v in x.items()}}"],
    "set": ["x.add({v})", "x.discard({v})", "x.remove({v})", "x.pop() is None", "x |= {s}", "x &= {s}", "x -= {s}", "x ^= {s}", "x | {t}", "x & {t}", "x - {t}", "x ^ {t}",
            "x.union({s}, {s})", "x.intersection({s})", "x.difference({s})", "x.symmetric_difference({s})", "x.update({s})", "x.isdisjoint({s})", "x <= {t}", "x < {t}", "x == {t}",
            "{v} in x", "x.issubset({s})", "x.issuperset({s})", "[x.add(n) for n in range(9)]", "[x.add(n + 50) for n in x if type(n) is int]", "sum(n for n in x if type(n) is int)",
            "x.copy()", "frozenset(x) == x", "x.difference_update({s})", "x.symmetric_difference_update({s})", "len(x)", "x.clear()", "x.intersection_update({s})"],
    "deque": ["x[{i0}]", "x[{i0}] = {v}", "del x[{i0}]", "x.append({v})", "x.appendleft({v})", "x.pop()", "x.popleft()", "x.extend({s})", "x.extendleft({s})", "x.rotate({i0})",
              "x.insert({i0}, {v})", "x.remove({v})", "x.index({v})", "x.count({v})", "x.reverse()", "x += {s}", "x *= {n}", "x + x", "x == x.copy()", "x < x", "[x.append(1) for n in x]",
              "{v} in x", "x.maxlen", "list(reversed(x))", "x[{c}]", "x.clear()"],
    "str": ["x[{i}]", "x[{c}]", "x.find({q}, {i0})", "x.count({q})", "x.split({q})", "x.rsplit({q}, {n})", "x.partition({q})", "x.replace({q}, 'zz', {n})", "x.strip({q})", "x.join({s})",
            "x * {n}", "x + {q}", "{q} in x", "x.startswith({q}, {i0})", "x.index({q})", "x.center({n}, {q})", "x.zfill({n})", "x.splitlines()", "x.translate({d})", "x.encode()", "x < {q}",
            "list(reversed(x))", "x.title()", "x.swapcase()", "x.removeprefix({q})", "x.rfind({q})", "x.expandtabs({n})", "x % {v}", "sorted(x)"],
    "bytearray": ["x[{i}]", "x[{i}] = {n}", "x[{c}] = {y}", "del x[{i}]", "x.append({n})", "x.extend({y})", "x.insert({i0}, 65)", "x.pop()", "x.remove({n})", "x += {y}", "x *= {n}", "x.find({y})",
                  "x.split({y})", "x.replace({y}, b'zz')", "{y} in x", "x.reverse()", "x == {y}", "x.hex()", "bytes(x)", "x.strip({y})", "x.translate(None, {y})", "x + {y}", "x.startswith({y})",
                  "x.decode()", "x.join([{y}, {y}])", "x.isalpha()", "x.count({y})", "x.clear()"],
}
STARTS = {"list": values.LISTS, "dict": values.DICTS, "set": ["{1, 2, 3}", "set()", "set(range(10))"], "str": values.STRS, "bytearray": ["bytearray(b'abcabc')", "bytearray()"],
          "deque": ["deque()", "deque([1, 2, 3])", "deque([1, 2, 3], 3)", "deque([], 0)", "deque(maxlen=2)"]}


def operation(chance, kind):
    return chance.choice(OPERATIONS[kind]).format(
        i=index(chance), i0=chance.choice(INDEX), c=cut(chance), v=item(chance) if kind != "set" else chance.choice(["1", "2", "7", "1.0", "True", "[1]", "(1, 2)", "x", "0", "-1"]), s=sequence(chance) if kind != "set" else chance.choice(["[1]", "(1, 2)", "range(4)", "x", "5", "{1: 2}", "{3}", "[3, 1, [2]]"]), n=chance.choice(["0", "1", "2", "-1", "None"]), b=chance.choice(["True", "False"]),
        d=chance.choice(values.DICTS), t=chance.choice(["{1, 2}", "set()", "frozenset({3})", "[1]"]), f=chance.choice(["None", "bool", "str", "len"]),
        q=chance.choice(["'a'", "''", "'ab'", "None", "' '", "1", "x"]), y=chance.choice(["b'a'", "b''", "b'bc'", "[1, 2]", "x", "'a'", "bytearray(b'a')"]))


def program(chance):
    kind = chance.choice(list(OPERATIONS))
    source = Source()
    source("from collections import deque", f"x = {chance.choice(STARTS[kind])}")
    for _ in range(chance.randint(4, 10)):
        text = operation(chance, kind)
        statement = " = " in text or text.startswith("del ") or any(f"{sign}= " in text for sign in "+*|&-^") and "==" not in text
        source("try:", f"    {text}" if statement else f"    print({text})", "except Exception as error: print(type(error).__name__, error)", "print(x)")
    return source.lines
