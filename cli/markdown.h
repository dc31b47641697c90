/* markdown.h - the fenced blocks of a Markdown text. */
#pragma once
#include "lang/text.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct FencedBlock {
    size_t start, end; // its lines, the fences left out
    size_t line;       // of the first of them, from 1
    size_t indent;     // blanks before the fence
    const char *info;  // behind the opening fence: "co fresh"
    size_t info_len;
    bool after_heading; // a heading stands between it and the block before
} FencedBlock;

/* All of them, malloc'd; NULL: out of memory. */
FencedBlock *markdown_blocks(const char *text, size_t size, size_t *count);
/* Is `word` the language (its first word), or one of the words behind that? */
bool block_is(const FencedBlock *b, const char *language);
bool block_has(const FencedBlock *b, const char *word);
/* The value of "key=value" in the info; its length, 0: none. */
size_t block_value(const FencedBlock *b, const char *key, const char **value);

/* ---- programs ---- */

/* Is it one: `co`, and not `co skip`? */
bool block_is_program(const FencedBlock *b);
/* `co file=NAME` is a program of its own, with a name of its own. */
bool block_is_file(const FencedBlock *b);
/* The block's lines without their indentation. */
void block_lines(const FencedBlock *b, const char *text, TextBuffer *out);

/* The programs that are run one after another as one: those of the blocks [first, last) that session_has. */
typedef struct Session {
    size_t first, last;
    size_t next, covered; // where to go on; blocks before `covered` have had their session
} Session;
/* The next one: the document's own, each up to the block that says `fresh`; files stand for themselves in between. */
bool session_next(Session *s, const FencedBlock *blocks, size_t count);
bool session_has(const Session *s, const FencedBlock *blocks, size_t i);
