/* compile_hook.c - what the VM compiles with: errors become exceptions. */
#include "cli/compile_hook.h"
#include "cli/compiler.h"
#include "vm/codecs.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/report.h"
#include "vm/str.h"

static const Diag *first_error(const Diags *diags)
{
    for (uint32_t i = 0; i < diags->count; i++)
        if (diag_is_error(diags->items[i].kind)) return &diags->items[i];
    return NULL;
}

static ErrorKind error_kind(DiagKind kind)
{
    switch (kind) {
    case DIAG_INDENTATION: return ERR_INDENTATION;
    case DIAG_TAB: return ERR_TAB;
    case DIAG_MEMORY: return ERR_MEMORY;
    default: return ERR_SYNTAX;
    }
}

/* Part of a source that may not even be UTF-8. */
static Value source_text(VM *vm, const char *text, size_t n)
{
    Value replace = str_from_c(vm, "replace");
    return is_error(replace) ? replace : codec_decode(vm, (const uint8_t *)text, n, VALUE_UNSET, replace);
}

/* (filename, line, column, text, end line, end column) as SyntaxError takes them: columns count characters,
 * from 1. given: how long the text was before it was made to end with a newline, which an expression does not show. */
static Value place_of(VM *vm, const Source *source, const Diag *d, size_t given)
{
    if (!source->line_count) return VALUE_NONE;
    Value name = source_text(vm, source->name, strlen(source->name));
    if (is_error(name)) return name;
    if (!given) return tuple_pack(vm, 6, name, small(0), small(0), source_text(vm, "", 0), small(0), small(0)); // there is no line
    Position p = source_position(source, d->span);
    Span line = source_line(source, p.line), end_line = source_line(source, p.end_line);
    bool ended = line.end < given && source->text[line.end] == '\n'; // the text shows the line's end, too
    Value text = source_text(vm, source->text + line.start, line.end + ended - line.start);
    Value before = source_text(vm, source->text + line.start, p.col);
    Value before_end = source_text(vm, source->text + end_line.start, p.end_col);
    if (is_error(text) || is_error(before) || is_error(before_end)) return VALUE_ERROR;
    return tuple_pack(vm, 6, name, small(p.line), small((int64_t)as_str(before)->length + 1), text,
                      small(p.end_line), small((int64_t)as_str(before_end)->length + 1));
}

static void raise_first(VM *vm, const Compiled *c, size_t given)
{
    const Diag *d = first_error(&c->diags);
    if (!d || c->diags.out_of_memory) return (void)vm_no_memory(vm);
    Value message = source_text(vm, d->message.text, strlen(d->message.text)),
          place = is_error(message) ? message : place_of(vm, &c->source, d, given);
    Value args = is_error(place)  ? place
                 : is_none(place) ? tuple_pack(vm, 1, message)
                                  : tuple_pack(vm, 2, message, place);
    if (is_error(args)) return;
    Value exc = vm_call_kw(vm, obj_value(vm->exc_types[error_kind(d->kind)]), as_tuple(args)->items,
                           (int)as_tuple(args)->size, VALUE_UNSET);
    if (is_error(exc)) return;
    TextBuffer out = {0};
    const char *text = compiled_report(c, &out, vm->reader);
    Value report = source_text(vm, text, strlen(text));
    text_free(&out);
    if (is_error(report)) return;
    if (error_kind(d->kind) != ERR_MEMORY) exception_set_report(vm, exc, report);
    vm_raise_exc(vm, exc);
}

static CodeImage *compile(VM *vm, const char *text, size_t size, const char *filename, CompileMode mode)
{
    static const TextKind kinds[] = {[COMPILE_MODULE] = TEXT_MODULE, [COMPILE_MAIN] = TEXT_FILE, [COMPILE_EXEC] = TEXT_EXEC,
                                     [COMPILE_SINGLE] = TEXT_SINGLE, [COMPILE_EVAL] = TEXT_EVAL};
    Compiled c;
    compile_text(&c, filename, text, size, kinds[mode]);
    CodeImage *image = c.image;
    c.image = NULL;
    if (!image) raise_first(vm, &c, mode == COMPILE_EVAL || mode == COMPILE_SINGLE ? size : c.source.size);
    else if (c.diags.count) { // warnings
        TextBuffer out = {0};
        const char *report = compiled_report(&c, &out, vm->reader);
        report_text(vm, report, strlen(report));
        text_free(&out);
    }
    compiled_free(&c);
    return image;
}

const struct CompileHook compile_hook = {compile};
