/* builtin_eval.c - eval, exec and compile: programs made at run time.
 *
 * Such code is a function of the mapping in which its own names lie (CODE_NAMESPACE, as a class body is
 * one); what it does not find there it looks up in its module, which is made around the dict of globals.
 * So one code object runs in any namespaces, and functions that it defines are as fast as others. The code
 * goes when the last thing made of it has gone.
 */
#include "stdlib/builtins.h"
#include "vm/bytes.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/import.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline bool is_code(Value v) { return is_kind(v, KIND_CODE); }

/* ---- from text to code --------------------------------------------------------------------------- */

/* The bytes of `source`; what: how messages call the caller's first argument. */
static bool source_bytes(VM *vm, Value source, const char *what, ByteView *out)
{
    if (is_str(source)) *out = (ByteView){(const uint8_t *)as_str(source)->data, as_str(source)->size};
    else if (is_byteslike(source)) *out = byte_view(source);
    else
        return vm_raise(vm, ERR_TYPE, "%s must be a string, bytes or %s object", what,
                        what[0] == 'c' ? "AST" : "code"),
               false;
    if (!memchr(out->data, 0, out->size)) return true;
    return vm_raise(vm, ERR_SYNTAX, "source code string cannot contain null bytes"), false;
}

static CodeImage *compile_text(VM *vm, ByteView text, const char *filename, CompileMode mode)
{
    if (!vm->compiler) return vm_raise(vm, ERR_RUNTIME, "there is no compiler in this program"), NULL;
    return vm->compiler->compile(vm, (const char *)text.data, text.size, filename, mode);
}

static Code *code_of_text(VM *vm, ByteView text, const char *filename, CompileMode mode, Module *module)
{
    CodeImage *image = module ? compile_text(vm, text, filename, mode) : NULL;
    Code *c = image ? code_load(vm, image, true, module, NULL, 0) : NULL;
    if (c) code_let_pass(vm, c);
    return c;
}

/* ---- where it runs ------------------------------------------------------------------------------- */

typedef struct Namespaces { Value globals, locals; } Namespaces;

static bool is_mapping(VM *vm, Value v)
{
    return is_dict(v) || type_of(vm, v)->def->slots.getitem || type_defines(type_of(vm, v), D_GETITEM);
}

static bool check_for_eval(VM *vm, const Namespaces *in)
{
    if (!is_none(in->locals) && !is_mapping(vm, in->locals))
        return vm_raise(vm, ERR_TYPE, "locals must be a mapping"), false;
    if (is_none(in->globals) || is_dict(in->globals)) return true;
    vm_raise(vm, ERR_TYPE,
             is_mapping(vm, in->globals) ? "globals must be a real dict; try eval(expr, {}, mapping)"
                                         : "globals must be a dict");
    return false;
}

static bool check_for_exec(VM *vm, const Namespaces *in)
{
    if (!is_none(in->globals) && !is_dict(in->globals))
        return vm_raise(vm, ERR_TYPE, "exec() globals must be a dict, not %T", in->globals), false;
    if (is_none(in->locals) || is_mapping(vm, in->locals)) return true;
    return vm_raise(vm, ERR_TYPE, "locals must be a mapping or None, not %T", in->locals), false;
}

/* What was left out is the caller's. */
static bool complete(VM *vm, Namespaces *in)
{
    Args none = {NULL, 0};
    bool own_globals = !is_none(in->globals);
    if (!own_globals) in->globals = nat_globals(vm, none);
    if (is_none(in->globals)) in->globals = obj_value(vm->builtins->dict);
    if (is_none(in->locals)) in->locals = own_globals ? in->globals : nat_locals(vm, none);
    return !is_error(in->locals);
}

static Value run(VM *vm, Code *c, Value locals)
{
    Value f = op_make_function(vm, NULL, obj_value(c), NULL);
    if (is_error(f)) return f;
    Value *roots[] = {roots_push(vm, f), roots_push(vm, locals)};
    bool in_mapping = c->flags & CODE_NAMESPACE;
    Value v = roots[0] && roots[1] ? vm_call(vm, f, &locals, in_mapping) : VALUE_ERROR;
    for (int i = 2; i-- > 0;)
        if (roots[i]) roots_pop(vm, roots[i]);
    return v;
}

static Value refuse_captures(VM *vm, const Code *c, CompileMode mode)
{
    if (mode == COMPILE_EVAL)
        return vm_raise(vm, ERR_TYPE, "code object passed to eval() may not contain free variables");
    return vm_raise(vm, ERR_TYPE, "code object requires a closure of exactly length %d", (int)c->nfree);
}

