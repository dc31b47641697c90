/* compiled.h - for tests of what the compiler makes: a text compiled, or the report of why not. */
#pragma once
#include "lang/compile.h"
#include "lang/parse.h"
#include "vm/dis.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

typedef struct Compiled {
    CodeImage *image; // NULL: see report
    char report[1000];
} Compiled;

static inline Compiled compile(const char *text)
{
    Compiled out = {0};
    Source source;
    Tree tree;
    Diags diags;
    TextBuffer report = {0};
    diags_init(&diags);
    if (source_load(&source, "t.co", text, strlen(text), &diags)) {
        if (parse_source(&tree, &source, PARSE_FILE, &diags) == PARSE_OK) out.image = compile_tree(&tree, &diags);
        tree_free(&tree);
    }
    diags_render(&report, &source, &diags, (Reader){0});
    snprintf(out.report, sizeof out.report, "%s", report.bytes ? report.bytes : "");
    text_free(&report);
    source_free(&source);
    diags_free(&diags);
    return out;
}

/* The record of the function with this qualified name. */
static inline const CodeRecord *record_named(const CodeImage *image, const char *qualname)
{
    for (uint32_t i = 0; i < image->nrecords; i++) {
        const CodeRecord *record = code_record(image, i);
        if (strlen(qualname) == record->qualname.len &&
            memcmp(qualname, code_text(image, record->qualname), record->qualname.len) == 0)
            return record;
    }
    ck_abort_msg("no code is named %s", qualname);
    return NULL;
}

/* How often an instruction occurs in a function. */
static inline int count_op(const CodeImage *image, const char *qualname, Opcode op)
{
    const CodeRecord *record = record_named(image, qualname);
    const Insn *insns = code_at(image, record->insns);
    int count = 0;
    for (uint32_t pc = 0; pc < record->ninsns; pc++) count += insns[pc].op == op;
    return count;
}
