#!/usr/bin/env python3
"""Compare Co's parser with CPython's, file by file: compare_ast.py [--spans] PARSER FILE-OR-FOLDER...

PARSER is run with the file's name as last argument and must print its tree in the form of lang/ast.h's
ast_dump, or exit with status 1 if the file is in error. Accepting or refusing must agree; so must the
trees, after CPython's has been brought into our shape (one list of parameters, elif branches, ...).
"""
import ast
import io
import pathlib
import re
import shlex
import subprocess
import sys
import tokenize
import warnings

PARAM_GROUPS = (("posonlyargs", "posonly"), ("args", "normal"), ("vararg", "varargs"),
                ("kwonlyargs", "kwonly"), ("kwarg", "kwargs"))


class Node:
    """One of our nodes: kind and (name, value) fields in the order of ast.def."""

    def __init__(self, kind, origin=None, /, **fields):
        self.kind, self.origin, self.fields = kind, origin, fields


def params(arguments):
    defaults = [None] * (len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults))
    positional, keyword = iter(defaults + arguments.defaults), iter(arguments.kw_defaults)
    result = []
    for group, kind in PARAM_GROUPS:
        found = getattr(arguments, group) or []
        for arg in found if isinstance(found, list) else [found]:
            dflt = None
            if kind in ("posonly", "normal"):
                dflt = next(positional)
            elif kind == "kwonly":
                dflt = next(keyword)
            result.append(Node("Param", arg, name=arg.arg, kind=kind, annotation=arg.annotation, dflt=dflt))
    return result


def function(node):
    is_async = isinstance(node, ast.AsyncFunctionDef)
    return Node("FunctionDef", node, name=node.name, params=params(node.args), body=node.body,
                decorators=node.decorator_list, returns=node.returns, is_async=is_async)


def loop(node):
    return Node("For", node, target=node.target, iter=node.iter, body=node.body, orelse=node.orelse,
                is_async=isinstance(node, ast.AsyncFor))


def with_statement(node):
    items = [Node("WithItem", context=item.context_expr, target=item.optional_vars) for item in node.items]
    return Node("With", node, items=items, body=node.body, is_async=isinstance(node, ast.AsyncWith))


