/* pickle_save.c - objects to the bytes of a pickle.
 *
 * The built-in types, lists of instances and the like are written here; what needs a name (classes,
 * functions) asks pickle.co for it. An object that may be met again is numbered once it has been written:
 * `memo` maps its address to the number, `kept` has the objects by number, which also keeps them where
 * they are. From protocol 4 on the bytes lie in frames, whose length stands in front of them.
 */
#include "stdlib/pickle.h"
#include "vm/common.h"
#include "vm/type.h"

#define NO_FRAME SIZE_MAX
enum {
    FRAME_HEAD = 9,       // the instruction and eight bytes
    FRAME_LEAST = 4,      // shorter ones are not worth it
    FRAME_FULL = 64 << 10,
    BATCH = 1000,         // items that are put into a container at a time
};

/* The options that pickle.co hands over, in this order. */
enum { PERSISTENT_ID, REDUCER_OVERRIDE, DISPATCH_TABLE, BUFFER_CALLBACK, FIX_IMPORTS, FAST };

typedef struct Saver {
    VM *vm;
    ByteArray *out;
    Dict *memo;
    List *kept;
    const Value *options; // roots
    Value *table; // root: the dispatch table, once it was asked for
    int protocol;
    bool framing, fast;
    size_t frame; // where the one under way begins
} Saver;

static bool save(Saver *s, Value v);
static bool save_value(Saver *s, Value v);

/* ---- bytes ---------------------------------------------------------------------------------------- */

static bool frame_begin(Saver *s)
{
    static const uint8_t head[FRAME_HEAD] = {PICKLE_FRAME};
    s->frame = s->out->size;
    return bytearray_append(s->vm, s->out, head, sizeof head);
}

static void put_le(uint8_t *to, uint64_t n, int bytes)
{
    for (int i = 0; i < bytes; i++, n >>= 8) to[i] = (uint8_t)n;
}

static bool frame_end(Saver *s)
{
    if (s->frame == NO_FRAME) return true;
    size_t start = s->frame, size = s->out->size - start - FRAME_HEAD;
    s->frame = NO_FRAME;
    if (size < FRAME_LEAST) return bytearray_splice(s->vm, s->out, start, FRAME_HEAD, NULL, 0);
    put_le(s->out->data + start + 1, size, 8);
    return true;
}

static bool put(Saver *s, const void *data, size_t n)
{
    if (s->framing && s->frame == NO_FRAME && !frame_begin(s)) return false;
    return bytearray_append(s->vm, s->out, data, n);
}

static bool put_op(Saver *s, uint8_t op) { return put(s, &op, 1); }

static bool put_number(Saver *s, uint8_t op, uint64_t n, int bytes)
{
    uint8_t text[FRAME_HEAD] = {op};
    put_le(text + 1, n, bytes);
    return put(s, text, 1 + (size_t)bytes);
}

/* An instruction and a line. */
static bool put_line(Saver *s, uint8_t op, Value line)
{
    return !is_error(line) && put_op(s, op) && put(s, as_str(line)->data, as_str(line)->size) &&
           put_op(s, '\n');
}

/* What is long goes between two frames, by itself. */
static bool put_payload(Saver *s, uint8_t op, int length_bytes, const void *data, size_t n)
{
    bool aside = s->framing && n >= FRAME_FULL;
    if (aside && !frame_end(s)) return false;
    if (aside) s->framing = false;
    bool ok = put_number(s, op, n, length_bytes) && put(s, data, n);
    if (aside) s->framing = true;
    return ok;
}

/* ---- objects met before --------------------------------------------------------------------------- */

static Value memo_key(Value v) { return small((int64_t)(v >> 3)); }

/* The same instruction by protocol and number: a line, one byte, four bytes. */
static bool put_index(Saver *s, uint8_t line, uint8_t one, uint8_t four, int64_t i)
{
    if (s->protocol == 0) return put_line(s, line, str_format(s->vm, "%ld", (long)i));
    return i < 256 ? put_number(s, one, (uint64_t)i, 1) : put_number(s, four, (uint64_t)i, 4);
}

