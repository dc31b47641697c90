/* pcre.h - what of PCRE2's interface _re.c uses.
 *
 * The library (Debian's libpcre2-8-0, which grep depends on) is opened when a program first imports re, so that others
 * pay nothing for it; its header is not needed to build. Names and numbers are those of pcre2.h, whose ABI keeps them.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCRE_DOTALL = 0x20,
    PCRE_MULTILINE = 0x400,
    PCRE_NO_AUTO_POSSESS = 0x4000,
    PCRE_UTF = 0x80000,
    PCRE_ALT_CIRCUMFLEX = 0x200000, // ^ of MULTILINE matches behind a newline at the very end, too
    PCRE_ENDANCHORED = 0x20000000,
    PCRE_NO_UTF_CHECK = 0x40000000,
    PCRE_NOTEMPTY_ATSTART = 8,      // this and the next: of pcre2_match
    PCRE_NO_JIT = 0x2000,
    PCRE_ALLOW_SURROGATE_ESCAPES = 1,
    PCRE_NEWLINE_LF = 2,
    PCRE_JIT_COMPLETE = 1,
};
#define PCRE_ANCHORED 0x80000000u
#define PCRE_UNSET    SIZE_MAX
enum { PCRE_NOMATCH = -1, PCRE_JIT_STACKLIMIT = -46, PCRE_MATCHLIMIT = -47, PCRE_NOMEMORY = -48, PCRE_HEAPLIMIT = -63 };

typedef struct PcreCode PcreCode;
typedef struct PcreMatch PcreMatch;
typedef struct PcreContext PcreContext;

/* PCRE(type, function, parameters): `pcre2_function_8`. */
#define PCRE_FUNCTIONS                                                                                               \
    PCRE(PcreCode *, compile, (const char *, size_t, uint32_t, int *, size_t *, PcreContext *))                      \
    PCRE(void, code_free, (PcreCode *))                                                                              \
    PCRE(int, jit_compile, (PcreCode *, uint32_t))                                                                   \
    PCRE(PcreMatch *, match_data_create_from_pattern, (const PcreCode *, void *))                                    \
    PCRE(void, match_data_free, (PcreMatch *))                                                                       \
    PCRE(size_t *, get_ovector_pointer, (PcreMatch *))                                                               \
    PCRE(int, match, (const PcreCode *, const char *, size_t, size_t, uint32_t, PcreMatch *, PcreContext *))         \
    PCRE(PcreContext *, match_context_create, (void *))                                                              \
    PCRE(void, match_context_free, (PcreContext *))                                                                  \
    PCRE(int, set_match_limit, (PcreContext *, uint32_t))                                                            \
    PCRE(int, set_heap_limit, (PcreContext *, uint32_t))                                                             \
    PCRE(PcreContext *, compile_context_create, (void *))                                                            \
    PCRE(void, compile_context_free, (PcreContext *))                                                                \
    PCRE(int, set_newline, (PcreContext *, uint32_t))                                                                \
    PCRE(int, set_parens_nest_limit, (PcreContext *, uint32_t))                                                      \
    PCRE(int, set_compile_extra_options, (PcreContext *, uint32_t))                                                  \
    PCRE(int, get_error_message, (int, char *, size_t))

typedef struct Pcre {
    void *library;
    size_t users; // the module, and each pattern
    PcreContext *compiling, *matching;
#define PCRE(type, name, parameters) type(*name) parameters;
    PCRE_FUNCTIONS
#undef PCRE
} Pcre;

/* The library, open; NULL when it is not there. */
Pcre *pcre_open(void);
/* One user less; NULL is allowed. */
void pcre_close(Pcre *pcre);