static Value evaluate(VM *vm, Value source, Namespaces in, CompileMode mode, const char *caller)
{
    if (!complete(vm, &in)) return VALUE_ERROR;
    Module *m = module_around(vm, as_dict(in.globals));
    if (!m) return VALUE_ERROR;
    if (is_code(source)) {
        Code *c = code_in_module(vm, (Code *)as_obj(source), m);
        return !c ? VALUE_ERROR : c->nfree ? refuse_captures(vm, c, mode) : run(vm, c, in.locals);
    }
    ByteView text;
    char what[16];
    snprintf(what, sizeof what, "%s() arg 1", caller);
    if (!source_bytes(vm, source, what, &text)) return VALUE_ERROR;
    while (mode == COMPILE_EVAL && text.size && (*text.data == ' ' || *text.data == '\t'))
        text.data++, text.size--;
    Code *c = code_of_text(vm, text, "<string>", mode, m);
    return c ? run(vm, c, in.locals) : VALUE_ERROR;
}

Value nat_eval(VM *vm, Args args)
{
    Namespaces in = {args.v[1], args.v[2]};
    return check_for_eval(vm, &in) ? evaluate(vm, args.v[0], in, COMPILE_EVAL, "eval") : VALUE_ERROR;
}

Value nat_exec(VM *vm, Args args)
{
    Namespaces in = {args.v[1], args.v[2]};
    if (!check_for_exec(vm, &in)) return VALUE_ERROR;
    if (!is_none(args.v[3]))
        return vm_raise(vm, ERR_TYPE, "closure can only be used when source is a code object");
    return is_error(evaluate(vm, args.v[0], in, COMPILE_EXEC, "exec")) ? VALUE_ERROR : VALUE_NONE;
}

/* ---- compile ------------------------------------------------------------------------------------- */

static bool mode_of(VM *vm, Value text, CompileMode *mode)
{
    static const struct { const char *name; CompileMode mode; } modes[] = {
        {"exec", COMPILE_EXEC}, {"eval", COMPILE_EVAL}, {"single", COMPILE_SINGLE}};
    if (!is_str(text))
        return vm_raise(vm, ERR_TYPE, "compile() argument 'mode' must be str, not %T", text), false;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(str_cstr(vm, as_str(text)), modes[i].name) == 0) return *mode = modes[i].mode, true;
    return vm_raise(vm, ERR_VALUE, "compile() mode must be 'exec', 'eval' or 'single'"), false;
}

/* The name as UTF-8; it lies in *held, which is a str. */
static const char *filename_of(VM *vm, Value name, Value *held)
{
    if (!is_str(name) && !is_bytes(name)) {
        Value method = obj_getattr_opt(vm, obj_value(type_of(vm, name)), vm_intern(vm, "__fspath__"));
        if (is_error(method)) return NULL;
        name = is_unset(method) ? name : vm_call1(vm, method, name);
        if (is_error(name)) return NULL;
    }
    *held = is_bytes(name) ? str_decode_utf8(vm, (const char *)as_bytes(name)->data, as_bytes(name)->size) : name;
    if (is_error(*held)) return NULL;
    if (!is_str(*held))
        return vm_raise(vm, ERR_TYPE, "expected str, bytes or os.PathLike object, not %T", name), NULL;
    Str *s = as_str(*held);
    if (memchr(s->data, 0, s->size)) return vm_raise(vm, ERR_VALUE, "embedded null character"), NULL;
    return str_cstr(vm, s);
}

Value nat_compile(VM *vm, Args args)
{
    enum { ONLY_AST = 0x400, ACCEPTED = 0x1fff600 | 0x10 }; // `from __future__` and what changes nothing here
    CompileMode mode;
    ByteView text;
    Value held = VALUE_NONE;
    int64_t flags, optimize;
    const char *filename = filename_of(vm, args.v[1], &held);
    if (!filename || !obj_index_i64(vm, args.v[3], &flags) || !obj_index_i64(vm, args.v[5], &optimize))
        return VALUE_ERROR;
    if (flags & ONLY_AST)
        return vm_raise(vm, ERR_NOT_IMPLEMENTED, "compile() makes no syntax trees that a program could see");
    if (flags & ~(int64_t)ACCEPTED) return vm_raise(vm, ERR_VALUE, "compile(): unrecognised flags");
    if (optimize < -1 || optimize > 2) return vm_raise(vm, ERR_VALUE, "compile(): invalid optimize value");
    if (!mode_of(vm, args.v[2], &mode) || !source_bytes(vm, args.v[0], "compile() arg 1", &text))
        return VALUE_ERROR;
    Value globals = nat_globals(vm, (Args){NULL, 0});
    Module *m = module_around(vm, is_none(globals) ? vm->builtins->dict : as_dict(globals));
    Code *c = code_of_text(vm, text, filename, mode, m);
    return c ? obj_value(c) : VALUE_ERROR;
}
