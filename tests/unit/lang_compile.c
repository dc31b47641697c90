/* The compiler: what it refuses, which instructions it chooses, and that all it makes is sound. */
#include "tests/unit/compiled.h"
#include "vm/verify.h"

static Compiled compile_sound(const char *text)
{
    char why[200] = "";
    Compiled compiled = compile(text);
    ck_assert_msg(compiled.image, "%s\n%s", text, compiled.report);
    bool sound = image_verify(compiled.image, compiled.image->size, why, sizeof why);
    ck_assert_msg(sound, "%s\n%s", text, why);
    return compiled;
}

static void expect_count(const char *text, const char *qualname, Opcode op, int wanted)
{
    Compiled compiled = compile_sound(text);
    int got = count_op(compiled.image, qualname, op);
    if (got != wanted) dis_image(stderr, compiled.image);
    ck_assert_msg(got == wanted, "%s\nhas the instruction %d times, not %d", text, got, wanted);
    free(compiled.image);
}

static void expect_error(const char *text, const char *wanted)
{
    Compiled compiled = compile(text);
    ck_assert_msg(!compiled.image, "%s\nis accepted, not: %s", text, wanted);
    ck_assert_msg(strstr(compiled.report, wanted) != NULL, "%s\ngave %s\nwanted %s", text, compiled.report, wanted);
}

START_TEST(refuses_declarations_that_come_too_late)
{
    expect_error("def f():\n x = 1\n global x\n", "3:2: SyntaxError: name 'x' is assigned to before global declaration");
    expect_error("def f():\n x\n nonlocal x\n", "name 'x' is used prior to nonlocal declaration");
    expect_error("def f(x):\n global x\n", "name 'x' is parameter and global");
    expect_error("def f():\n x: int\n global x\n", "annotated name 'x' can't be global");
    expect_error("def f():\n global x\n nonlocal x\n", "name 'x' is nonlocal and global");
    expect_error("nonlocal x\n", "nonlocal declaration not allowed at module level");
    expect_error("def f():\n nonlocal x\n", "no binding for nonlocal 'x' found");
    expect_error("class A:\n x = 1\n def f(self):\n  nonlocal x\n", "no binding for nonlocal 'x' found");
    free(compile_sound("def f():\n import x\n global x\n").image); // as in CPython
}
END_TEST

START_TEST(refuses_statements_out_of_place)
{
    expect_error("return 1\n", "'return' outside function");
    expect_error("class A:\n return 1\n", "'return' outside function");
    expect_error("yield 1\n", "'yield' outside function");
    expect_error("def f(): [(yield) for x in y]\n", "'yield' inside list comprehension");
    expect_error("break\n", "'break' outside loop");
    expect_error("while 1:\n def f(): break\n", "'break' outside loop");
    expect_error("for x in y: pass\nelse: continue\n", "'continue' not properly in loop");
    expect_error("async def f():\n yield\n return 1\n", "'return' with value in async generator");
    expect_error("async def f(): yield from x\n", "'yield from' inside async function");
    expect_error("while 1:\n try: pass\n except* X: break\n", "cannot appear in an except* block");
    expect_error("x = 1\nfrom __future__ import annotations\n", "must occur at the beginning of the file");
}
END_TEST

START_TEST(refuses_await_in_plain_functions_and_says_what_to_do)
{
    expect_error("def f(): await x\n", "'await' outside async function");
    expect_error("def f(): await x\n", "make the function asynchronous: 'async def f'");
    expect_error("def f():\n async with x: pass\n", "'async with' outside async function");
    expect_error("lambda: await x\n", "'await' outside async function");
    expect_error("class A:\n await x\n", "'await' outside function");
    expect_error("def f(): [x async for x in y]\n", "asynchronous comprehension outside of an asynchronous function");
    free(compile_sound("def f(): return (x async for x in y)\n").image); // that is an async generator
}
END_TEST

START_TEST(refuses_assignment_expressions_that_clash)
{
    expect_error("[i for i in y if (i := 1)]\n", "cannot rebind comprehension iteration variable 'i'");
    expect_error("[i for j in y if (i := 1) for i in z]\n", "cannot rebind assignment expression target 'i'");
    expect_error("[i for i in (x := y)]\n", "cannot be used in a comprehension iterable expression");
    expect_error("class A: [x := 1 for i in y]\n", "within a comprehension cannot be used in a class body");
}
END_TEST

START_TEST(refuses_patterns_that_hide_others)
{
    expect_error("match x:\n case y: pass\n case 1: pass\n", "name capture 'y' makes remaining patterns unreachable");
    expect_error("match x:\n case _ | 1: pass\n", "wildcard makes remaining patterns unreachable");
    expect_error("match x:\n case [y, y]: pass\n", "multiple assignments to name 'y' in pattern");
    expect_error("match x:\n case [y] | [z]: pass\n", "alternative patterns bind different names");
    expect_error("match x:\n case {1: a, 1: b}: pass\n", "mapping pattern checks duplicate key (1)");
}
END_TEST

