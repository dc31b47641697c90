#include "lang/compiler.h"

/* Tuples, lists, sets and dicts as written, and f-strings. Small ones are built from consecutive registers
 * at once; long or starred ones grow item by item. */

enum {
    MAX_AT_ONCE = 64, // registers that one instruction takes together
    MIN_CONST = 3,    // constant items from which copying a constant pays (and what CPython does: sets keep its order)
};

static bool has_star(NodeList elts)
{
    for (uint32_t i = 0; i < elts.count; i++)
        if (elts.items[i]->kind == AST_Starred) return true;
    return false;
}

static Reg build_at_once(Compiler *c, Node *node, Opcode op, NodeList elts, Reg want)
{
    Reg before = mark(c), first = elts.count == 1 ? expr(c, elts.items[0], ANY) : expr_list(c, elts);
    release(c, before);
    Reg dst = into(c, want);
    put(c, node, op, dst, elts.count ? first : dst, elts.count);
    return dst;
}

//-- lists, sets, tuples -----------------------------------------------------------------------------

/* What a growing list or set is made of. */
typedef struct Growth { Opcode build, add, extend; } Growth;
static const Growth list_growth = {OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND};
static const Growth set_growth = {OP_BUILD_SET, OP_SET_ADD, OP_SET_UPDATE};

static void grow(Compiler *c, Node *node, const Growth *growth, NodeList elts, Reg dst)
{
    put(c, node, growth->build, dst, dst, 0);
    for (uint32_t i = 0; i < elts.count; i++) {
        Reg before = mark(c);
        Node *elt = elts.items[i];
        bool star = elt->kind == AST_Starred;
        Reg item = expr(c, star ? AST(Starred, elt)->value : elt, ANY);
        put(c, star ? elt : node, star ? growth->extend : growth->add, dst, item, 0);
        release(c, before);
    }
}

/* A copy of a constant. */
static void copy_const(Compiler *c, Node *node, const Growth *growth, const Const *value, Reg dst)
{
    Reg items = push(c);
    put(c, node, growth->build, dst, dst, 0);
    put_const(c, node, items, value);
    put(c, node, growth->extend, dst, items, 0);
    release(c, items);
}

static Reg list_or_set(Compiler *c, Node *node, const Growth *growth, NodeList elts, Reg want)
{
    Const value;
    bool is_const = elts.count >= MIN_CONST && fold_container(&c->arena, node, &value);
    if (!is_const && elts.count <= MAX_AT_ONCE && !has_star(elts))
        return build_at_once(c, node, growth->build, elts, want);
    Reg dst = scratch(c, want);
    if (is_const) copy_const(c, node, growth, &value, dst);
    else grow(c, node, growth, elts, dst);
    return deliver(c, node, dst, want);
}

static Reg tuple(Compiler *c, Node *node, NodeList elts, Reg want)
{
    if (elts.count <= MAX_AT_ONCE && !has_star(elts)) return build_at_once(c, node, OP_BUILD_TUPLE, elts, want);
    Reg before = mark(c), list = push(c);
    grow(c, node, &list_growth, elts, list);
    release(c, before);
    Reg dst = into(c, want);
    put(c, node, OP_LIST_TO_TUPLE, dst, list, 0);
    return dst;
}

//-- dicts -------------------------------------------------------------------------------------------

static bool is_plain_dict(NodeList items)
{
    if (items.count * 2 > MAX_AT_ONCE) return false;
    for (uint32_t i = 0; i < items.count; i++)
        if (!AST(DictItem, items.items[i])->key) return false;
    return true;
}

static Reg dict_at_once(Compiler *c, Node *node, NodeList items, Reg want)
{
    Reg before = mark(c);
    for (uint32_t i = 0; i < items.count; i++) {
        AstDictItem *item = AST(DictItem, items.items[i]);
        expr(c, item->key, push(c));
        expr(c, item->value, push(c));
    }
    release(c, before);
    Reg dst = into(c, want);
    put(c, node, OP_BUILD_DICT, dst, items.count ? before : dst, items.count * 2);
    return dst;
}

