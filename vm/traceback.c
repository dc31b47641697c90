/* The text that CPython prints for an uncaught exception: chain, frames, source lines, groups, notes.
 *
 * Everything is written into one StrBuilder; whatever a script's __str__ does wrong becomes part of the text. */
#include "vm/advice.h"
#include "vm/caret.h"
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/exception_internal.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/suggest.h"
#include "vm/type_internal.h"

enum {
    MAX_FRAMES = 1000,    // of one traceback, the innermost ones
    SHOWN_REPEATS = 3,    // of the same line in a row
    MAX_GROUP_WIDTH = 15, // members of a group
    MAX_GROUP_DEPTH = 10,
};

typedef struct Render {
    VM *vm;
    StrBuilder b;
    Dict *seen;      // exceptions already printed, by address: chains may be cyclic
    unsigned parts;  // RENDER_...
    Value subject;   // the exception asked for, not one behind it
    int depth;       // of groups around what is being printed
    bool need_close; // the last member of a group draws its closing line
} Render;

static bool add_exception(Render *r, Value exc);

/* ---- lines ---- */

static int indent_of(const Render *r) { return 2 * r->depth; }
static const char *margin_of(const Render *r) { return r->depth ? "| " : ""; }

static bool add_margin(Render *r)
{
    return sb_add_fill(&r->b, ' ', (size_t)indent_of(r)) && sb_add_c(&r->b, margin_of(r));
}

static bool add_line(Render *r, const char *text)
{
    return add_margin(r) && sb_add_c(&r->b, text) && sb_add_c(&r->b, "\n");
}

/* The reader's colours, where they are wanted: INK_NONE ends one. */
static bool add_ink(Render *r, Ink ink)
{
    return sb_add_c(&r->b, ink_code(r->vm->reader.colours && r->parts & RENDER_ADDED, ink));
}

/* ---- frames ---- */

static bool add_source(Render *r, const Code *c, CodeLine at)
{
    const char *line;
    size_t n, skipped = 0;
    if (!code_source_line(r->vm, c, at.line, &line, &n)) return true;
    while (skipped < n && strchr(" \t\f", line[skipped])) skipped++;
    while (n > skipped && strchr(" \t\f\r", line[n - 1])) n--;
    if (n == skipped) return true;
    add_margin(r);
    sb_add_c(&r->b, "    ");
    sb_add(&r->b, line + skipped, n - skipped);
    if (!sb_add_c(&r->b, "\n")) return false;
    if (at.col == COLUMN_UNKNOWN || at.col > n) return true;
    size_t end = at.end_line == at.line ? at.end_col : n;
    return caret_add_line(&r->b, line, n, skipped, at.col, end, indent_of(r), margin_of(r),
                          r->vm->reader.colours && r->parts & RENDER_ADDED);
}

static bool add_frame(Render *r, const Code *c, CodeLine at)
{
    size_t n;
    const char *file = code_filename(c, &n);
    add_margin(r);
    sb_add_c(&r->b, "  File ");
    add_ink(r, INK_PLACE);
    sb_add_c(&r->b, "\"");
    sb_add(&r->b, file, n);
    sb_add_c(&r->b, "\"");
    add_ink(r, INK_NONE);
    sb_add_c(&r->b, ", line ");
    add_ink(r, INK_PLACE);
    sb_addf(&r->b, "%u", at.line);
    add_ink(r, INK_NONE);
    return sb_addf(&r->b, ", in %N\n", c->name) && add_source(r, c, at);
}

static bool add_repeats(Render *r, size_t n)
{
    if (n <= SHOWN_REPEATS) return true;
    n -= SHOWN_REPEATS;
    return add_margin(r) &&
           sb_addf(&r->b, "  [Previous line repeated %zu more time%s]\n", n, n == 1 ? "" : "s");
}

/* Readers see their own frames; the library's say something only where there are no others. */
static bool shows_library(const Exception *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!code_is_library(exception_trace_entry(e, i).code)) return false;
    return true;
}

static bool add_frames(Render *r, const Exception *e)
{
    const Code *last = NULL;
    uint32_t last_line = 0;
    size_t repeats = 0, n = exception_trace_length(e);
    if (n > MAX_FRAMES) n = MAX_FRAMES;
    bool library = shows_library(e, n);
    // Where memory ends meanwhile, e may be the MemoryError that is raised anew, and has no trace any more.
    for (size_t i = n; i-- > 0 && i < exception_trace_length(e);) {
        TraceEntry entry = exception_trace_entry(e, i);
        if (code_is_library(entry.code) && !library) continue;
        CodeLine at = code_position(entry.code, entry.pc);
        bool same = entry.code == last && at.line == last_line;
        if (!same && !add_repeats(r, repeats)) return false;
        repeats = same ? repeats + 1 : 1;
        last = entry.code;
        last_line = at.line;
        if (repeats <= SHOWN_REPEATS && !add_frame(r, entry.code, at)) return false;
    }
    return add_repeats(r, repeats);
}

