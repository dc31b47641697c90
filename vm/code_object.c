#include "vm/code_object.h"
#include "vm/attr_cache.h"
#include "vm/dict.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/liveness.h"
#include "vm/native.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdlib.h>

Code *code_for_record(VM *vm, ImageRef *ref, uint32_t index)
{
    if (ref->codes[index]) return ref->codes[index];
    const CodeImage *im = ref->image;
    const CodeRecord *rec = code_record(im, index);
    Str *name = str_intern(vm, code_text(im, rec->name), rec->name.len);
    Str *qualname = str_intern(vm, code_text(im, rec->qualname), rec->qualname.len);
    Code *c = name && qualname ? heap_new(vm, KIND_CODE, T_CODE, Code) : NULL;
    if (!c) return NULL;
    c->rec = rec;
    c->image = ref;
    c->module = ref->module;
    c->flags = rec->flags;
    c->nregs = rec->nregs;
    c->nparams = rec->nparams;
    c->nposonly = rec->nposonly;
    c->nkwonly = rec->nkwonly;
    c->nfree = rec->nfree;
    c->ninsns = rec->ninsns;
    c->handlers = code_at(im, rec->handlers);
    c->nhandlers = rec->nhandlers;
    c->fast_nargs = c->gen_nargs = NARGS_SLOW;
    c->name = name;
    c->qualname = qualname;
    ref->living++;
    return ref->codes[index] = c;
}

Code *code_load(VM *vm, const CodeImage *image, bool owned, Module *module, char *source, size_t source_size)
{
    ImageRef *ref = calloc(1, sizeof *ref);
    Code **codes = calloc(image->nrecords ? image->nrecords : 1, sizeof *codes);
    if (!ref || !codes) {
        free(ref);
        free(codes);
        if (owned) free((void *)image);
        free(source);
        vm_no_memory(vm);
        return NULL;
    }
    *ref = (ImageRef){.image = image, .owned = owned, .source = source, .source_size = source_size, .codes = codes,
                      .module = module, .next = vm->codes};
    if (vm->codes) vm->codes->prev = ref;
    vm->codes = ref;
    return code_for_record(vm, ref, 0);
}

void code_let_pass(VM *vm, Code *c)
{
    if (vm->event_hook) return; // a trace goes on naming it
    c->image->passing = true;
    heap_charge(vm, c->image->image->size);
}

Code *code_in_module(VM *vm, Code *c, Module *module)
{
    uint32_t index = (uint32_t)(c->rec - code_record(c->image->image, 0));
    if (c->module->dict == module->dict) return c;
    Code *last = index == 0 ? c->image->elsewhere : NULL;
    if (last && last->module->dict == module->dict) return last;
    const CodeImage *image = c->image->image;
    CodeImage *copy = malloc(image->size);
    if (!copy) return vm_no_memory(vm), NULL;
    memcpy(copy, image, image->size);
    Code *made = code_load(vm, copy, true, module, NULL, 0);
    if (!made) return NULL;
    made->image->library = c->image->library;
    code_let_pass(vm, made);
    if (index) return code_for_record(vm, made->image, index);
    return c->image->elsewhere = made;
}

static Value const_value(VM *vm, ImageRef *ref, const CodeConst *k);

static Value const_tuple(VM *vm, ImageRef *ref, const CodeConst *k)
{
    const CodeConst *items = code_at(ref->image, k->offset);
    Value t = tuple_new(vm, NULL, k->len);
    if (is_error(t)) return t;
    for (uint32_t i = 0; i < k->len; i++) {
        Value v = const_value(vm, ref, items + i);
        if (is_error(v)) return v;
        as_tuple(t)->items[i] = v;
    }
    if (k->kind == CONST_TUPLE) return t;
    // CPython's compiler makes a constant set anew from a first one, and programs see the order that gives.
    Value first = frozenset_from(vm, t), order = is_error(first) ? first : obj_to_list(vm, first);
    return is_error(order) ? order : frozenset_from(vm, order);
}

