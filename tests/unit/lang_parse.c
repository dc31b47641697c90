/* The parser: trees in the form of ast_dump, and what it says about errors. */
#include "lang/parse.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

typedef struct Parsed {
    Source source;
    Diags diags;
    Tree tree;
    ParseStatus status;
    TextBuffer text; // the dump, or the report of what is wrong
} Parsed;

static Parsed parse_text(const char *text, size_t len, ParseMode mode)
{
    Parsed parsed = {.status = PARSE_ERROR};
    diags_init(&parsed.diags);
    if (source_load(&parsed.source, "t.co", text, len, &parsed.diags))
        parsed.status = parse_source(&parsed.tree, &parsed.source, mode, &parsed.diags);
    if (parsed.status == PARSE_OK)
        ast_dump(&parsed.text, &parsed.tree, parsed.tree.root, false);
    else
        diags_render(&parsed.text, &parsed.source, &parsed.diags, (Reader){0});
    return parsed;
}

static void forget(Parsed *parsed)
{
    text_free(&parsed->text);
    tree_free(&parsed->tree);
    source_free(&parsed->source);
    diags_free(&parsed->diags);
}

/* The dump of the single statement or expression in `text`. */
static void expect_in(ParseMode mode, const char *text, const char *wanted)
{
    Parsed parsed = parse_text(text, strlen(text), mode);
    const char *got = parsed.text.bytes ? parsed.text.bytes : "";
    const char *body = strstr(got, "body=");
    body = body && parsed.status == PARSE_OK ? body + strlen("body=") : got;
    body += *body == '[';
    ck_assert_msg(strncmp(body, wanted, strlen(wanted)) == 0, "%s\ngave   %s\nwanted %s", text, got, wanted);
    forget(&parsed);
}

static void expect(const char *text, const char *wanted)
{
    expect_in(PARSE_EXPR, text, wanted);
}

static void expect_statement(const char *text, const char *wanted)
{
    expect_in(PARSE_FILE, text, wanted);
}

/* The report on a text in error begins with this. */
static void expect_error(const char *text, const char *wanted)
{
    Parsed parsed = parse_text(text, strlen(text), PARSE_FILE);
    ck_assert_msg(parsed.status == PARSE_ERROR, "accepted: %s", text);
    ck_assert_msg(strstr(parsed.text.bytes, wanted) == parsed.text.bytes, "%s\ngave   %s\nwanted %s", text,
                  parsed.text.bytes, wanted);
    forget(&parsed);
}

static void expect_status(const char *text, ParseMode mode, ParseStatus wanted)
{
    Parsed parsed = parse_text(text, strlen(text), mode);
    ck_assert_msg(parsed.status == wanted, "'%s' gave status %d: %s", text, parsed.status,
                  parsed.text.bytes ? parsed.text.bytes : "");
    ck_assert((parsed.status == PARSE_ERROR) == (parsed.diags.errors > 0));
    forget(&parsed);
}

//-- trees -------------------------------------------------------------------------------------------

START_TEST(operators_bind_as_in_python)
{
    expect("a + b * c", "(BinOp left=(Name id=a) op=Add right=(BinOp left=(Name id=b) op=Mult");
    expect("a - b - c", "(BinOp left=(BinOp left=(Name id=a) op=Sub right=(Name id=b)) op=Sub");
    expect("-a ** -b", "(UnaryOp op=USub operand=(BinOp left=(Name id=a) op=Pow right=(UnaryOp op=USub");
    expect("not a == b", "(UnaryOp op=Not operand=(Compare left=(Name id=a)");
    expect("await a ** b", "(BinOp left=(Await value=(Name id=a)) op=Pow");
    expect("a if b else c if d else e",
           "(IfExp test=(Name id=b) body=(Name id=a) orelse=(IfExp test=(Name id=d)");
}
END_TEST

