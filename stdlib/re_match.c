/* re_match.c - what matched: the object that match() and its kin answer. */
#include "stdlib/re.h"
#include "vm/protocol.h"
#include "vm/type.h"

static Match *as_match(Value v) { return (Match *)as_obj(v); }
static Value pattern_of(const Match *m) { return m->d.values[0]; }

/* ---- making -------------------------------------------------------------------------------------- */

static bool lies_in(const Program *p, uint32_t group, uint32_t outer)
{
    while (group > outer) group = p->parents[group];
    return group == outer;
}

/* The group that was closed last ends last; of two that end in one place the outer one does, or the later one. */
static uint32_t last_closed(const Program *p, const size_t *at)
{
    uint32_t last = 0;
    for (uint32_t g = 1; g <= p->groups; g++) {
        if (at[2 * g] == PCRE_UNSET) continue;
        if (!last || at[2 * g + 1] > at[2 * last + 1]) last = g;
        else if (at[2 * g + 1] == at[2 * last + 1] && !lies_in(p, g, last)) last = g;
    }
    return last;
}

Value match_new(VM *vm, Value pattern, const Subject *s, const size_t *at, size_t base, size_t base_chars)
{
    const Program *p = program_of(pattern);
    uint32_t groups = p->groups + 1;
    size_t size = sizeof(Match) + groups * 2 * sizeof(size_t);
    Match *m = heap_alloc(vm, KIND_NATIVE_DATA, stdlib(vm)->match_type->root_shape->id, size);
    if (!m) return VALUE_ERROR;
    m->d.data = NULL;
    m->d.values[0] = pattern;
    m->d.values[1] = s->object;
    m->pos = s->pos;
    m->endpos = s->endpos;
    m->base = base;
    m->base_chars = base_chars;
    m->groups = groups;
    m->last = last_closed(p, at);
    memcpy(m->at, at, groups * 2 * sizeof(size_t));
    return obj_value(m);
}

static void trace(VM *vm, Obj *o)
{
    gc_mark_value(vm, ((Match *)o)->d.values[0]);
    gc_mark_value(vm, ((Match *)o)->d.values[1]);
}

/* ---- groups -------------------------------------------------------------------------------------- */

/* The text again; a bytearray may have become shorter. */
static Subject subject_of(const Match *m)
{
    Subject s = {.object = m->d.values[1], .is_str = is_str(m->d.values[1]), .size = SIZE_MAX};
    s.wide = s.is_str && !str_is_ascii(as_str(s.object));
    subject_refresh(&s);
    return s;
}

static Value group_text(VM *vm, const Match *m, uint32_t g, Value missing)
{
    size_t from = m->at[2 * g], to = m->at[2 * g + 1];
    if (from == PCRE_UNSET) return missing;
    Subject s = subject_of(m);
    if (!s.is_str) {
        if (to > s.size) to = s.size;
        if (from > to) from = to;
    }
    return subject_slice(vm, &s, from, to);
}

/* Of a position in bytes: as scripts count; -1 for none. */
static Value position(const Match *m, size_t at)
{
    if (at == PCRE_UNSET) return small(-1);
    Value text = m->d.values[1];
    if (!is_str(text) || str_is_ascii(as_str(text))) return small((int64_t)at);
    const char *data = as_str(text)->data;
    if (at >= m->base) return small((int64_t)(m->base_chars + utf8_count(data + m->base, at - m->base)));
    return small((int64_t)(m->base_chars - utf8_count(data + at, m->base - at)));
}

/* A group by number or name; -1 with IndexError. */
static int64_t find_group(VM *vm, const Match *m, Value key)
{
    int64_t i = -1;
    if (is_index(vm, key)) {
        if (!obj_index_i64(vm, key, &i)) return -1;
    } else {
        Value number =
            is_str(key) ? dict_get(vm, as_dict(pattern_part(pattern_of(m), PART_INDEX)), key) : VALUE_UNSET;
        if (is_error(number)) return -1;
        if (!is_unset(number)) i = as_small(number);
    }
    if (i < 0 || i >= m->groups) return vm_raise(vm, ERR_INDEX, "no such group"), -1;
    return i;
}

static Value match_getitem(VM *vm, Value self, Value key)
{
    const Match *m = as_match(self);
    int64_t g = find_group(vm, m, key);
    return g < 0 ? VALUE_ERROR : group_text(vm, m, (uint32_t)g, VALUE_NONE);
}

static Value nat_group(VM *vm, Args args)
{
    Tuple *keys = as_tuple(args.v[1]);
    if (keys->size == 0) return group_text(vm, as_match(args.v[0]), 0, VALUE_NONE);
    if (keys->size == 1) return match_getitem(vm, args.v[0], keys->items[0]);
    Value result = tuple_new(vm, NULL, keys->size);
    Value *root = is_error(result) ? NULL : roots_push(vm, result);
    if (!root) return VALUE_ERROR;
    for (size_t i = 0; i < keys->size; i++) {
        Value text = match_getitem(vm, args.v[0], keys->items[i]); // may call __index__
        if (is_error(text)) return roots_pop(vm, root), text;
        gc_store(vm, as_obj(result), &as_tuple(result)->items[i], text);
    }
    roots_pop(vm, root);
    return result;
}

static Value nat_groups(VM *vm, Args args)
{
    const Match *m = as_match(args.v[0]);
    Value result = tuple_new(vm, NULL, m->groups - 1);
    for (uint32_t g = 1; !is_error(result) && g < m->groups; g++) {
        Value text = group_text(vm, m, g, args.v[1]);
        if (is_error(text)) return text;
        as_tuple(result)->items[g - 1] = text;
    }
    return result;
}

