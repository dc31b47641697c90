#include "lang/compiler.h"

/* match. A pattern tests a register and jumps away when it fails. What it captures waits in temporaries and
 * is bound only when the whole pattern has matched. */

typedef struct Captured {
    Name *name;
    Reg reg;
} Captured;

typedef struct Case {
    Captured *captured;
    uint32_t count, capacity;
} Case;

//-- names that a pattern binds ----------------------------------------------------------------------

static Captured *find_captured(const Case *kase, const Name *name)
{
    for (uint32_t i = 0; i < kase->count; i++)
        if (kase->captured[i].name == name) return &kase->captured[i];
    return NULL;
}

static void add_captured(Compiler *c, Case *kase, Name *name, const Node *at)
{
    if (!name) return;
    if (find_captured(kase, name)) {
        compile_error(c, at->span, "multiple assignments to name '%s' in pattern", name->text);
        return;
    }
    if (kase->count == kase->capacity) {
        uint32_t capacity = kase->capacity ? kase->capacity * 2 : 8;
        Captured *bigger = arena_grow(&c->arena, kase->captured, kase->count, capacity, sizeof *bigger);
        if (!bigger) return;
        kase->captured = bigger;
        kase->capacity = capacity;
    }
    kase->captured[kase->count++] = (Captured){name, ANY};
}

static void collect(Compiler *c, Case *kase, Node *pattern);

static void collect_list(Compiler *c, Case *kase, NodeList patterns)
{
    for (uint32_t i = 0; i < patterns.count; i++) collect(c, kase, patterns.items[i]);
}

static void check_reachable(Compiler *c, Node *pattern);

/* All alternatives bind the same names, and all but the last can fail. */
static void collect_or(Compiler *c, Case *kase, AstMatchOr *node)
{
    Case first = {0};
    collect(c, &first, node->patterns.items[0]);
    for (uint32_t i = 0; i + 1 < node->patterns.count; i++) check_reachable(c, node->patterns.items[i]);
    for (uint32_t i = 1; i < node->patterns.count; i++) {
        Case other = {0};
        collect(c, &other, node->patterns.items[i]);
        bool same = other.count == first.count;
        for (uint32_t k = 0; k < other.count; k++) same &= find_captured(&first, other.captured[k].name) != NULL;
        if (!same) compile_error(c, node->patterns.items[i]->span, "alternative patterns bind different names");
    }
    for (uint32_t k = 0; k < first.count; k++) add_captured(c, kase, first.captured[k].name, &node->node);
}

static void collect(Compiler *c, Case *kase, Node *pattern)
{
    switch (pattern->kind) {
    case AST_MatchSequence: collect_list(c, kase, AST(MatchSequence, pattern)->patterns); break;
    case AST_MatchMapping:
        collect_list(c, kase, AST(MatchMapping, pattern)->items);
        add_captured(c, kase, AST(MatchMapping, pattern)->rest, pattern);
        break;
    case AST_MatchItem: collect(c, kase, AST(MatchItem, pattern)->pattern); break;
    case AST_MatchClass:
        collect_list(c, kase, AST(MatchClass, pattern)->patterns);
        collect_list(c, kase, AST(MatchClass, pattern)->keywords);
        break;
    case AST_MatchKeyword: collect(c, kase, AST(MatchKeyword, pattern)->pattern); break;
    case AST_MatchStar: add_captured(c, kase, AST(MatchStar, pattern)->name, pattern); break;
    case AST_MatchAs:
        if (AST(MatchAs, pattern)->pattern) collect(c, kase, AST(MatchAs, pattern)->pattern);
        add_captured(c, kase, AST(MatchAs, pattern)->name, pattern);
        break;
    case AST_MatchOr: collect_or(c, kase, AST(MatchOr, pattern)); break;
    default: break; // binds nothing
    }
}

static void capture(Compiler *c, const Case *kase, const Node *at, const Name *name, Reg value)
{
    const Captured *captured = name ? find_captured(kase, name) : NULL;
    if (captured) put_move(c, at, captured->reg, value);
}