START_TEST(chains_are_one_node)
{
    expect("a < b is not c", "(Compare left=(Name id=a) steps=[(CompareStep op=Lt right=(Name id=b)) "
                             "(CompareStep op=IsNot right=(Name id=c))])");
    expect("a and b and c", "(BoolOp op=And values=[(Name id=a) (Name id=b) (Name id=c)])");
    expect("(a < b) < c", "(Compare left=(Compare");
    expect("a and (b and c)", "(BoolOp op=And values=[(Name id=a) (BoolOp");
}
END_TEST

START_TEST(strings_are_joined)
{
    expect("'a' \"b\" '''c'''", "(Str text=\"abc\")");
    expect("b'\\x00\\377' b'z'", "(Bytes text=\"\\x00\\xffz\")");
    expect("r'\\n' '\\n\\N{BULLET}\\uD800'", "(Str text=\"\\x5cn\\x0a\\xe2\\x80\\xa2\\xed\\xa0\\x80\")");
    expect("'a' f'{b}' 'c' 'd'",
           "(JoinedStr parts=[(Str text=\"a\") (FormattedValue value=(Name id=b)) (Str text=\"cd\")])");
    expect("f''", "(JoinedStr)");
}
END_TEST

START_TEST(fstrings_nest)
{
    expect("f'{a!r:>{w}}}}'",
           "(JoinedStr parts=[(FormattedValue value=(Name id=a) conversion=r spec=(JoinedStr "
           "parts=[(Str text=\">\") (FormattedValue value=(Name id=w))])) (Str text=\"}\")])");
    expect("f'{ a = }'",
           "(JoinedStr parts=[(Str text=\" a = \") (FormattedValue value=(Name id=a) conversion=r)])");
    expect("f'{a=:x}'",
           "(JoinedStr parts=[(Str text=\"a=\") (FormattedValue value=(Name id=a) spec=(JoinedStr");
    expect("f'{a[\"b\"]}{f\"{c}\"}'", "(JoinedStr parts=[(FormattedValue value=(Subscript");
    expect("f'{a:%H:%M}'", "(JoinedStr parts=[(FormattedValue value=(Name id=a) spec=(JoinedStr "
                           "parts=[(Str text=\"%H:%M\")]))])");
    expect("f'{a != b}{(lambda: c)}{a:=5}'", "(JoinedStr parts=[(FormattedValue value=(Compare");
    expect("f'\\N{BULLET}{{}}'", "(JoinedStr parts=[(Str text=\"\\xe2\\x80\\xa2{}\")])");
}
END_TEST

START_TEST(numbers_keep_their_digits)
{
    expect("0x_ff", "(Int value=255 base=16)");
    expect("9223372036854775807", "(Int value=9223372036854775807 base=10)");
    expect("9223372036854775808", "(Int value=0 digits=\"9223372036854775808\" base=10)");
    expect("1_0.5e-1", "(Float value=0x1.0cccccccccccdp+0)");
    expect("1if a else 2", "(IfExp test=(Name id=a) body=(Int value=1 base=10)");
}
END_TEST

START_TEST(parameters_know_their_kind)
{
    expect_statement("def f(a, /, b: int = 1, *c, d, e=2, **g): pass",
                     "(FunctionDef name=f params=[(Param name=a kind=posonly) (Param name=b kind=normal "
                     "annotation=(Name id=int) dflt=(Int value=1 base=10)) (Param name=c kind=varargs) "
                     "(Param name=d kind=kwonly) (Param name=e kind=kwonly dflt=(Int value=2 base=10)) "
                     "(Param name=g kind=kwargs)]");
    expect("lambda *, k: k", "(Lambda params=[(Param name=k kind=kwonly)] body=(Name id=k))");
}
END_TEST

START_TEST(elif_is_a_branch)
{
    expect_statement("if a: pass\nelif b: pass\nelse:\n    if c: pass\n",
                     "(If branches=[(IfBranch test=(Name id=a) body=[(Pass)]) (IfBranch test=(Name id=b) "
                     "body=[(Pass)])] orelse=[(If branches=[(IfBranch test=(Name id=c)");
}
END_TEST