static bool memoize(Saver *s, Value v)
{
    if (s->fast) return true;
    int64_t i = (int64_t)s->kept->size, key = as_small(memo_key(v));
    if (!dict_set_hashed(s->vm, s->memo, small(key), key, small(i)) || !list_append(s->vm, s->kept, v))
        return false;
    if (s->protocol >= 4) return put_op(s, PICKLE_MEMOIZE);
    return put_index(s, PICKLE_PUT, PICKLE_BINPUT, PICKLE_LONG_BINPUT, i);
}

/* Its number, or -1. */
static int64_t memo_find(Saver *s, Value v)
{
    Value i = dict_get_hashed(s->vm, s->memo, memo_key(v), as_small(memo_key(v)));
    return is_unset(i) ? -1 : as_small(i);
}

static bool put_get(Saver *s, int64_t i)
{
    return put_index(s, PICKLE_GET, PICKLE_BINGET, PICKLE_LONG_BINGET, i);
}

/* ---- numbers and texts ---------------------------------------------------------------------------- */

static bool save_bool(Saver *s, bool v)
{
    if (s->protocol >= 2) return put_op(s, v ? PICKLE_NEWTRUE : PICKLE_NEWFALSE);
    return put(s, v ? "I01\n" : "I00\n", 4);
}

static bool save_big(Saver *s, Value v)
{
    VM *vm = s->vm;
    size_t n = int_bit_length(v) / 8 + 1;
    bool is_short = n < 256;
    if (n > INT32_MAX) return vm_raise(vm, ERR_OVERFLOW, "int too large to pickle"), false;
    if (!put_number(s, is_short ? PICKLE_LONG1 : PICKLE_LONG4, n, is_short ? 1 : 4)) return false;
    size_t at = s->out->size;
    if (!bytearray_splice(vm, s->out, at, 0, NULL, n)) return false;
    uint8_t *to = s->out->data + at;
    int_put_bytes(v, to, n);
    bool spare = n > 1 && to[n - 1] == 0xff && to[n - 2] & 0x80; // a negative power of two
    if (!spare) return true;
    put_le(to - (is_short ? 1 : 4), n - 1, is_short ? 1 : 4);
    return bytearray_splice(vm, s->out, at + n - 1, 1, NULL, 0);
}

static bool save_int(Saver *s, Value v)
{
    int64_t i;
    bool word = int_to_i64(v, &i) && i >= INT32_MIN && i <= INT32_MAX;
    if (word && s->protocol == 0) return put_line(s, PICKLE_INT, str_format(s->vm, "%ld", (long)i));
    if (word && i >= 0 && i < 256) return put_number(s, PICKLE_BININT1, (uint64_t)i, 1);
    if (word && i >= 0 && i < 65536) return put_number(s, PICKLE_BININT2, (uint64_t)i, 2);
    if (word) return put_number(s, PICKLE_BININT, (uint64_t)i, 4);
    if (s->protocol >= 2) return save_big(s, v);
    Value text = int_to_str(s->vm, v, 10);
    return put_line(s, PICKLE_LONG, is_error(text) ? text : str_format(s->vm, "%VL", text));
}

static bool save_float(Saver *s, double d)
{
    if (s->protocol == 0) return put_line(s, PICKLE_FLOAT, float_repr(s->vm, d));
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return put_number(s, PICKLE_BINFLOAT, __builtin_bswap64(bits), 8);
}

