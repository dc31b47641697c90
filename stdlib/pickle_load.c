/* pickle_load.c - the bytes of a pickle to objects.
 *
 * A pickle is a program for a machine with a stack. Whoever wrote it may mean harm: nothing is believed before it is
 * checked, and memory is taken only for what the data really holds. Data come in one piece or from a file; then more is
 * read only as far as this pickle needs, since another may follow it.
 */
#include "stdlib/pickle.h"
#include "vm/codecs.h"
#include "vm/common.h"
#include "vm/type.h"

/* The options that pickle.co hands over, in this order. READ and READLINE are None where there is no file. */
enum { FIND_CLASS, PERSISTENT_LOAD, READ, READLINE, ENCODING, ERRORS, BUFFERS, OPTIONS };

typedef struct Loader {
    VM *vm;
    Value *data;    // root: the bytes at hand
    size_t at, end; // of them
    List *stack, *marks; // marks: how high the stack was, ints
    size_t fence;   // the last mark: what lies below it is out of reach
    Dict *memo;
    const Value *options;
} Loader;

/* ---- errors --------------------------------------------------------------------------------------- */

static bool fail(Loader *l, const char *text)
{
    return pickle_raise(l->vm, "UnpicklingError", "%s", text), false;
}
static bool cut_off(Loader *l) { return fail(l, "pickle data was truncated"); }

static bool underflow(Loader *l)
{
    return fail(l, l->marks->size ? "unexpected MARK found" : "unpickling stack underflow");
}

/* ---- data ----------------------------------------------------------------------------------------- */

/* What is at hand becomes the rest of it and what the file answers. */
static bool append_data(Loader *l, Value more)
{
    VM *vm = l->vm;
    ByteView b;
    if (is_error(more) || !bytes_require(vm, more, &b)) return false;
    size_t rest = l->end - l->at;
    Value all = rest == 0 && is_exact(more, T_BYTES) ? more : bytes_new(vm, NULL, rest + b.size);
    if (is_error(all)) return false;
    if (all != more) {
        memcpy(as_bytes(all)->data, as_bytes(*l->data)->data + l->at, rest);
        memcpy(as_bytes(all)->data + rest, b.data, b.size);
    }
    *l->data = all;
    l->at = 0;
    l->end = rest + b.size;
    return true;
}

/* The next n bytes; NULL: there are not so many. They stay valid until more are taken. */
static const uint8_t *take(Loader *l, uint64_t n)
{
    if (n > l->end - l->at && is_none(l->options[READ])) return cut_off(l), NULL;
    while (n > l->end - l->at) {
        size_t had = l->end - l->at;
        Value count = int_from_u64(l->vm, n - had);
        Value more = is_error(count) ? count : vm_call1(l->vm, l->options[READ], count);
        if (!append_data(l, more)) return NULL;
        if (l->end - l->at < n) return cut_off(l), NULL;
    }
    l->at += n;
    return as_bytes(*l->data)->data + l->at - n;
}

/* A line without its end. */
static bool take_line(Loader *l, const char **line, size_t *n)
{
    const uint8_t *p = as_bytes(*l->data)->data + l->at, *end = memchr(p, '\n', l->end - l->at);
    if (!end && !is_none(l->options[READLINE])) {
        if (!append_data(l, vm_call(l->vm, l->options[READLINE], NULL, 0))) return false;
        p = as_bytes(*l->data)->data + l->at;
        end = memchr(p, '\n', l->end - l->at);
    }
    if (!end) return cut_off(l);
    *line = (const char *)p;
    *n = (size_t)(end - p);
    l->at += *n + 1;
    return true;
}

static uint64_t number(const uint8_t *p, int bytes)
{
    uint64_t n = 0;
    for (int i = bytes; i-- > 0;) n = n << 8 | p[i];
    return n;
}

static bool take_number(Loader *l, int bytes, uint64_t *n)
{
    const uint8_t *p = take(l, (uint64_t)bytes);
    if (p) *n = number(p, bytes);
    return p != NULL;
}

