#define _GNU_SOURCE // memmem
/* _re.c - the natives under re: patterns. */
#include "stdlib/re.h"
#include "vm/protocol.h"
#include "vm/type.h"

/* ---- compiling ----------------------------------------------------------------------------------- */

/* A pattern is compiled to machine code once it has run over so many bytes: that takes as long as some matches do. */
enum { WORTH_JIT = 20000, PER_RUN = 50 };
/* How often a match may turn back: some tens of milliseconds, and more for long texts, which need more. */
enum { TURNS = 1000000, TURNS_PER_BYTE = 20 };
enum { LONG_TEXT = 100000 }; // the library keeps what memory a match needed, in proportion to the text

static Value raise_pcre(VM *vm, Value pattern, int code)
{
    char text[256];
    Program *p = program_of(pattern);
    if (code == PCRE_NOMEMORY) return vm_no_memory(vm);
    if (code == PCRE_MATCHLIMIT)
        strcpy(text, "the match was given up: the pattern turns back too often in this text");
    else if (code == PCRE_HEAPLIMIT)
        strcpy(text, "the match was given up: the pattern needs too much memory for this text");
    else p->pcre->get_error_message(code, text, sizeof text);
    Value message = str_from_c(vm, text);
    Value exc = is_error(message) ? message : vm_call1(vm, stdlib(vm)->re_error, message);
    return is_error(exc) ? exc : vm_raise_exc(vm, exc);
}

static bool renew_match_data(VM *vm, Program *p, bool wide)
{
    if (p->as[wide].match) p->pcre->match_data_free(p->as[wide].match);
    p->as[wide].match = p->pcre->match_data_create_from_pattern(p->as[wide].code, NULL);
    p->as[wide].stretched = false;
    return p->as[wide].match || (vm_no_memory(vm), false);
}

static bool compile(VM *vm, Value pattern, bool wide)
{
    Program *p = program_of(pattern);
    Value text = pattern_part(pattern, wide ? PART_WIDE : PART_NARROW);
    uint32_t options = PCRE_DOTALL | PCRE_MULTILINE | PCRE_ALT_CIRCUMFLEX | PCRE_NO_UTF_CHECK;
    // The library (10.42) makes x? possessive before an atomic group with a group repeated in it, although both may need an x.
    if (memmem(as_str(text)->data, as_str(text)->size, "(?>", 3)) options |= PCRE_NO_AUTO_POSSESS;
    int error;
    size_t where;
    p->as[wide].code = p->pcre->compile(as_str(text)->data, as_str(text)->size,
                                        options | (wide ? PCRE_UTF : 0), &error, &where, p->pcre->compiling);
    if (!p->as[wide].code) return raise_pcre(vm, pattern, error), false;
    return renew_match_data(vm, p, wide);
}

static void consider_jit(Program *p, bool wide, size_t bytes)
{
    p->as[wide].run += bytes + PER_RUN;
    if (p->as[wide].quick || p->as[wide].run < WORTH_JIT) return;
    p->as[wide].quick = true;
    p->pcre->jit_compile(p->as[wide].code, PCRE_JIT_COMPLETE);
}

static int once(Program *p, const Subject *s, bool wide, size_t from, uint32_t options)
{
    return p->pcre->match(p->as[wide].code, s->data, s->size, from, options | PCRE_NO_UTF_CHECK,
                          p->as[wide].match, p->pcre->matching);
}

int pattern_run(VM *vm, Value pattern, const Subject *s, size_t from, uint32_t options, const size_t **at)
{
    Program *p = program_of(pattern);
    bool wide = s->wide || is_none(pattern_part(pattern, PART_NARROW));
    if (from > s->size) return 0;
    if (!p->as[wide].code && !compile(vm, pattern, wide)) return -1;
    if (p->as[wide].stretched && !renew_match_data(vm, p, wide)) return -1;
    p->as[wide].stretched = s->size - from > LONG_TEXT;
    size_t turns = size_add(size_mul(s->size - from, TURNS_PER_BYTE), TURNS);
    p->pcre->set_match_limit(p->pcre->matching, turns < UINT32_MAX ? (uint32_t)turns : UINT32_MAX);
    int code = once(p, s, wide, from, options);
    if (code == PCRE_JIT_STACKLIMIT) code = once(p, s, wide, from, options | PCRE_NO_JIT);
    *at = p->pcre->get_ovector_pointer(p->as[wide].match);
    if (code < 0 && code != PCRE_NOMATCH) return raise_pcre(vm, pattern, code), -1;
    size_t bytes = (code < 0 ? s->size : (*at)[1]) - from;
    consider_jit(p, wide, bytes);
    if (!vm_tick_bytes(vm, bytes)) return -1;
    return code >= 0;
}

