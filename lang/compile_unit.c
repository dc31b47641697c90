#include "lang/compiler.h"
#include "lang/finish.h"
#include "vm/opcode.h"
#include <string.h>

//-- names of code -----------------------------------------------------------------------------------

/* "outer.<locals>.name", "Class.name"; what is declared global has but its name. */
static Text qualified(Compiler *c, const char *name, uint32_t len)
{
    const Unit *outer = c->unit;
    Text plain = {name, len};
    if (!outer || outer->scope->kind == SCOPE_MODULE) return plain;
    Name *interned = names_intern(&c->tree->names, name, len);
    const Symbol *symbol = interned ? symbol_of(&c->scopes, outer->scope, interned) : NULL;
    if (symbol && symbol->flags & SYM_GLOBAL) return plain;

    const char *between = outer->scope->kind == SCOPE_CLASS ? "." : ".<locals>.";
    size_t middle = strlen(between), total = outer->qualname.len + middle + len;
    char *text = compile_alloc(c, total + 1, 1);
    if (!text) return plain;
    memcpy(text, outer->qualname.bytes, outer->qualname.len);
    memcpy(text + outer->qualname.len, between, middle);
    memcpy(text + outer->qualname.len + middle, name, len);
    return (Text){text, (uint32_t)total};
}

//-- beginning ---------------------------------------------------------------------------------------

static unsigned scope_flags(const Scope *scope)
{
    unsigned flags = 0;
    if (scope->is_async) flags |= CODE_COROUTINE | CODE_HEAP;
    if (scope->is_generator) flags |= CODE_GENERATOR | CODE_HEAP;
    if (scope->has_namespace) flags |= CODE_NAMESPACE;
    if (scope->shows_locals) flags |= CODE_LOCALS;
    if (scope->parent && scope->parent->function->kind != SCOPE_MODULE) flags |= CODE_NESTED;
    return flags;
}

bool unit_begin(Compiler *c, Unit *unit, Scope *scope, const char *name, uint32_t name_len)
{
    *unit = (Unit){.outer = c->unit, .scope = scope, .flags = scope_flags(scope), .doc = -1};
    unit->heap = unit->flags & CODE_HEAP;
    unit->qualname = qualified(c, name, name_len);
    unit->record = image_reserve(&c->image);
    draft_init(&unit->draft, &c->arena);
    unit->draft.nregs = 1;
    if (c->image.failed) return false;
    c->unit = unit;
    c->scope = scope;
    return true;
}

static Reg new_local(Compiler *c)
{
    Reg reg = push(c);
    c->unit->first_temp = c->unit->top;
    return reg;
}

/* In the order in which frames want them: positional, keyword-only, *args, **kwargs. */
static void place_params(Compiler *c, NodeList params)
{
    static const ParamKind order[] = {PARAM_POSONLY, PARAM_NORMAL, PARAM_KWONLY, PARAM_VARARGS, PARAM_KWARGS};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        for (uint32_t i = 0; i < params.count; i++) {
            AstParam *param = AST(Param, params.items[i]);
            Symbol *symbol = param->kind == order[k] ? symbol_of(&c->scopes, c->scope, param->name) : NULL;
            if (symbol) symbol->reg = new_local(c);
        }
    }
}

static bool is_own_variable(const Symbol *symbol)
{
    return symbol->owner == symbol && (symbol->place == PLACE_LOCAL || symbol->place == PLACE_CELL);
}

/* What happens before the first line: cells for captured variables, and no value in the others. Heap frames
 * begin with all registers unset. */
static void prepare_local(Compiler *c, Symbol *symbol, Span span)
{
    Draft *draft = &c->unit->draft;
    bool is_cell = symbol->place == PLACE_CELL;
    if (symbol->flags & SYM_PARAM) {
        if (is_cell) emit(draft, span, OP_WRAP_CELL, symbol->reg, 0, 0);
        return;
    }
    symbol->reg = new_local(c);
    if (is_cell) emit(draft, span, OP_NEW_CELL, symbol->reg, 0, 0);
    else if (c->unit->flags & CODE_LOCALS) emit(draft, span, OP_LOAD_UNSET, symbol->reg, 0, 0);
    else if (!c->unit->heap) emit_initial_unset(draft, span, symbol->reg);
}

/* What locals() answers stays the same dict, as in CPython: eval() finds in it what exec() has put there. */
static bool keeps_locals(const Unit *unit)
{
    return unit->flags & CODE_LOCALS && !(unit->flags & (CODE_NAMESPACE | CODE_MODULE));
}

void unit_locals(Compiler *c, NodeList params, const Node *at)
{
    Span start = {at->span.start, at->span.start};
    Scope *scope = c->unit->scope;
    if (scope->has_namespace || scope->kind == SCOPE_GENEXP) new_local(c); // the namespace; the first iterator
    place_params(c, params);
    for (Symbol *symbol = scope->symbols; symbol; symbol = symbol->next)
        if (is_own_variable(symbol)) prepare_local(c, symbol, start);
    if (scope->class_cell) prepare_local(c, scope->class_cell, start);
    if (keeps_locals(c->unit)) {
        c->unit->locals = new_local(c);
        emit(&c->unit->draft, start, OP_LOAD_UNSET, c->unit->locals, 0, 0);
    }
}

//-- ending ------------------------------------------------------------------------------------------

