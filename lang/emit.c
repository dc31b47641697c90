#include "lang/emit.h"
#include "vm/opcode.h"
#include <string.h>

void draft_init(Draft *draft, Arena *arena)
{
    *draft = (Draft){.arena = arena};
}

/* Room for one more of `count` items; false and `failed` when memory is out. */
static bool grow(Draft *d, void **block, uint32_t count, uint32_t *capacity, size_t size)
{
    if (d->failed) return false;
    if (count < *capacity) return true;
    uint32_t wanted = *capacity ? *capacity * 2 : 16;
    void *bigger = arena_grow(d->arena, *block, count, wanted, size);
    if (!bigger) {
        d->failed = true;
        return false;
    }
    *block = bigger;
    *capacity = wanted;
    return true;
}

#define GROW(d, array, count, capacity) grow(d, (void **)&(d)->array, (d)->count, &(d)->capacity, sizeof *(d)->array)

//-- instructions ------------------------------------------------------------------------------------

static bool make_room(Draft *d)
{
    if (d->failed) return false;
    if (d->count < d->capacity) return true;
    uint32_t wanted = d->capacity ? d->capacity * 2 : 64;
    Insn *insns = arena_grow(d->arena, d->insns, d->count, wanted, sizeof *insns);
    Span *spans = arena_grow(d->arena, d->spans, d->count, wanted, sizeof *spans);
    Label *labels = arena_grow(d->arena, d->labels, d->count, wanted, sizeof *labels);
    uint8_t *marks = arena_grow(d->arena, d->marks, d->count, wanted, sizeof *marks);
    if (!insns || !spans || !labels || !marks) {
        d->failed = true;
        return false;
    }
    d->insns = insns;
    d->spans = spans;
    d->labels = labels;
    d->marks = marks;
    d->capacity = wanted;
    return true;
}

static void append(Draft *d, Span span, Opcode op, uint32_t a, uint32_t b, uint32_t c, Label to)
{
    if (a > MAX_OPERAND || b > MAX_OPERAND || c > MAX_OPERAND) d->too_large = true;
    if (!make_room(d)) return;
    d->insns[d->count] = (Insn){.op = (uint16_t)op, .a = (uint16_t)a, .b = (uint16_t)b, .c = (uint16_t)c};
    d->spans[d->count] = span;
    d->labels[d->count] = to;
    d->marks[d->count] = 0;
    d->count++;
}

void emit(Draft *d, Span span, Opcode op, uint32_t a, uint32_t b, uint32_t c)
{
    append(d, span, op, a, b, c, NO_LABEL);
}

void emit_extra(Draft *d, uint32_t a, uint32_t b, uint32_t c)
{
    if (d->count) append(d, d->spans[d->count - 1], OP_EXTRA, a, b, c, NO_LABEL);
}

void emit_jump(Draft *d, Span span, Opcode op, uint32_t a, uint32_t b, Label to)
{
    append(d, span, op, a, b, 0, to);
}

void emit_initial_unset(Draft *d, Span span, uint32_t reg)
{
    append(d, span, OP_LOAD_UNSET, reg, 0, 0, NO_LABEL);
    if (!d->failed) d->marks[d->count - 1] |= MARK_INITIAL;
}

void emit_last_reader(Draft *d, uint32_t temporary, uint32_t dst)
{
    if (d->failed || d->count < 2) return;
    uint32_t i = d->count - 2;
    while (i > 0 && d->insns[i].op == OP_CHECK_LOCAL) i--; // which may be dropped
    bool found = opcode_passing(d->insns[i].op) != OP_NOP && opcode_takes(&d->insns[i], &d->insns[d->count - 1]);
    if (found && (d->insns[i].a >= temporary || d->insns[i].a == dst)) d->marks[i] |= MARK_ONCE;
}

Label emit_label(Draft *d)
{
    if (!GROW(d, bound, nlabels, labels_capacity)) return 0;
    d->bound[d->nlabels] = UINT32_MAX;
    return d->nlabels++;
}

void emit_bind(Draft *d, Label label)
{
    if (!d->failed) d->bound[label] = d->count;
}

void emit_range(Draft *d, uint32_t start, uint32_t end, Label target, uint32_t reg, unsigned flags)
{
    if (start == end || !GROW(d, ranges, nranges, ranges_capacity)) return;
    d->ranges[d->nranges++] = (DraftRange){start, end, target, (uint16_t)reg, (uint16_t)flags};
}