//-- patterns ----------------------------------------------------------------------------------------

static void match_pattern(Compiler *c, const Case *kase, Node *pattern, Reg value, Label fail);

static bool is_wildcard(Node *pattern)
{
    if (pattern->kind == AST_MatchStar) return !AST(MatchStar, pattern)->name;
    return pattern->kind == AST_MatchAs && !AST(MatchAs, pattern)->pattern && !AST(MatchAs, pattern)->name;
}

static void test(Compiler *c, const Node *at, Opcode op, Reg value, Label fail)
{
    Reg truth = push(c);
    put(c, at, op, truth, value, 0);
    put_jump(c, at, OP_JFALSE, truth, 0, fail);
    release(c, truth);
}

/* Answers the register that holds the length. */
static Reg test_length(Compiler *c, const Node *at, Reg value, Operator op, uint32_t count, Label fail)
{
    Reg length = push(c);
    put(c, at, OP_GET_LEN, length, value, 0);
    put_compare_jump(c, at, op, length, (Operand){true, int_index(c, count)}, false, fail);
    return length;
}

static void fail_if_none(Compiler *c, const Node *at, Reg value, Label fail)
{
    put_compare_jump(c, at, CMP_IS, value, (Operand){true, none_index(c)}, true, fail);
}

/* The items of a tuple against one pattern each. */
static void match_items(Compiler *c, const Case *kase, const Node *at, Reg tuple, Node **patterns, uint32_t count,
                        Label fail)
{
    if (count == 0) return;
    Reg first = push_many(c, count);
    put(c, at, OP_UNPACK, first, tuple, count);
    for (uint32_t i = 0; i < count; i++) match_pattern(c, kase, patterns[i], first + i, fail);
}

static uint32_t star_index(NodeList patterns)
{
    uint32_t i = 0;
    while (i < patterns.count && patterns.items[i]->kind != AST_MatchStar) i++;
    return i;
}

/* [a, *_, b]: only the items that matter are fetched. */
static void match_ends(Compiler *c, const Case *kase, AstMatchSequence *node, uint32_t star, Reg value, Reg length,
                       Label fail)
{
    uint32_t count = node->patterns.count;
    for (uint32_t i = 0; i < count; i++) {
        Node *pattern = node->patterns.items[i];
        if (i == star || is_wildcard(pattern)) continue;
        Reg item = push(c);
        if (i < star) {
            put(c, pattern, OP_GETITEM_RK, item, value, int_index(c, i));
        } else {
            put(c, pattern, OP_SUB_RK, item, length, int_index(c, count - i));
            put(c, pattern, OP_GETITEM, item, value, item);
        }
        match_pattern(c, kase, pattern, item, fail);
    }
}

static void match_with_star(Compiler *c, const Case *kase, AstMatchSequence *node, uint32_t star, Reg value, Label fail)
{
    uint32_t count = node->patterns.count;
    Reg first = push_many(c, count);
    put(c, &node->node, OP_UNPACK_EX, first, value, star);
    put_extra(c, count - star - 1, 0, 0);
    for (uint32_t i = 0; i < count; i++) match_pattern(c, kase, node->patterns.items[i], first + i, fail);
}

static void match_sequence(Compiler *c, const Case *kase, AstMatchSequence *node, Reg value, Label fail)
{
    NodeList patterns = node->patterns;
    uint32_t star = star_index(patterns);
    bool has_star = star < patterns.count;
    test(c, &node->node, OP_IS_SEQUENCE, value, fail);
    Reg length = test_length(c, &node->node, value, has_star ? CMP_GE : CMP_EQ, patterns.count - has_star, fail);
    if (!has_star) match_items(c, kase, &node->node, value, patterns.items, patterns.count, fail);
    else if (is_wildcard(patterns.items[star])) match_ends(c, kase, node, star, value, length, fail);
    else match_with_star(c, kase, node, star, value, fail);
}