static bool add_traceback(Render *r, Value exc)
{
    bool wanted = r->parts & RENDER_TRACE || exc != r->subject;
    if (!wanted || !exception_trace_length(as_exception(exc))) return true;
    bool group = exception_is(r->vm, exc, ERR_BASE_GROUP);
    sb_add_fill(&r->b, ' ', (size_t)indent_of(r));
    sb_add_c(&r->b, group && r->depth == 1 ? "+ " : margin_of(r));
    sb_add_c(&r->b, group ? "Exception Group Traceback (most recent call last):\n"
                          : "Traceback (most recent call last):\n");
    return add_frames(r, as_exception(exc));
}

/* ---- the exception's own lines ---- */

/* str(v) or, when that fails, a text saying so. */
static Value safe_str(Render *r, Value v, const char *otherwise)
{
    VM *vm = r->vm;
    Value pending = vm->exc;
    Value s = obj_str(vm, v);
    vm->exc = pending;
    return is_error(s) ? str_from_c(vm, otherwise) : s;
}

static bool add_text(Render *r, Value s) { return !is_error(s) && sb_add_str(&r->b, s); }

static Value exception_class_name(VM *vm, Type *t)
{
    bool plain = is_str(t->module) && as_str(t->module) == vm->common->main_;
    return plain ? t->qualname : type_full_name(vm, t);
}

static Value syntax_field(const Exception *e, size_t i)
{
    return is_tuple(e->extra[0]) && as_tuple(e->extra[0])->size > i ? as_tuple(e->extra[0])->items[i]
                                                                    : VALUE_NONE;
}

static int64_t small_or(Value v, int64_t otherwise)
{
    int64_t i;
    return is_int(v) && int_to_i64(v, &i) ? i : otherwise;
}

/* The line of a SyntaxError with carets below; offsets count characters from 1. */
static bool add_syntax_text(Render *r, const Exception *e, Str *text)
{
    size_t n = text->size, skipped = 0;
    while (n && (text->data[n - 1] == '\n' || text->data[n - 1] == '\r')) n--;
    while (skipped < n && strchr(" \n\f\t", text->data[skipped])) skipped++;
    add_margin(r);
    sb_add_c(&r->b, "    ");
    sb_add(&r->b, text->data + skipped, n - skipped);
    if (!sb_add_c(&r->b, "\n")) return false;
    int64_t offset = small_or(syntax_field(e, 3), 0), end = small_or(syntax_field(e, 6), 0);
    if (end == 0 || end == -1 || end == offset) end = offset + 1;
    int64_t col = offset - 1 - (int64_t)skipped, width = end - offset;
    if (col < 0 || width <= 0 || col > (int64_t)n || width > (int64_t)n + 1) return true;
    add_margin(r);
    return sb_add_fill(&r->b, ' ', (size_t)col + 4) && sb_add_fill(&r->b, '^', (size_t)width) &&
           sb_add_c(&r->b, "\n");
}

static bool add_syntax_place(Render *r, const Exception *e)
{
    Value file = syntax_field(e, 1), line = syntax_field(e, 2), text = syntax_field(e, 4);
    if (!is_int(line)) return true;
    add_margin(r);
    sb_add_c(&r->b, "  File \"");
    if (is_str(file)) sb_add_str(&r->b, file);
    else sb_add_c(&r->b, "<string>");
    if (!sb_addf(&r->b, "\", line %R\n", line)) return false;
    return !is_str(text) || add_syntax_text(r, e, as_str(text));
}

/* "ValueError: text. Did you mean: 'x'?" */
static bool add_message(Render *r, Value exc)
{
    VM *vm = r->vm;
    bool syntax = exception_is(vm, exc, ERR_SYNTAX);
    Value name = exception_class_name(vm, type_of(vm, exc));
    bool named = add_margin(r) && add_ink(r, INK_ERROR) && add_text(r, name) && add_ink(r, INK_NONE);
    if (!named) return false;
    Value text = syntax ? syntax_field(as_exception(exc), 0) : exc;
    text = syntax && is_none(text) ? str_from_c(vm, "<no detail available>")
                                   : safe_str(r, text, "<exception str() failed>");
    if (is_error(text)) return false;
    if (as_str(text)->size && (!sb_add_c(&r->b, ": ") || !add_text(r, text))) return false;
    Value meant = suggest_name(vm, exc);
    if (is_str(meant) && !sb_addf(&r->b, ". Did you mean: %R?", meant)) return false;
    return sb_add_c(&r->b, "\n");
}