static Value const_value(VM *vm, ImageRef *ref, const CodeConst *k)
{
    const char *text = code_at(ref->image, k->offset);
    double d;
    switch ((ConstKind)k->kind) {
    case CONST_NONE: return VALUE_NONE;
    case CONST_TRUE: return VALUE_TRUE;
    case CONST_FALSE: return VALUE_FALSE;
    case CONST_ELLIPSIS: return VALUE_ELLIPSIS;
    case CONST_UNSET: return VALUE_UNSET;
    case CONST_INT: return int_from_i64(vm, (int64_t)k->data);
    case CONST_BIGINT: return int_parse_hex(vm, text, k->len);
    case CONST_FLOAT:
        memcpy(&d, &k->data, sizeof d);
        return float_value(vm, d);
    case CONST_STR: {
        if (!(k->extra & 1)) return str_new(vm, text, k->len);
        Str *s = str_intern(vm, text, k->len);
        return s ? obj_value(s) : VALUE_ERROR;
    }
    case CONST_BYTES: return bytes_new(vm, text, k->len);
    case CONST_TUPLE:
    case CONST_FROZENSET: return const_tuple(vm, ref, k);
    case CONST_CODE: {
        Code *c = code_for_record(vm, ref, (uint32_t)k->data);
        return c ? obj_value(c) : VALUE_ERROR;
    }
    }
    return VALUE_NONE;
}

static bool link_consts(VM *vm, Code *c)
{
    const CodeConst *k = code_at(c->image->image, c->rec->consts);
    Value *out = heap_malloc(vm, size_mul(c->rec->nconsts, sizeof *out));
    if (!out) return false;
    for (uint32_t i = 0; i < c->rec->nconsts; i++) out[i] = VALUE_UNSET;
    c->consts = out;
    gc_store_many(vm, c, out, c->rec->nconsts); // the Code may have got old before its first call
    for (uint32_t i = 0; i < c->rec->nconsts; i++) {
        Value v = const_value(vm, c->image, k + i);
        if (is_error(v)) return false;
        out[i] = v;
    }
    return true;
}

static bool link_globals(VM *vm, Code *c)
{
    const CodeText *names = code_at(c->image->image, c->rec->globals);
    Cell **cells = heap_malloc(vm, size_mul(c->rec->nglobals, sizeof *cells));
    if (!cells) return false;
    memset(cells, 0, c->rec->nglobals * sizeof *cells);
    c->globals = cells;
    for (uint32_t i = 0; i < c->rec->nglobals; i++) {
        Str *name = str_intern(vm, code_text(c->image->image, names[i]), names[i].len);
        cells[i] = name ? module_cell(vm, c->module, name) : NULL;
        if (!cells[i]) return false;
    }
    return true;
}

enum { NO_SHAPE = UINT32_MAX }; // matches no object

static bool has_cache(uint16_t op)
{
    return op == OP_GETATTR || op == OP_SETATTR || op == OP_LOAD_METHOD || op == OP_LOAD_METHOD_H;
}

/* Empty every inline cache; the first time, number the places of LOAD_METHOD. */
static uint32_t clear_caches(Insn *insns, uint32_t n, bool number)
{
    uint32_t methods = 0;
    for (uint32_t at = 0; at < n; at++) {
        uint16_t op = insns[at].op;
        if (!has_cache(op)) continue;
        InsnExtra *x = (InsnExtra *)&insns[++at];
        x->cache.key = NO_SHAPE;
        bool method = op == OP_LOAD_METHOD || op == OP_LOAD_METHOD_H;
        if (number && method) x->cache.slot = methods < UINT16_MAX ? (uint16_t)methods++ : UINT16_MAX;
    }
    return methods;
}

static bool link_methods(VM *vm, Code *c, Insn *insns)
{
    c->nmethods = clear_caches(insns, c->ninsns, true);
    c->methods = heap_malloc(vm, c->nmethods * sizeof(Value));
    if (!c->methods) return false;
    for (uint32_t i = 0; i < c->nmethods; i++) c->methods[i] = VALUE_UNSET;
    return true;
}