/* ---- texts --------------------------------------------------------------------------------------- */

static bool check_kind(VM *vm, Value pattern, Value object)
{
    bool for_bytes = is_bytes(data_of(pattern)->values[0]) || is_bytearray(data_of(pattern)->values[0]);
    if (!is_str(object) && !is_byteslike(object))
        return vm_raise(vm, ERR_TYPE, "expected string or bytes-like object, got '%T'", object), false;
    if (is_str(object) && for_bytes)
        return vm_raise(vm, ERR_TYPE, "cannot use a bytes pattern on a string-like object"), false;
    if (!is_str(object) && !for_bytes)
        return vm_raise(vm, ERR_TYPE, "cannot use a string pattern on a bytes-like object"), false;
    return true;
}

/* A position: not negative, at most the length. */
static bool position(VM *vm, Value v, size_t length, size_t *out)
{
    int64_t i;
    if (!obj_index_i64(vm, v, &i)) return false;
    *out = i < 0 ? 0 : (size_t)i < length ? (size_t)i : length;
    return true;
}

void subject_refresh(Subject *s)
{
    if (s->is_str) {
        s->data = as_str(s->object)->data;
        return;
    }
    ByteView b = byte_view(s->object);
    s->data = (const char *)b.data;
    if (b.size < s->size) s->size = b.size;
}

bool subject_init(VM *vm, Subject *s, Value pattern, Value object, Value pos, Value endpos)
{
    if (!check_kind(vm, pattern, object)) return false;
    *s = (Subject){.object = object, .is_str = is_str(object)};
    s->wide = s->is_str && !str_is_ascii(as_str(object));
    size_t length = s->is_str ? as_str(object)->length : byte_view(object).size;
    s->endpos = length;
    if (!position(vm, pos, length, &s->pos)) return false;
    if (!is_unset(endpos) && !position(vm, endpos, length, &s->endpos)) return false;
    s->start = s->wide ? str_offset(vm, as_str(object), s->pos) : s->pos;
    s->size = s->wide ? str_offset(vm, as_str(object), s->endpos) : s->endpos;
    subject_refresh(s);
    return true;
}

Value subject_slice(VM *vm, const Subject *s, size_t from, size_t to)
{
    if (!s->is_str) {
        if (is_exact(s->object, T_BYTES) && from == 0 && to == as_bytes(s->object)->size) return s->object;
        return bytes_new(vm, s->data + from, to - from);
    }
    if (from == 0 && to == as_str(s->object)->size) return str_exact(vm, as_str(s->object));
    if (s->wide) return str_new(vm, s->data + from, to - from);
    return str_new_counted(vm, s->data + from, to - from, to - from);
}

/* ---- matching once ------------------------------------------------------------------------------- */

static Value match_once(VM *vm, Args args, uint32_t options)
{
    Subject s;
    const size_t *at;
    Value pattern = args.v[0];
    if (!subject_init(vm, &s, pattern, args.v[1], args.v[2], args.v[3])) return VALUE_ERROR;
    int found = pattern_run(vm, pattern, &s, s.start, options, &at);
    if (found <= 0) return found ? VALUE_ERROR : VALUE_NONE;
    return match_new(vm, pattern, &s, at, s.start, s.pos);
}

static Value nat_match(VM *vm, Args args) { return match_once(vm, args, PCRE_ANCHORED); }
static Value nat_fullmatch(VM *vm, Args args) { return match_once(vm, args, PCRE_ANCHORED | PCRE_ENDANCHORED); }
static Value nat_search(VM *vm, Args args) { return match_once(vm, args, 0); }

/* ---- patterns as objects ------------------------------------------------------------------------- */

static size_t program_size(uint32_t groups)
{
    return sizeof(Program) + ((size_t)groups + 1) * sizeof(uint32_t);
}

