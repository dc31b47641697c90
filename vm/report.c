#include "vm/report.h"
#include "vm/bytes.h"
#include "vm/code_object.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/coroutine.h"
#include "vm/native.h"
#include "vm/output.h"
#include "vm/str.h"
#include "vm/task.h"

void report_text(VM *vm, const char *text, size_t n)
{
    output_flush_errno(vm);
    vm->host->write(vm->host, 2, text, n); // nobody is left to be told if this fails
}

void report_str(VM *vm, Value text)
{
    static const char no_memory[] = "MemoryError\n";
    Value pending = vm->exc;
    Value v = is_str(text) ? output_encode(vm, as_str(text), "backslashreplace") : VALUE_ERROR;
    if (is_bytes(v)) report_text(vm, (const char *)as_bytes(v)->data, as_bytes(v)->size);
    else if (is_str(v)) report_text(vm, as_str(v)->data, as_str(v)->size);
    else report_text(vm, no_memory, sizeof no_memory - 1);
    vm->exc = pending;
}

/* The columns that stand before, and below, the bytes [col, end) of a line. */
static void add_carets(StrBuilder *b, VM *vm, const char *line, size_t col, size_t end)
{
    Value before = str_new(vm, line, col), marked = str_new(vm, line + col, end - col);
    if (is_error(before) || is_error(marked)) return;
    sb_add_fill(b, ' ', (size_t)str_width(as_str(before)));
    int width = str_width(as_str(marked));
    sb_add_fill(b, '^', width > 0 ? (size_t)width : 1);
}

/* "    source\n    ^^^^^^\n", without the source's indentation. */
static void add_excerpt(StrBuilder *b, VM *vm, const Code *c, CodeLine at)
{
    const char *line;
    size_t n, indent = 0;
    if (!code_source_line(vm, c, at.line, &line, &n)) return;
    while (indent < n && (line[indent] == ' ' || line[indent] == '\t')) indent++;
    sb_add_c(b, "    ");
    sb_add(b, line + indent, n - indent);
    sb_add_c(b, "\n");
    if (at.col == COLUMN_UNKNOWN || at.col < indent || at.col > n) return;
    size_t end = at.end_line == at.line && at.end_col <= n && at.end_col > at.col ? at.end_col : n;
    sb_add_c(b, "    ");
    sb_add_c(b, ink_code(vm->reader.colours, INK_CARET));
    add_carets(b, vm, line + indent, at.col - indent, end - indent);
    sb_add_c(b, ink_code(vm->reader.colours, INK_NONE));
    sb_add_c(b, "\n");
}

static void add_inked(StrBuilder *b, Ink ink, const char *text)
{
    bool colours = b->vm->reader.colours;
    sb_addf(b, "%s%s%s", ink_code(colours, ink), text, ink_code(colours, INK_NONE));
}

/* "file.co:3:5: RuntimeWarning: " */
static void add_head(StrBuilder *b, const Code *c, CodeLine at)
{
    bool colours = b->vm->reader.colours;
    size_t n;
    const char *file = code_filename(c, &n);
    sb_add_c(b, ink_code(colours, INK_PLACE));
    sb_add(b, file, n);
    sb_addf(b, ":%u:%u%s: ", at.line, at.col == COLUMN_UNKNOWN ? 1 : at.col + 1u, ink_code(colours, INK_NONE));
    add_inked(b, INK_WARNING, "RuntimeWarning");
    sb_add_c(b, ": ");
}

/* "    hint: ...\n" */
static void add_hint(StrBuilder *b, const char *text)
{
    sb_add_c(b, "    ");
    add_inked(b, INK_NOTE, said(b->vm->reader.language, "hint"));
    sb_addf(b, ": %s\n", said(b->vm->reader.language, text));
}

static Str *coroutine_name(VM *vm, Value v)
{
    if (is_gen(v)) return frame_code(&as_gen(v)->frame)->qualname;
    Value name = is_kind(v, KIND_NATIVE_CORO)
                     ? native_qualname(vm, obj_value(((NativeCoro *)as_obj(v))->native))
                     : VALUE_ERROR;
    return is_error(name) ? vm->empty_str : as_str(name);
}

void report_never_awaited(VM *vm, Value coroutine)
{
    report_never_awaited_at(vm, coroutine, frame_code(vm->frame), vm->frame->pc - 1);
}

void report_never_awaited_at(VM *vm, Value coroutine, const Code *c, const Insn *call)
{
    if (is_exact(coroutine, T_GENERATOR) || is_exact(coroutine, T_ASYNC_GENERATOR)) return;
    CodeLine at = code_position(c, call);
    StrBuilder b;
    sb_init(&b, vm);
    add_head(&b, c, at);
    sb_saidf(&b, "coroutine '%N' was never awaited\n", coroutine_name(vm, coroutine));
    add_excerpt(&b, vm, c, at);
    add_hint(&b, "it has not run; to run it, write 'await' in front of the call");
    report_str(vm, sb_finish(&b));
}

void report_stall(VM *vm, const char *what, int64_t since)
{
    enum { SHORTEST = 100000000 }; // ns
    int64_t stalled = vm->task ? sched_stalled(vm, since) : 0;
    if (stalled < SHORTEST || vm->last_stall == vm->frame->pc) return;
    vm->last_stall = vm->frame->pc;
    const Code *c = frame_code(vm->frame);
    CodeLine at = code_position(c, vm->frame->pc - 1);
    StrBuilder b;
    sb_init(&b, vm);
    add_head(&b, c, at);
    sb_saidf(&b, "'%s' kept all other tasks waiting for %.2f s\n", what, (double)stalled / 1e9);
    add_excerpt(&b, vm, c, at);
    add_hint(&b, "inside 'async def' write 'await asyncio.sleep(...)': others run meanwhile");
    report_str(vm, sb_finish(&b));
}

void report_swallowed_cancel(VM *vm)
{
    bool cancelled = vm->task && vm->task->cancelling && is_exception(vm->handled) &&
                     exception_is(vm, vm->handled, ERR_CANCELLED);
    const Code *c = frame_code(vm->frame);
    if (!cancelled || code_is_library(c)) return;
    Value name = task_name(vm, vm->task);
    if (is_error(name)) return (void)vm_take_pending(vm);
    CodeLine at = code_position(c, vm->frame->pc - 1);
    StrBuilder b;
    sb_init(&b, vm);
    add_head(&b, c, at);
    sb_saidf(&b, "task '%V' was cancelled, and this swallowed it: the task goes on\n", name);
    add_excerpt(&b, vm, c, at);
    add_hint(&b, "write 'except Exception:', or end the handler with 'raise'");
    report_str(vm, sb_finish(&b));
}

void report_ignored(VM *vm, const char *what)
{
    Value exc = vm_take_pending(vm);
    Value text = exception_render(vm, exc);
    StrBuilder b;
    sb_init(&b, vm);
    sb_addf(&b, "Exception ignored in: %s\n", what);
    if (!is_error(text)) sb_add_str(&b, text);
    report_str(vm, sb_finish(&b));
    if (is_error(text)) report_str(vm, text);
    vm->exc = VALUE_UNSET;
}