static void grow_dict(Compiler *c, Node *node, NodeList items, Reg dst)
{
    put(c, node, OP_BUILD_DICT, dst, dst, 0);
    for (uint32_t i = 0; i < items.count; i++) {
        Reg before = mark(c);
        AstDictItem *item = AST(DictItem, items.items[i]);
        if (item->key) {
            Reg key = hold(c, item->key, ANY, item->value->span.end);
            put(c, node, OP_DICT_SET, dst, key, expr(c, item->value, ANY));
        } else {
            put(c, node, OP_DICT_UPDATE, dst, expr(c, item->value, ANY), 0);
        }
        release(c, before);
    }
}

static Reg dict(Compiler *c, Node *node, NodeList items, Reg want)
{
    if (is_plain_dict(items)) return dict_at_once(c, node, items, want);
    Reg dst = scratch(c, want);
    grow_dict(c, node, items, dst);
    return deliver(c, node, dst, want);
}

Reg display(Compiler *c, Node *node, Reg want)
{
    switch (node->kind) {
    case AST_List: return list_or_set(c, node, &list_growth, AST(List, node)->elts, want);
    case AST_Set: return list_or_set(c, node, &set_growth, AST(Set, node)->elts, want);
    case AST_Dict: return dict(c, node, AST(Dict, node)->items, want);
    default: return tuple(c, node, AST(Tuple, node)->elts, want);
    }
}

Reg iterable(Compiler *c, Node *node)
{
    Const value;
    bool literal = node->kind == AST_List || node->kind == AST_Set;
    if (!literal || !fold_container(&c->arena, node, &value)) return expr(c, node, ANY);
    Reg dst = push(c);
    put_const(c, node, dst, &value);
    return dst;
}

//-- f-strings ---------------------------------------------------------------------------------------

static unsigned conversion_code(int conversion)
{
    return conversion == 's' ? 1 : conversion == 'r' ? 2 : conversion == 'a' ? 3 : 0;
}

static void format_value(Compiler *c, AstFormattedValue *node, Reg dst)
{
    enum { HAS_SPEC = 4 };
    Reg before = mark(c);
    unsigned how = conversion_code(node->conversion);
    Reg value;
    if (node->spec) {
        value = push(c); // the spec has to lie behind it
        expr(c, node->value, value);
        expr(c, node->spec, push(c));
        how |= HAS_SPEC;
    } else {
        value = expr(c, node->value, ANY);
    }
    put(c, &node->node, OP_FORMAT, dst, value, how);
    release(c, before);
}

static void string_part(Compiler *c, Node *part, Reg dst)
{
    if (part->kind == AST_FormattedValue) format_value(c, AST(FormattedValue, part), dst);
    else expr(c, part, dst);
}

static Reg no_parts(Compiler *c, const Node *node, Reg want)
{
    Reg dst = into(c, want);
    put_const(c, node, dst, &(Const){.kind = CONST_STR, .text = {"", 0}});
    return dst;
}

Reg joined_str(Compiler *c, AstJoinedStr *node, Reg want)
{
    NodeList parts = node->parts;
    if (parts.count == 0) return no_parts(c, &node->node, want);
    if (parts.count == 1) {
        Reg dst = into(c, want);
        string_part(c, parts.items[0], dst);
        return dst;
    }
    Reg first = mark(c);
    for (uint32_t i = 0; i < parts.count; i++) {
        if (mark(c) - first == MAX_AT_ONCE) { // join what there is
            put(c, &node->node, OP_BUILD_STRING, first, first, MAX_AT_ONCE);
            release(c, first + 1);
        }
        string_part(c, parts.items[i], push(c));
    }
    uint32_t count = mark(c) - first;
    release(c, first);
    Reg dst = into(c, want);
    put(c, &node->node, OP_BUILD_STRING, dst, first, count);
    return dst;
}