static bool check_size(Loader *l, uint64_t n, const char *what)
{
    if (n <= INT64_MAX) return true;
    vm_raise(l->vm, ERR_OVERFLOW, "%s exceeds system's maximum size of 9223372036854775807 bytes", what);
    return false;
}

/* ---- the stack ------------------------------------------------------------------------------------ */

static bool push(Loader *l, Value v) { return !is_error(v) && list_push(l->vm, l->stack, v); }

/* Are n objects within reach? */
static bool reach(Loader *l, size_t n) { return l->stack->size - l->fence >= n || underflow(l); }
static Value *top(Loader *l) { return &l->stack->items[l->stack->size - 1]; }
static bool replace_top(Loader *l, Value v)
{
    if (is_error(v)) return false;
    gc_store(l->vm, l->stack, top(l), v);
    return true;
}

static void drop(Loader *l, size_t n)
{
    while (n-- > 0) list_pop_last(l->vm, l->stack);
}

static void set_fence(Loader *l)
{
    size_t n = l->marks->size;
    l->fence = n ? (size_t)as_small(l->marks->items[n - 1]) : 0;
}

static bool push_mark(Loader *l)
{
    if (!list_push(l->vm, l->marks, small((int64_t)l->stack->size))) return false;
    return set_fence(l), true;
}

/* Where the last mark was made, which is forgotten. */
static bool pop_mark(Loader *l, size_t *at)
{
    if (l->marks->size == 0) return fail(l, "could not find MARK");
    *at = l->fence;
    list_pop_last(l->vm, l->marks);
    return set_fence(l), true;
}

/* The objects from a mark on become one. */
static bool gather(Loader *l, size_t at, Value v)
{
    if (is_error(v)) return false;
    Value *r = roots_push(l->vm, v);
    if (!r) return false;
    drop(l, l->stack->size - at);
    roots_pop(l->vm, r);
    return push(l, v);
}

/* ---- plain values --------------------------------------------------------------------------------- */

static bool load_int(Loader *l, int bytes)
{
    uint64_t n;
    if (!take_number(l, bytes, &n)) return false;
    return push(l, small(bytes == 4 ? (int32_t)n : (int64_t)n));
}

static bool load_long(Loader *l, int bytes)
{
    uint64_t n;
    if (!take_number(l, bytes, &n)) return false;
    if (bytes == 4 && n > INT32_MAX) return fail(l, "LONG pickle has negative byte count");
    const uint8_t *p = take(l, n);
    uint8_t *copy = p ? heap_malloc(l->vm, n) : NULL;
    if (!copy) return false;
    memcpy(copy, p, n);
    Value v = int_from_bytes(l->vm, copy, n, true);
    heap_free(l->vm, copy, n);
    return push(l, v);
}

static bool load_float(Loader *l)
{
    const uint8_t *p = take(l, 8);
    if (!p) return false;
    uint64_t bits = __builtin_bswap64(number(p, 8));
    double d;
    memcpy(&d, &bits, sizeof d);
    return push(l, float_value(l->vm, d));
}

static bool load_str(Loader *l, int bytes)
{
    uint64_t n;
    if (!take_number(l, bytes, &n) || !check_size(l, n, "BINUNICODE")) return false;
    const uint8_t *p = take(l, n);
    if (!p) return false;
    bool ascii = true;
    for (uint64_t i = 0; ascii && i < n; i++) ascii = p[i] < 0x80;
    if (ascii) return push(l, str_new_counted(l->vm, (const char *)p, n, n));
    Value errors = str_from_c(l->vm, "surrogatepass");
    return !is_error(errors) && push(l, codec_decode(l->vm, p, n, VALUE_UNSET, errors));
}

static bool load_bytes(Loader *l, int bytes)
{
    uint64_t n;
    if (!take_number(l, bytes, &n) || !check_size(l, n, "BINBYTES")) return false;
    const uint8_t *p = take(l, n);
    return p && push(l, bytes_new(l->vm, p, n));
}