/* args: pattern, flags, {name: group}, parents of the groups, text for ASCII or bytes, text for all else. */
static Value nat_compile(VM *vm, Args args)
{
    const List *parents = as_list(args.v[3]);
    uint32_t groups = (uint32_t)parents->size - 1;
    NativeData *o = heap_alloc(vm, KIND_NATIVE_DATA, stdlib(vm)->pattern_type->root_shape->id, sizeof *o);
    if (!o) return VALUE_ERROR;
    o->values[0] = o->values[1] = VALUE_UNSET;
    Program *p = o->data = heap_malloc(vm, program_size(groups));
    if (!p) return VALUE_ERROR;
    memset(p, 0, sizeof *p);
    p->pcre = stdlib(vm)->pcre;
    p->pcre->users++;
    p->flags = (uint32_t)as_small(args.v[1]);
    p->groups = groups;
    for (uint32_t i = 0; i <= groups; i++) p->parents[i] = (uint32_t)as_small(parents->items[i]);
    o->values[0] = args.v[0];
    o->values[1] = tuple_pack(vm, PARTS, args.v[2], args.v[4], args.v[5]);
    if (is_error(o->values[1])) return o->values[1] = VALUE_UNSET, VALUE_ERROR;
    bool wide = is_none(args.v[4]);
    return compile(vm, obj_value(o), wide) ? obj_value(o) : VALUE_ERROR; // too large a pattern is refused here
}

static void trace_pattern(VM *vm, Obj *o)
{
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    gc_mark_value(vm, ((NativeData *)o)->values[1]);
}

static void free_pattern(VM *vm, Obj *o)
{
    Program *p = ((NativeData *)o)->data;
    if (!p) return;
    for (int i = 0; i < 2; i++) {
        if (p->as[i].match) p->pcre->match_data_free(p->as[i].match);
        if (p->as[i].code) p->pcre->code_free(p->as[i].code);
    }
    pcre_close(p->pcre);
    heap_free(vm, p, program_size(p->groups));
}

static const struct {
    uint32_t flag;
    const char *name;
} flag_names[] = {{1, "re.TEMPLATE"}, {2, "re.IGNORECASE"}, {4, "re.LOCALE"},  {8, "re.MULTILINE"},
                  {16, "re.DOTALL"},  {64, "re.VERBOSE"},   {128, "re.DEBUG"}, {256, "re.ASCII"}};

static Value pattern_repr(VM *vm, Value self)
{
    Value source = obj_repr(vm, data_of(self)->values[0]);
    if (is_error(source)) return source;
    StrBuilder b;
    sb_init(&b, vm);
    sb_add_c(&b, "re.compile(");
    size_t shown = str_offset(vm, as_str(source), as_str(source)->length < 200 ? as_str(source)->length : 200);
    sb_add(&b, as_str(source)->data, shown);
    const char *separator = ", ";
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++) {
        if (!(program_of(self)->flags & flag_names[i].flag)) continue;
        sb_addf(&b, "%s%s", separator, flag_names[i].name);
        separator = "|";
    }
    sb_add_c(&b, ")");
    return sb_finish(&b);
}

static Value pattern_hash(VM *vm, Value self)
{
    int64_t hash;
    if (!value_hash(vm, data_of(self)->values[0], &hash)) return VALUE_ERROR;
    return int_from_i64(vm, hash ^ program_of(self)->flags);
}

static Value pattern_compare(VM *vm, Value a, Value b, CompareOp op)
{
    if ((op != CMP_EQ && op != CMP_NE) || !is_pattern(vm, b)) return VALUE_NOT_IMPLEMENTED;
    Value x = data_of(a)->values[0], y = data_of(b)->values[0];
    bool same = program_of(a)->flags == program_of(b)->flags && is_str(x) == is_str(y) &&
                equal_quick(x, y) == EQUAL_YES;
    return bool_value(same == (op == CMP_EQ));
}

static Value nat_same(VM *vm, Args args) { return (void)vm, args.v[0]; }

static Value nat_reduce(VM *vm, Args args)
{
    Value m = module_import(vm, vm_intern(vm, "re")),
          maker = is_error(m) ? m : obj_getattr(vm, m, vm_intern(vm, "_compile"));
    Value made_of = tuple_pair(vm, data_of(args.v[0])->values[0], small(program_of(args.v[0])->flags));
    return is_error(maker) || is_error(made_of) ? VALUE_ERROR : tuple_pair(vm, maker, made_of);
}