START_TEST(with_takes_parenthesised_items)
{
    const char *two = "(With items=[(WithItem context=(Name id=a) target=(Name id=b ctx=Store)) "
                      "(WithItem context=(Name id=c))]";
    expect_statement("with a as b, c: pass", two);
    expect_statement("with (a as b, c): pass", two);
    expect_statement("with (a as b, c,): pass", two);
    expect_statement("with (a, b) as c: pass", "(With items=[(WithItem context=(Tuple");
    expect_statement("with ((a, b)): pass", "(With items=[(WithItem context=(Tuple");
    expect_statement("with (a, *b): pass", "(With items=[(WithItem context=(Tuple");
    expect_error("with (a as b).c: pass\n", "t.co:1:7: SyntaxError: invalid syntax");
    expect_error("f((a as b))\n", "t.co:1:4: SyntaxError: invalid syntax");
}
END_TEST

START_TEST(match_is_a_keyword_where_it_can_be)
{
    expect_statement("match x:\n    case 1: pass\n", "(Match subject=(Name id=x)");
    expect_statement("match (x):\n    case 1: pass\n", "(Match subject=(Name id=x)");
    expect_statement("match *a, b:\n    case 1: pass\n", "(Match subject=(Tuple");
    expect_statement("match -x:\n    case 1: pass\n", "(Match subject=(UnaryOp");
    expect_statement("match(x)\n", "(Expr value=(Call func=(Name id=match)");
    expect_statement("match = 1\n", "(Assign targets=[(Name id=match ctx=Store)]");
    expect_statement("match[1:2]\n", "(Expr value=(Subscript value=(Name id=match)");
    expect_statement("match: int\n", "(AnnAssign target=(Name id=match ctx=Store)");
    expect_statement("case = match.case\n", "(Assign targets=[(Name id=case ctx=Store)] value=(Attribute");
}
END_TEST

START_TEST(patterns)
{
    expect_statement(
        "match x:\n    case {'a': 1, **r} | [b, *_] if c: pass\n",
        "(Match subject=(Name id=x) cases=[(MatchCase pattern=(MatchOr patterns=[(MatchMapping "
        "items=[(MatchItem key=(Str text=\"a\") pattern=(MatchValue value=(Int value=1 base=10)))] "
        "rest=r) (MatchSequence patterns=[(MatchAs name=b) (MatchStar)])]) guard=(Name id=c)");
    expect_statement(
        "match x:\n    case A.B(1, k=_) as y: pass\n",
        "(Match subject=(Name id=x) cases=[(MatchCase pattern=(MatchAs pattern=(MatchClass "
        "cls=(Attribute value=(Name id=A) attr=B) patterns=[(MatchValue value=(Int value=1 base=10))] "
        "keywords=[(MatchKeyword name=k pattern=(MatchAs))]) name=y)");
    expect_statement(
        "match x:\n    case -1, None: pass\n",
        "(Match subject=(Name id=x) cases=[(MatchCase pattern=(MatchSequence patterns=[(MatchValue "
        "value=(UnaryOp op=USub operand=(Int value=1 base=10))) (MatchSingleton value=(None))])");
}
END_TEST

START_TEST(patterns_that_are_none)
{
    expect_error("match x:\n    case *y: pass\n", "t.co:2:12: SyntaxError");
    expect_error("match x:\n    case (*y): pass\n", "t.co:2:13: SyntaxError");
    expect_error("match x:\n    case _.y: pass\n", "t.co:2:10: SyntaxError: invalid syntax");
    expect_error("match x:\n    case y as _: pass\n", "t.co:2:15: SyntaxError: cannot use '_' as a target");
    expect_error("match x:\n    case A(b=1, c): pass\n",
                 "t.co:2:17: SyntaxError: positional patterns follow");
    expect_error("match x:\n    case {**y, 1: z}: pass\n",
                 "t.co:2:11: SyntaxError: '**' pattern must be the last");
    expect_error("match x:\n    case [*y, *z]: pass\n",
                 "t.co:2:15: SyntaxError: multiple starred names in");
}
END_TEST