static bool load_bytearray(Loader *l)
{
    uint64_t n;
    if (!take_number(l, 8, &n) || !check_size(l, n, "BYTEARRAY8")) return false;
    const uint8_t *p = take(l, n);
    return p && push(l, bytearray_new(l->vm, p, n));
}

/* A helper of pickle.co makes something of bytes that the first three protocols had: op says what. */
static bool load_old(Loader *l, uint8_t op, const void *data, size_t n)
{
    VM *vm = l->vm;
    Value text = bytes_new(vm, data, n), *r = is_error(text) ? NULL : roots_push(vm, text);
    if (!r) return false;
    Value f = pickle_function(vm, "_from_old"),
          args[] = {small(op), *r, l->options[ENCODING], l->options[ERRORS]};
    Value v = is_error(f) ? f : vm_call(vm, f, args, 4);
    roots_pop(vm, r);
    return push(l, v);
}

static bool load_line(Loader *l, uint8_t op)
{
    const char *line;
    size_t n;
    if (!take_line(l, &line, &n)) return false;
    bool needs_digits = op == PICKLE_INT || op == PICKLE_LONG || op == PICKLE_FLOAT || op == PICKLE_GET;
    return n == 0 && needs_digits ? cut_off(l) : load_old(l, op, line, n);
}

static bool load_old_str(Loader *l, int bytes)
{
    uint64_t n;
    if (!take_number(l, bytes, &n)) return false;
    const uint8_t *p = take(l, n);
    return p && load_old(l, PICKLE_BINSTRING, p, n);
}

/* ---- containers ----------------------------------------------------------------------------------- */

static bool load_tuple(Loader *l)
{
    size_t at;
    return pop_mark(l, &at) && gather(l, at, tuple_new(l->vm, l->stack->items + at, l->stack->size - at));
}

static bool load_short_tuple(Loader *l, size_t n)
{
    if (!reach(l, n)) return false;
    size_t at = l->stack->size - n;
    return gather(l, at, tuple_new(l->vm, l->stack->items + at, n));
}

static bool load_list(Loader *l)
{
    size_t at;
    return pop_mark(l, &at) && gather(l, at, list_new(l->vm, l->stack->items + at, l->stack->size - at));
}

static bool load_frozenset(Loader *l)
{
    size_t at;
    if (!pop_mark(l, &at)) return false;
    Value items = list_new(l->vm, l->stack->items + at, l->stack->size - at);
    Value *r = is_error(items) ? NULL : roots_push(l->vm, items);
    if (!r) return false;
    Value v = frozenset_from(l->vm, *r);
    roots_pop(l->vm, r);
    return gather(l, at, v);
}

/* What lies from `at` on goes into the container below it, then off the stack. */
static bool check_items(Loader *l, size_t at) { return at > l->fence || underflow(l); }

static bool call_for_each(Loader *l, Value container, Str *name, size_t at)
{
    VM *vm = l->vm;
    Value f = obj_getattr(vm, container, name), *r = is_error(f) ? NULL : roots_push(vm, f);
    if (!r) return false;
    bool ok = true;
    for (size_t i = at; ok && i < l->stack->size; i++) ok = !is_error(vm_call1(vm, *r, l->stack->items[i]));
    roots_pop(vm, r);
    return ok;
}

/* Into what is no plain list: its extend takes all of them, or its append one after the other. */
static bool extend(Loader *l, Value container, size_t at)
{
    VM *vm = l->vm;
    Value f = obj_getattr_opt(vm, container, vm_intern(vm, "extend"));
    if (is_unset(f)) return call_for_each(l, container, vm->common->append, at);
    Value *r = is_error(f) ? NULL : roots_push(vm, f);
    if (!r) return false;
    Value items = list_new(vm, l->stack->items + at, l->stack->size - at);
    bool ok = !is_error(items) && !is_error(vm_call1(vm, *r, items));
    roots_pop(vm, r);
    return ok;
}