static void check_keys(Compiler *c, NodeList items)
{
    for (uint32_t i = 0; i < items.count; i++) {
        Const key, other;
        const Node *node = AST(MatchItem, items.items[i])->key;
        if (!fold_expr(&c->arena, AST(MatchItem, items.items[i])->key, &key)) continue;
        for (uint32_t k = 0; k < i; k++)
            if (fold_expr(&c->arena, AST(MatchItem, items.items[k])->key, &other) && const_equal(&key, &other))
                compile_error(c, node->span, "mapping pattern checks duplicate key (%.*s)",
                              (int)(node->span.end - node->span.start), c->tree->source->text + node->span.start);
    }
}

static Reg key_tuple(Compiler *c, AstMatchMapping *node)
{
    AstTuple tuple = {.node = node->node};
    tuple.node.kind = AST_Tuple;
    tuple.elts.items = compile_alloc(c, node->items.count, sizeof *tuple.elts.items);
    Reg keys = push(c);
    if (!tuple.elts.items) return keys;
    for (uint32_t i = 0; i < node->items.count; i++) tuple.elts.items[i] = AST(MatchItem, node->items.items[i])->key;
    tuple.elts.count = node->items.count;
    return expr(c, &tuple.node, keys);
}

static Node **subpatterns(Compiler *c, NodeList items)
{
    Node **patterns = compile_alloc(c, items.count, sizeof *patterns);
    for (uint32_t i = 0; patterns && i < items.count; i++) {
        Node *item = items.items[i];
        patterns[i] = item->kind == AST_MatchItem ? AST(MatchItem, item)->pattern : AST(MatchKeyword, item)->pattern;
    }
    return patterns;
}

static void match_mapping(Compiler *c, const Case *kase, AstMatchMapping *node, Reg value, Label fail)
{
    uint32_t count = node->items.count;
    Node **patterns = subpatterns(c, node->items);
    if (!patterns) return;
    check_keys(c, node->items);
    test(c, &node->node, OP_IS_MAPPING, value, fail);
    if (count) test_length(c, &node->node, value, CMP_GE, count, fail);
    if (!count && !node->rest) return;
    Reg keys = key_tuple(c, node);
    if (count) {
        Reg values = push(c);
        put(c, &node->node, OP_MATCH_KEYS, values, value, keys);
        fail_if_none(c, &node->node, values, fail);
        match_items(c, kase, &node->node, values, patterns, count, fail);
    }
    if (!node->rest) return;
    Reg rest = push(c);
    put(c, &node->node, OP_MAPPING_REST, rest, value, keys);
    capture(c, kase, &node->node, node->rest, rest);
}

static uint32_t attribute_names(Compiler *c, NodeList keywords)
{
    Const *names = compile_alloc(c, keywords.count, sizeof *names);
    if (!names) return 0;
    for (uint32_t i = 0; i < keywords.count; i++) {
        const Name *name = AST(MatchKeyword, keywords.items[i])->name;
        names[i] = (Const){.kind = CONST_STR, .is_name = true, .text = {name->text, name->len}};
    }
    return const_index(c, &(Const){.kind = CONST_TUPLE, .count = keywords.count, .items = names});
}

static void match_class(Compiler *c, const Case *kase, AstMatchClass *node, Reg value, Label fail)
{
    uint32_t positional = node->patterns.count, total = positional + node->keywords.count;
    Node **named = subpatterns(c, node->keywords), **patterns = compile_alloc(c, total, sizeof *patterns);
    if (!named || !patterns) return;
    for (uint32_t i = 0; i < total; i++)
        patterns[i] = i < positional ? node->patterns.items[i] : named[i - positional];
    Reg attributes = push(c), before = mark(c), cls = expr(c, node->cls, ANY);
    put(c, &node->node, OP_MATCH_CLASS, attributes, value, cls);
    put_extra(c, positional, attribute_names(c, node->keywords), 0);
    release(c, before);
    fail_if_none(c, &node->node, attributes, fail);
    match_items(c, kase, &node->node, attributes, patterns, total, fail);
}