class Shaper:
    """Brings one file's CPython nodes into our shape, a level at a time."""

    def __init__(self, source):
        self.lines = source.splitlines(keepends=True)

    def is_elif(self, orelse):
        if len(orelse) != 1 or not isinstance(orelse[0], ast.If):
            return False
        node = orelse[0]
        return self.lines[node.lineno - 1].encode()[node.col_offset:].startswith(b"elif")

    def branches(self, node):
        branches = [node]
        while self.is_elif(branches[-1].orelse):
            branches.append(branches[-1].orelse[0])
        return Node("If", node, branches=[Node("IfBranch", test=b.test, body=b.body) for b in branches],
                    orelse=branches[-1].orelse)

    def constant(self, node):
        value = node.value
        if value is None or value is True or value is False:
            return Node(str(value), node)
        if value is ...:
            return Node("Ellipsis", node)
        if isinstance(value, int):
            return Node("Int", node, value=value)
        if isinstance(value, float):
            return Node("Float", node, value=value.hex())
        if isinstance(value, bytes):
            return Node("Bytes", node, text=value)
        if isinstance(value, str):
            return Node("Str", node, text=value.encode("utf-8", "surrogatepass"))
        raise NotImplementedError("complex")

    def shape(self, node):
        method = getattr(self, "shape_" + type(node).__name__, None)
        return method(node) if method else plain(node)

    shape_FunctionDef = shape_AsyncFunctionDef = staticmethod(function)
    shape_For = shape_AsyncFor = staticmethod(loop)
    shape_With = shape_AsyncWith = staticmethod(with_statement)
    shape_If = branches
    shape_Constant = constant

    def shape_ClassDef(self, node):
        return Node("ClassDef", node, name=node.name, bases=node.bases, keywords=node.keywords, body=node.body,
                    decorators=node.decorator_list)

    def shape_Try(self, node):
        return Node("Try", node, body=node.body, handlers=node.handlers, orelse=node.orelse,
                    finalbody=node.finalbody, is_star=isinstance(node, ast.TryStar))

    shape_TryStar = shape_Try

    def shape_Global(self, node):
        names = [Node("Name", id=name) for name in node.names]
        return Node(type(node).__name__, node, names=names)

    shape_Nonlocal = shape_Global

    def shape_Lambda(self, node):
        return Node("Lambda", node, params=params(node.args), body=node.body)

    def shape_Dict(self, node):
        items = [Node("DictItem", key=key, value=value) for key, value in zip(node.keys, node.values)]
        return Node("Dict", node, items=items)

    def shape_Compare(self, node):
        steps = [Node("CompareStep", op=op, right=right) for op, right in zip(node.ops, node.comparators)]
        return Node("Compare", node, left=node.left, steps=steps)

    def shape_Subscript(self, node):
        return Node("Subscript", node, value=node.value, index=node.slice, ctx=node.ctx)

    def shape_JoinedStr(self, node):
        return Node("JoinedStr", node, parts=node.values)

    def shape_FormattedValue(self, node):
        conversion = chr(node.conversion) if node.conversion > 0 else None
        return Node("FormattedValue", value=node.value, conversion=conversion, spec=node.format_spec)

    def shape_keyword(self, node):
        return Node("Keyword", node, name=node.arg, value=node.value)

    def shape_alias(self, node):
        return Node("Alias", node, name=node.name, asname=node.asname)

    def shape_comprehension(self, node):
        return Node("Comprehension", target=node.target, iter=node.iter, ifs=node.ifs, is_async=bool(node.is_async))

    def shape_match_case(self, node):
        return Node("MatchCase", pattern=node.pattern, guard=node.guard, body=node.body)

    def shape_MatchSingleton(self, node):
        return Node("MatchSingleton", node, value=Node(str(node.value)))

    def shape_MatchMapping(self, node):
        items = [Node("MatchItem", key=key, pattern=pattern) for key, pattern in zip(node.keys, node.patterns)]
        return Node("MatchMapping", node, items=items, rest=node.rest)

    def shape_MatchClass(self, node):
        pairs = zip(node.kwd_attrs, node.kwd_patterns)
        keywords = [Node("MatchKeyword", name=name, pattern=pattern) for name, pattern in pairs]
        return Node("MatchClass", node, cls=node.cls, patterns=node.patterns, keywords=keywords)


def plain(node):
    """A node whose fields are ours."""
    skipped = ("type_comment", "type_ignores", "kind")
    fields = {name: value for name, value in ast.iter_fields(node) if name not in skipped}
    return Node(type(node).__name__, node, **fields)


class Printer:
    def __init__(self, shaper, spans):
        self.shaper, self.spans, self.out = shaper, spans, []

    def node(self, node):
        """Appends the text of a node; the way down a chain such as 1+1+1 is iterated."""
        closing = []
        while True:
            if isinstance(node, ast.AST):
                node = self.shaper.shape(node)
            self.out.append("(" + node.kind + self.span(node))
            fields = list(node.fields.items())
            if fields and isinstance(fields[0][1], (ast.BinOp, ast.Call, ast.Attribute, ast.Subscript)):
                self.out.append(f" {fields[0][0]}=")
                closing.append(fields[1:])
                node = fields[0][1]
            else:
                closing.append(fields)
                break
        for rest in reversed(closing):
            for name, value in rest:
                self.field(name, value)
            self.out.append(")")

    def span(self, node):
        at = node.origin
        if not self.spans or not hasattr(at, "lineno"):
            return ""
        return f"@{at.lineno}:{at.col_offset}-{at.end_lineno}:{at.end_col_offset}"

    def field(self, name, value):
        if value is None or value is False or value == [] or isinstance(value, ast.Load):
            return
        if name in ("level", "simple") and value == 0:
            return
        self.out.append(f" {name}=")
        if isinstance(value, list):
            self.out.append("[")
            for i, item in enumerate(value):
                if i:
                    self.out.append(" ")
                self.node(item)
            self.out.append("]")
        elif isinstance(value, (ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)):
            self.out.append(type(value).__name__)
        elif isinstance(value, (ast.AST, Node)):
            self.node(value)
        elif isinstance(value, bytes):
            self.out.append(quoted(value))
        else:
            self.out.append(str(int(value)) if isinstance(value, bool) else str(value))


