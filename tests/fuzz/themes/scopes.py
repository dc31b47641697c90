"""Functions, classes, lambdas and comprehensions inside one another; global, nonlocal, del and := on a handful of names."""
from . import Source

NAMES = ["a", "b", "c"]


def expression(chance, depth):
    name = chance.choice(NAMES)
    if depth == 0 or chance.random() < 0.4:
        return chance.choice([name, name, str(chance.randint(0, 3)), f"({name} := {chance.randint(4, 9)})"])
    inner = expression(chance, depth - 1)
    return chance.choice([
        f"[{inner} for {name} in range(2)]", f"[({name}, {inner}) for {name} in (1, 2) if {expression(chance, depth - 1)}]",
        f"(lambda {name}: {inner})({chance.randint(0, 3)})", f"(lambda: {inner})()", f"{{{chance.choice(NAMES)}: {inner} for _ in 'x'}}",
        f"list({inner} for {name} in (3, 4) for {chance.choice(NAMES)} in ({name},))", f"[lambda: {inner} for {name} in range(2)][0]()",
        f"({inner}, {expression(chance, depth - 1)})", f"[f() for f in [lambda {name}={name}: {inner} for {name} in range(2)]]",
        f"({inner} if {name} else {expression(chance, depth - 1)})", f"f'{{{name}}}-{{{name}!r:>4}}'",
    ])


def statement(chance, source, depth, kind):
    name = chance.choice(NAMES)
    choice = chance.random()
    if choice < 0.3 or depth == 0:
        source(chance.choice([f"{name} = {chance.randint(0, 9)}", f"print({expression(chance, 2)})", f"{name} = {expression(chance, 2)}", f"del {name}",
                              f"{name} += 1", f"for {name} in range(2): pass", f"import sys as {name}", f"{name}: int = {chance.randint(0, 9)}", f"{name}: int",
                              f"try: {name}\nexcept NameError as error: print(error)".replace("\n", "\n" + "    " * source.depth)]).split("\n")[0])
    elif choice < 0.55:
        arguments = ", ".join(f"{n}={chance.choice([n, '1', '2'])}" for n in NAMES if chance.random() < 0.2)
        function = chance.choice(["f", "g"])
        with source.block(f"def {function}({arguments}):"):
            block(chance, source, depth - 1, "function")
            source(chance.choice([f"return {expression(chance, 1)}", f"print(sorted(locals()))", f"return {name}"]))
        source(f"show({function})" if chance.random() < 0.8 else f"print({function}.__qualname__, {function}.__code__.co_freevars)")
    elif choice < 0.75:
        with source.block(chance.choice(["class C:", "class C(dict):", "class D:"])):
            block(chance, source, depth - 1, "class")
            source(chance.choice([f"print(sorted(k for k in locals() if len(k) < 2))", "def m(self): return __class__.__qualname__", f"{name} = {name}"]))
        source(f"print([getattr(C, n, None) for n in ('a', 'b')] if 'C' in dir() else 0)")
    elif choice < 0.9:
        source("try:")
        source.depth += 1
        statement(chance, source, depth - 1, kind)
        source.depth -= 1
        source("except Exception as error:", f"    print(chain(error))")
    else:
        with source.block(chance.choice([f"for {name} in [5, 6]:", f"if {expression(chance, 1)}:", f"while {name} != 3:"])):
            statement(chance, source, depth - 1, kind)
            source(chance.choice(["pass", "break"]) if not source.lines[-1].startswith("if") else "pass")
            if source.lines[-1].strip() == "pass":
                source("break") if "while" in "".join(source.lines[-6:]) else None


def block(chance, source, depth, kind):
    if chance.random() < 0.35:
        source(f"{chance.choice(['global', 'nonlocal', 'nonlocal'])} {chance.choice(NAMES)}")
    for _ in range(chance.randint(1, 3)):
        statement(chance, source, depth, kind)


def program(chance):
    source = Source()
    source("global a, b, c" if chance.random() < 0.2 else "pass")
    for name in NAMES:
        if chance.random() < 0.7:
            source(f"{name} = '{name}'")
    for _ in range(chance.randint(2, 4)):
        statement(chance, source, 3, "function")
    return [line for line in source.lines if "while" not in line]