static bool append_items(Loader *l, size_t at)
{
    if (!check_items(l, at)) return false;
    Value container = l->stack->items[at - 1];
    size_t n = l->stack->size - at;
    if (n == 0) return true;
    bool ok = is_exact(container, T_LIST)
                  ? list_extend_items(l->vm, as_list(container), l->stack->items + at, n)
                  : extend(l, container, at);
    if (ok) drop(l, n);
    return ok;
}

static bool add_items(Loader *l, size_t at)
{
    if (!check_items(l, at)) return false;
    Value set = l->stack->items[at - 1];
    if (!is_exact(set, T_SET)) {
        if (l->stack->size > at && !call_for_each(l, set, vm_intern(l->vm, "add"), at)) return false;
    } else {
        for (size_t i = at; i < l->stack->size; i++)
            if (set_add(l->vm, as_set(set), l->stack->items[i]) < 0) return false;
    }
    return drop(l, l->stack->size - at), true;
}

static bool set_pairs(Loader *l, Value container, size_t at)
{
    VM *vm = l->vm;
    for (size_t i = at; i + 1 < l->stack->size; i += 2) {
        Value key = l->stack->items[i], v = l->stack->items[i + 1];
        bool ok = is_exact(container, T_DICT) ? dict_set(vm, as_dict(container), key, v)
                                              : !is_error(obj_setitem(vm, container, key, v));
        if (!ok) return false;
    }
    return true;
}

static bool set_items(Loader *l, size_t at)
{
    if (!check_items(l, at)) return false;
    if ((l->stack->size - at) % 2) return fail(l, "odd number of items for SETITEMS");
    if (!set_pairs(l, l->stack->items[at - 1], at)) return false;
    return drop(l, l->stack->size - at), true;
}

static bool load_dict(Loader *l)
{
    size_t at;
    if (!pop_mark(l, &at)) return false;
    if ((l->stack->size - at) % 2) return fail(l, "odd number of items for DICT");
    Dict *d = dict_new(l->vm);
    Value *r = d ? roots_push(l->vm, obj_value(d)) : NULL;
    if (!r) return false;
    bool ok = set_pairs(l, obj_value(d), at);
    roots_pop(l->vm, r);
    return ok && gather(l, at, obj_value(d));
}

static bool load_marked(Loader *l, bool (*into)(Loader *l, size_t at))
{
    size_t at;
    return pop_mark(l, &at) && into(l, at);
}

/* The last n objects. */
static bool load_last(Loader *l, size_t n, bool (*into)(Loader *l, size_t at))
{
    return reach(l, n) && into(l, l->stack->size - n);
}

/* ---- classes, functions and their answers --------------------------------------------------------- */

static bool push_found(Loader *l, Value module, Value name)
{
    Value args[] = {module, name};
    return push(l, vm_call(l->vm, l->options[FIND_CLASS], args, 2));
}

static Value line_text(Loader *l)
{
    const char *line;
    size_t n;
    if (!take_line(l, &line, &n)) return VALUE_ERROR;
    return n ? str_decode_utf8(l->vm, line, n) : (cut_off(l), VALUE_ERROR);
}

static bool load_global(Loader *l)
{
    Value *r = roots_reserve(l->vm, 2);
    if (!r) return false;
    r[0] = line_text(l);
    if (!is_error(r[0])) r[1] = line_text(l);
    bool ok = !is_error(r[0]) && !is_error(r[1]) && push_found(l, r[0], r[1]);
    roots_pop(l->vm, r);
    return ok;
}

static bool load_stack_global(Loader *l)
{
    if (!reach(l, 2)) return false;
    Value *at = top(l) - 1, module = at[0], name = at[1];
    if (!is_exact(module, T_STR) || !is_exact(name, T_STR)) return fail(l, "STACK_GLOBAL requires str");
    return push_found(l, module, name) && gather(l, l->stack->size - 3, *top(l));
}