START_TEST(names_are_normalised)
{
    // The same syllables, composed and decomposed, and a ligature that NFKC takes apart.
    expect("\xED\x95\x9C == \xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB",
           "(Compare left=(Name id=\xED\x95\x9C) "
           "steps=[(CompareStep op=Eq right=(Name id=\xED\x95\x9C))])");
    expect("\xEF\xAC\x81", "(Name id=fi)");
}
END_TEST

START_TEST(spans_are_byte_offsets)
{
    const char *text = "x = (a +\n  b).c\n";
    Parsed parsed = parse_text(text, strlen(text), PARSE_FILE);
    Node *assign = AST(Module, parsed.tree.root)->body.items[0];
    Node *attribute = AST(Assign, assign)->value;
    Position whole = source_position(&parsed.source, attribute->span);
    ck_assert_uint_eq(whole.line, 1);
    ck_assert_uint_eq(whole.col, 4); // from the parenthesis, as in CPython
    ck_assert_uint_eq(whole.end_line, 2);
    ck_assert_uint_eq(whole.end_col, 6);
    ck_assert_uint_eq(AST(Attribute, attribute)->value->span.start, 5);
    forget(&parsed);
}
END_TEST

//-- the prompt --------------------------------------------------------------------------------------

START_TEST(prompt_knows_when_more_is_needed)
{
    static const char *const incomplete[] = {
        "(1,\n",
        "x = '''a\n",
        "if a:\n",
        "if a:\n    b\n",
        "if a: b\n",
        "a + \\\n",
        "@d\n",
        "try:\n    a\n",
        "def f(\n",
        "f'''{a}\n",
        "x = [\n\n",
        "while a:\n    b\n    c\n",
        "if a:\n    b\nelse:\n",
        "class A:\n    # nothing yet\n",
    };
    static const char *const complete[] = {
        "", "\n", "1\n", "x = 1; y = 2\n", "if a: b\n\n", "if a:\n    b\n\n", "if a:\n    b\n    \n",
    };
    for (size_t i = 0; i < sizeof incomplete / sizeof *incomplete; i++)
        expect_status(incomplete[i], PARSE_SINGLE, PARSE_INCOMPLETE);
    for (size_t i = 0; i < sizeof complete / sizeof *complete; i++)
        expect_status(complete[i], PARSE_SINGLE, PARSE_OK);
}
END_TEST