/* Each line of a text behind the margin. */
static bool add_lines(Render *r, const char *p, size_t n)
{
    const char *end = p + n;
    while (true) {
        const char *newline = memchr(p, '\n', (size_t)(end - p)), *stop = newline ? newline : end;
        if (!add_margin(r) || !sb_add(&r->b, p, (size_t)(stop - p)) || !sb_add_c(&r->b, "\n")) return false;
        if (!newline) return true;
        p = newline + 1;
    }
}

static bool add_note(Render *r, Value note)
{
    Value s = safe_str(r, note, "<note str() failed>");
    return !is_error(s) && add_lines(r, as_str(s)->data, as_str(s)->size);
}

static bool add_notes(Render *r, Value exc)
{
    VM *vm = r->vm;
    Value notes = as_exception(exc)->notes;
    if (is_unset(notes)) return true;
    if (!is_list(notes) && !is_tuple(notes) && !is_str(notes)) {
        Value pending = vm->exc;
        Value s = obj_repr(vm, notes);
        vm->exc = pending;
        return add_margin(r) && (is_error(s) ? sb_add_c(&r->b, "<__notes__ repr() failed>") : add_text(r, s)) &&
               sb_add_c(&r->b, "\n");
    }
    Value copy = obj_to_tuple(vm, notes); // a note's __str__ may change the list
    Value *root = is_error(copy) ? NULL : roots_push(vm, copy);
    bool ok = root != NULL;
    for (size_t i = 0; ok && i < as_tuple(copy)->size; i++) ok = add_note(r, as_tuple(copy)->items[i]);
    if (root) roots_pop(vm, root);
    return ok;
}

/* "    hint: ...", not of what only led to another exception. */
static bool add_advice(Render *r, Value exc)
{
    if (exc != r->subject && !r->depth) return true;
    StrBuilder hint;
    sb_init(&hint, r->vm);
    if (r->parts & RENDER_ADDED && advice_add(&hint, exc)) {
        add_margin(r);
        sb_add_c(&r->b, "    ");
        add_ink(r, INK_NOTE);
        sb_add_c(&r->b, said(r->vm->reader.language, "hint"));
        add_ink(r, INK_NONE);
        sb_add_c(&r->b, ": ");
        sb_add(&r->b, hint.data, hint.size);
        sb_add_c(&r->b, "\n");
    }
    sb_drop(&hint);
    return !r->b.failed;
}

static bool add_one(Render *r, Value exc)
{
    if (!add_traceback(r, exc)) return false;
    Value report = r->parts & RENDER_ADDED ? exception_report(r->vm, exc) : VALUE_UNSET;
    if (is_str(report))
        return add_lines(r, as_str(report)->data, as_str(report)->size - 1) && add_notes(r, exc);
    if (exception_is(r->vm, exc, ERR_SYNTAX) && !add_syntax_place(r, as_exception(exc))) return false;
    return add_message(r, exc) && add_notes(r, exc) && add_advice(r, exc);
}

/* ---- groups ---- */

static bool add_member(Render *r, const Tuple *members, size_t i, bool last)
{
    bool truncated = i >= MAX_GROUP_WIDTH;
    sb_add_fill(&r->b, ' ', (size_t)indent_of(r));
    sb_add_c(&r->b, i == 0 ? "+-" : "  ");
    if (truncated) sb_add_c(&r->b, "+---------------- ... ----------------\n");
    else sb_addf(&r->b, "+---------------- %zu ----------------\n", i + 1);
    if (last) r->need_close = true; // unless a group in there draws it already
    r->depth++;
    bool ok;
    if (truncated) {
        size_t more = members->size - MAX_GROUP_WIDTH;
        ok = add_margin(r) && sb_addf(&r->b, "and %zu more exception%s\n", more, more == 1 ? "" : "s");
    } else {
        ok = add_exception(r, members->items[i]);
    }
    if (ok && last && r->need_close) {
        ok = sb_add_fill(&r->b, ' ', (size_t)indent_of(r)) &&
             sb_add_c(&r->b, "+------------------------------------\n");
        r->need_close = false;
    }
    r->depth--;
    return ok;
}