/* Protocol 0: Latin-1, with \u escapes for the rest and for what would end the line. */
static bool put_escaped(Saver *s, const Str *text)
{
    StrBuilder b;
    sb_init(&b, s->vm);
    for (const char *p = text->data, *end = p + text->size; p < end;) {
        uint32_t c = utf8_get(&p);
        bool plain = c < 0x100 && c && !strchr("\\\n\r\x1a", (int)c);
        if (plain) sb_add(&b, &(char){(char)c}, 1);
        else sb_addf(&b, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    }
    bool ok = !b.failed && put_op(s, PICKLE_UNICODE) && put(s, b.data, b.size) && put_op(s, '\n');
    return sb_drop(&b), ok;
}

static bool save_str(Saver *s, Value v)
{
    const Str *text = as_str(v);
    bool ok;
    if (s->protocol == 0) ok = put_escaped(s, text);
    else if (s->protocol >= 4 && text->size < 256)
        ok = put_payload(s, PICKLE_SHORT_BINUNICODE, 1, text->data, text->size);
    else if (text->size <= UINT32_MAX) ok = put_payload(s, PICKLE_BINUNICODE, 4, text->data, text->size);
    else if (s->protocol >= 4) ok = put_payload(s, PICKLE_BINUNICODE8, 8, text->data, text->size);
    else return vm_raise(s->vm, ERR_OVERFLOW, "cannot serialize a string larger than 4GiB"), false;
    return ok && memoize(s, v);
}

/* ---- __reduce__ ----------------------------------------------------------------------------------- */

static bool refuse(Saver *s, const char *format, Value v)
{
    return pickle_raise(s->vm, "PicklingError", format, v), false;
}

/* v, which is found in a module under a name; VALUE_NONE: its own. */
static bool save_global(Saver *s, Value v, Value name);
static bool save_reduced(Saver *s, Value v, Value reduced);

/* A helper of pickle.co says how v is made: (callable, arguments). */
static bool save_by(Saver *s, const char *helper, Value v)
{
    Value f = pickle_function(s->vm, helper), args[] = {v, small(s->protocol)};
    Value reduced = is_error(f) ? f : vm_call(s->vm, f, args, 2);
    Value *r = is_error(reduced) ? NULL : roots_push(s->vm, reduced);
    if (!r) return false;
    bool ok = save_reduced(s, v, *r);
    roots_pop(s->vm, r);
    return ok;
}

static bool save_bytes(Saver *s, Value v)
{
    if (s->protocol < 3) return save_by(s, "_reduce_bytes", v);
    const Bytes *b = as_bytes(v);
    bool ok;
    if (b->size < 256) ok = put_payload(s, PICKLE_SHORT_BINBYTES, 1, b->data, b->size);
    else if (b->size <= UINT32_MAX) ok = put_payload(s, PICKLE_BINBYTES, 4, b->data, b->size);
    else if (s->protocol >= 4) ok = put_payload(s, PICKLE_BINBYTES8, 8, b->data, b->size);
    else return vm_raise(s->vm, ERR_OVERFLOW, "cannot serialize a bytes object larger than 4 GiB"), false;
    return ok && memoize(s, v);
}

static bool save_bytearray(Saver *s, Value v)
{
    if (s->protocol < 5) return save_by(s, "_reduce_bytes", v);
    const ByteArray *a = as_bytearray(v);
    return put_payload(s, PICKLE_BYTEARRAY8, 8, a->data, a->size) && memoize(s, v);
}

/* v: not rooted. */
static bool save_new_str(Saver *s, Value v)
{
    Value *r = is_error(v) ? NULL : roots_push(s->vm, v);
    if (!r) return false;
    bool ok = save(s, *r);
    roots_pop(s->vm, r);
    return ok;
}

/* (module, name), both str: rooted. */
static bool put_global(Saver *s, const Tuple *found)
{
    if (s->protocol >= 4)
        return save_new_str(s, found->items[0]) && save_new_str(s, found->items[1]) &&
               put_op(s, PICKLE_STACK_GLOBAL);
    const Str *name = as_str(found->items[1]);
    return put_line(s, PICKLE_GLOBAL, found->items[0]) && put(s, name->data, name->size) && put_op(s, '\n');
}

static bool put_extension(Saver *s, int64_t code)
{
    if (code < 256) return put_number(s, PICKLE_EXT1, (uint64_t)code, 1);
    return code < 65536 ? put_number(s, PICKLE_EXT2, (uint64_t)code, 2)
                        : put_number(s, PICKLE_EXT4, (uint64_t)code, 4);
}

static bool save_global(Saver *s, Value v, Value name)
{
    VM *vm = s->vm;
    Value f = pickle_function(vm, "_place_of"), args[] = {v, name, small(s->protocol), s->options[FIX_IMPORTS]};
    Value found = is_error(f) ? f : vm_call(vm, f, args, 4);
    if (is_error(found)) return false;
    if (is_small(found)) return put_extension(s, as_small(found));
    Value *r = roots_push(vm, found);
    if (!r) return false;
    bool by_name = is_str(as_tuple(found)->items[0]);
    bool ok = by_name ? put_global(s, as_tuple(*r)) && memoize(s, v) : save_reduced(s, v, *r);
    roots_pop(vm, r);
    return ok;
}

/* ---- what is put into a container after it has been made ------------------------------------------ */

static bool save_pair(Saver *s, Value pair)
{
    if (!is_tuple(pair) || as_tuple(pair)->size != 2)
        return vm_raise(s->vm, ERR_TYPE, "dict items iterator must return 2-tuples"), false;
    return save(s, as_tuple(pair)->items[0]) && save(s, as_tuple(pair)->items[1]);
}

/* Those of an iterator, in batches: APPEND and APPENDS, or SETITEM and SETITEMS. */
static bool save_items(Saver *s, Value iterator, bool pairs)
{
    VM *vm = s->vm;
    uint8_t one = pairs ? PICKLE_SETITEM : PICKLE_APPEND, many = pairs ? PICKLE_SETITEMS : PICKLE_APPENDS;
    Value *r = roots_reserve(vm, 2); // an item, and the one after it
    if (!r) return false;
    r[1] = obj_next(vm, iterator);
    bool ok = !is_error(r[1]);
    for (size_t n = 0; ok && r[1] != VALUE_STOP; n++) {
        r[0] = r[1];
        r[1] = obj_next(vm, iterator);
        bool last = r[1] == VALUE_STOP, first = n % BATCH == 0, single = s->protocol == 0 || (first && last);
        ok = !is_error(r[1]) && (single || !first || put_op(s, PICKLE_MARK));
        ok = ok && (pairs ? save_pair(s, r[0]) : save(s, r[0]));
        if (ok && single) ok = put_op(s, one);
        else if (ok && (last || n % BATCH == BATCH - 1)) ok = put_op(s, many);
    }
    roots_pop(vm, r);
    return ok;
}

static bool check_iterator(Saver *s, Value v, const char *which)
{
    if (is_none(v) || slots_of(s->vm, v)->next || type_defines(type_of(s->vm, v), D_NEXT)) return true;
    pickle_raise(s->vm, "PicklingError",
                 "%s element of the tuple returned by __reduce__ must be an iterator, not %T", which, v);
    return false;
}

/* copyreg.__newobj__(cls, *arguments) */
static bool save_newobj(Saver *s, Value v, const Tuple *arguments)
{
    VM *vm = s->vm;
    if (arguments->size == 0) return refuse(s, "__newobj__ arglist is empty", v);
    Value cls = arguments->items[0];
    if (!is_type(cls)) return refuse(s, "args[0] from __newobj__ args is not a type", v);
    if (!is_unset(v) && obj_value(type_of(vm, v)) != cls) {
        Value own = obj_getattr(vm, v, vm->common->class_);
        if (is_error(own)) return false;
        if (own != cls) return refuse(s, "args[0] from __newobj__ args has the wrong class", v);
    }
    Value rest = tuple_new(vm, arguments->items + 1, arguments->size - 1),
          *r = is_error(rest) ? NULL : roots_push(vm, rest);
    if (!r) return false;
    bool ok = save(s, cls) && save(s, *r) && put_op(s, PICKLE_NEWOBJ);
    roots_pop(vm, r);
    return ok;
}

static bool save_newobj_ex(Saver *s, const Tuple *a)
{
    VM *vm = s->vm;
    const char *wrong = "%s item from NEWOBJ_EX argument tuple must be a %s, not %T";
    if (a->size != 3)
        return pickle_raise(vm, "PicklingError",
                            "length of the NEWOBJ_EX argument tuple must be exactly 3, not %zu", a->size),
               false;
    Value class = a->items[0], arguments = a->items[1], keywords = a->items[2];
    if (!is_type(class)) return pickle_raise(vm, "PicklingError", wrong, "first", "class", class), false;
    if (!is_tuple(arguments))
        return pickle_raise(vm, "PicklingError", wrong, "second", "tuple", arguments), false;
    if (!is_dict(keywords)) return pickle_raise(vm, "PicklingError", wrong, "third", "dict", keywords), false;
    if (s->protocol >= 4)
        return save(s, class) && save(s, arguments) && save(s, keywords) && put_op(s, PICKLE_NEWOBJ_EX);
    Value f = pickle_function(vm, "_reduce_newobj_ex"), reduced = is_error(f) ? f : vm_call(vm, f, a->items, 3);
    Value *r = is_error(reduced) ? NULL : roots_push(vm, reduced);
    if (!r) return false;
    bool ok = save_reduced(s, VALUE_UNSET, *r);
    roots_pop(vm, r);
    return ok;
}

/* The object itself: what a call of `maker` answers. */
static bool save_call(Saver *s, Value v, Value maker, Value arguments)
{
    VM *vm = s->vm;
    Value name = s->protocol >= 2 ? obj_getattr_opt(vm, maker, vm->common->name_) : VALUE_UNSET;
    if (is_error(name)) return false;
    if (is_str(name) && str_is(as_str(name), "__newobj__")) return save_newobj(s, v, as_tuple(arguments));
    if (is_str(name) && str_is(as_str(name), "__newobj_ex__")) return save_newobj_ex(s, as_tuple(arguments));
    return save(s, maker) && save(s, arguments) && put_op(s, PICKLE_REDUCE);
}

static bool save_state(Saver *s, Value v, Value state, Value setter)
{
    if (is_none(state)) return true;
    if (is_none(setter)) return save(s, state) && put_op(s, PICKLE_BUILD);
    return save(s, setter) && save(s, v) && save(s, state) && put_op(s, PICKLE_TUPLE2) &&
           put_op(s, PICKLE_REDUCE) && put_op(s, PICKLE_POP);
}

enum { MAKER, ARGUMENTS, STATE, ITEMS, PAIRS, SETTER, PARTS };

static bool check_reduced(Saver *s, Value reduced, Value *parts)
{
    VM *vm = s->vm;
    if (!is_tuple(reduced)) return refuse(s, "__reduce__ must return a string or tuple", reduced);
    const Tuple *t = as_tuple(reduced);
    if (t->size < 2 || t->size > PARTS)
        return refuse(s, "tuple returned by __reduce__ must contain 2 through 6 elements", reduced);
    for (size_t i = 0; i < PARTS; i++) parts[i] = i < t->size ? t->items[i] : VALUE_NONE;
    if (!obj_is_callable(vm, parts[MAKER]))
        return refuse(s, "first item of the tuple returned by __reduce__ must be callable", reduced);
    if (!is_tuple(parts[ARGUMENTS]))
        return refuse(s, "second item of the tuple returned by __reduce__ must be a tuple", reduced);
    if (!check_iterator(s, parts[ITEMS], "fourth") || !check_iterator(s, parts[PAIRS], "fifth")) return false;
    if (is_none(parts[SETTER]) || obj_is_callable(vm, parts[SETTER])) return true;
    return refuse(s, "sixth element of the tuple returned by __reduce__ must be a function, not %T",
                  parts[SETTER]);
}

/* What __reduce__ of v answered, which is rooted. v UNSET: it stands for no object that could be met again. */
static bool save_reduced(Saver *s, Value v, Value reduced)
{
    Value parts[PARTS];
    if (!check_reduced(s, reduced, parts)) return false;
    if (!save_call(s, v, parts[MAKER], parts[ARGUMENTS])) return false;
    if (!is_unset(v)) {
        // Its arguments may have led back to it: then it is there already.
        int64_t i = s->fast ? -1 : memo_find(s, v);
        if (i >= 0 ? !put_op(s, PICKLE_POP) || !put_get(s, i) : !memoize(s, v)) return false;
    }
    if (!is_none(parts[ITEMS]) && !save_items(s, parts[ITEMS], false)) return false;
    if (!is_none(parts[PAIRS]) && !save_items(s, parts[PAIRS], true)) return false;
    return save_state(s, v, parts[STATE], parts[SETTER]);
}

/* ---- containers ----------------------------------------------------------------------------------- */

static bool save_tuple(Saver *s, Value v)
{
    const Tuple *t = as_tuple(v);
    bool counted = s->protocol >= 2 && t->size <= 3;
    if (t->size == 0 && s->protocol > 0) return put_op(s, PICKLE_EMPTY_TUPLE);
    if (!counted && !put_op(s, PICKLE_MARK)) return false;
    for (size_t i = 0; i < t->size; i++)
        if (!save(s, t->items[i])) return false;
    int64_t i = t->size ? memo_find(s, v) : -1;
    if (i >= 0) { // it lies inside itself
        bool by_mark = !counted && s->protocol > 0;
        for (size_t n = by_mark ? 0 : t->size + !counted; n > 0; n--) // a mark is popped as an object is
            if (!put_op(s, PICKLE_POP)) return false;
        return (!by_mark || put_op(s, PICKLE_POP_MARK)) && put_get(s, i);
    }
    return put_op(s, counted ? (uint8_t)(PICKLE_TUPLE1 + t->size - 1) : PICKLE_TUPLE) &&
           (t->size == 0 || memoize(s, v));
}

static bool open_container(Saver *s, uint8_t empty, uint8_t of_mark)
{
    return s->protocol ? put_op(s, empty) : put_op(s, PICKLE_MARK) && put_op(s, of_mark);
}

static bool save_list(Saver *s, Value v)
{
    const List *l = as_list(v);
    if (!open_container(s, PICKLE_EMPTY_LIST, PICKLE_LIST) || !memoize(s, v)) return false;
    bool single = s->protocol == 0 || l->size == 1;
    for (size_t i = 0; i < l->size; i++) { // scripts that run may change it
        bool first = i % BATCH == 0, last = i % BATCH == BATCH - 1;
        if (!single && first && !put_op(s, PICKLE_MARK)) return false;
        if (!save(s, l->items[i])) return false;
        if (single && !put_op(s, PICKLE_APPEND)) return false;
        if (!single && (last || i + 1 >= l->size) && !put_op(s, PICKLE_APPENDS)) return false;
    }
    return true;
}

static bool save_dict(Saver *s, Value v)
{
    Dict *d = as_dict(v);
    if (!open_container(s, PICKLE_EMPTY_DICT, PICKLE_DICT) || !memoize(s, v)) return false;
    uint32_t version = d->version;
    size_t n = dict_len(d), i = 0, pos = 0;
    bool single = s->protocol == 0 || n == 1;
    for (Value key, value; dict_next(d, &pos, &key, &value); i++) {
        if (!single && i % BATCH == 0 && !put_op(s, PICKLE_MARK)) return false;
        Value *r = roots_push(s->vm, value); // saving the key may take it out of the dict
        bool ok = r && save(s, key) && save(s, *r);
        if (r) roots_pop(s->vm, r);
        if (!ok) return false;
        if (d->version != version)
            return vm_raise(s->vm, ERR_RUNTIME, "dictionary changed size during iteration"), false;
        if (single && !put_op(s, PICKLE_SETITEM)) return false;
        if (!single && (i % BATCH == BATCH - 1 || i + 1 == n) && !put_op(s, PICKLE_SETITEMS)) return false;
    }
    return true;
}

static bool save_set_items(Saver *s, Set *set, bool batched)
{
    size_t n = set->live, i = 0, pos = 0;
    for (Value item; set_next(set, &pos, &item); i++) {
        if (batched && i % BATCH == 0 && !put_op(s, PICKLE_MARK)) return false;
        if (!save(s, item)) return false;
        if (set->live != n) return vm_raise(s->vm, ERR_RUNTIME, "set changed size during iteration"), false;
        if (batched && (i % BATCH == BATCH - 1 || i + 1 == n) && !put_op(s, PICKLE_ADDITEMS)) return false;
    }
    return true;
}

static bool save_set(Saver *s, Value v)
{
    if (s->protocol < 4) return save_by(s, "_reduce_set", v);
    if (is_exact(v, T_SET))
        return put_op(s, PICKLE_EMPTY_SET) && memoize(s, v) && save_set_items(s, as_set(v), true);
    if (!put_op(s, PICKLE_MARK) || !save_set_items(s, as_set(v), false)) return false;
    int64_t i = memo_find(s, v);
    if (i >= 0) return put_op(s, PICKLE_POP_MARK) && put_get(s, i);
    return put_op(s, PICKLE_FROZENSET) && memoize(s, v);
}

/* ---- any object ----------------------------------------------------------------------------------- */

/* What copyreg, or the Pickler's own table, has for v's class; UNSET. */
static Value look_up_table(Saver *s, Value v)
{
    VM *vm = s->vm;
    if (is_unset(*s->table)) {
        Value given = s->options[DISPATCH_TABLE];
        *s->table = is_none(given) ? copyreg_function(vm, "dispatch_table") : given;
    }
    if (is_error(*s->table)) return VALUE_ERROR;
    Value class = obj_value(type_of(vm, v));
    if (is_exact(*s->table, T_DICT)) return dict_get(vm, as_dict(*s->table), class);
    Value f = obj_getitem(vm, *s->table, class);
    if (!is_error(f) || !vm_pending_is(vm, ERR_KEY)) return f;
    vm_take_pending(vm);
    return VALUE_UNSET;
}

/* The answer of the hook, the table or the object itself: (...) or a name; UNSET when it is to be found by its name. */
static Value reduce(Saver *s, Value v)
{
    VM *vm = s->vm;
    if (!is_none(s->options[REDUCER_OVERRIDE])) {
        Value r = vm_call1(vm, s->options[REDUCER_OVERRIDE], v);
        if (r != VALUE_NOT_IMPLEMENTED) return r;
    }
    if (is_exact(v, T_TYPE) || is_exact(v, T_FUNCTION)) return VALUE_UNSET;
    Value f = look_up_table(s, v);
    if (is_error(f)) return f;
    if (!is_unset(f)) return vm_call1(vm, f, v);
    if (is_type(v)) return VALUE_UNSET;
    f = obj_getattr(vm, v, vm->common->reduce_ex);
    return is_error(f) ? f : vm_call1(vm, f, small(s->protocol));
}

/* A PickleBuffer that the callback takes leaves a place to be filled: 1; 0: it is written here; -1. */
static int leave_buffer(Saver *s, Value v)
{
    VM *vm = s->vm;
    if (is_none(s->options[BUFFER_CALLBACK]) || !is_kind(v, KIND_INSTANCE)) return 0;
    Value class = pickle_function(vm, "PickleBuffer");
    if (is_error(class) || obj_value(type_of(vm, v)) != class) return is_error(class) ? -1 : 0;
    Value keep = vm_call1(vm, s->options[BUFFER_CALLBACK], v);
    int inside = is_error(keep) ? -1 : obj_truth(vm, keep);
    if (inside) return inside < 0 ? -1 : 0;
    Value readonly = obj_getattr(vm, v, vm_intern(vm, "readonly"));
    if (is_error(readonly) || !put_op(s, PICKLE_NEXT_BUFFER)) return -1;
    return readonly == VALUE_TRUE && !put_op(s, PICKLE_READONLY_BUFFER) ? -1 : 1;
}

static bool save_object(Saver *s, Value v)
{
    VM *vm = s->vm;
    int left = leave_buffer(s, v);
    if (left) return left > 0;
    Value reduced = reduce(s, v), *r = is_error(reduced) ? NULL : roots_push(vm, reduced);
    if (!r) return false;
    bool ok;
    if (is_unset(*r)) {
        bool nameless = v == obj_value(vm->types[T_NONE]) || v == obj_value(vm->types[T_ELLIPSIS]) ||
                        v == obj_value(vm->types[T_NOT_IMPLEMENTED]);
        ok = nameless ? save_by(s, "_reduce_type", v) : save_global(s, v, VALUE_NONE);
    } else {
        ok = is_str(*r) ? save_global(s, v, *r) : save_reduced(s, v, *r);
    }
    roots_pop(vm, r);
    return ok;
}

/* persistent_id(v) stands for v, which is rooted, unless that is None: 1 written; 0; -1. */
static int save_persistent(Saver *s, Value v)
{
    VM *vm = s->vm;
    Value id = vm_call1(vm, s->options[PERSISTENT_ID], v);
    if (is_error(id)) return -1;
    if (is_none(id)) return 0;
    Value *r = roots_push(vm, id);
    if (!r) return -1;
    bool ok;
    if (s->protocol > 0) {
        ok = save_value(s, *r) && put_op(s, PICKLE_BINPERSID);
    } else {
        Value text = obj_str(vm, *r);
        bool ascii = !is_error(text) && str_is_ascii(as_str(text));
        if (!is_error(text) && !ascii) refuse(s, "persistent IDs in protocol 0 must be ASCII strings", text);
        ok = ascii && put_line(s, PICKLE_PERSID, text);
    }
    roots_pop(vm, r);
    return ok ? 1 : -1;
}

static bool save_number(Saver *s, Value v, bool *done)
{
    *done = true;
    if (is_none(v)) return put_op(s, PICKLE_NONE);
    if (is_bool(v)) return save_bool(s, v == VALUE_TRUE);
    if (is_exact_int(v)) return save_int(s, v);
    if (is_float_imm(v) || is_exact(v, T_FLOAT)) return save_float(s, as_float(v));
    *done = false;
    return true;
}

static bool save_kept(Saver *s, Value v)
{
    if (!is_ptr(v)) return save_object(s, v);
    switch (as_obj(v)->shape) {
    case T_TUPLE: return save_tuple(s, v);
    case T_LIST: return save_list(s, v);
    case T_DICT: return save_dict(s, v);
    case T_SET: case T_FROZENSET: return save_set(s, v);
    case T_BYTEARRAY: return as_obj(v)->aux ? save_object(s, v) : save_bytearray(s, v);
    case T_BYTES: return save_bytes(s, v);
    default: return save_object(s, v);
    }
}

static bool save_value(Saver *s, Value v)
{
    VM *vm = s->vm;
    if (s->frame != NO_FRAME && s->out->size - s->frame - FRAME_HEAD >= FRAME_FULL && !frame_end(s))
        return false;
    bool done, ok = save_number(s, v, &done);
    if (done) return ok;
    int64_t i = is_ptr(v) ? memo_find(s, v) : -1;
    if (i >= 0) return put_get(s, i);
    if (is_exact(v, T_STR)) return save_str(s, v);
    if (vm_c_stack_low(vm)) {
        vm_take_pending(vm);
        return vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded while pickling an object"), false;
    }
    Value *r = roots_push(vm, v);
    if (!r) return false;
    ok = vm_tick(vm, 1) && save_kept(s, v);
    roots_pop(vm, r);
    return ok;
}

static bool save(Saver *s, Value v)
{
    if (is_none(s->options[PERSISTENT_ID])) return save_value(s, v);
    Value *r = roots_push(s->vm, v);
    if (!r) return false;
    int written = save_persistent(s, v);
    bool ok = written ? written > 0 : save_value(s, v);
    roots_pop(s->vm, r);
    return ok;
}

/* ---- the native ----------------------------------------------------------------------------------- */

static bool save_all(Saver *s, Value v)
{
    if (s->protocol >= 2 && !put_number(s, PICKLE_PROTO, (uint64_t)s->protocol, 1)) return false;
    s->framing = s->protocol >= 4;
    return save(s, v) && put_op(s, PICKLE_STOP) && frame_end(s);
}

Value nat_pickle_dump(VM *vm, Args args)
{
    enum { OUT, TABLE, OPTIONS, SLOTS = OPTIONS + FAST + 1 };
    bool known = is_small(args.v[1]) && is_exact(args.v[2], T_DICT) && is_exact(args.v[3], T_LIST) &&
                 is_tuple(args.v[4]) && as_tuple(args.v[4])->size == FAST + 1;
    if (!known) return vm_raise(vm, ERR_TYPE, "dump() is for the module pickle");
    Value *r = roots_reserve(vm, SLOTS);
    if (!r) return VALUE_ERROR;
    memcpy(r + OPTIONS, as_tuple(args.v[4])->items, (FAST + 1) * sizeof *r);
    r[OUT] = bytearray_new(vm, NULL, 0);
    Value result = VALUE_ERROR;
    if (!is_error(r[OUT])) {
        Saver s = {vm, as_bytearray(r[OUT]), as_dict(args.v[2]), as_list(args.v[3]), r + OPTIONS, &r[TABLE],
                   (int)as_small(args.v[1]), false, r[OPTIONS + FAST] == VALUE_TRUE, NO_FRAME};
        if (save_all(&s, args.v[0])) result = bytes_new(vm, s.out->data, s.out->size);
    }
    roots_pop(vm, r);
    return result;
}
