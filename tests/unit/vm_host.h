/* vm_host.h - a VM for unit tests that run no script: its host has nothing but a fixed hash key. */
#pragma once
#include "vm/vm.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static void fixed_key(Host *h, uint64_t key[2])
{
    (void)h;
    key[0] = key[1] = 1;
}
static Host test_host = {.hash_key = fixed_key};

static VM *vm;

static void set_up(void)
{
    vm = vm_new(&test_host);
    ck_assert_ptr_nonnull(vm);
}
static void tear_down(void) { vm_free(vm); }

static int run_suite(const char *name, void (*add)(TCase *c))
{
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    tcase_add_checked_fixture(c, set_up, tear_down);
    add(c);
    suite_add_tcase(s, c);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