static void match_or(Compiler *c, const Case *kase, AstMatchOr *node, Reg value, Label fail)
{
    Label matched = new_label(c);
    uint32_t last = node->patterns.count - 1;
    for (uint32_t i = 0; i < last; i++) {
        Label next = new_label(c);
        Reg before = mark(c);
        match_pattern(c, kase, node->patterns.items[i], value, next);
        put_jump(c, &node->node, OP_JMP, 0, 0, matched);
        bind_label(c, next);
        release(c, before);
    }
    match_pattern(c, kase, node->patterns.items[last], value, fail);
    bind_label(c, matched);
}

static void match_value(Compiler *c, Node *expected, Operator op, Reg value, Label fail)
{
    Reg before = mark(c);
    put_compare_jump(c, expected, op, value, operand(c, expected, ANY, 0), false, fail);
    release(c, before);
}

static void match_pattern(Compiler *c, const Case *kase, Node *pattern, Reg value, Label fail)
{
    switch (pattern->kind) {
    case AST_MatchValue: match_value(c, AST(MatchValue, pattern)->value, CMP_EQ, value, fail); break;
    case AST_MatchSingleton: match_value(c, AST(MatchSingleton, pattern)->value, CMP_IS, value, fail); break;
    case AST_MatchSequence: match_sequence(c, kase, AST(MatchSequence, pattern), value, fail); break;
    case AST_MatchMapping: match_mapping(c, kase, AST(MatchMapping, pattern), value, fail); break;
    case AST_MatchClass: match_class(c, kase, AST(MatchClass, pattern), value, fail); break;
    case AST_MatchOr: match_or(c, kase, AST(MatchOr, pattern), value, fail); break;
    case AST_MatchStar: capture(c, kase, pattern, AST(MatchStar, pattern)->name, value); break;
    default: { // MatchAs
        AstMatchAs *as = AST(MatchAs, pattern);
        if (as->pattern) match_pattern(c, kase, as->pattern, value, fail);
        capture(c, kase, pattern, as->name, value);
    }
    }
}

//-- cases -------------------------------------------------------------------------------------------

/* Nothing may follow what matches everything. */
static void check_reachable(Compiler *c, Node *pattern)
{
    while (pattern->kind == AST_MatchAs && AST(MatchAs, pattern)->pattern) pattern = AST(MatchAs, pattern)->pattern;
    if (pattern->kind == AST_MatchOr) {
        NodeList patterns = AST(MatchOr, pattern)->patterns;
        check_reachable(c, patterns.items[patterns.count - 1]);
    }
    if (pattern->kind != AST_MatchAs) return;
    const Name *name = AST(MatchAs, pattern)->name;
    if (name) compile_error(c, pattern->span, "name capture '%s' makes remaining patterns unreachable", name->text);
    else compile_error(c, pattern->span, "wildcard makes remaining patterns unreachable");
}

static void match_case(Compiler *c, AstMatchCase *node, Reg subject, Label next)
{
    Case kase = {0};
    Reg before = mark(c);
    collect(c, &kase, node->pattern);
    for (uint32_t i = 0; i < kase.count; i++) kase.captured[i].reg = push(c);
    match_pattern(c, &kase, node->pattern, subject, next);
    for (uint32_t i = 0; i < kase.count; i++)
        store_name(c, node->pattern, kase.captured[i].name, kase.captured[i].reg);
    release(c, before);
    if (node->guard) jump_if(c, node->guard, false, next);
    statements(c, node->body);
}

void match_statement(Compiler *c, AstMatch *node)
{
    Label end = new_label(c);
    Reg subject = push(c); // a copy: cases may bind the very name
    expr(c, node->subject, subject);
    for (uint32_t i = 0; i < node->cases.count; i++) {
        AstMatchCase *kase = AST(MatchCase, node->cases.items[i]);
        Label next = new_label(c);
        bool last = i + 1 == node->cases.count;
        if (!last && !kase->guard) check_reachable(c, kase->pattern);
        match_case(c, kase, subject, next);
        if (!last) put_jump(c, &kase->node, OP_JMP, 0, 0, end);
        bind_label(c, next);
    }
    bind_label(c, end);
}