START_TEST(refuses_what_is_too_large)
{
    enum { COUNT = 70000, BYTES = COUNT * 20 };
    char *text = malloc(BYTES), *end = text;
    end += sprintf(end, "def f():\n");
    for (int i = 0; i < COUNT; i++) end += sprintf(end, " x%d = 1\n", i);
    expect_error(text, "function too large");
    free(text);
    expect_error("def f():\n" // 21 loops
                 " for a in b:\n  for a in b:\n   for a in b:\n    for a in b:\n     for a in b:\n      for a in b:\n"
                 "       for a in b:\n        for a in b:\n         for a in b:\n          for a in b:\n"
                 "           for a in b:\n            for a in b:\n             for a in b:\n"
                 "              for a in b:\n               for a in b:\n                for a in b:\n"
                 "                 for a in b:\n                  for a in b:\n                   for a in b:\n"
                 "                    for a in b:\n                     for a in b: pass\n",
                 "too many statically nested blocks");
}
END_TEST

START_TEST(checks_only_locals_that_may_be_unbound)
{
    expect_count("def f(a):\n x = a\n return x\n", "f", OP_CHECK_LOCAL, 0);
    expect_count("def f(a):\n x = a\n return x\n", "f", OP_LOAD_UNSET, 0);
    expect_count("def f(a):\n if a: x = 1\n return x + x\n", "f", OP_CHECK_LOCAL, 1); // once checked, known
    expect_count("def f(a):\n if a: x = 1\n return x\n", "f", OP_LOAD_UNSET, 1);
    expect_count("def f(a):\n if a: x = 1\n else: x = 2\n return x\n", "f", OP_CHECK_LOCAL, 0);
    expect_count("def f(a):\n if a: x = 1\n else: raise a\n return x\n", "f", OP_CHECK_LOCAL, 0);
    expect_count("def f(a):\n for x in a: x\n return x\n", "f", OP_CHECK_LOCAL, 1);
    expect_count("def f(a):\n del a\n return a\n", "f", OP_CHECK_LOCAL, 1);
    expect_count("def f(a):\n try: x = a()\n except: pass\n return x\n", "f", OP_CHECK_LOCAL, 1);
    expect_count("def f(a):\n try: x = 1\n finally: a()\n return x\n", "f", OP_CHECK_LOCAL, 1);
    expect_count("def f(a):\n while True:\n  x = a\n  if x: break\n return x\n", "f", OP_CHECK_LOCAL, 0);
}
END_TEST

START_TEST(computes_into_local_variables)
{
    expect_count("def f(a, b):\n c = a + b\n c += a\n return c\n", "f", OP_MOVE, 0);
    expect_count("def f(a, b):\n a, b = b, a\n", "f", OP_MOVE, 3);
    expect_count("def f(a, b):\n a, b = 1, 2\n", "f", OP_MOVE, 0);
    expect_count("def f(a):\n for k, v in a: print\n", "f", OP_MOVE, 0); // items go straight into k and v
    expect_count("def f(a):\n x = a or 1\n", "f", OP_MOVE, 2);           // not x until it is known
}
END_TEST

START_TEST(copies_operands_that_change_before_their_use)
{
    expect_count("def f(x):\n return x + (x := 1)\n", "f", OP_MOVE, 1);
    expect_count("def f(x):\n return (x := 1) + x\n", "f", OP_MOVE, 0);
    expect_count("def f(x, y):\n return x + (y := 1)\n", "f", OP_MOVE, 0);
    expect_count("def f(x):\n return x[(x := 1)]\n", "f", OP_MOVE, 1);
    expect_count("def f(x):\n return x < y < (x := 1)\n", "f", OP_MOVE, 1);
}
END_TEST

START_TEST(keeps_variables_in_cells_only_when_captured)
{
    expect_count("def f():\n x = 1\n return lambda: x\n", "f", OP_NEW_CELL, 1);
    expect_count("def f(x):\n return lambda: x\n", "f", OP_WRAP_CELL, 1);
    expect_count("def f(x):\n return [x + y for y in x]\n", "f", OP_WRAP_CELL, 0); // inlined: no function
    expect_count("def f(x):\n return [lambda: y for y in x]\n", "f", OP_NEW_CELL, 1);
    expect_count("class A:\n def f(self): return super().f()\n", "A", OP_NEW_CELL, 1);
    expect_count("class A:\n def f(self): return 1\n", "A", OP_NEW_CELL, 0);
}
END_TEST

START_TEST(jumps_on_comparisons)
{
    expect_count("def f(a):\n if a < 1 and not a == 2: return a\n", "f", OP_JNLT_RK, 1);
    expect_count("def f(a):\n if a < 1 and not a == 2: return a\n", "f", OP_JEQ_RK, 1);
    expect_count("def f(a):\n if a is not None: return a\n", "f", OP_JIS_RK, 1);
    expect_count("def f(a):\n while a:\n  if a(): break\n", "f", OP_JMP, 0); // the opposite jump leaves
    expect_count("def f(a):\n while 1:\n  if a(): continue\n  a.b\n", "f", OP_LOOP, 2);
    expect_count("def f(a):\n if 0: a()\n", "f", OP_CALL_STMT, 0);
}
END_TEST