static Value nat_groupdict(VM *vm, Args args)
{
    const Match *m = as_match(args.v[0]);
    Dict *result = dict_new(vm);
    size_t at = 0;
    Value name, number;
    while (result && dict_next(as_dict(pattern_part(pattern_of(m), PART_INDEX)), &at, &name, &number)) {
        Value text = group_text(vm, m, (uint32_t)as_small(number), args.v[1]);
        if (is_error(text) || !dict_set(vm, result, name, text)) return VALUE_ERROR;
    }
    return result ? obj_value(result) : VALUE_ERROR;
}

static Value nat_start(VM *vm, Args args)
{
    int64_t g = find_group(vm, as_match(args.v[0]), args.v[1]);
    return g < 0 ? VALUE_ERROR : position(as_match(args.v[0]), as_match(args.v[0])->at[2 * g]);
}

static Value nat_end(VM *vm, Args args)
{
    int64_t g = find_group(vm, as_match(args.v[0]), args.v[1]);
    return g < 0 ? VALUE_ERROR : position(as_match(args.v[0]), as_match(args.v[0])->at[2 * g + 1]);
}

static Value span(VM *vm, const Match *m, uint32_t g)
{
    return tuple_pair(vm, position(m, m->at[2 * g]), position(m, m->at[2 * g + 1]));
}

static Value nat_span(VM *vm, Args args)
{
    int64_t g = find_group(vm, as_match(args.v[0]), args.v[1]);
    return g < 0 ? VALUE_ERROR : span(vm, as_match(args.v[0]), (uint32_t)g);
}

static Value nat_expand(VM *vm, Args args)
{
    const Match *m = as_match(args.v[0]);
    Value parts = replacement_parts(vm, pattern_of(m), args.v[1]);
    if (is_error(parts)) return parts;
    Subject s = subject_of(m);
    StrBuilder b;
    sb_init(&b, vm);
    if (!replacement_add(vm, &b, as_tuple(parts), &s, m->at)) return sb_drop(&b), VALUE_ERROR;
    return joined_finish(vm, &b, s.is_str);
}

static Value nat_same(VM *vm, Args args) { return (void)vm, args.v[0]; }

/* ---- what else is known -------------------------------------------------------------------------- */

static Value match_repr(VM *vm, Value self)
{
    const Match *m = as_match(self);
    Value text = group_text(vm, m, 0, VALUE_NONE);
    if (is_error(text) || is_error(text = obj_repr(vm, text))) return text;
    size_t shown = as_str(text)->length < 50 ? as_str(text)->length : 50;
    Value cut = str_slice(vm, as_str(text), 0, shown);
    if (is_error(cut)) return cut;
    return str_format(vm, "<re.Match object; span=(%ld, %ld), match=%V>", (long)as_small(position(m, m->at[0])),
                      (long)as_small(position(m, m->at[1])), cut);
}

static Value get_string(VM *vm, Value self) { return (void)vm, as_match(self)->d.values[1]; }
static Value get_re(VM *vm, Value self) { return (void)vm, pattern_of(as_match(self)); }
static Value get_pos(VM *vm, Value self) { return (void)vm, small((int64_t)as_match(self)->pos); }
static Value get_endpos(VM *vm, Value self) { return (void)vm, small((int64_t)as_match(self)->endpos); }

static Value get_lastindex(VM *vm, Value self)
{
    (void)vm;
    uint32_t last = as_match(self)->last;
    return last ? small(last) : VALUE_NONE;
}

static Value get_lastgroup(VM *vm, Value self)
{
    (void)vm;
    const Match *m = as_match(self);
    size_t at = 0;
    Value name, number;
    while (dict_next(as_dict(pattern_part(pattern_of(m), PART_INDEX)), &at, &name, &number))
        if (as_small(number) == m->last) return name;
    return VALUE_NONE;
}

static Value get_regs(VM *vm, Value self)
{
    const Match *m = as_match(self);
    Value result = tuple_new(vm, NULL, m->groups);
    for (uint32_t g = 0; !is_error(result) && g < m->groups; g++) {
        Value pair = span(vm, m, g);
        if (is_error(pair)) return pair;
        as_tuple(result)->items[g] = pair;
    }
    return result;
}

static const GetSetDef getsets[] = {
    {"string", get_string, NULL, "The text that was given."},
    {"re", get_re, NULL, "The pattern."},
    {"pos", get_pos, NULL, "Where matching began."},
    {"endpos", get_endpos, NULL, "Where the text was taken to end."},
    {"lastindex", get_lastindex, NULL, "The number of the group that was closed last, or None."},
    {"lastgroup", get_lastgroup, NULL, "Its name, or None."},
    {"regs", get_regs, NULL, "The spans of all groups."},
    {0},
};

static const NativeDef methods[] = {
    {"group(self, /, *groups)", nat_group, "The texts of groups; 0 is the whole match.", 0},
    {"groups(self, /, default=None)", nat_groups, "The texts of all groups.", 0},
    {"groupdict(self, /, default=None)", nat_groupdict, "The texts of the named groups.", 0},
    {"start(self, group=0, /)", nat_start, "Where a group begins.", 0},
    {"end(self, group=0, /)", nat_end, "Where a group ends.", 0},
    {"span(self, group=0, /)", nat_span, "Where a group begins and ends.", 0},
    {"expand(self, /, template)", nat_expand, "The template with its groups filled in.", 0},
    {"__copy__(self, /)", nat_same, "The match itself.", 0},
    {"__deepcopy__(self, memo, /)", nat_same, "The match itself.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

const TypeDef match_def = {
    .slots = {.repr = match_repr, .getitem = match_getitem, .trace = trace},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"Match(*args, **kwargs)", NULL, NULL, 0},
    .doc = "Where and how a pattern has matched.",
    .flags = TYPE_FINAL,
};
