/* The verifier, on images that were sound until one thing in them was changed. */
#include "tests/unit/compiled.h"
#include "vm/verify.h"

typedef struct Broken {
    Compiled compiled;
    CodeRecord *record; // of f
    Insn *insns;
} Broken;

static Broken begin(const char *text)
{
    Broken b = {.compiled = compile(text)};
    ck_assert_msg(b.compiled.image, "%s", b.compiled.report);
    b.record = (CodeRecord *)record_named(b.compiled.image, "f");
    b.insns = (Insn *)code_at(b.compiled.image, b.record->insns);
    return b;
}

static Insn *find(Broken *b, Opcode op)
{
    for (uint32_t pc = 0; pc < b->record->ninsns; pc++)
        if (b->insns[pc].op == op) return &b->insns[pc];
    ck_abort_msg("no such instruction");
    return NULL;
}

static void expect_refused(Broken *b, const char *wanted)
{
    char why[200] = "";
    ck_assert(!image_verify(b->compiled.image, b->compiled.image->size, why, sizeof why));
    ck_assert_msg(strstr(why, wanted) != NULL, "gave   %s\nwanted %s", why, wanted);
    free(b->compiled.image);
}

static const char adder[] = "def f(a, b):\n if a < b: return a + b\n return g(a)\n";

START_TEST(accepts_what_the_compiler_makes)
{
    char why[200];
    Broken b = begin(adder);
    ck_assert(image_verify(b.compiled.image, b.compiled.image->size, why, sizeof why));
    free(b.compiled.image);
}
END_TEST

START_TEST(refuses_operands_out_of_range)
{
    Broken b = begin(adder);
    find(&b, OP_ADD)->c = 1000;
    expect_refused(&b, "register 1000 of");
    b = begin(adder);
    find(&b, OP_LOAD_GLOBAL)->b = 7;
    expect_refused(&b, "global 7 of 1");
    b = begin("def f(a): return a + 1\n");
    find(&b, OP_ADD_RK)->c = 9;
    expect_refused(&b, "constant 9 of");
    b = begin(adder);
    find(&b, OP_CALL)->b = 60000;
    expect_refused(&b, "registers");
    b = begin(adder);
    find(&b, OP_ADD)->op = OP_COUNT;
    expect_refused(&b, "opcode");
}
END_TEST

START_TEST(refuses_jumps_out_of_the_code)
{
    Broken b = begin(adder);
    find(&b, OP_JNLT)->c = 100;
    expect_refused(&b, "jump out of the code");
    b = begin("def f(a):\n if a: a.b\n");
    find(&b, OP_JFALSE)->jump = 1; // into the middle of GETATTR
    expect_refused(&b, "jump out of the code");
    b = begin("def f(a): return a\n");
    find(&b, OP_RETURN)->op = OP_NOP;
    expect_refused(&b, "runs off the end");
}
END_TEST

START_TEST(refuses_reading_what_was_not_written)
{
    Broken b = begin(adder);
    find(&b, OP_ADD)->c = (uint16_t)(b.record->nregs - 1);
    expect_refused(&b, "may not have been written");
    b = begin("def f(a):\n x = a\n return x\n");
    find(&b, OP_MOVE)->a = 0;
    expect_refused(&b, "RETURN reads register 1, which may not have been written");
    b = begin("def f(a):\n x = a.b\n g()\n return x\n"); // a call's registers are the callee's
    Insn *call = find(&b, OP_CALL_STMT);
    find(&b, OP_RETURN)->a = call->a + 1;
    expect_refused(&b, "may not have been written");
}
END_TEST

START_TEST(refuses_passing_on_to_nobody)
{
    const char *source = "def f(a):\n x = a * 2.0 + a\n return x\n";
    Broken b = begin(source);
    find(&b, OP_ADD)->b = 0; // the argument twice
    expect_refused(&b, "passes on what the next instruction does not take");
    b = begin(source);
    find(&b, OP_RETURN)->a = find(&b, OP_MUL_RK_T)->a;
    expect_refused(&b, "may not have been written");
}
END_TEST

START_TEST(refuses_foreign_call_forms)
{
    Broken b = begin(adder);
    find(&b, OP_CALL)->op = OP_CALL_H;
    expect_refused(&b, "heap form in stack code");
    b = begin("async def f(a): a()\n");
    find(&b, OP_CALL_STMT_H)->op = OP_CALL_STMT;
    expect_refused(&b, "stack form in heap code");
}
END_TEST

START_TEST(refuses_damaged_images)
{
    Broken b = begin(adder);
    b.compiled.image->magic++;
    expect_refused(&b, "not a code image");
    b = begin(adder);
    b.record->insns = b.compiled.image->size;
    expect_refused(&b, "outside the image");
    b = begin(adder);
    b.record->nconsts = UINT32_MAX;
    expect_refused(&b, "outside the image");
    b = begin("def f():\n try: g()\n except: pass\n");
    ((CodeHandler *)code_at(b.compiled.image, b.record->handlers))->target = 10000;
    expect_refused(&b, "handler 0 is not sound");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm/verify");
    TCase *tests = tcase_create("verify");
    tcase_add_test(tests, accepts_what_the_compiler_makes);
    tcase_add_test(tests, refuses_operands_out_of_range);
    tcase_add_test(tests, refuses_jumps_out_of_the_code);
    tcase_add_test(tests, refuses_reading_what_was_not_written);
    tcase_add_test(tests, refuses_passing_on_to_nobody);
    tcase_add_test(tests, refuses_foreign_call_forms);
    tcase_add_test(tests, refuses_damaged_images);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
