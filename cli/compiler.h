/* compiler.h - from text to code: the front end and the compiler in one call.
 * Only code (vm/code.h) comes out, so that compiler.c needs nothing else of the VM; compile_hook.c is the
 * VM's side.
 */
#pragma once
#include "lang/diag.h"
#include "lang/lint.h"
#include "vm/code.h"

typedef enum {
    TEXT_FILE,
    TEXT_MODULE, // a file that is imported
    TEXT_PROMPT, // what has been typed so far
    TEXT_TEST,   // a file whose asserts explain themselves
    TEXT_EXEC,   // for exec(): its names lie in a mapping, as those of the next two
    TEXT_SINGLE, // one statement for exec(), whose values are displayed; never incomplete
    TEXT_EVAL,   // one expression
} TextKind;

typedef struct Compiled {
    CodeImage *image; // malloc'd; whoever wants to keep it takes it out. NULL: incomplete, or see diags
    bool incomplete;  // TEXT_PROMPT: fine so far, more lines are needed
    Source source;
    Diags diags;
} Compiled;

/* Fills *c in any case; free it with compiled_free. */
void compile_text(Compiled *c, const char *filename, const char *text, size_t size, TextKind kind);
void compiled_free(Compiled *c);
/* The same for a file, with what the linter finds if it compiles. */
void compile_check(Compiled *c, const char *filename, const char *text, size_t size, const LintWorld *world);
/* Its diagnostics as text, which lies in *out (free that with text_free). */
const char *compiled_report(const Compiled *c, TextBuffer *out, Reader reader);