//-- constants ---------------------------------------------------------------------------------------

bool const_equal(const Const *a, const Const *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case CONST_INT:
    case CONST_CODE: return a->number == b->number;
    case CONST_FLOAT: return memcmp(&a->real, &b->real, sizeof a->real) == 0; // 0.0 is not -0.0
    case CONST_STR:
    case CONST_BYTES:
    case CONST_BIGINT:
        return a->text.len == b->text.len && memcmp(a->text.bytes, b->text.bytes, a->text.len) == 0;
    case CONST_TUPLE:
    case CONST_FROZENSET:
        if (a->count != b->count) return false;
        for (uint32_t i = 0; i < a->count; i++)
            if (!const_equal(&a->items[i], &b->items[i])) return false;
        return true;
    default: return true;
    }
}

static uint32_t mix(uint32_t hash, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++) hash = (hash ^ p[i]) * 16777619u;
    return hash;
}

static uint32_t const_hash(const Const *k, uint32_t hash)
{
    hash = mix(hash, &k->kind, sizeof k->kind);
    switch (k->kind) {
    case CONST_INT:
    case CONST_CODE: return mix(hash, &k->number, sizeof k->number);
    case CONST_FLOAT: return mix(hash, &k->real, sizeof k->real);
    case CONST_STR:
    case CONST_BYTES:
    case CONST_BIGINT: return mix(hash, k->text.bytes, k->text.len);
    case CONST_TUPLE:
    case CONST_FROZENSET:
        for (uint32_t i = 0; i < k->count; i++) hash = const_hash(&k->items[i], hash);
        return hash;
    default: return hash;
    }
}

static uint32_t *const_slot(const Draft *d, const Const *value)
{
    uint32_t mask = d->consts_capacity * 2 - 1;
    for (uint32_t i = const_hash(value, 2166136261u);; i++) {
        uint32_t *slot = &d->const_slots[i & mask];
        if (!*slot || const_equal(&d->consts[*slot - 1], value)) return slot;
    }
}

static bool make_room_for_const(Draft *d)
{
    uint32_t before = d->consts_capacity;
    if (!GROW(d, consts, nconsts, consts_capacity)) return false;
    if (d->consts_capacity == before) return true;
    uint32_t *slots = arena_array(d->arena, (size_t)d->consts_capacity * 2, sizeof *slots);
    if (!slots) {
        d->failed = true;
        return false;
    }
    d->const_slots = slots;
    for (uint32_t i = 0; i < d->nconsts; i++) *const_slot(d, &d->consts[i]) = i + 1;
    return true;
}

uint32_t emit_const(Draft *d, const Const *value)
{
    if (!make_room_for_const(d)) return 0;
    uint32_t *slot = const_slot(d, value);
    if (!*slot) {
        d->consts[d->nconsts] = *value;
        *slot = ++d->nconsts;
    }
    d->consts[*slot - 1].is_name |= value->is_name;
    if (*slot > MAX_OPERAND) d->too_large = true;
    return *slot - 1;
}

uint32_t emit_name_const(Draft *d, const Name *name)
{
    return emit_const(d, &(Const){.kind = CONST_STR, .is_name = true, .text = {name->text, name->len}});
}

//-- global names ------------------------------------------------------------------------------------

static uint32_t *global_slot(const Draft *d, const Name *name)
{
    uint32_t mask = d->globals_capacity * 2 - 1;
    for (uint32_t i = name->hash;; i++) {
        uint32_t *slot = &d->global_slots[i & mask];
        if (!*slot || d->globals[*slot - 1] == name) return slot;
    }
}

static bool make_room_for_global(Draft *d)
{
    uint32_t before = d->globals_capacity;
    if (!GROW(d, globals, nglobals, globals_capacity)) return false;
    if (d->globals_capacity == before) return true;
    uint32_t *slots = arena_array(d->arena, (size_t)d->globals_capacity * 2, sizeof *slots);
    if (!slots) {
        d->failed = true;
        return false;
    }
    d->global_slots = slots;
    for (uint32_t i = 0; i < d->nglobals; i++) *global_slot(d, d->globals[i]) = i + 1;
    return true;
}

uint32_t emit_global(Draft *d, Name *name)
{
    if (!make_room_for_global(d)) return 0;
    uint32_t *slot = global_slot(d, name);
    if (!*slot) {
        d->globals[d->nglobals] = name;
        *slot = ++d->nglobals;
    }
    return *slot - 1;
}
