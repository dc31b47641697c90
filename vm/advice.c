#define _GNU_SOURCE // memmem
#include "vm/advice.h"
#include "vm/code_object.h"
#include "vm/exception_internal.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/suggest.h"
#include "vm/type.h"

static const struct Advice {
    const char *hint, *word, *patterns;
} rows[] = {
#define ADVICE(hint, word, patterns) {hint, word, patterns},
#include "vm/advice.def"
};

typedef struct Part {
    const char *start, *end;
} Part;

/* Whether the pattern, up to a line end, fits the text; *first is what its first '*' stands for. */
static bool fits(const char *pattern, Part text, Part *first)
{
    for (; *pattern && *pattern != '\n' && *pattern != '*'; pattern++, text.start++)
        if (text.start == text.end || *text.start != *pattern) return false;
    if (*pattern != '*') return text.start == text.end;
    for (const char *end = text.start; end <= text.end; end++) {
        Part ignored;
        if (!fits(pattern + 1, (Part){end, text.end}, &ignored)) continue;
        *first = (Part){text.start, end};
        return true;
    }
    return false;
}

static bool fits_any(const char *patterns, Part text, Part *first)
{
    for (const char *p = patterns; p; p = strchr(p, '\n')) {
        if (*p == '\n') p++;
        if (fits(p, text, first)) return true;
    }
    return false;
}

/* The source line in the reader's own code where exc was raised; empty if that is unknown. */
static Part failed_line(VM *vm, const Exception *e)
{
    Part line = {0};
    size_t n = exception_trace_length(e), len;
    for (size_t i = 0; i < n; i++) {
        TraceEntry entry = exception_trace_entry(e, i);
        if (code_is_library(entry.code)) continue;
        if (code_source_line(vm, entry.code, code_position(entry.code, entry.pc).line, &line.start, &len))
            line.end = line.start + len;
        break;
    }
    while (line.start < line.end && (*line.start == ' ' || *line.start == '\t')) line.start++;
    return line;
}

static bool has_word(Part line, const char *word)
{
    return line.start && memmem(line.start, (size_t)(line.end - line.start), word, strlen(word)) != NULL;
}

static bool is_builtin(VM *vm, const Type *type)
{
    for (int i = 0; i < ERR_COUNT; i++)
        if (vm->exc_types[i] == type) return true;
    return false;
}

/* Whether str(exc) runs no script: a key's __repr__ shall not be called once more. */
static bool is_plain(const Exception *e)
{
    const Tuple *args = as_tuple(e->args);
    for (size_t i = 0; i < args->size; i++)
        if (!is_exact(args->items[i], T_STR) && !is_small(args->items[i])) return false;
    return true;
}

/* "TypeError: ...", as str(exc) has it; false for what is too long to be one of ours. */
static bool last_line(StrBuilder *b, VM *vm, Value exc)
{
    enum { LONGEST = 1000 };
    if (!is_plain(as_exception(exc))) return false;
    Value pending = vm->exc, text = obj_str(vm, exc);
    vm->exc = pending;
    if (is_error(text) || as_str(text)->size > LONGEST) return false;
    sb_addf(b, as_str(text)->size ? "%T: %V" : "%T", exc, text);
    return !b->failed;
}

static bool add_hint(StrBuilder *b, const char *hint, Part first)
{
    size_t before = b->size;
    for (const char *gap; (gap = strstr(hint, "%s")); hint = gap + 2) {
        sb_add(b, hint, (size_t)(gap - hint));
        sb_add(b, first.start, (size_t)(first.end - first.start));
    }
    if (!sb_add_c(b, hint)) return false;
    b->size = before + said_settle(b->data + before, b->size - before);
    return true;
}

static bool add_slip(StrBuilder *b, Value exc)
{
    VM *vm = b->vm;
    Language language = vm->reader.language;
    Slip slip;
    Value name = suggest_slip(vm, exc, &slip);
    if (is_unset(name)) return false;
    Part meant = {as_str(name)->data, as_str(name)->data + as_str(name)->size};
    const char *hint =
        slip == SLIP_OF_KEYBOARD ? said(language, "typed with the Korean keyboard on: did you mean '%s'?")
        : slip == SLIP_OF_IMPORT ? said(language, "to use the module, write 'import %s' at the top")
                                 : said(language, "did you mean '%s'?");
    return add_hint(b, hint, meant);
}

bool advice_add(StrBuilder *b, Value exc)
{
    VM *vm = b->vm;
    if (!is_builtin(vm, type_of(vm, exc))) return false;
    Part line = failed_line(vm, as_exception(exc)), first = {0};
    if (line.end - line.start >= 5 && memcmp(line.start, "raise", 5) == 0) return false;
    if (add_slip(b, exc)) return true;
    StrBuilder text;
    sb_init(&text, vm);
    bool found = false;
    if (last_line(&text, vm, exc)) {
        Part whole = {text.data, text.data + text.size};
        for (size_t i = 0; !found && i < sizeof rows / sizeof *rows; i++)
            if ((!*rows[i].word || has_word(line, rows[i].word)) && fits_any(rows[i].patterns, whole, &first))
                found = add_hint(b, said(vm->reader.language, rows[i].hint), first);
    }
    sb_drop(&text);
    return found;
}
