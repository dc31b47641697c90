#include "lang/compiler.h"
#include <string.h>

/* Comprehensions. Those of lists, sets and dicts are loops in the middle of the function around them, with
 * variables of their own; a generator expression is a generator function that is called at once. */

typedef struct Comp {
    Node *node;
    NodeList generators;
    Node *key, *elt; // key: of a dict
    Reg result;      // the list, set or dict; ANY: a generator yields
} Comp;

/* The labels of one `for`: its step, the jump back to it, and what comes after. */
typedef struct Loop { Label next, again, done; } Loop;

static Comp describe(Node *node)
{
    switch (node->kind) {
    case AST_ListComp: return (Comp){node, AST(ListComp, node)->generators, NULL, AST(ListComp, node)->elt, ANY};
    case AST_SetComp: return (Comp){node, AST(SetComp, node)->generators, NULL, AST(SetComp, node)->elt, ANY};
    case AST_DictComp:
        return (Comp){node, AST(DictComp, node)->generators, AST(DictComp, node)->key, AST(DictComp, node)->value, ANY};
    default: return (Comp){node, AST(GeneratorExp, node)->generators, NULL, AST(GeneratorExp, node)->elt, ANY};
    }
}

static AstComprehension *generator(const Comp *comp, uint32_t i)
{
    return AST(Comprehension, comp->generators.items[i]);
}

//-- loops -------------------------------------------------------------------------------------------

/* Make what a loop steps over of the iterable in `from`; it takes the next temporaries. */
static Reg prepare(Compiler *c, const Comp *comp, AstComprehension *gen, Reg before, Reg from)
{
    release(c, before);
    Reg iter = push_many(c, gen->is_async ? 1 : 2);
    if (gen->is_async) check_async(c, comp->node, NULL);
    put(c, gen->iter, gen->is_async ? OP_GET_AITER : OP_FOR_PREP, iter, from, 0);
    return iter;
}

static Loop step(Compiler *c, AstComprehension *gen, Reg iter)
{
    Loop loop = {new_label(c), new_label(c), new_label(c)};
    Reg target = gen->is_async ? ANY : target_reg(c, gen->target), before = mark(c);
    Reg item = into(c, target);
    if (gen->is_async) {
        loop.next = async_step(c, gen->target, iter, item, loop.done);
    } else {
        bind_label(c, loop.next);
        put_jump(c, gen->target, OP_FOR_NEXT, item, iter, loop.done);
    }
    if (target == ANY) (gen->is_async ? store : store_next)(c, gen->target, item);
    release(c, before);
    for (uint32_t i = 0; i < gen->ifs.count; i++) jump_if(c, gen->ifs.items[i], false, loop.again);
    return loop;
}

static void element(Compiler *c, const Comp *comp)
{
    Reg before = mark(c);
    if (comp->key) {
        Reg key = hold(c, comp->key, ANY, comp->elt->span.end);
        put(c, comp->node, OP_DICT_SET, comp->result, key, expr(c, comp->elt, ANY));
    } else if (comp->result == ANY) {
        Reg value = expr(c, comp->elt, ANY);
        Reg sent = push(c);
        put_yield(c, comp->elt, sent, value);
    } else {
        Opcode add = comp->node->kind == AST_SetComp ? OP_SET_ADD : OP_LIST_APPEND;
        put(c, comp->node, add, comp->result, expr(c, comp->elt, ANY), 0);
    }
    release(c, before);
}

/* All loops, one in another; `iter` is that of the outermost one. */
static void loops(Compiler *c, const Comp *comp, Reg iter)
{
    enum { MAX_NESTED = 100 };
    uint32_t count = comp->generators.count;
    if (count > MAX_NESTED) {
        compile_error(c, comp->node->span, "too many statically nested blocks");
        return;
    }
    Loop *open = compile_alloc(c, count, sizeof *open);
    if (!open) return;
    for (uint32_t i = 0; i < count; i++) {
        AstComprehension *gen = generator(comp, i);
        Reg before = mark(c);
        if (i > 0) iter = prepare(c, comp, gen, before, iterable(c, gen->iter));
        open[i] = step(c, gen, iter);
    }
    element(c, comp);
    for (uint32_t i = count; i-- > 0;) {
        bind_label(c, open[i].again);
        put_jump(c, comp->node, OP_LOOP, 0, 0, open[i].next);
        bind_label(c, open[i].done);
    }
}

//-- inlined -----------------------------------------------------------------------------------------

/* The comprehension's own variables; a cell that an inner function captures is a new one each time. */
static void make_variables(Compiler *c, const Comp *comp)
{
    for (Symbol *symbol = c->scope->symbols; symbol; symbol = symbol->next) {
        if (symbol->owner != symbol) continue;
        symbol->reg = push(c);
        if (symbol->place == PLACE_CELL) put(c, comp->node, OP_NEW_CELL, symbol->reg, 0, 0);
        else emit_initial_unset(&c->unit->draft, comp->node->span, symbol->reg);
    }
}

Reg comprehension(Compiler *c, Node *node, Reg want)
{
    Comp comp = describe(node);
    Opcode build = node->kind == AST_ListComp ? OP_BUILD_LIST : node->kind == AST_SetComp ? OP_BUILD_SET : OP_BUILD_DICT;
    comp.result = scratch(c, want);
    Reg before = mark(c);
    AstComprehension *first = generator(&comp, 0);
    Reg iter = prepare(c, &comp, first, before, iterable(c, first->iter));
    put(c, node, build, comp.result, comp.result, 0);

    Scope *outer = c->scope;
    c->scope = scope_of(&c->scopes, node);
    make_variables(c, &comp);
    loops(c, &comp, iter);
    c->scope = outer;
    release(c, before);
    return deliver(c, node, comp.result, want);
}

//-- generator expressions ---------------------------------------------------------------------------

static uint32_t generator_code(Compiler *c, const Comp *comp)
{
    Unit unit;
    Scope *scope = scope_of(&c->scopes, comp->node);
    AstComprehension *first = generator(comp, 0);
    if (!unit_begin(c, &unit, scope, "<genexpr>", (uint32_t)strlen("<genexpr>"))) return 0;
    unit_locals(c, (NodeList){0}, comp->node);
    Reg iter = 0; // the parameter
    if (!first->is_async) {
        iter = push_many(c, 2);
        put(c, first->iter, OP_FOR_PREP, iter, 0, 0);
    }
    loops(c, comp, iter);
    Position at = source_position(c->tree->source, comp->node->span);
    return unit_end(c, &unit, (CodeRecord){.nparams = 1, .first_line = at.line});
}

Reg generator_expr(Compiler *c, AstGeneratorExp *node, Reg want)
{
    Comp comp = describe(&node->node);
    AstComprehension *first = generator(&comp, 0);
    Reg before = mark(c), base = push(c);
    push_many(c, call_gap(c) - 1);
    Const code = {.kind = CONST_CODE, .number = generator_code(c, &comp)};
    put(c, &node->node, OP_MAKE_CLOSURE, base, const_index(c, &code), 0);
    Reg arg = push(c), iter = expr(c, first->iter, ANY);
    put(c, first->iter, first->is_async ? OP_GET_AITER : OP_GET_ITER, arg, iter, 0);
    release(c, before);
    Reg dst = into(c, want);
    put_call(c, &node->node, base, 1, dst);
    return dst;
}