bool code_link(VM *vm, Code *c)
{
    if (c->insns) return true;
    gc_store_many(vm, c, NULL, 0); // it may be old, and what it gets now is young
    if (!c->consts && !link_consts(vm, c)) return false;
    if (!c->globals && !link_globals(vm, c)) return false;
    size_t size = size_mul(c->ninsns, sizeof(Insn));
    Insn *insns = heap_malloc(vm, size);
    if (!insns) return false;
    memcpy(insns, code_at(c->image->image, c->rec->insns), size);
    if (!link_methods(vm, c, insns)) return heap_free(vm, insns, size), false;
    c->insns = insns;
    bool plain = (c->flags & (CODE_SIMPLE | CODE_VARARGS | CODE_VARKW)) == CODE_SIMPLE && !c->nkwonly;
    if (plain && code_is_heap(c)) c->gen_nargs = c->nparams;
    else if (plain) c->fast_nargs = c->nparams;
    return true;
}

static size_t count_params(const Code *c) { return (size_t)c->nparams + c->nkwonly; }

Str *const *code_params(VM *vm, Code *c)
{
    if (c->params) return c->params;
    size_t n = count_params(c);
    const CodeLocal *locals = code_at(c->image->image, c->rec->locals); // parameters are the first rows
    Str **names = heap_malloc(vm, n * sizeof *names);
    if (!names) return NULL;
    for (size_t i = 0; i < n; i++) {
        names[i] = str_intern(vm, code_text(c->image->image, locals[i].name), locals[i].name.len);
        if (!names[i]) return heap_free(vm, names, n * sizeof *names), NULL;
    }
    gc_store_many(vm, c, NULL, 0); // it may be old, and the names are young
    return c->params = names;
}

CodeLine code_position(const Code *c, const Insn *pc)
{
    return line_at(c->image->image, c->rec, c->insns ? (uint32_t)(pc - c->insns) : 0);
}

const char *code_filename(const Code *c, size_t *len)
{
    *len = c->image->image->filename.len;
    return code_text(c->image->image, c->image->image->filename);
}

bool code_source_line(VM *vm, const Code *c, uint32_t n, const char **text, size_t *len)
{
    (void)vm;
    const char *p = c->image->source, *end = p ? p + c->image->source_size : NULL;
    if (!p || n == 0) return false;
    for (uint32_t line = 1; p < end; line++) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        if (!eol) eol = end;
        if (line == n) {
            *text = p;
            *len = (size_t)(eol - p);
            if (*len && p[*len - 1] == '\r') --*len;
            return true;
        }
        p = eol + 1;
    }
    return false;
}

static void free_image(ImageRef *ref)
{
    if (ref->owned) free((void *)ref->image);
    free((void *)ref->source);
    free(ref->codes);
    free(ref);
}

static void unlink_image(VM *vm, ImageRef *ref)
{
    if (ref->prev) ref->prev->next = ref->next;
    else vm->codes = ref->next;
    if (ref->next) ref->next->prev = ref->prev;
}

static void leave_image(VM *vm, Code *c)
{
    ImageRef *ref = c->image;
    uint32_t index = (uint32_t)(c->rec - code_record(ref->image, 0));
    if (ref->codes[index] == c) ref->codes[index] = NULL;
    if (--ref->living || !ref->passing) return;
    unlink_image(vm, ref);
    free_image(ref);
}

void code_free(VM *vm, Code *c)
{
    if (c->insns) heap_free(vm, c->insns, c->ninsns * sizeof(Insn));
    if (c->methods) heap_free(vm, c->methods, c->nmethods * sizeof(Value));
    if (c->params) heap_free(vm, c->params, count_params(c) * sizeof(Str *));
    if (c->consts) heap_free(vm, c->consts, c->rec->nconsts * sizeof(Value));
    if (c->globals) heap_free(vm, c->globals, c->rec->nglobals * sizeof(Cell *));
    liveness_free(c->live);
    leave_image(vm, c);
}

void codes_free_images(VM *vm)
{
    ImageRef *ref = vm->codes;
    vm->codes = NULL;
    while (ref) {
        ImageRef *next = ref->next;
        free_image(ref);
        ref = next;
    }
}

/* Cached answers may be stale (type.h): forget every one that the VM has. */
void code_flush_caches(VM *vm)
{
    attr_cache_clear(vm);
    for (ImageRef *ref = vm->codes; ref; ref = ref->next)
        for (uint32_t i = 0; i < ref->image->nrecords; i++) {
            Code *c = ref->codes[i];
            if (c && c->insns) clear_caches(c->insns, c->ninsns, false);
        }
}
