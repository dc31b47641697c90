#include "lang/source.h"
#include "lang/diag.h"
#include "lang/unicode.h"
#include <stdlib.h>
#include <string.h>

static bool out_of_memory(Diags *diags)
{
    diags->out_of_memory = true;
    return false;
}

//-- loading -----------------------------------------------------------------------------------------

/* Copies the text with '\n' as its only line end, and one at its end. */
static void copy_lines(Source *source, const char *text, size_t size)
{
    char *out = source->text;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *cr = memchr(at, '\r', (size_t)(end - at));
        size_t len = (size_t)((cr ? cr : end) - at);
        memcpy(out, at, len);
        out += len;
        if (!cr) break;
        *out++ = '\n';
        at = cr + 1;
        if (at < end && *at == '\n') at++;
    }
    source->ends_open = size > 0 && out[-1] != '\n';
    if (source->ends_open) *out++ = '\n';
    *out = '\0';
    source->size = (uint32_t)(out - source->text);
}

static bool index_lines(Source *source)
{
    uint32_t count = 1;
    const char *end = source->text + source->size;
    for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++) count++;

    source->line_starts = malloc(count * sizeof(uint32_t));
    if (!source->line_starts) return false;
    source->line_count = count;
    source->line_starts[0] = 0;
    uint32_t line = 1;
    for (const char *at = source->text; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        source->line_starts[line++] = (uint32_t)(at - source->text) + 1;
    return true;
}

static Span one_byte(const char *at, const Source *source)
{
    uint32_t offset = (uint32_t)(at - source->text);
    return (Span){offset, offset + 1};
}

static bool check_bytes(const Source *source, Diags *diags)
{
    const char *nul = memchr(source->text, '\0', source->size);
    if (nul) {
        diag_add(diags, DIAG_SYNTAX, one_byte(nul, source), "source code cannot contain null bytes");
        return false;
    }
    const char *bad = source->text + utf8_valid_prefix(source->text, source->size);
    if (bad < source->text + source->size) {
        Diag *diag = diag_add(diags, DIAG_SYNTAX, one_byte(bad, source), "invalid UTF-8: byte '\\x%02x'",
                              (unsigned char)*bad);
        diag_hint(diags, diag, "source files are read as UTF-8; convert the file to it");
        return false;
    }
    return true;
}

static bool is_blank_or_comment(const char *line)
{
    line += strspn(line, " \t\f");
    return *line == '#' || *line == '\n' || *line == '\0';
}

/* The encoding named by a comment such as "# -*- coding: utf-8 -*-" on this line; empty if none. */
static Span find_coding(const Source *source, uint32_t line)
{
    Span none = {0, 0}, range = source_line(source, line);
    const char *start = source->text + range.start;
    if (!is_blank_or_comment(start)) return none;

    for (const char *at = start; (at = strstr(at, "coding")); at++) {
        if (at >= source->text + range.end) return none;
        const char *name = at + strlen("coding");
        if (*name != ':' && *name != '=') continue;
        name += 1 + strspn(name + 1, " \t");
        size_t len = strspn(name, "-_.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        uint32_t offset = (uint32_t)(name - source->text);
        if (len) return (Span){offset, offset + (uint32_t)len};
    }
    return none;
}

/* Whether `name` is UTF-8 or ASCII in one of its spellings: "utf-8", "UTF_8", "utf8", "us-ascii" ... */
static bool is_readable_encoding(const char *name, size_t len)
{
    static const char *const known[] = {"utf8", "utf8sig", "ascii", "usascii"};
    char plain[16];
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        if (name[i] == '-' || name[i] == '_') continue;
        if (count == sizeof plain - 1) return false;
        plain[count++] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    }
    plain[count] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(plain, known[i]) == 0) return true;
    return false;
}

static bool check_coding(const Source *source, Diags *diags)
{
    for (uint32_t line = 1; line <= 2; line++) {
        Span coding = find_coding(source, line);
        const char *name = source->text + coding.start;
        size_t len = coding.end - coding.start;
        if (len && !is_readable_encoding(name, len)) {
            Diag *diag = diag_add(diags, DIAG_SYNTAX, coding, "unknown encoding: %.*s", (int)len, name);
            diag_hint(diags, diag, "source files are read as UTF-8; convert the file to it");
            return false;
        }
        if (len || !is_blank_or_comment(source->text + source_line(source, line).start)) break;
    }
    return true;
}

bool source_load(Source *source, const char *name, const char *text, size_t size, Diags *diags)
{
    *source = (Source){0};
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    bool too_large = size > UINT32_MAX - 16;
    if (too_large) size = 0;
    source->name = strdup(name);
    source->text = malloc(size + 2);
    if (!source->name || !source->text) return out_of_memory(diags);
    copy_lines(source, text, size);
    if (!index_lines(source)) return out_of_memory(diags);

    if (too_large) {
        diag_add(diags, DIAG_SYNTAX, (Span){0, 0}, "source text of 4 GiB or more");
        return false;
    }
    return check_coding(source, diags) && check_bytes(source, diags);
}

void source_free(Source *source)
{
    free((char *)source->name);
    free(source->text);
    free(source->line_starts);
    *source = (Source){0};
}

//-- places ------------------------------------------------------------------------------------------

/* The line (from 1) that holds this offset. */
static uint32_t line_of(const Source *source, uint32_t offset)
{
    uint32_t low = 0, high = source->line_count; // line_starts[low] <= offset < line_starts[high]
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (source->line_starts[mid] <= offset)
            low = mid;
        else
            high = mid;
    }
    return low + 1;
}

Position source_position(const Source *source, Span span)
{
    if (!source->line_count) return (Position){1, 0, 1, 0};
    uint32_t line = line_of(source, span.start);
    uint32_t start = source->line_starts[line - 1];
    bool same = line == source->line_count || span.end <= source->line_starts[line];
    uint32_t end_line = same && span.end >= start ? line : line_of(source, span.end);
    // A span that ends behind a line end ends on that line: nobody counts column 0 of the next.
    return (Position){line, span.start - start, end_line, span.end - source->line_starts[end_line - 1]};
}

Span source_line(const Source *source, uint32_t line)
{
    if (line < 1 || line > source->line_count) return (Span){source->size, source->size};
    uint32_t start = source->line_starts[line - 1];
    uint32_t end = line < source->line_count ? source->line_starts[line] : source->size;
    if (end > start && source->text[end - 1] == '\n') end--;
    return (Span){start, end};
}
