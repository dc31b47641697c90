"""format(), '%', str.format and f-strings with random specifications."""
from . import values

VALUES = values.INTS + values.FLOATS + ["123456789.123", "0.1", "999999.5", "1234567", "2.675"] + values.STRS + ["None", "[1]", "b'x'", "object"]


def spec(chance):
    align = chance.choice(["", "", "<", ">", "^", "="])
    parts = [chance.choice(["", "*", "0", " ", "é"]) if align else "", align, chance.choice(["", "", "+", "-", " ", "z"]),
             chance.choice(["", "", "#"]), chance.choice(["", "", "0"]), chance.choice(["", "", "1", "5", "12"]),
             chance.choice(["", "", "", ",", "_"]), chance.choice(["", "", ".0", ".1", ".3", ".10", "."]),
             chance.choice(["", "", *"bcdeEfFgGnosxX%rq"])]
    return "".join(parts)


def percent(chance):
    flags = "".join(values.some(chance, "#0- +", 0, 2))
    return (f"%{chance.choice(['', '', '', '(a)', '('])}{flags}{chance.choice(['', '', '5', '12', '*'])}"
            f"{chance.choice(['', '', '.2', '.0', '.', '.*'])}{chance.choice(['', '', 'l'])}{chance.choice('diouxXeEfFgGcrsa%zq')}")


def field(chance, nested=False):
    name = chance.choice(["", "", "0", "1", "a", "a.real", "a[0]", "0[0]", "a[b]", "5", "a.", "a[", ".x"])
    conversion = chance.choice(["", "", "", "!r", "!s", "!a", "!x"])
    after = "" if chance.random() < 0.3 else ":" + (field(chance, True) if not nested and chance.random() < 0.2 else spec(chance))
    return "{" + name + conversion + after + "}"


def by_percent(chance):
    args = ", ".join(values.some(chance, VALUES, 1, 2))
    right = chance.choice([f"({args},)", chance.choice(VALUES), f"{{'a': {chance.choice(VALUES)}}}"])
    text = "".join(percent(chance) for _ in range(chance.choice([1, 1, 2])))
    if "*" in text:
        right = f"({chance.choice(['5', '-7', repr('a'), '0'])}, {args})".replace("(2**31)", "31")  # such a width is 2 GB
    return f"{'b' if chance.random() < 0.2 else ''}{text!r} % {right}"


def by_method(chance):
    text = "".join(chance.choice(["x", "{{", "}}", "{", "}"]) if chance.random() < 0.15 else field(chance)
                   for _ in range(chance.choice([1, 1, 2])))
    return f"{text!r}.format({chance.choice(VALUES)}, {chance.choice(VALUES)}, a={chance.choice(VALUES)})"


def by_literal(chance):
    value = chance.choice(["v", "v, w", "v or w", "(v)", "[v]", "-w", "w + 1", "v if w else w"])
    conversion = chance.choice(["", "", "!r", "!s", "!a", "="])
    width = chance.choice(["", "", ":{w}", ":>{w}", ":" + spec(chance).replace("{", "")])
    widths = ["0", "9", "-3", "'>7'", "'x'", "''", "None"]  # none that takes gigabytes
    second = chance.choice(widths if "{w}" in width else VALUES)
    return f"(lambda v, w: f'<{{{value}{conversion}{width}}}>')({chance.choice(VALUES)}, {second})"


def program(chance):
    kinds = [lambda c: f"format({c.choice(VALUES)}, {spec(c)!r})", by_percent, by_method, by_literal]
    return [f"show(lambda: {chance.choice(kinds)(chance)})" for _ in range(5)]
