/* _csv.c - the usual line of a table taken apart, under csv.co, which knows all the others. */
#include "stdlib/stdlib.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/search.h"
#include "vm/str.h"

#include <string.h>

typedef struct Line {
    VM *vm;
    const char *at, *end;
    const Str *delimiter, *quote; // quote NULL: there are no quotes
    bool skips_spaces;            // in front of a field
} Line;

static bool stands_here(const Line *line, const Str *mark)
{
    return mark && (size_t)(line->end - line->at) >= mark->size && memcmp(line->at, mark->data, mark->size) == 0;
}

/* The end of what is not `mark`. */
static const char *find_mark(const char *from, const char *end, const Str *mark)
{
    size_t at = search_first(from, (size_t)(end - from), mark->data, mark->size);
    return at == SEARCH_NONE ? end : from + at;
}

static Value plain_field(Line *line)
{
    const char *start = line->at;
    line->at = find_mark(start, line->end, line->delimiter);
    return str_new(line->vm, start, (size_t)(line->at - start));
}

/* Between quotes, of which two stand for one. UNSET: it does not end on this line, or something follows the quote. */
static Value quoted_field(Line *line)
{
    StrBuilder b;
    sb_init(&b, line->vm);
    do {
        line->at += line->quote->size;
        const char *start = line->at;
        line->at = find_mark(start, line->end, line->quote);
        sb_add(&b, start, (size_t)(line->at - start));
        if (line->at == line->end) return sb_drop(&b), VALUE_UNSET;
        line->at += line->quote->size;
        if (stands_here(line, line->quote)) sb_add(&b, line->quote->data, line->quote->size);
    } while (stands_here(line, line->quote));
    if (line->at < line->end && !stands_here(line, line->delimiter)) return sb_drop(&b), VALUE_UNSET;
    return sb_finish(&b);
}

/* All fields into the list: true, false (nothing pending: another way has to be found), or an error. */
static Value split(Line *line, List *fields)
{
    for (;; line->at += line->delimiter->size) {
        while (line->skips_spaces && line->at < line->end && *line->at == ' ') line->at++;
        Value field = stands_here(line, line->quote) ? quoted_field(line) : plain_field(line);
        if (is_unset(field)) return VALUE_FALSE;
        if (is_error(field) || !list_append(line->vm, fields, field)) return VALUE_ERROR;
        if (line->at == line->end) return VALUE_TRUE;
    }
}

static Value nat_fields(VM *vm, Args args)
{
    if (!is_str(args.v[0]) || !is_str(args.v[1]) || !(is_str(args.v[2]) || is_none(args.v[2])))
        return vm_raise(vm, ERR_TYPE, "fields() needs texts");
    const Str *text = as_str(args.v[0]);
    Line line = {vm, text->data, text->data + text->size, as_str(args.v[1]), is_none(args.v[2]) ? NULL : as_str(args.v[2]),
                 args.v[3] == VALUE_TRUE};
    while (line.end > line.at && (line.end[-1] == '\n' || line.end[-1] == '\r')) line.end--;
    size_t size = (size_t)(line.end - line.at);
    if (memchr(line.at, '\n', size) || memchr(line.at, '\r', size)) return VALUE_NONE;
    Value fields = list_new(vm, NULL, 0);
    if (is_error(fields) || size == 0) return fields;
    Value done = split(&line, as_list(fields));
    return is_error(done) ? done : done == VALUE_TRUE ? fields : VALUE_NONE;
}

static const NativeDef natives[] = {
    {"fields(line, delimiter, quote, skips_spaces, /)", nat_fields,
     "The fields of a line; None if it takes more than quotes around whole fields, or more lines.", 0},
    {0},
};

const ModuleDef _csv_module = {"_csv", natives, "What csv has in C.", NULL};