static bool load_extension(Loader *l, int bytes)
{
    uint64_t code;
    if (!take_number(l, bytes, &code)) return false;
    if (code == 0 || code > INT32_MAX) return fail(l, "EXT specifies code <= 0");
    Value f = pickle_function(l->vm, "_by_extension"), args[] = {l->options[FIND_CLASS], small((int64_t)code)};
    return !is_error(f) && push(l, vm_call(l->vm, f, args, 2));
}

/* callable(*arguments) in place of both. */
static bool load_reduce(Loader *l)
{
    VM *vm = l->vm;
    if (!reach(l, 2)) return false;
    Value *at = top(l) - 1;
    if (!is_tuple(at[1])) return vm_raise(vm, ERR_TYPE, "argument list must be a tuple"), false;
    const Tuple *arguments = as_tuple(at[1]);
    Value v = vm_call(vm, at[0], arguments->items, (int)arguments->size);
    return !is_error(v) && gather(l, l->stack->size - 2, v);
}

static bool wrong_part(Loader *l, const char *op, const char *part, const char *kind, Value v)
{
    return pickle_raise(l->vm, "UnpicklingError", "%s %s argument must be a %s, not %T", op, part, kind, v),
           false;
}

/* class.__new__(class, *arguments, **keywords); arguments are rooted. */
static Value new_object(VM *vm, Value class, const Tuple *arguments, Value keywords)
{
    Type *t = as_type(class);
    bool plain = t->kind == KIND_INSTANCE && t->flags & TYPE_HEAP && !(t->flags & TYPE_ABSTRACT) &&
                 !type_defines(t, D_NEW) && t->builtin == T_OBJECT && arguments->size == 0 &&
                 is_unset(keywords);
    if (plain) return instance_new(vm, t);
    Value maker = obj_getattr(vm, class, vm->dunder_names[D_NEW]);
    size_t n = arguments->size + 1;
    Value *r = is_error(maker) ? NULL : roots_reserve(vm, n + 1);
    if (!r) return VALUE_ERROR;
    r[0] = maker;
    r[1] = class;
    memcpy(r + 2, arguments->items, arguments->size * sizeof *r);
    Value v;
    if (is_unset(keywords)) {
        v = vm_call(vm, maker, r + 1, (int)n);
    } else {
        Value f = pickle_function(vm, "_call_with"), all = tuple_new(vm, r + 1, n),
              args[] = {maker, all, keywords};
        v = is_error(f) || is_error(all) ? VALUE_ERROR : vm_call(vm, f, args, 3);
    }
    roots_pop(vm, r);
    return v;
}

static bool load_newobj(Loader *l, const char *op, bool with_keywords)
{
    size_t n = with_keywords ? 3 : 2;
    if (!reach(l, n)) return false;
    Value *at = top(l) - (n - 1);
    if (!is_type(at[0])) return wrong_part(l, op, "class", "type", at[0]);
    if (!is_tuple(at[1])) return wrong_part(l, op, "args", "tuple", at[1]);
    if (with_keywords && !is_dict(at[2])) return wrong_part(l, op, "kwargs", "dict", at[2]);
    bool empty = with_keywords && dict_len(as_dict(at[2])) == 0;
    Value v = new_object(l->vm, at[0], as_tuple(at[1]), with_keywords && !empty ? at[2] : VALUE_UNSET);
    return !is_error(v) && gather(l, l->stack->size - n, v);
}

/* class(*arguments), as protocols 0 and 1 make instances: the arguments lie from `at` on. */
static bool make_instance(Loader *l, Value class, size_t at, size_t below)
{
    Value v = vm_call(l->vm, class, l->stack->items + at, (int)(l->stack->size - at));
    return !is_error(v) && gather(l, below, v);
}

