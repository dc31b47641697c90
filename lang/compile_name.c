#include "lang/compiler.h"
#include <string.h>

/* Reading, writing and deleting what names and other targets stand for. */

static Symbol *symbol_here(Compiler *c, Name *name)
{
    return symbol_of(&c->scopes, c->scope, name);
}

static uint32_t global_index(Compiler *c, const Symbol *symbol)
{
    return emit_global(&c->unit->draft, symbol->name);
}

static uint32_t text_index(Compiler *c, const Symbol *symbol)
{
    return plain_name_index(c, symbol->name);
}

//-- names -------------------------------------------------------------------------------------------

/* To a comprehension, variables of the function around it are free ones: it only shows in the text of an
 * error. */
static bool is_outer(const Symbol *symbol)
{
    return symbol->scope->kind == SCOPE_COMPREHENSION && symbol->owner != symbol;
}

/* A local variable is used where it is. */
static Reg load_local(Compiler *c, const Node *at, const Symbol *symbol, Reg want)
{
    Reg reg = symbol->owner->reg;
    put(c, at, OP_CHECK_LOCAL, reg, text_index(c, symbol), is_outer(symbol));
    if (want == ANY) return reg;
    put_move(c, at, want, reg);
    return want;
}

Reg load_name(Compiler *c, const Node *at, Name *name, Reg want)
{
    Symbol *symbol = symbol_here(c, name);
    if (!symbol) return into(c, want);
    if (symbol->place == PLACE_LOCAL) return load_local(c, at, symbol, want);
    Reg dst = into(c, want);
    switch (symbol->place) {
    case PLACE_LOCAL: break;
    case PLACE_CELL:
        put(c, at, is_outer(symbol) ? OP_LOAD_OUTER_CELL : OP_LOAD_CELL, dst, symbol->owner->reg, text_index(c, symbol));
        break;
    case PLACE_FREE: put(c, at, OP_LOAD_FREE, dst, symbol->free_index, text_index(c, symbol)); break;
    case PLACE_GLOBAL: put(c, at, OP_LOAD_GLOBAL, dst, global_index(c, symbol), 0); break;
    case PLACE_NAME: put(c, at, OP_LOAD_NAME, dst, text_index(c, symbol), global_index(c, symbol)); break;
    case PLACE_CLASS_FREE: put(c, at, OP_LOAD_CLASS_FREE, dst, text_index(c, symbol), symbol->free_index); break;
    }
    return dst;
}

static void store_symbol(Compiler *c, const Node *at, Symbol *symbol, Reg value)
{
    switch (symbol->place) {
    case PLACE_LOCAL: put_move(c, at, symbol->owner->reg, value); break;
    case PLACE_CELL: put(c, at, OP_STORE_CELL, symbol->owner->reg, value, 0); break;
    case PLACE_CLASS_FREE:
    case PLACE_FREE: put(c, at, OP_STORE_FREE, symbol->free_index, value, 0); break;
    case PLACE_GLOBAL: put(c, at, OP_STORE_GLOBAL, value, global_index(c, symbol), 0); break;
    case PLACE_NAME: put(c, at, OP_STORE_NAME, value, text_index(c, symbol), 0); break;
    }
}

void store_name(Compiler *c, const Node *at, Name *name, Reg value)
{
    Symbol *symbol = symbol_here(c, name);
    if (symbol) store_symbol(c, at, symbol, value);
}

static void delete_symbol(Compiler *c, const Node *at, Symbol *symbol)
{
    switch (symbol->place) {
    case PLACE_LOCAL:
        put(c, at, OP_CHECK_LOCAL, symbol->owner->reg, text_index(c, symbol), 0);
        put(c, at, OP_LOAD_UNSET, symbol->owner->reg, 0, 0);
        break;
    case PLACE_CELL: put(c, at, OP_DEL_CELL, symbol->owner->reg, text_index(c, symbol), 0); break;
    case PLACE_CLASS_FREE:
    case PLACE_FREE: put(c, at, OP_DEL_FREE, symbol->free_index, text_index(c, symbol), 0); break;
    case PLACE_GLOBAL: put(c, at, OP_DEL_GLOBAL, 0, global_index(c, symbol), 0); break;
    case PLACE_NAME: put(c, at, OP_DEL_NAME, 0, text_index(c, symbol), 0); break;
    }
}

static void delete_name(Compiler *c, const Node *at, Name *name)
{
    Symbol *symbol = symbol_here(c, name);
    if (symbol) delete_symbol(c, at, symbol);
}

void forget_name(Compiler *c, const Node *at, Name *name)
{
    Symbol *symbol = symbol_here(c, name);
    if (!symbol) return;
    if (symbol->place == PLACE_LOCAL) {
        put(c, at, OP_LOAD_UNSET, symbol->owner->reg, 0, 0);
        return;
    }
    Reg none = push(c); // deleting what is bound cannot fail
    put_none(c, at, none);
    store_symbol(c, at, symbol, none);
    delete_symbol(c, at, symbol);
    release(c, none);
}

Reg local_reg(Compiler *c, Name *name)
{
    const Symbol *symbol = symbol_here(c, name);
    return symbol && symbol->place == PLACE_LOCAL ? symbol->owner->reg : ANY;
}