def quoted(data):
    plain_byte = lambda b: 0x20 <= b < 0x7F and b not in b'"\\'
    return '"' + "".join(chr(b) if plain_byte(b) else f"\\x{b:02x}" for b in data) + '"'


def without_fstrings(dump):
    """The dump with the insides of f-strings left out: 3.11 places them wrongly."""
    out, at = [], 0
    while (start := dump.find("(JoinedStr", at)) >= 0:
        out.append(dump[at:start])
        depth, quoted_now, at = 0, False, start
        while True:
            char = dump[at]
            at += 1
            if char == '"':
                quoted_now = not quoted_now
            elif not quoted_now and char in "()":
                depth += 1 if char == "(" else -1
                if depth == 0:
                    break
    return "".join(out) + dump[at:]


def without_unplaced(dump):
    """The dump without the spans of nodes that CPython gives none."""
    kinds = "Module|IfBranch|DictItem|CompareStep|Comprehension|WithItem|MatchCase|MatchItem|MatchKeyword"
    dump = re.sub(rf"\(({kinds})@[\d:-]+", r"(\1", dump)
    dump = re.sub(r"(\(MatchSingleton\S* value=\(\w+)@[\d:-]+", r"\1", dump)
    return re.sub(r"\((?:Global|Nonlocal)@[^\]]*", lambda m: re.sub(r"(\(Name)@[\d:-]+", r"\1", m[0]), dump)


def normal(dump):
    """Our dump with numbers written as Printer writes CPython's."""
    dump = re.sub(r'\(Int(\S*) value=0 digits="(\w+)" base=(\d+)',
                  lambda m: f"(Int{m[1]} value={int(m[2], int(m[3]))}", dump)
    dump = re.sub(r"(\(Int\S* value=\d+) base=\d+", r"\1", dump)
    return re.sub(r"\(Float(\S*) value=(\S+?)\)", lambda m: f"(Float{m[1]} value={float.fromhex(m[2]).hex()})", dump)


def expected(path, spans):
    """CPython's tree as text; None if it refuses the file; raises NotImplementedError for complex numbers."""
    data = path.read_bytes()
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return None
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    if encoding.lower() not in ("utf-8", "utf-8-sig", "ascii"):
        raise NotImplementedError(encoding)
    source = data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    printer = Printer(Shaper(source), spans)
    printer.node(tree)
    return "".join(printer.out)


def first_difference(ours, theirs):
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    start = max(0, at - 120)
    return f"    ours:    {ours[start:at + 80]!r}\n    CPython: {theirs[start:at + 80]!r}"


def compare(command, path, spans):
    """None if both agree, else what differs."""
    try:
        theirs = expected(path, spans)
    except (NotImplementedError, RecursionError) as reason:
        return "skipped", str(reason)
    run = subprocess.run([*command, str(path)], capture_output=True, timeout=60)
    if run.returncode not in (0, 1):
        return "crash", f"status {run.returncode}"
    ours = run.stdout.decode("utf-8", "replace").strip()
    if (run.returncode == 0) != (theirs is not None):
        return "verdict", ours[:300] if theirs else "accepted here, refused by CPython"
    if theirs is None:
        return "refused", ""
    ours = normal(ours)
    if spans:
        ours, theirs = without_unplaced(without_fstrings(ours)), without_fstrings(theirs)
    return ("same", "") if ours == theirs else ("tree", first_difference(ours, theirs))


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20000)
    sys.set_int_max_str_digits(0)
    arguments = sys.argv[1:]
    spans = "--spans" in arguments
    command, *roots = [a for a in arguments if a != "--spans"]
    counts = {}
    for root in map(pathlib.Path, roots):
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            result, detail = compare(shlex.split(command), path, spans)
            counts[result] = counts.get(result, 0) + 1
            if result in ("crash", "verdict", "tree"):
                print(f"{path}: {result}\n{detail}")
    print(", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
    return any(result in counts for result in ("crash", "verdict", "tree"))


if __name__ == "__main__":
    sys.exit(main())
