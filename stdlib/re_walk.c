/* re_walk.c - all matches of a text, one after the other: findall, finditer, split and sub. */
#include "stdlib/re.h"
#include "vm/iter.h"
#include "vm/protocol.h"

/* Where the next match is looked for. Behind an empty match none may be empty at the same place. */
typedef struct Walk {
    size_t next;
    bool after_empty;
} Walk;

static int walk(VM *vm, Value pattern, const Subject *s, Walk *w, const size_t **at)
{
    int found = pattern_run(vm, pattern, s, w->next, w->after_empty ? PCRE_NOTEMPTY_ATSTART : 0, at);
    if (found > 0) {
        w->next = (*at)[1];
        w->after_empty = (*at)[0] == (*at)[1];
    }
    return found;
}

/* ---- findall ------------------------------------------------------------------------------------- */

static Value group_or_empty(VM *vm, const Subject *s, const size_t *at, uint32_t g)
{
    if (at[2 * g] == PCRE_UNSET) return subject_slice(vm, s, 0, 0);
    return subject_slice(vm, s, at[2 * g], at[2 * g + 1]);
}

static Value found_item(VM *vm, const Subject *s, const size_t *at, uint32_t groups)
{
    if (groups <= 1) return group_or_empty(vm, s, at, groups);
    Value item = tuple_new(vm, NULL, groups);
    for (uint32_t g = 1; !is_error(item) && g <= groups; g++) {
        Value text = group_or_empty(vm, s, at, g);
        if (is_error(text)) return text;
        as_tuple(item)->items[g - 1] = text;
    }
    return item;
}

Value nat_findall(VM *vm, Args args)
{
    Subject s;
    const size_t *at;
    if (!subject_init(vm, &s, args.v[0], args.v[1], args.v[2], args.v[3])) return VALUE_ERROR;
    Value list = list_new(vm, NULL, 0);
    if (is_error(list)) return list;
    Walk w = {.next = s.start};
    int found;
    while ((found = walk(vm, args.v[0], &s, &w, &at)) > 0) {
        Value item = found_item(vm, &s, at, program_of(args.v[0])->groups);
        if (is_error(item) || !list_push(vm, as_list(list), item)) return VALUE_ERROR;
    }
    return found < 0 ? VALUE_ERROR : list;
}

/* ---- finditer ------------------------------------------------------------------------------------ */

typedef struct Matches {
    NativeData d; // values: the pattern, the text; UNSET at the end
    Subject s;
    Walk w;
    size_t base, base_chars; // a place before the next match
} Matches;

Value nat_finditer(VM *vm, Args args)
{
    Subject s;
    if (!subject_init(vm, &s, args.v[0], args.v[1], args.v[2], args.v[3])) return VALUE_ERROR;
    Matches *m = heap_alloc(vm, KIND_NATIVE_DATA, stdlib(vm)->matches_type->root_shape->id, sizeof *m);
    if (!m) return VALUE_ERROR;
    m->d.data = NULL;
    m->d.values[0] = args.v[0];
    m->d.values[1] = args.v[1];
    m->s = s;
    m->w = (Walk){.next = s.start};
    m->base = s.start;
    m->base_chars = s.pos;
    return obj_value(m);
}

static Value matches_next(VM *vm, Value self)
{
    Matches *m = (Matches *)as_obj(self);
    const size_t *at;
    if (is_unset(m->d.values[1])) return VALUE_STOP;
    subject_refresh(&m->s);
    int found = walk(vm, m->d.values[0], &m->s, &m->w, &at);
    if (found <= 0) {
        gc_store(vm, m, &m->d.values[1], VALUE_UNSET);
        return found ? VALUE_ERROR : VALUE_STOP;
    }
    if (m->s.wide && at[0] >= m->base) m->base_chars += utf8_count(m->s.data + m->base, at[0] - m->base);
    m->base = at[0];
    return match_new(vm, m->d.values[0], &m->s, at, m->base, m->base_chars);
}

static void trace_matches(VM *vm, Obj *o)
{
    gc_mark_value(vm, ((Matches *)o)->d.values[0]);
    gc_mark_value(vm, ((Matches *)o)->d.values[1]);
}

const TypeDef matches_def = {
    .slots = {.iter = iter_self, .next = matches_next, .trace = trace_matches},
    .constructor = {"callable_iterator(*args, **kwargs)", NULL, NULL, 0},
    .flags = TYPE_FINAL,
};

/* ---- split --------------------------------------------------------------------------------------- */

static bool push_slice(VM *vm, List *l, const Subject *s, size_t from, size_t to)
{
    Value text = from == PCRE_UNSET ? VALUE_NONE : subject_slice(vm, s, from, to);
    return !is_error(text) && list_push(vm, l, text);
}

Value nat_split(VM *vm, Args args)
{
    Subject s;
    const size_t *at;
    int64_t most;
    if (!subject_init(vm, &s, args.v[0], args.v[1], small(0), VALUE_UNSET)) return VALUE_ERROR;
    if (!obj_index_i64(vm, args.v[2], &most)) return VALUE_ERROR;
    subject_refresh(&s); // __index__ may have run
    Value list = list_new(vm, NULL, 0);
    if (is_error(list)) return list;
    List *l = as_list(list);
    Walk w = {0};
    size_t last = 0;
    int found = 0;
    for (int64_t n = 0; (most == 0 || n < most) && (found = walk(vm, args.v[0], &s, &w, &at)) > 0; n++) {
        if (!push_slice(vm, l, &s, last, at[0])) return VALUE_ERROR;
        for (uint32_t g = 1; g <= program_of(args.v[0])->groups; g++)
            if (!push_slice(vm, l, &s, at[2 * g], at[2 * g + 1])) return VALUE_ERROR;
        last = at[1];
    }
    return found < 0 || !push_slice(vm, l, &s, last, s.size) ? VALUE_ERROR : list;
}