static bool load_obj(Loader *l)
{
    size_t at;
    if (!pop_mark(l, &at)) return false;
    if (l->stack->size == at) return underflow(l);
    return make_instance(l, l->stack->items[at], at + 1, at);
}

static bool load_inst(Loader *l)
{
    size_t at;
    if (!pop_mark(l, &at) || !load_global(l)) return false;
    Value class = *top(l), *r = roots_push(l->vm, class);
    if (!r) return false;
    drop(l, 1);
    bool ok = make_instance(l, class, at, at);
    roots_pop(l->vm, r);
    return ok;
}

static bool load_build(Loader *l)
{
    if (!reach(l, 2)) return false;
    Value *at = top(l) - 1;
    return pickle_set_state(l->vm, at[0], at[1]) && (drop(l, 1), true);
}

/* ---- objects by number, from outside -------------------------------------------------------------- */

static bool remember(Loader *l, uint64_t i)
{
    if (!reach(l, 1)) return false;
    return dict_set_hashed(l->vm, l->memo, small((int64_t)i), (int64_t)i, *top(l));
}

static bool recall(Loader *l, uint64_t i)
{
    Value v = dict_get_hashed(l->vm, l->memo, small((int64_t)i), (int64_t)i);
    if (!is_unset(v)) return push(l, v);
    return pickle_raise(l->vm, "UnpicklingError", "Memo value not found at index %ld", (long)i), false;
}

/* PUT and GET of protocol 0: the number stands on a line. */
static bool take_line_number(Loader *l, uint64_t *i)
{
    int64_t n;
    if (!load_line(l, PICKLE_GET)) return false;
    Value v = list_pop_last(l->vm, l->stack);
    if (!int_to_i64(v, &n) || n < 0 || n > INT_SMALL_MAX)
        return vm_raise(l->vm, ERR_VALUE, "negative PUT argument"), false;
    *i = (uint64_t)n;
    return true;
}

static bool load_index(Loader *l, int bytes, bool (*use)(Loader *l, uint64_t i))
{
    uint64_t i;
    return (bytes ? take_number(l, bytes, &i) : take_line_number(l, &i)) && use(l, i);
}

/* Takes the id off the stack. */
static bool load_persistent(Loader *l)
{
    VM *vm = l->vm;
    if (!reach(l, 1)) return false;
    Value v = vm_call1(vm, l->options[PERSISTENT_LOAD], *top(l));
    return replace_top(l, v);
}

static bool can_load_persistent(Loader *l)
{
    if (!is_none(l->options[PERSISTENT_LOAD])) return true;
    return fail(
        l,
        "A load persistent id instruction was encountered,\nbut no persistent_load function was specified.");
}

static bool load_buffer(Loader *l)
{
    if (is_none(l->options[BUFFERS]))
        return fail(l, "pickle stream refers to out-of-band data but no *buffers* argument was given");
    Value v = obj_next(l->vm, l->options[BUFFERS]);
    return v == VALUE_STOP ? fail(l, "not enough out-of-band buffers") : push(l, v);
}

static bool load_readonly(Loader *l)
{
    if (!reach(l, 1)) return false;
    Value f = pickle_function(l->vm, "_readonly");
    return !is_error(f) && replace_top(l, vm_call1(l->vm, f, *top(l)));
}

/* ---- the machine ---------------------------------------------------------------------------------- */

static bool load_pop(Loader *l)
{
    bool at_mark = l->marks->size && l->stack->size == l->fence;
    size_t at;
    if (at_mark) return pop_mark(l, &at);
    return reach(l, 1) && (drop(l, 1), true);
}

static bool load_proto(Loader *l)
{
    uint64_t n;
    if (!take_number(l, 1, &n)) return false;
    return n <= PICKLE_HIGHEST ||
           (vm_raise(l->vm, ERR_VALUE, "unsupported pickle protocol: %d", (int)n), false);
}