START_TEST(prompt_reports_errors_at_once)
{
    static const char *const wrong[] = {
        "(1 2\n", "x = 'a\n",  "if a\n",          "if a:\n    b = = c\n",
        "  x\n",  "if a:\n\n", "try:\n    a\n\n", ")\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_status(wrong[i], PARSE_SINGLE, PARSE_ERROR);
}
END_TEST

//-- errors ------------------------------------------------------------------------------------------

START_TEST(misspelt_keywords_are_named)
{
    expect_error("asycn def f(): pass\n", "t.co:1:1: SyntaxError: invalid syntax. Did you mean 'async'?");
    expect_error("whlie x:\n    pass\n", "t.co:1:1: SyntaxError: invalid syntax. Did you mean 'while'?");
    expect_error("improt os\n", "t.co:1:1: SyntaxError: invalid syntax. Did you mean 'import'?");
    expect_error("if x: pass\nesle: pass\n", "t.co:2:1: SyntaxError: invalid syntax. Did you mean 'else'?");
    expect_error("for x ni y: pass\n", "t.co:1:7: SyntaxError: invalid syntax. Did you mean 'in'?");
    expect_error("fro x import y\n", "t.co:1:1: SyntaxError: invalid syntax. Did you mean 'from'?");
    expect_error("foo bar\n", "t.co:1:5: SyntaxError: invalid syntax\n"); // and none is guessed
}
END_TEST

START_TEST(wide_punctuation_is_named)
{
    expect_error("print（'가'）\n", "t.co:1:6: SyntaxError: invalid character '（' (U+FF08)\n"
                                    "    print（'가'）\n"
                                    "         ^^\n"
                                    "    hint: this is the full-width form: write '('\n");
    expect_error("f(a，b)\n", "t.co:1:4: SyntaxError: invalid character '，' (U+FF0C)");
    expect_error("x\xC2\xA0= 1\n", "t.co:1:2: SyntaxError: invalid non-printable character U+00A0");
}
END_TEST

START_TEST(brackets_point_at_their_opener)
{
    expect_error("x = (1,\n  2\ny = 3\n", "t.co:1:5: SyntaxError: '(' was never closed");
    expect_error("f(1, 2\ndef g(): pass\n", "t.co:1:2: SyntaxError: '(' was never closed");
    expect_error("(1]\n",
                 "t.co:1:3: SyntaxError: closing parenthesis ']' does not match opening parenthesis '('");
    expect_error("(\n1]\n",
                 "t.co:2:2: SyntaxError: closing parenthesis ']' does not match opening parenthesis "
                 "'(' on line 1");
    expect_error("x)\n", "t.co:1:2: SyntaxError: unmatched ')'");
}
END_TEST

START_TEST(blocks_and_indentation)
{
    expect_error("if x:\ny\n",
                 "t.co:2:1: IndentationError: expected an indented block after 'if' statement on line 1");
    expect_error("def f():\n",
                 "t.co:1:9: IndentationError: expected an indented block after function definition");
    expect_error("  x\n", "t.co:1:3: IndentationError: unexpected indent");
    expect_error("if x:\n    y\n  z\n",
                 "t.co:3:1: IndentationError: unindent does not match any outer indentation");
    expect_error("if x:\n\ty\n        z\n",
                 "t.co:3:1: TabError: inconsistent use of tabs and spaces in indentation");
    expect_error("if x\n    y\n", "t.co:1:5: SyntaxError: expected ':'");
    expect_error("match x\n    case 1: pass\n", "t.co:1:8: SyntaxError: expected ':'");
    expect_error("match(x)\n    case 1: pass\n", "t.co:1:9: SyntaxError: expected ':'");
    expect_error("try:\n    x\ny\n", "t.co:3:1: SyntaxError: expected 'except' or 'finally' block");
}
END_TEST

START_TEST(targets_are_checked)
{
    expect_error("f() = 1\n",
                 "t.co:1:1: SyntaxError: cannot assign to function call here. Maybe you meant '=='");
    expect_error("(a, 1) = b\n", "t.co:1:5: SyntaxError: cannot assign to literal\n");
    expect_error("None = 1\n", "t.co:1:1: SyntaxError: cannot assign to None\n");
    expect_error("del a + b\n", "t.co:1:5: SyntaxError: cannot delete expression\n");
    expect_error("a, b += 1\n",
                 "t.co:1:1: SyntaxError: 'tuple' is an illegal expression for augmented assignment");
    expect_error("*a = b\n", "t.co:1:1: SyntaxError: starred assignment target must be in a list or tuple");
    expect_error("*a, *b = c\n", "t.co:1:1: SyntaxError: multiple starred expressions in assignment");
    expect_error("(a.b := 1)\n", "t.co:1:2: SyntaxError: cannot use assignment expressions with attribute");
    expect_error("x = *a\n", "t.co:1:5: SyntaxError: can't use starred expression here");
}
END_TEST

START_TEST(arguments_and_parameters_are_checked)
{
    expect_error("f(a=1, 2)\n", "t.co:1:9: SyntaxError: positional argument follows keyword argument\n");
    expect_error("f(a=1, a=2)\n", "t.co:1:8: SyntaxError: keyword argument repeated: a");
    expect_error("f(a for a in b, 1)\n", "t.co:1:3: SyntaxError: Generator expression must be parenthesized");
    expect_error("f(a.b=1)\n",
                 "t.co:1:3: SyntaxError: expression cannot contain assignment, perhaps you meant \"==\"?");
    expect_error("f(a b)\n", "t.co:1:3: SyntaxError: invalid syntax. Perhaps you forgot a comma?");
    expect_error("def f(a, a): pass\n",
                 "t.co:1:10: SyntaxError: duplicate argument 'a' in function definition");
    expect_error("def f(a=1, b): pass\n",
                 "t.co:1:12: SyntaxError: non-default argument follows default argument");
    expect_error("lambda *: 0\n", "t.co:1:8: SyntaxError: named arguments must follow bare *");
}
END_TEST

START_TEST(literals_are_checked)
{
    expect_error("x = 'a\n", "t.co:1:5: SyntaxError: unterminated string literal (detected at line 1)");
    expect_error("'''a\n\n",
                 "t.co:1:1: SyntaxError: unterminated triple-quoted string literal (detected at line 2)");
    expect_error("'\\x4'\n",
                 "t.co:1:2: SyntaxError: (unicode error) 'unicodeescape' codec can't decode bytes in "
                 "position 0-2: truncated \\xXX escape");
    expect_error("'\\N{NO SUCH}'\n", "t.co:1:2: SyntaxError: (unicode error)");
    expect_error("b'é'\n", "t.co:1:3: SyntaxError: bytes can only contain ASCII literal characters");
    expect_error("'a' b'b'\n", "t.co:1:1: SyntaxError: cannot mix bytes and nonbytes literals");
    expect_error("012\n",
                 "t.co:1:1: SyntaxError: leading zeros in decimal integer literals are not permitted");
    expect_error("0b2\n", "t.co:1:3: SyntaxError: invalid digit '2' in binary literal");
    expect_error("1ab\n", "t.co:1:1: SyntaxError: invalid decimal literal");
    expect_error("2j\n", "t.co:1:1: SyntaxError: complex numbers are not part of the language");
    expect_error("f'{}'\n", "t.co:1:4: SyntaxError: f-string: empty expression not allowed");
    expect_error("f'}'\n", "t.co:1:3: SyntaxError: f-string: single '}' is not allowed");
    expect_error("f'{a'\n", "t.co:1:5: SyntaxError: f-string: expecting '}'");
}
END_TEST

START_TEST(several_errors_in_one_file)
{
    const char *text = "x = = 1\n"
                       "def f():\n"
                       "    retrun 1\n"
                       "    y = (2\n"
                       "    return 3\n"
                       "class A\n"
                       "    def g(self):\n"
                       "        pass\n"
                       "if a:\n"
                       "b = 1\n"
                       "else:\n"
                       "    pass\n"
                       "z = 1 1\n";
    static const char *const wanted[] = {
        "t.co:1:5: SyntaxError: invalid syntax",
        "t.co:3:5: SyntaxError: invalid syntax. Did you mean 'return'?",
        "t.co:4:9: SyntaxError: '(' was never closed",
        "t.co:6:8: SyntaxError: expected ':'",
        "t.co:10:1: IndentationError: expected an indented block",
        "t.co:13:7: SyntaxError: invalid syntax",
    };
    Parsed parsed = parse_text(text, strlen(text), PARSE_FILE);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_msg(strstr(parsed.text.bytes, wanted[i]), "no %s in\n%s", wanted[i], parsed.text.bytes);
    ck_assert_uint_eq(parsed.diags.errors, sizeof wanted / sizeof *wanted);
    forget(&parsed);
}
END_TEST

//-- limits ------------------------------------------------------------------------------------------

/* `head` + `count` times `unit` + `tail`. */
static Parsed parse_repeated(const char *head, const char *unit, size_t count, const char *tail)
{
    TextBuffer text = {0};
    text_addf(&text, "%s", head);
    for (size_t i = 0; i < count; i++) text_add(&text, unit, strlen(unit));
    text_addf(&text, "%s", tail);
    Parsed parsed = parse_text(text.bytes, text.len, PARSE_FILE);
    text_free(&text);
    return parsed;
}

START_TEST(deep_nesting_is_refused)
{
    static const struct {
        const char *unit, *tail, *wanted;
    } cases[] = {
        {"(", "", "too many nested parentheses"},
        {"[", "", "too many nested parentheses"},
        {"not ", "1", "too many nested expressions"},
        {"-", "1", "too many nested expressions"},
        {"lambda: ", "1", "too many nested expressions"},
        {"2 ** ", "1", "too many nested expressions"},
        {"a if b else ", "c", "too many nested expressions"},
        {"f'{", "", "too many nested parentheses"},
        {"(a := ", "", "too many nested parentheses"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed parsed = parse_repeated("", cases[i].unit, 100000, cases[i].tail);
        ck_assert_msg(strstr(parsed.text.bytes, cases[i].wanted), "%s: %s", cases[i].unit, parsed.text.bytes);
        ck_assert_uint_eq(parsed.diags.errors, 1);
        forget(&parsed);
    }
}
END_TEST

START_TEST(long_chains_are_flat)
{
    static const struct {
        const char *head, *unit, *tail;
    } cases[] = {
        {"1", "+1", "\n"},
        {"a", ".b", "\n"},
        {"a", "()", "\n"},
        {"a", "[0]", "\n"},
        {"a", " and a", "\n"},
        {"a", "<a", "\n"},
        {"", "x = 1\n", ""},
        {"if a: pass\n", "elif b: pass\n", ""},
        {"", "a = ", "1\n"},
        {"x = [", "1,", "]\n"},
        {"f'", "{a}", "'\n"},
        {"x = ", "'a' ", "\n"},
        {"a", ".b(1)[2]", "\n"},
        {"import a", ".a", "\n"},
        {"[x", " for x in y", "]\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed parsed = parse_repeated(cases[i].head, cases[i].unit, 100000, cases[i].tail);
        ck_assert_msg(parsed.status == PARSE_OK, "%s: %s", cases[i].unit, parsed.text.bytes);
        ck_assert_uint_le(parsed.tree.root->height, 8);
        forget(&parsed);
    }
}
END_TEST

START_TEST(indentation_is_limited)
{
    TextBuffer text = {0};
    for (int depth = 0; depth < 101; depth++) text_addf(&text, "%*sif a:\n", depth, "");
    text_addf(&text, "%*spass\n", 101, "");
    Parsed parsed = parse_text(text.bytes, text.len, PARSE_FILE);
    ck_assert(strstr(parsed.text.bytes, "IndentationError: too many levels of indentation"));
    forget(&parsed);
    text_free(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lang/parse");
    TCase *trees = tcase_create("trees"), *errors = tcase_create("errors"), *limits = tcase_create("limits");
    tcase_add_test(trees, operators_bind_as_in_python);
    tcase_add_test(trees, chains_are_one_node);
    tcase_add_test(trees, strings_are_joined);
    tcase_add_test(trees, fstrings_nest);
    tcase_add_test(trees, numbers_keep_their_digits);
    tcase_add_test(trees, parameters_know_their_kind);
    tcase_add_test(trees, elif_is_a_branch);
    tcase_add_test(trees, with_takes_parenthesised_items);
    tcase_add_test(trees, match_is_a_keyword_where_it_can_be);
    tcase_add_test(trees, patterns);
    tcase_add_test(errors, patterns_that_are_none);
    tcase_add_test(trees, names_are_normalised);
    tcase_add_test(trees, spans_are_byte_offsets);
    tcase_add_test(trees, prompt_knows_when_more_is_needed);
    tcase_add_test(trees, prompt_reports_errors_at_once);
    tcase_add_test(errors, misspelt_keywords_are_named);
    tcase_add_test(errors, wide_punctuation_is_named);
    tcase_add_test(errors, brackets_point_at_their_opener);
    tcase_add_test(errors, blocks_and_indentation);
    tcase_add_test(errors, targets_are_checked);
    tcase_add_test(errors, arguments_and_parameters_are_checked);
    tcase_add_test(errors, literals_are_checked);
    tcase_add_test(errors, several_errors_in_one_file);
    tcase_add_test(limits, deep_nesting_is_refused);
    tcase_add_test(limits, long_chains_are_flat);
    tcase_add_test(limits, indentation_is_limited);
    tcase_set_timeout(limits, 60);
    suite_add_tcase(suite, trees);
    suite_add_tcase(suite, errors);
    suite_add_tcase(suite, limits);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