/* ---- sub ----------------------------------------------------------------------------------------- */

Value replacement_parts(VM *vm, Value pattern, Value replacement)
{
    bool plain = is_str(replacement)         ? !memchr(as_str(replacement)->data, '\\', as_str(replacement)->size)
                 : is_byteslike(replacement) ? !memchr(byte_view(replacement).data, '\\', byte_view(replacement).size)
                                             : false;
    if (plain) return tuple_pack(vm, 1, replacement);
    Value args[] = {pattern, replacement};
    return vm_call(vm, stdlib(vm)->re_parts, args, 2);
}

/* A text that is to become part of the result; *count: how many there are. */
static bool add_text(VM *vm, StrBuilder *b, Value text, bool is_str_wanted, size_t *count)
{
    if (is_str_wanted ? !is_str(text) : !is_byteslike(text)) {
        if (is_str_wanted) vm_raise(vm, ERR_TYPE, "sequence item %zu: expected str instance, %T found", *count, text);
        else vm_raise(vm, ERR_TYPE, "sequence item %zu: expected a bytes-like object, %T found", *count, text);
        return false;
    }
    ++*count;
    if (is_str_wanted) return sb_add(b, as_str(text)->data, as_str(text)->size);
    ByteView v = byte_view(text);
    return sb_add(b, (const char *)v.data, v.size);
}

bool replacement_add(VM *vm, StrBuilder *b, const Tuple *parts, const Subject *s, const size_t *at)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->size; i++) {
        Value part = parts->items[i];
        if (!is_small(part)) {
            if (!add_text(vm, b, part, s->is_str, &count)) return false;
            continue;
        }
        size_t from = at[2 * as_small(part)], to = at[2 * as_small(part) + 1];
        if (from != PCRE_UNSET && to <= s->size && !sb_add(b, s->data + from, to - from)) return false;
    }
    return true;
}

Value joined_finish(VM *vm, StrBuilder *b, bool is_str_wanted)
{
    if (is_str_wanted) return sb_finish(b);
    Value bytes = b->failed ? VALUE_ERROR : bytes_new(vm, b->data, b->size);
    sb_drop(b);
    return bytes;
}

typedef struct Replacing {
    StrBuilder b;
    Subject s;
    Walk w;
    Value *roots;   // the replacement's parts, or the function
    bool calls;
    size_t last;    // what of the text is in b
    size_t base, base_chars;
    size_t count, texts;
} Replacing;

static bool call_and_add(VM *vm, Replacing *r, Value pattern, const size_t *at)
{
    if (r->s.wide) r->base_chars += utf8_count(r->s.data + r->base, at[0] - r->base);
    r->base = at[0];
    Value match = match_new(vm, pattern, &r->s, at, r->base, r->s.wide ? r->base_chars : r->base);
    Value text = is_error(match) ? match : vm_call1(vm, r->roots[0], match);
    subject_refresh(&r->s);
    if (is_error(text)) return false;
    return is_none(text) || add_text(vm, &r->b, text, r->s.is_str, &r->texts);
}

static bool replace_all(VM *vm, Replacing *r, Value pattern, int64_t most)
{
    const size_t *at;
    int found = 0;
    while ((most == 0 || (int64_t)r->count < most) && (found = walk(vm, pattern, &r->s, &r->w, &at)) > 0) {
        if (r->last < at[0]) r->texts++;
        if (!sb_add(&r->b, r->s.data + r->last, at[0] - r->last)) return false;
        r->last = at[1];
        r->count++;
        bool added = r->calls ? call_and_add(vm, r, pattern, at)
                              : replacement_add(vm, &r->b, as_tuple(r->roots[0]), &r->s, at);
        if (!added) return false;
        if (r->last > r->s.size) r->last = r->s.size;
    }
    return found >= 0 && sb_add(&r->b, r->s.data + r->last, r->s.size - r->last);
}

/* args: pattern, replacement, text, count. The new text; *count: how many replacements. */
static Value substitute(VM *vm, Args args, size_t *count)
{
    int64_t most;
    if (!obj_index_i64(vm, args.v[3], &most)) return VALUE_ERROR;
    Replacing r = {.calls = obj_is_callable(vm, args.v[1]), .roots = roots_reserve(vm, 1)};
    if (!r.roots) return VALUE_ERROR;
    r.roots[0] = r.calls ? args.v[1] : replacement_parts(vm, args.v[0], args.v[1]);
    if (is_error(r.roots[0]) || !subject_init(vm, &r.s, args.v[0], args.v[2], small(0), VALUE_UNSET))
        return roots_pop(vm, r.roots), VALUE_ERROR;
    sb_init(&r.b, vm);
    Value result = VALUE_ERROR;
    if (!replace_all(vm, &r, args.v[0], most)) sb_drop(&r.b);
    else if (r.count) result = joined_finish(vm, &r.b, r.s.is_str);
    else {
        sb_drop(&r.b);
        result = subject_slice(vm, &r.s, 0, r.s.size);
    }
    *count = r.count;
    roots_pop(vm, r.roots);
    return result;
}

Value nat_sub(VM *vm, Args args)
{
    size_t count;
    return substitute(vm, args, &count);
}

Value nat_subn(VM *vm, Args args)
{
    size_t count;
    Value text = substitute(vm, args, &count);
    return is_error(text) ? text : tuple_pair(vm, text, small((int64_t)count));
}
