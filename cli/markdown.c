#include "cli/markdown.h"

#include <stdlib.h>
#include <string.h>

/* ---- lines --------------------------------------------------------------------------------------------- */

typedef struct Line {
    const char *text; // behind its blanks
    size_t len, indent;
} Line;

static Line line_at(const char *text, size_t size, size_t at)
{
    const char *end = memchr(text + at, '\n', size - at);
    Line line = {text + at, end ? (size_t)(end - text) - at : size - at, 0};
    while (line.len && *line.text == ' ') line.text++, line.len--, line.indent++;
    while (line.len && (line.text[line.len - 1] == ' ' || line.text[line.len - 1] == '\r')) line.len--;
    return line;
}

/* How many of its sign the line begins with, if that makes it a fence; else 0. */
static size_t fence_length(const Line *line)
{
    size_t n = 0;
    if (!line->len || (line->text[0] != '`' && line->text[0] != '~')) return 0;
    while (n < line->len && line->text[n] == line->text[0]) n++;
    return n >= 3 ? n : 0;
}

static bool closes(const Line *line, char sign, size_t length)
{
    size_t n = fence_length(line);
    return n >= length && n == line->len && line->text[0] == sign;
}

/* ---- blocks -------------------------------------------------------------------------------------------- */

FencedBlock *markdown_blocks(const char *text, size_t size, size_t *count)
{
    size_t capacity = 16, number = 0, length = 0;
    FencedBlock *blocks = malloc(capacity * sizeof *blocks), *open = NULL;
    bool heading = false;
    char sign = 0;
    *count = 0;
    for (size_t at = 0; blocks && at < size;) {
        Line line = line_at(text, size, at);
        const char *end = memchr(text + at, '\n', size - at);
        size_t next = end ? (size_t)(end - text) + 1 : size;
        number++;
        if (open && closes(&line, sign, length)) {
            open->end = at;
            open = NULL;
        } else if (!open && fence_length(&line)) {
            if (*count == capacity) {
                FencedBlock *more = realloc(blocks, (capacity *= 2) * sizeof *blocks);
                if (!more) return free(blocks), NULL;
                blocks = more;
            }
            length = fence_length(&line);
            sign = line.text[0];
            open = &blocks[(*count)++];
            *open = (FencedBlock){.start = next,
                                  .end = size,
                                  .line = number + 1,
                                  .indent = line.indent,
                                  .info = line.text + length,
                                  .info_len = line.len - length,
                                  .after_heading = heading};
            heading = false;
        } else if (!open && line.len && line.text[0] == '#')
            heading = true;
        at = next;
    }
    return blocks;
}

/* ---- the info string ------------------------------------------------------------------------------------- */

/* The next word at or behind *at; false: there is none. */
static bool next_word(const FencedBlock *b, size_t *at, const char **word, size_t *len)
{
    while (*at < b->info_len && b->info[*at] == ' ') (*at)++;
    *word = b->info + *at;
    size_t from = *at;
    while (*at < b->info_len && b->info[*at] != ' ') (*at)++;
    *len = *at - from;
    return *len > 0;
}

static bool word_is(const char *word, size_t len, const char *wanted)
{
    return len == strlen(wanted) && memcmp(word, wanted, len) == 0;
}

bool block_is(const FencedBlock *b, const char *language)
{
    size_t at = 0, len;
    const char *word;
    return next_word(b, &at, &word, &len) && word_is(word, len, language);
}

bool block_has(const FencedBlock *b, const char *wanted)
{
    size_t at = 0, len;
    const char *word;
    for (bool first = true; next_word(b, &at, &word, &len); first = false)
        if (!first && word_is(word, len, wanted)) return true;
    return false;
}

size_t block_value(const FencedBlock *b, const char *key, const char **value)
{
    size_t at = 0, len, n = strlen(key);
    const char *word;
    while (next_word(b, &at, &word, &len)) {
        if (len <= n + 1 || memcmp(word, key, n) != 0 || word[n] != '=') continue;
        *value = word + n + 1;
        return len - n - 1;
    }
    return 0;
}

/* ---- programs -------------------------------------------------------------------------------------------- */

bool block_is_program(const FencedBlock *b) { return block_is(b, "co") && !block_has(b, "skip"); }

bool block_is_file(const FencedBlock *b)
{
    const char *name;
    return block_value(b, "file", &name) > 0;
}

void block_lines(const FencedBlock *b, const char *text, TextBuffer *out)
{
    for (size_t at = b->start; at < b->end;) {
        const char *end = memchr(text + at, '\n', b->end - at);
        size_t next = end ? (size_t)(end - text) + 1 : b->end, skip = 0;
        while (skip < b->indent && at + skip < next && text[at + skip] == ' ') skip++;
        text_add(out, text + at + skip, next - at - skip);
        at = next;
    }
}

bool session_next(Session *s, const FencedBlock *blocks, size_t count)
{
    for (; s->next < count; s->next++) {
        const FencedBlock *b = &blocks[s->next];
        if (!block_is_program(b) || (!block_is_file(b) && s->next < s->covered)) continue;
        s->first = s->next++;
        s->last = s->next;
        if (block_is_file(b)) return true;
        while (s->last < count &&
               !(block_is_program(&blocks[s->last]) && block_has(&blocks[s->last], "fresh")))
            s->last++;
        s->covered = s->last;
        return true;
    }
    return false;
}

bool session_has(const Session *s, const FencedBlock *blocks, size_t i)
{
    return block_is_program(&blocks[i]) && block_is_file(&blocks[i]) == block_is_file(&blocks[s->first]);
}