static bool add_group(Render *r, Value exc)
{
    if (r->depth > MAX_GROUP_DEPTH) {
        return add_margin(r) && sb_addf(&r->b, "... (max_group_depth is %d)\n", MAX_GROUP_DEPTH);
    }
    bool outermost = r->depth == 0;
    if (outermost) r->depth = 1;
    bool ok = add_one(r, exc);
    const Tuple *members = as_tuple(as_exception(exc)->extra[1]);
    size_t n = members->size <= MAX_GROUP_WIDTH ? members->size : MAX_GROUP_WIDTH + 1;
    r->need_close = false;
    for (size_t i = 0; ok && i < n; i++) ok = add_member(r, members, i, i == n - 1);
    if (outermost) r->depth = 0;
    return ok;
}

/* ---- chains ---- */

static bool mark_seen(Render *r, Value exc, bool *new)
{
    Value key = int_from_u64(r->vm, exc);
    if (is_error(key)) return false;
    *new = is_unset(dict_get(r->vm, r->seen, key));
    return !*new || dict_set(r->vm, r->seen, key, VALUE_NONE);
}

/* What exc was raised from or while handling; UNSET for nothing. */
static Value link_of(const Render *r, const Exception *e)
{
    if (!(r->parts & RENDER_CHAIN)) return VALUE_UNSET;
    if (is_exception(e->cause)) return e->cause;
    return is_exception(e->context) && !e->suppress_context ? e->context : VALUE_UNSET;
}

/* exc and what is behind it, newest first, without repeats. */
static bool collect_chain(Render *r, Value exc, List *chain)
{
    bool new = true;
    for (Value e = exc; !is_unset(e) && new; e = link_of(r, as_exception(e))) {
        if (!mark_seen(r, e, &new)) return false;
        if ((new || e == exc) && !list_append(r->vm, chain, e)) return false;
    }
    return true;
}

static bool add_chain(Render *r, const List *chain)
{
    for (size_t i = chain->size; i-- > 0;) {
        Value exc = chain->items[i];
        bool outer_close = r->need_close;
        bool group = exception_is(r->vm, exc, ERR_BASE_GROUP);
        if (group ? !add_group(r, exc) : !add_one(r, exc)) return false;
        if (i == 0) break;
        r->need_close = outer_close;
        bool caused = as_exception(chain->items[i - 1])->cause == exc;
        bool ok = add_line(r, "") &&
                  add_line(r, caused ? "The above exception was the direct cause of the following exception:"
                                     : "During handling of the above exception, another exception occurred:") &&
                  add_line(r, "");
        if (!ok) return false;
    }
    return true;
}

static bool add_exception(Render *r, Value exc)
{
    if (vm_c_stack_low(r->vm)) return false;
    Value chain = list_new(r->vm, NULL, 0);
    Value *root = is_error(chain) ? NULL : roots_push(r->vm, chain);
    bool ok = root && collect_chain(r, exc, as_list(chain)) && add_chain(r, as_list(chain));
    if (root) roots_pop(r->vm, root);
    return ok;
}

Value exception_render(VM *vm, Value exc)
{
    return exception_render_parts(vm, exc, RENDER_TRACE | RENDER_CHAIN | RENDER_ADDED);
}

static Value frame_text(VM *vm, TraceEntry entry)
{
    Render r = {.vm = vm};
    sb_init(&r.b, vm);
    if (add_frame(&r, entry.code, code_position(entry.code, entry.pc))) return sb_finish(&r.b);
    sb_drop(&r.b);
    return VALUE_ERROR;
}

Value traceback_frame_texts(VM *vm, Value traceback)
{
    const Traceback *t = (Traceback *)as_obj(traceback);
    Value texts = list_new(vm, NULL, 0);
    const Exception *e = as_exception(t->exc);
    size_t n = t->index < exception_trace_length(e) ? t->index + 1 : 0;
    bool library = shows_library(e, n);
    for (size_t i = n; i-- > 0 && !is_error(texts);) {
        TraceEntry entry = exception_trace_entry(e, i);
        Value text = code_is_library(entry.code) && !library ? VALUE_NONE : frame_text(vm, entry);
        if (is_error(text) || !list_append(vm, as_list(texts), text)) return VALUE_ERROR;
    }
    return texts;
}

Value exception_render_parts(VM *vm, Value exc, unsigned parts)
{
    Render r = {.vm = vm, .seen = dict_new(vm), .parts = parts, .subject = exc};
    Value *roots = r.seen ? roots_reserve(vm, 2) : NULL;
    if (!roots) return VALUE_ERROR;
    roots[0] = exc;
    roots[1] = obj_value(r.seen);
    sb_init(&r.b, vm);
    bool ok = add_exception(&r, exc);
    Value text = ok ? sb_finish(&r.b) : VALUE_ERROR;
    if (!ok) sb_drop(&r.b);
    roots_pop(vm, roots);
    return text;
}