START_TEST(reaches_far)
{
    enum { LINES = 20000, BYTES = LINES * 16 + 200 };
    char *text = malloc(BYTES), *end = text;
    end += sprintf(end, "def f(a):\n for x in a:\n");
    for (int i = 0; i < LINES; i++) end += sprintf(end, "  a.b = x\n");
    sprintf(end, "  if x < 3: continue\n");
    Compiled compiled = compile_sound(text); // the verifier looks where every jump leads
    ck_assert_int_gt(record_named(compiled.image, "f")->ninsns, 32767);
    free(compiled.image);
    free(text);
}
END_TEST

START_TEST(folds_constants)
{
    expect_count("x = 2 * 3 + 4 - -1\n", "<module>", OP_ADD_RK, 0);
    expect_count("x = 1 / 0\n", "<module>", OP_TRUEDIV_RK, 1); // raises when it is run
    expect_count("x = 'a' * 5000\n", "<module>", OP_MUL_RK, 1); // would be large
    expect_count("x = y in [1, 2, 3]\n", "<module>", OP_BUILD_LIST, 0);
    expect_count("x = [1, 2, 3]\n", "<module>", OP_BUILD_LIST, 1);
}
END_TEST

START_TEST(awaits_at_the_top_level)
{
    Compiled compiled = compile_sound("await f(1)\n");
    ck_assert_uint_eq(code_record(compiled.image, 0)->flags & CODE_COROUTINE, CODE_COROUTINE);
    ck_assert_int_eq(count_op(compiled.image, "<module>", OP_AWAIT_CALL_H), 1);
    free(compiled.image);
    expect_count("await f(1)\n", "<module>", OP_AWAIT_CALL_H, 1);
    expect_count("async def f(a): await a.f(1)\n", "f", OP_AWAIT_METHOD_H, 1);
    expect_count("async def f(a): await a.f(x=1)\n", "f", OP_CALL_KW_H, 1);
}
END_TEST

START_TEST(mangles_private_names)
{
    Compiled compiled = compile_sound("class _A:\n def f(self): return self.__x\n");
    const CodeRecord *record = record_named(compiled.image, "_A.f");
    const CodeConst *consts = code_at(compiled.image, record->consts);
    bool found = false;
    for (uint32_t i = 0; i < record->nconsts; i++)
        found |= consts[i].kind == CONST_STR && consts[i].len == 5 &&
                 memcmp((const char *)compiled.image + consts[i].offset, "_A__x", 5) == 0;
    ck_assert(found);
    free(compiled.image);
}
END_TEST

START_TEST(everything_is_sound)
{
    static const char *const texts[] = {
        "def f():\n try:\n  return g()\n finally:\n  for x in y(): return x\n",
        "def f():\n while 1:\n  try:\n   with a as b, c as (d, *e): break\n  except E as e: continue\n  else: f()\n",
        "async def f():\n async with a as b:\n  async for x in b:\n   try: yield x\n   except E: await x\n",
        "def f():\n try: pass\n except* (A, B) as e: g(e)\n except* C: raise\n",
        "def f(a, /, b=1, *c, d, e=2, **g): return f(a, *c, d=d, **g, e=e)\n",
        "match f():\n case [1, [a, *_], *b] | {'x': A(a, y=b)} if a: pass\n case {**r}: pass\n case (None | 'a') as c: pass\n",
        "x = [(a, b, (lambda: a)) for a in x if a for b in a if (c := b)]\n",
        "class A(B, metaclass=type, **c):\n 'doc'\n x: int = 1\n @d(1)\n @e\n def f(self): return __class__\n",
        "a[b:c, ::d] += f'{x!r:>{w}}{y=}' if a < b < c else -a ** ~b\n",
        "def f():\n x = yield\n y = yield from x\n del x, (y, a[0]), b.a\n global z\n z = 1\n",
        "import a.b.c as d, e.f\nfrom . import g as h\nfrom ..i import *\nassert a, b\nraise A from b\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(compile_sound(texts[i]).image);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lang/compile");
    TCase *tests = tcase_create("compile");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, refuses_declarations_that_come_too_late);
    tcase_add_test(tests, refuses_statements_out_of_place);
    tcase_add_test(tests, refuses_await_in_plain_functions_and_says_what_to_do);
    tcase_add_test(tests, refuses_assignment_expressions_that_clash);
    tcase_add_test(tests, refuses_patterns_that_hide_others);
    tcase_add_test(tests, refuses_what_is_too_large);
    tcase_add_test(tests, checks_only_locals_that_may_be_unbound);
    tcase_add_test(tests, computes_into_local_variables);
    tcase_add_test(tests, copies_operands_that_change_before_their_use);
    tcase_add_test(tests, keeps_variables_in_cells_only_when_captured);
    tcase_add_test(tests, jumps_on_comparisons);
    tcase_add_test(tests, reaches_far);
    tcase_add_test(tests, folds_constants);
    tcase_add_test(tests, awaits_at_the_top_level);
    tcase_add_test(tests, mangles_private_names);
    tcase_add_test(tests, everything_is_sound);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