static Value get_pattern(VM *vm, Value self) { return (void)vm, data_of(self)->values[0]; }
static Value get_flags(VM *vm, Value self) { return (void)vm, small(program_of(self)->flags); }
static Value get_groups(VM *vm, Value self) { return (void)vm, small(program_of(self)->groups); }

/* As in CPython, a proxy where there are names, else just an empty dict. */
static Value get_groupindex(VM *vm, Value self)
{
    Dict *index = as_dict(pattern_part(self, PART_INDEX));
    return dict_len(index) ? mapping_proxy_new(vm, obj_value(index)) : dict_copy(vm, index);
}

static const GetSetDef getsets[] = {
    {"pattern", get_pattern, NULL, "The source."},
    {"flags", get_flags, NULL, "The flags, those in the source included."},
    {"groups", get_groups, NULL, "How many groups there are."},
    {"groupindex", get_groupindex, NULL, "The numbers of named groups."},
    {0},
};

static const NativeDef methods[] = {
    {"match(self, /, string, pos=0, endpos=?)", nat_match, "The match at the beginning of string, or None.", 0},
    {"fullmatch(self, /, string, pos=0, endpos=?)", nat_fullmatch, "The match of all of string, or None.", 0},
    {"search(self, /, string, pos=0, endpos=?)", nat_search, "The first match in string, or None.", 0},
    {"findall(self, /, string, pos=0, endpos=?)", nat_findall, "The texts of all matches, or of their groups.", 0},
    {"finditer(self, /, string, pos=0, endpos=?)", nat_finditer, "An iterator over all matches.", 0},
    {"split(self, /, string, maxsplit=0)", nat_split, "What lies between the matches, and their groups.", 0},
    {"sub(self, /, repl, string, count=0)", nat_sub, "string with its matches replaced.", 0},
    {"subn(self, /, repl, string, count=0)", nat_subn, "What sub answers, and the number of replacements.", 0},
    {"__reduce__(self, /)", nat_reduce, "How to compile it again.", 0},
    {"__copy__(self, /)", nat_same, "The pattern itself.", 0},
    {"__deepcopy__(self, memo, /)", nat_same, "The pattern itself.", 0},
    CLASS_GETITEM_ROW,
    {0},
};

static const TypeDef pattern_def = {
    .slots = {.repr = pattern_repr,
              .hash = pattern_hash,
              .compare = pattern_compare,
              .trace = trace_pattern,
              .free = free_pattern},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"Pattern(*args, **kwargs)", NULL, NULL, 0},
    .doc = "A regular expression, compiled.",
    .flags = TYPE_FINAL,
};

/* ---- the module ---------------------------------------------------------------------------------- */

static Value nat_register(VM *vm, Args args)
{
    stdlib(vm)->re_error = args.v[0];
    stdlib(vm)->re_parts = args.v[1];
    gc_pin(vm, args.v[0]);
    gc_pin(vm, args.v[1]);
    return VALUE_NONE;
}

static const NativeDef natives[] = {
    {"compile(pattern, flags, groupindex, parents, narrow, wide, /)", nat_compile, "A Pattern, of PCRE2's texts.", 0},
    {"register(error, parts, /)", nat_register, "The exception to raise, and what takes replacements apart.", 0},
    {0},
};

static Type *add_type(VM *vm, const char *name, const TypeDef *def)
{
    Type *t = type_from_def(vm, name, NULL, def, KIND_NATIVE_DATA, VALUE_UNSET);
    if (t) gc_pin(vm, obj_value(t));
    return t;
}

static bool init(VM *vm, Module *m)
{
    Stdlib *lib = stdlib(vm);
    if (!lib->pcre && !(lib->pcre = pcre_open()))
        return vm_raise(vm, ERR_IMPORT,
                        "re needs the library of PCRE2: install the Debian package libpcre2-8-0"),
               false;
    lib->pattern_type = add_type(vm, "re.Pattern", &pattern_def);
    lib->match_type = add_type(vm, "re.Match", &match_def);
    lib->matches_type = add_type(vm, "callable_iterator", &matches_def);
    return lib->pattern_type && lib->match_type && lib->matches_type &&
           module_add(vm, m, "Pattern", obj_value(lib->pattern_type)) &&
           module_add(vm, m, "Match", obj_value(lib->match_type));
}

const ModuleDef _re_module = {"_re", natives, "What re has in C.", init};