/* All of a frame is read at once; where it ends does not matter then. */
static bool load_frame(Loader *l)
{
    uint64_t n;
    if (!take_number(l, 8, &n)) return false;
    if (n > INT64_MAX)
        return vm_raise(l->vm, ERR_OVERFLOW,
                        "FRAME length exceeds system's maximum of 9223372036854775807 bytes"),
               false;
    if (!take(l, n)) return false;
    l->at -= n;
    return true;
}

static bool bad_op(Loader *l, uint8_t op)
{
    bool shown = op >= 0x20 && op < 0x7f && op != '\'' && op != '\\';
    const char *text = shown ? "invalid load key, '%c'." : "invalid load key, '\\x%02x'.";
    return pickle_raise(l->vm, "UnpicklingError", text, op), false;
}

static bool step(Loader *l, uint8_t op)
{
    VM *vm = l->vm;
    size_t at;
    switch (op) {
    case PICKLE_MARK: return push_mark(l);
    case PICKLE_POP: return load_pop(l);
    case PICKLE_POP_MARK: return pop_mark(l, &at) && (drop(l, l->stack->size - at), true);
    case PICKLE_DUP: return reach(l, 1) && push(l, *top(l));
    case PICKLE_FLOAT: case PICKLE_INT: case PICKLE_LONG: case PICKLE_STRING: case PICKLE_UNICODE: return load_line(l, op);
    case PICKLE_BININT: return load_int(l, 4);
    case PICKLE_BININT1: return load_int(l, 1);
    case PICKLE_BININT2: return load_int(l, 2);
    case PICKLE_LONG1: return load_long(l, 1);
    case PICKLE_LONG4: return load_long(l, 4);
    case PICKLE_NONE: return push(l, VALUE_NONE);
    case PICKLE_NEWTRUE: return push(l, VALUE_TRUE);
    case PICKLE_NEWFALSE: return push(l, VALUE_FALSE);
    case PICKLE_BINFLOAT: return load_float(l);
    case PICKLE_BINSTRING: return load_old_str(l, 4);
    case PICKLE_SHORT_BINSTRING: return load_old_str(l, 1);
    case PICKLE_BINUNICODE: return load_str(l, 4);
    case PICKLE_SHORT_BINUNICODE: return load_str(l, 1);
    case PICKLE_BINUNICODE8: return load_str(l, 8);
    case PICKLE_BINBYTES: return load_bytes(l, 4);
    case PICKLE_SHORT_BINBYTES: return load_bytes(l, 1);
    case PICKLE_BINBYTES8: return load_bytes(l, 8);
    case PICKLE_BYTEARRAY8: return load_bytearray(l);
    case PICKLE_EMPTY_TUPLE: return push(l, obj_value(vm->empty_tuple));
    case PICKLE_TUPLE: return load_tuple(l);
    case PICKLE_TUPLE1: case PICKLE_TUPLE2: case PICKLE_TUPLE3: return load_short_tuple(l, (size_t)(op - PICKLE_TUPLE1) + 1);
    case PICKLE_EMPTY_LIST: return push(l, list_new(vm, NULL, 0));
    case PICKLE_LIST: return load_list(l);
    case PICKLE_APPEND: return load_last(l, 1, append_items);
    case PICKLE_APPENDS: return load_marked(l, append_items);
    case PICKLE_EMPTY_DICT: {
        Dict *d = dict_new(vm);
        return d && push(l, obj_value(d));
    }
    case PICKLE_DICT: return load_dict(l);
    case PICKLE_SETITEM: return load_last(l, 2, set_items);
    case PICKLE_SETITEMS: return load_marked(l, set_items);
    case PICKLE_EMPTY_SET: return push(l, set_new(vm));
    case PICKLE_ADDITEMS: return load_marked(l, add_items);
    case PICKLE_FROZENSET: return load_frozenset(l);
    case PICKLE_GLOBAL: return load_global(l);
    case PICKLE_STACK_GLOBAL: return load_stack_global(l);
    case PICKLE_EXT1: return load_extension(l, 1);
    case PICKLE_EXT2: return load_extension(l, 2);
    case PICKLE_EXT4: return load_extension(l, 4);
    case PICKLE_REDUCE: return load_reduce(l);
    case PICKLE_NEWOBJ: return load_newobj(l, "NEWOBJ", false);
    case PICKLE_NEWOBJ_EX: return load_newobj(l, "NEWOBJ_EX", true);
    case PICKLE_OBJ: return load_obj(l);
    case PICKLE_INST: return load_inst(l);
    case PICKLE_BUILD: return load_build(l);
    case PICKLE_PUT: return load_index(l, 0, remember);
    case PICKLE_BINPUT: return load_index(l, 1, remember);
    case PICKLE_LONG_BINPUT: return load_index(l, 4, remember);
    case PICKLE_MEMOIZE: return remember(l, dict_len(l->memo));
    case PICKLE_GET: return load_index(l, 0, recall);
    case PICKLE_BINGET: return load_index(l, 1, recall);
    case PICKLE_LONG_BINGET: return load_index(l, 4, recall);
    case PICKLE_PERSID: return can_load_persistent(l) && load_line(l, op) && load_persistent(l);
    case PICKLE_BINPERSID: return can_load_persistent(l) && load_persistent(l);
    case PICKLE_NEXT_BUFFER: return load_buffer(l);
    case PICKLE_READONLY_BUFFER: return load_readonly(l);
    case PICKLE_PROTO: return load_proto(l);
    case PICKLE_FRAME: return load_frame(l);
    default: return bad_op(l, op);
    }
}

