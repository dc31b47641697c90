/* Liveness: what the collector must mark at a place, and what it must not even look at. */
#include "tests/unit/compiled.h"
#include "vm/liveness.h"
#include "vm/opcode.h"

typedef struct Live {
    CodeImage *image;
    const CodeRecord *record;
    Liveness *liveness;
} Live;

static Live begin(const char *text)
{
    Compiled compiled = compile(text);
    ck_assert_msg(compiled.image, "%s", compiled.report);
    const CodeRecord *record = record_named(compiled.image, "f");
    return (Live){compiled.image, record, liveness_new(compiled.image, record)};
}

static void end(Live *l)
{
    liveness_free(l->liveness);
    free(l->image);
}

static uint32_t pc_of(const Live *l, Opcode op)
{
    const Insn *insns = code_at(l->image, l->record->insns);
    for (uint32_t pc = 0; pc < l->record->ninsns; pc++)
        if (insns[pc].op == op) return pc;
    ck_abort_msg("no such instruction");
    return 0;
}

static bool live_at(const Live *l, Opcode op, uint32_t reg)
{
    return liveness_has(liveness_at(l->liveness, pc_of(l, op)), reg);
}

static bool live_during(const Live *l, Opcode op, uint32_t reg)
{
    return liveness_has(liveness_during(l->liveness, pc_of(l, op) + opcode_size(op)), reg);
}

START_TEST(arguments_die_with_their_last_use)
{
    Live l = begin("def f(a, b):\n a.x\n g(b)\n h()\n return b\n");
    ck_assert(live_at(&l, OP_GETATTR, 0));
    ck_assert(!live_at(&l, OP_CALL_STMT, 0));
    ck_assert(live_at(&l, OP_RETURN, 1));
    end(&l);
}
END_TEST

START_TEST(a_call_keeps_its_arguments_but_not_its_result)
{
    Live l = begin("def f(a):\n x = g(a)\n return x\n");
    uint32_t call = pc_of(&l, OP_CALL);
    const Insn *insn = (const Insn *)code_at(l.image, l.record->insns) + call;
    ck_assert(live_during(&l, OP_CALL, insn->a));
    ck_assert(live_during(&l, OP_CALL, insn->a + CALL_GAP));
    ck_assert(!live_during(&l, OP_CALL, insn->c));
    end(&l);
}
END_TEST

START_TEST(handlers_keep_what_they_need)
{
    Live l = begin("def f(a, b):\n try: g()\n except E: return a\n return b\n");
    ck_assert(live_during(&l, OP_CALL_STMT, 0));
    ck_assert(live_during(&l, OP_CALL_STMT, 1));
    ck_assert(!live_at(&l, OP_PUSH_EXC, 1));
    end(&l);
}
END_TEST

START_TEST(loops_keep_what_the_next_round_reads)
{
    Live l = begin("def f(a, b):\n for x in a: g(b)\n");
    ck_assert(live_at(&l, OP_LOOP_FOR, 1));
    ck_assert(!live_at(&l, OP_FOR_NEXT, 0)); // the iterator is in its own registers
    end(&l);
}
END_TEST

START_TEST(suspended_frames_show_their_locals)
{
    Live l = begin("def f(a):\n x = a\n yield 1\n y = 2\n yield 3\n");
    ck_assert(live_during(&l, OP_YIELD, 0)); // not read again, but `.locals` has it
    ck_assert(live_during(&l, OP_YIELD, 1));
    end(&l);
}
END_TEST

START_TEST(what_is_yielded_is_let_go)
{
    Live l = begin("def f(a):\n yield a.b\n");
    const Insn *insn = (const Insn *)code_at(l.image, l.record->insns) + pc_of(&l, OP_YIELD);
    ck_assert(live_at(&l, OP_YIELD, insn->b));
    ck_assert(!live_during(&l, OP_YIELD, insn->b));
    end(&l);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vm/liveness");
    TCase *tests = tcase_create("liveness");
    tcase_add_test(tests, arguments_die_with_their_last_use);
    tcase_add_test(tests, a_call_keeps_its_arguments_but_not_its_result);
    tcase_add_test(tests, handlers_keep_what_they_need);
    tcase_add_test(tests, loops_keep_what_the_next_round_reads);
    tcase_add_test(tests, suspended_frames_show_their_locals);
    tcase_add_test(tests, what_is_yielded_is_let_go);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