Reg target_reg(Compiler *c, Node *target)
{
    return target->kind == AST_Name ? local_reg(c, AST(Name, target)->id) : ANY;
}

//-- unpacking ---------------------------------------------------------------------------------------

/* The targets' registers, if they are plain locals that lie side by side: then items can go straight there.
 */
static Reg adjacent_locals(Compiler *c, NodeList targets)
{
    Reg first = targets.count ? target_reg(c, targets.items[0]) : ANY;
    for (uint32_t i = 0; i < targets.count && first != ANY; i++)
        if (target_reg(c, targets.items[i]) != first + i) return ANY;
    return first;
}

/* An exception halfway must leave the old values where somebody may still see them. */
static bool may_overwrite_early(const Compiler *c, NodeList targets, Reg first, Reg from)
{
    for (const Block *block = c->unit->block; block; block = block->outer)
        if (block->kind != BLOCK_LOOP) return false;
    return first != ANY && (from < first || from >= first + targets.count);
}

static uint32_t star_index(NodeList targets)
{
    uint32_t i = 0;
    while (i < targets.count && targets.items[i]->kind != AST_Starred) i++;
    return i;
}

static void put_unpack(Compiler *c, Node *at, NodeList targets, Reg first, Reg from)
{
    uint32_t star = star_index(targets);
    if (star == targets.count) {
        put(c, at, OP_UNPACK, first, from, targets.count);
        return;
    }
    put(c, at, OP_UNPACK_EX, first, from, star);
    put_extra(c, targets.count - star - 1, 0, 0);
}

void unpack(Compiler *c, Node *at, NodeList targets, Reg from)
{
    Reg before = mark(c), first = adjacent_locals(c, targets);
    if (may_overwrite_early(c, targets, first, from)) {
        put_unpack(c, at, targets, first, from);
        return;
    }
    first = push_many(c, targets.count);
    put_unpack(c, at, targets, first, from);
    for (uint32_t i = 0; i < targets.count; i++) {
        Node *target = targets.items[i];
        if (target->kind == AST_Starred) target = AST(Starred, target)->value;
        store(c, target, first + i);
    }
    release(c, before);
}

void store_next(Compiler *c, Node *target, Reg item)
{
    uint32_t at = c->unit->draft.count;
    store(c, target, item);
    Insn *unpack = c->unit->draft.failed || at >= c->unit->draft.count ? NULL : &c->unit->draft.insns[at];
    if (unpack && unpack->op == OP_UNPACK && unpack->b == item) unpack->op = OP_UNPACK_ITEM;
}

//-- targets -----------------------------------------------------------------------------------------

static bool is_debug(const AstAttribute *target)
{
    return strcmp(target->attr->text, "__debug__") == 0;
}

static void store_attribute(Compiler *c, AstAttribute *target, Reg value)
{
    Reg before = mark(c), object = expr(c, target->value, ANY);
    if (is_debug(target)) compile_error(c, target->node.span, "cannot assign to __debug__");
    put(c, &target->node, OP_SETATTR, object, name_index(c, target->attr), value);
    put_extra(c, 0, 0, 0);
    release(c, before);
}

static void store_item(Compiler *c, AstSubscript *target, Reg value)
{
    Reg before = mark(c), object = hold(c, target->value, ANY, target->node.span.end);
    Reg index = subscript_index(c, target->index, ANY, target->node.span.end);
    put(c, &target->node, OP_SETITEM, object, index, value);
    release(c, before);
}

void store(Compiler *c, Node *target, Reg value)
{
    switch (target->kind) {
    case AST_Name: store_name(c, target, AST(Name, target)->id, value); break;
    case AST_Attribute: store_attribute(c, AST(Attribute, target), value); break;
    case AST_Subscript: store_item(c, AST(Subscript, target), value); break;
    case AST_Tuple: unpack(c, target, AST(Tuple, target)->elts, value); break;
    case AST_List: unpack(c, target, AST(List, target)->elts, value); break;
    default: compile_error(c, target->span, "cannot assign to this"); break; // the parser has refused it
    }
}

static void delete_item(Compiler *c, AstSubscript *target)
{
    Reg before = mark(c), object = hold(c, target->value, ANY, target->node.span.end);
    Reg index = subscript_index(c, target->index, ANY, target->node.span.end);
    put(c, &target->node, OP_DELITEM, object, index, 0);
    release(c, before);
}

static void delete_all(Compiler *c, NodeList targets)
{
    for (uint32_t i = 0; i < targets.count; i++) delete_target(c, targets.items[i]);
}

void delete_target(Compiler *c, Node *target)
{
    Reg before = mark(c);
    switch (target->kind) {
    case AST_Name: delete_name(c, target, AST(Name, target)->id); break;
    case AST_Attribute:
        if (is_debug(AST(Attribute, target))) compile_error(c, target->span, "cannot delete __debug__");
        put(c, target, OP_DELATTR, expr(c, AST(Attribute, target)->value, ANY),
            name_index(c, AST(Attribute, target)->attr), 0);
        break;
    case AST_Subscript: delete_item(c, AST(Subscript, target)); break;
    case AST_Tuple: delete_all(c, AST(Tuple, target)->elts); break;
    case AST_List: delete_all(c, AST(List, target)->elts); break;
    default: compile_error(c, target->span, "cannot delete this"); break; // the parser has refused it
    }
    release(c, before);
}