static Value run(Loader *l)
{
    for (;;) {
        if (l->at == l->end) {
            if (is_none(l->options[READ])) return vm_raise(l->vm, ERR_EOF, "Ran out of input");
            if (!append_data(l, vm_call1(l->vm, l->options[READ], small(1)))) return VALUE_ERROR;
            if (l->at == l->end) return vm_raise(l->vm, ERR_EOF, "Ran out of input");
        }
        uint8_t op = as_bytes(*l->data)->data[l->at++];
        if (op == PICKLE_STOP) return reach(l, 1) ? *top(l) : VALUE_ERROR;
        if (!step(l, op) || !vm_tick(l->vm, 1)) return VALUE_ERROR;
    }
}

/* What the file has given beyond this pickle, for the next one. */
static Value with_rest(Loader *l, Value v)
{
    if (is_none(l->options[READ])) return v;
    Value rest = bytes_new(l->vm, as_bytes(*l->data)->data + l->at, l->end - l->at);
    return is_error(v) || is_error(rest) ? VALUE_ERROR : tuple_pair(l->vm, v, rest);
}

Value nat_pickle_load(VM *vm, Args args)
{
    bool known = is_exact(args.v[1], T_DICT) && is_tuple(args.v[2]) && as_tuple(args.v[2])->size == OPTIONS;
    if (!known) return vm_raise(vm, ERR_TYPE, "load() is for the module pickle");
    ByteView b;
    enum { DATA, STACK, MARKS, SLOTS };
    Value *r = bytes_require(vm, args.v[0], &b) ? roots_reserve(vm, SLOTS) : NULL, v = VALUE_ERROR;
    if (!r) return VALUE_ERROR;
    r[DATA] = is_bytes(args.v[0]) ? args.v[0] : bytes_new(vm, b.data, b.size);
    r[STACK] = list_new(vm, NULL, 0);
    r[MARKS] = list_new(vm, NULL, 0);
    if (!is_error(r[DATA]) && !is_error(r[STACK]) && !is_error(r[MARKS])) {
        Loader l = {vm, &r[DATA], 0, b.size, as_list(r[STACK]), as_list(r[MARKS]), 0, as_dict(args.v[1]),
                    as_tuple(args.v[2])->items};
        v = run(&l);
        if (!is_error(v)) v = with_rest(&l, v);
    }
    roots_pop(vm, r);
    return v;
}