static uint32_t count_params(const Unit *unit, const CodeRecord *record)
{
    if (unit->scope->has_namespace || unit->scope->kind == SCOPE_GENEXP) return 1;
    return (uint32_t)record->nparams + record->nkwonly + !!(record->flags & CODE_VARARGS) +
           !!(record->flags & CODE_VARKW);
}

static CodeLocal local_row(Compiler *c, const Symbol *symbol)
{
    unsigned flags = (symbol->place == PLACE_CELL ? LOCAL_CELL : 0) | (symbol->flags & SYM_PARAM ? LOCAL_PARAM : 0);
    return (CodeLocal){image_text(&c->image, symbol->name->text, symbol->name->len), (uint16_t)symbol->reg,
                       (uint16_t)flags};
}

/* By register, so that parameters come first. */
static void sort_locals(CodeLocal *locals, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        CodeLocal local = locals[i];
        uint32_t k = i;
        for (; k && locals[k - 1].reg > local.reg; k--) locals[k] = locals[k - 1];
        locals[k] = local;
    }
}

static void add_locals(Compiler *c, Unit *unit, CodeRecord *record)
{
    Scope *scope = unit->scope;
    CodeLocal *locals = compile_alloc(c, scope->nsymbols + scope->ncaptures + 2, sizeof *locals);
    if (!locals) return;
    uint32_t count = 0;
    for (const Symbol *symbol = scope->symbols; symbol; symbol = symbol->next)
        if (is_own_variable(symbol)) locals[count++] = local_row(c, symbol);
    if (keeps_locals(unit)) locals[count++] = (CodeLocal){image_text(&c->image, "", 0), (uint16_t)unit->locals, LOCAL_HIDDEN};
    sort_locals(locals, count);
    for (uint32_t i = 0; i < scope->ncaptures; i++) {
        const Name *name = scope->captures[i].owner->name;
        locals[count++] = (CodeLocal){image_text(&c->image, name->text, name->len), (uint16_t)i, LOCAL_FREE};
    }
    record->locals = image_add(&c->image, locals, count, sizeof *locals);
    record->nlocals = count;
}

/* The enclosing unit is where the captured cells are taken from; its own registers are known by now. */
static void add_captures(Compiler *c, Unit *unit, CodeRecord *record)
{
    Scope *scope = unit->scope;
    CodeCapture *captures = compile_alloc(c, scope->ncaptures, sizeof *captures);
    if (!captures) return;
    for (uint32_t i = 0; i < scope->ncaptures; i++) {
        const Capture *capture = &scope->captures[i];
        uint32_t index = capture->from_free ? capture->index : capture->owner->reg;
        captures[i] = (CodeCapture){image_text(&c->image, capture->owner->name->text, capture->owner->name->len),
                                    capture->from_free ? CAPTURE_FREE : CAPTURE_LOCAL, (uint16_t)index};
    }
    record->captures = image_add(&c->image, captures, scope->ncaptures, sizeof *captures);
    record->nfree = (uint16_t)scope->ncaptures;
}

static bool makes_calls(const Draft *draft)
{
    for (uint32_t i = 0; i < draft->count; i++) {
        uint32_t op = draft->insns[i].op;
        if (opcode_info[op].flags & OPF_CALL || op == OP_CALL_EX || op == OP_CALL_EX_H || op == OP_BUILD_CLASS)
            return true;
    }
    return false;
}

static uint32_t record_flags(const Unit *unit, const CodeRecord *record)
{
    uint32_t flags = unit->flags | record->flags;
    if (!record->nkwonly && !(flags & (CODE_VARARGS | CODE_VARKW))) flags |= CODE_SIMPLE;
    if (!makes_calls(&unit->draft)) flags |= CODE_LEAF;
    return flags;
}

/* "f" of "outer.<locals>.f". */
static Text last_part(Text qualname)
{
    uint32_t start = qualname.len;
    while (start && qualname.bytes[start - 1] != '.') start--;
    return (Text){qualname.bytes + start, qualname.len - start};
}

static void add_record(Compiler *c, Unit *unit, CodeRecord *record)
{
    Finished code;
    Text name = last_part(unit->qualname);
    record->name = image_text(&c->image, name.bytes, name.len);
    record->qualname = image_text(&c->image, unit->qualname.bytes, unit->qualname.len);
    record->flags = record_flags(unit, record);
    record->doc = unit->doc;
    add_locals(c, unit, record);
    add_captures(c, unit, record);
    if (draft_finish(&unit->draft, count_params(unit, record), &code))
        image_set_record(&c->image, unit->record, *record, &unit->draft, &code);
    else c->arena.failed = true;
}

uint32_t unit_end(Compiler *c, Unit *unit, CodeRecord record)
{
    Node end = *unit->scope->node;
    if (unit->draft.too_large) compile_error(c, end.span, "function too large");
    if (unit->draft.count) end.span = unit->draft.spans[unit->draft.count - 1];
    put_return(c, &end, ANY); // many bodies have returned before, and then this is dropped
    if (!c->failed) add_record(c, unit, &record);
    c->unit = unit->outer;
    c->scope = unit->scope->parent;
    return unit->record;
}

void put_return(Compiler *c, const Node *at, Reg value)
{
    Reg before = mark(c);
    if (value == ANY) {
        value = push(c);
        put_none(c, at, value);
    }
    put(c, at, c->unit->heap ? OP_RETURN_GEN : OP_RETURN, value, 0, 0);
    release(c, before);
}
