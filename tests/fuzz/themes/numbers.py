"""Arithmetic on integers and floats: operators, corners, conversions."""
from . import values

BINARY = ["+", "-", "*", "//", "%", "/", "&", "|", "^", "<", "<=", "==", "!=", ">"]
UNARY = ["-", "+", "~", "not ", "abs", "int", "float", "bool", "round", "str", "repr", "hash", "bin", "hex", "oct"]
NUMBERS = values.INTS + values.FLOATS + ["12345678901234567890", "-7", "10", "100", "(2**100 - 1)", "-3.7", "2.5", "3.5", "1e15", "0.1"]
METHODS = ["bit_length()", "bit_count()", "as_integer_ratio()", "conjugate()", "is_integer()", "hex()", "real", "imag", "numerator",
           "__floor__()", "__ceil__()", "__trunc__()", "__round__(1)", "__round__(-1)", "__index__()", "__pow__(2, 5)", "__rsub__(1)",
           "__divmod__(3)", "__rdivmod__(3)", "__rtruediv__(2)", "__eq__(1.0)", "__lt__('a')", "__bool__()"]


def number(chance, depth):
    if depth == 0 or chance.random() < 0.25:
        return chance.choice(NUMBERS)
    left, right = number(chance, depth - 1), number(chance, depth - 1)
    form = chance.random()
    if form < 0.55:
        return f"({left} {chance.choice(BINARY)} {right})"
    if form < 0.75:
        name = chance.choice(UNARY)
        if name == "hash":  # each process hashes texts and NaN in its own way
            return f"hash(int({left}))"
        return f"({name}{left})" if name in "-+~not " else f"{name}({left})"
    if form < 0.85:
        small = chance.choice(["0", "1", "-1", "2", "5", "63", "64", "-2", "0.5", "True"])
        return f"({left} {chance.choice(['<<', '>>', '**'])} {small})" if depth == 1 else f"({left} >> {small})"
    if form < 0.9:
        return f"divmod({left}, {right})[{chance.choice('01')}]"  # tests/differs/nan_in_list: no tuples of NaN are compared
    if form < 0.95:
        return f"round({left}, {chance.choice(['0', '1', '-1', '2', '-20', '20', 'None'])})"
    return f"({left}).{chance.choice(METHODS)}"


def conversion(chance):
    text = chance.choice(["12", " 12 ", "-0x1f", "0b101", "1_000", "1__0", "0o17", "z", "", "1e5", "inf", "-nan", "1.5", "٣", "0x1p3", ".5", "5."])
    return chance.choice([
        f"int({text!r}, {chance.choice(['0', '2', '8', '10', '16', '36', '1', '37'])})", f"int({text!r})", f"float({text!r})",
        f"float.fromhex({text!r})", f"pow({number(chance, 0)}, {chance.choice(values.SMALL)}, {number(chance, 0)})",
        f"({chance.choice(NUMBERS)}).to_bytes({chance.choice(['0', '1', '2', '9', '-1', '16'])}, {chance.choice(['big', 'little', 'x'])!r}, "
        f"signed={chance.choice(['True', 'False'])})",
        f"int.from_bytes({chance.choice(values.BYTES + values.LISTS)}, {chance.choice(['big', 'little'])!r}, signed={chance.choice(['0', '1'])})",
        f"range({chance.choice(NUMBERS)}, {chance.choice(NUMBERS)}, {chance.choice(NUMBERS)})",
    ])


def program(chance):
    return [f"show(lambda: {number(chance, chance.choice([1, 2, 3])) if chance.random() < 0.75 else conversion(chance)})" for _ in range(6)]
