/* Traceback and frame objects: views of an exception's trace, made when a script asks for them. */
#include "vm/code_object.h"
#include "vm/exception_internal.h"
#include "vm/dict.h"
#include "vm/gen_view.h"
#include "vm/list.h"
#include "vm/str.h"
#include "vm/type.h"

static Traceback *as_traceback(Value v) { return (Traceback *)as_obj(v); }

Value traceback_new(VM *vm, Value exc, uint32_t index)
{
    Traceback *t = heap_new(vm, KIND_TRACEBACK, T_TRACEBACK, Traceback);
    if (!t) return VALUE_ERROR;
    t->exc = exc;
    t->index = index;
    return obj_value(t);
}

/* The entry a traceback stands for; the exception's trace may have been taken away meanwhile. */
static bool entry_of(Value self, TraceEntry *out)
{
    Traceback *t = as_traceback(self);
    if (t->index >= exception_trace_length(as_exception(t->exc))) return false;
    *out = exception_trace_entry(as_exception(t->exc), t->index);
    return true;
}

static Value get_next(VM *vm, Value self)
{
    Traceback *t = as_traceback(self);
    return t->index ? traceback_new(vm, t->exc, t->index - 1) : VALUE_NONE;
}

static Value get_lineno(VM *vm, Value self)
{
    (void)vm;
    TraceEntry e;
    return entry_of(self, &e) ? small(code_position(e.code, e.pc).line) : VALUE_NONE;
}

static Value get_lasti(VM *vm, Value self)
{
    (void)vm;
    TraceEntry e;
    return entry_of(self, &e) ? small(e.pc - e.code->insns) : VALUE_NONE;
}

/* A frame is a Pair (code, address of the instruction as an int). */
static Value get_frame(VM *vm, Value self)
{
    TraceEntry e;
    if (!entry_of(self, &e)) return VALUE_NONE;
    Pair *f = heap_new(vm, KIND_PAIR, T_FRAME, Pair);
    if (!f) return VALUE_ERROR;
    f->a = obj_value(e.code);
    f->b = small((int64_t)(uintptr_t)e.pc);
    return obj_value(f);
}

static const GetSetDef traceback_getsets[] = {
    {"tb_next", get_next, NULL, NULL},
    {"tb_frame", get_frame, NULL, NULL},
    {"tb_lineno", get_lineno, NULL, NULL},
    {"tb_lasti", get_lasti, NULL, NULL},
    {0},
};

const TypeDef type_def_TRACEBACK = {.getsets = traceback_getsets, .flags = TYPE_FINAL};

/* ---- frames ---- */

/* Of a generator (gi_frame) the pair holds the Gen, of an entry of a traceback its Code and instruction. */
static Value frame_subject(Value self) { return ((Pair *)as_obj(self))->a; }

static Code *frame_code_of(Value self)
{
    Value of = frame_subject(self);
    return is_gen(of) ? frame_code(&as_gen(of)->frame) : (Code *)as_obj(of);
}

static Value frame_line(VM *vm, Value self)
{
    Value of = frame_subject(self);
    if (is_gen(of)) return gen_view_line(vm, of);
    const Insn *pc = (const Insn *)(uintptr_t)as_small(((Pair *)as_obj(self))->b);
    return small(code_position(frame_code_of(self), pc).line);
}

static Value frame_repr(VM *vm, Value self)
{
    const Code *c = frame_code_of(self);
    size_t n;
    const char *file = code_filename(c, &n);
    Value name = str_new(vm, file, n);
    if (is_error(name)) return name;
    return str_format(vm, "<frame at %p, file %R, line %R, code %N>", value_id(self), name, frame_line(vm, self), c->name);
}

static Value get_code(VM *vm, Value self) { return (void)vm, obj_value(frame_code_of(self)); }
static Value get_frame_lineno(VM *vm, Value self) { return frame_line(vm, self); }
static Value get_globals(VM *vm, Value self) { return (void)vm, obj_value(frame_code_of(self)->module->dict); }
static Value get_locals(VM *vm, Value self)
{
    Value of = frame_subject(self);
    if (is_gen(of)) return gen_view_locals(vm, of);
    const Code *c = frame_code_of(self);
    if (c->flags & CODE_MODULE) return obj_value(c->module->dict);
    return vm_raise(vm, ERR_ATTRIBUTE, "the local variables of a function that an exception has left are not kept");
}

static Value get_builtins(VM *vm, Value self) { return (void)self, obj_value(vm->builtins->dict); }
static Value get_back(VM *vm, Value self) { return (void)vm, (void)self, VALUE_NONE; }

static const GetSetDef frame_getsets[] = {
    {"f_code", get_code, NULL, NULL},
    {"f_lineno", get_frame_lineno, NULL, NULL},
    {"f_globals", get_globals, NULL, NULL},
    {"f_locals", get_locals, NULL, NULL},
    {"f_builtins", get_builtins, NULL, NULL},
    {"f_back", get_back, NULL, NULL},
    {0},
};

const TypeDef type_def_FRAME = {.slots = {.repr = frame_repr}, .getsets = frame_getsets, .flags = TYPE_FINAL};
