/* object.h - the memory layout of every heap object, and of types.
 *
 * Layouts only: what a kind of object can do is in its own header (str.h, list.h, dict.h ...). Every object begins
 * with an 8-byte Obj. Stores of Values into heap objects that may already have been seen by the collector go
 * through gc_store (heap.h); a fresh object's fields may be filled directly until the next safepoint.
 */
#pragma once
#include "vm/code.h"
#include "vm/value.h"

typedef enum {
#define TYPE(e, kind, base, name) T_##e,
#include "vm/types.def"
#undef TYPE
    T_BUILTIN_COUNT // exception types follow, see exception.h
} TypeId;

typedef enum {
#define KIND(e, s) KIND_##e,
#include "vm/kinds.def"
#undef KIND
    KIND_COUNT
} Kind;

typedef enum {
#define DUNDER(e, n) D_##e,
#include "vm/dunders.def"
#undef DUNDER
    D_COUNT
} Dunder;

/* Binary operators, in the order of their dunders (D_ADD + op, D_RADD + op, D_IADD + op). */
typedef enum {
    BIN_ADD, BIN_SUB, BIN_MUL, BIN_TRUEDIV, BIN_FLOORDIV, BIN_MOD, BIN_POW,
    BIN_LSHIFT, BIN_RSHIFT, BIN_AND, BIN_OR, BIN_XOR, BIN_MATMUL, BIN_DIVMOD
} BinaryOp;
typedef enum { UN_NEG, UN_POS, UN_INVERT, UN_ABS } UnaryOp;
typedef enum { CMP_LT, CMP_LE, CMP_EQ, CMP_NE, CMP_GT, CMP_GE } CompareOp; // order of D_LT...

struct Obj {
    uint32_t shape; // id in vm->shapes: the type and, for instances, which attribute sits where
    uint8_t kind;   // KIND_..., the memory layout
    uint8_t gc;     // the collector's (heap.h)
    uint16_t aux;   // per kind; see below
};

static inline bool is_kind(Value v, Kind k) { return is_ptr(v) && as_obj(v)->kind == k; }
/* Exactly the built-in type, no subclass. */
static inline bool is_exact(Value v, TypeId t) { return is_ptr(v) && as_obj(v)->shape == (uint32_t)t; }

typedef struct Str Str;
typedef struct Dict Dict;
typedef struct Tuple Tuple;
typedef struct Type Type;
typedef struct Shape Shape;
typedef struct Gen Gen;
typedef struct Task Task;

/* ---- numbers and text ---- */
typedef struct BigInt { Obj h; int32_t sign; int32_t used; uint64_t digits[]; } BigInt; // mp_digit magnitude (60 bits each), sign -1/+1; aux: none
typedef struct FloatObj { Obj h; double d; } FloatObj;

/* Obj.aux. SHARED: data lies in a growable buffer; three bits from JOINS on count how often + made it longer; LONG: not
 * ASCII and long enough for breadcrumbs, whose pointer lies in front of the bytes. */
enum { STR_ASCII = 1, STR_INTERNED = 2, STR_SHARED = 4, STR_JOINS = 8, STR_JOINS_MASK = 56, STR_LONG = 64 };
struct Str {
    Obj h;
    size_t size;   // bytes
    size_t length; // code points; == size iff STR_ASCII
    uint64_t hash; // 0: not computed yet
    char *data;    // NUL-terminated only when not SHARED; generalised UTF-8. Points behind itself or to a buffer (str.c)
    char bytes[];
};
typedef struct Bytes { Obj h; size_t size; uint64_t hash; uint8_t data[]; } Bytes; // data[size] == 0
typedef struct ByteArray { Obj h; size_t size, capacity, head; uint8_t *data; uint32_t exports; } ByteArray; // malloc'd: data - head

/* offset and step in bytes, from one item to the next; code: the format's letter (memoryview.c) */
typedef struct MemoryView { Obj h; Value base; int64_t offset, count, step, itemsize; char code; } MemoryView;

/* ---- containers ---- */
/* aux, of a tuple of a derived class: how many items inline caches may take for an instance's slots, which
 * lie there, too. */
struct Tuple { Obj h; size_t size; Value items[]; };
/* List items live in malloc'd memory reported to the heap (heap_array_*). */
typedef struct List { Obj h; size_t size, capacity; Value *items; } List;

typedef struct DictEntry { uint64_t hash; Value key; Value value; } DictEntry; // key UNSET: deleted
enum { DICT_CELLS = 1, DICT_STR_KEYS = 2 }; // aux. CELLS: a module namespace, each value is a Cell (cell value UNSET: absent)
struct Dict {
    Obj h;
    uint32_t live;      // entries in use
    uint32_t first;     // those before it are deleted
    uint32_t used;      // entries ever appended (index of the next one)
    uint32_t capacity;  // of entries
    uint32_t log2_index;// size of the index table, a power of two
    uint32_t version;   // grows with every insertion or deletion of a key (not on overwriting)
    DictEntry *entries; // one malloc'd block: entries, then index table of u8, u16 or u32
    void *index;
};
typedef struct SetEntry { int64_t hash; Value key; } SetEntry; // UNSET: free; VALUE_STOP: dummy
/* Obj.aux. CROWDED: a bit of Set.bits may be that of several items; WIDE: not all items have ever been
 * ints from -16 to 47, which a bit each stands for; KEYED: spread by a key, against hashes made to
 * collide. */
enum { SET_KEYED = 1, SET_CROWDED = 2, SET_WIDE = 4 };
typedef struct Set {
    Obj h;
    size_t live, filled, mask; // as in CPython's setobject: filled counts dummies too
    SetEntry *table;
    int64_t hash; // frozenset's cached hash; 0: not computed (-1 likewise stored as is)
    uint64_t bits; // of all items: see set.c
    SetEntry small_table[8];
} Set;
typedef struct Range { Obj h; Value start, stop, step, length; int64_t istart, istep, ilen; } Range; // ilen -1: not all int64
typedef struct Slice { Obj h; Value start, stop, step; } Slice;
/* Every built-in iterator but range's: the type says what the fields mean. */
typedef struct Iter { Obj h; Value source; Value extra; int64_t index; int64_t limit; } Iter;
typedef struct RangeIter { Obj h; int64_t next, step, left; } RangeIter;
typedef struct Array { Obj h; size_t size; Value items[]; } Array; // VM-internal vector

/* ---- boxes ---- */
typedef struct Cell { Obj h; Value value; Value fallback; } Cell; // captured variable or global; fallback: the builtins' Cell or UNSET
typedef struct Box { Obj h; Value value; Value attrs; } Box;      // staticmethod, classmethod, views, proxies
typedef struct Pair { Obj h; Value a, b; } Pair; // KIND_FIELD: a named tuple's item, its position and docstring
typedef struct Super { Obj h; Value type, self, self_type; } Super;
typedef struct Property { Obj h; Value get, set, del, doc, name; } Property;
typedef struct Method { Obj h; Value fn, self; } Method;

/* ---- functions ---- */
typedef struct Code Code;
typedef struct Module { Obj h; Dict *dict; Value name; Value file; const struct ModuleDef *def; } Module; // dict has DICT_CELLS
typedef struct Function {
    Obj h;          // aux: number of cells
    Code *code;
    Module *module;
    Value defaults; // Tuple or UNSET
    Value rare;     // UNSET or a Dict holding what was set: kwdefaults, name, qualname, doc, annotations, __dict__ ("__kwdefaults__" ...)
    Cell *cells[];  // captured variables, Code.image->nfree of them
} Function;

/* Arguments of a native: `v` holds one Value per parameter of the signature, defaults filled in (UNSET where the
 * signature writes `name=?`); *args is then one Tuple, **kwargs one Dict. `n` is the number of parameters, except for
 * natives whose signature is "name(*args)" alone: there v is the raw argument vector and n its length. */
typedef struct Args { Value *v; int n; } Args;
typedef Value (*NativeFn)(VM *vm, Args args);

/* NATIVE_NEW: a constructor that takes all arguments, although there is an __init__ that takes them, too. */
enum { NATIVE_ASYNC = 1, NATIVE_STATIC = 2, NATIVE_CLASSMETHOD = 4, NATIVE_NEW = 8 };
enum { NATIVE_PARSED = 16, NATIVE_UNPACKED = 32 }; // a wrong number of arguments is told in the words of CPython's
                                                   // PyArg_ParseTuple or PyArg_UnpackTuple
enum { NATIVE_NAMED = 128 }; // shows a slot, but is an ordinary method in CPython: it names its class in errors
enum { NATIVE_TIMED = 64 }; // an async one that waits for a time and nothing else: a clone waits for the same time
/* One row of a module's or type's table. signature: "name(a, /, b, *, key=None)" - the whole truth about arguments. */
typedef struct NativeDef {
    const char *signature;
    NativeFn fn;
    const char *doc;
    unsigned flags;
} NativeDef;

typedef struct Native {
    Obj h;                // aux: flags of NativeDef
    NativeFn fn;
    const struct Signature *sig; // parsed once per VM (native.h)
    Value self;           // bound receiver or UNSET
    Type *owner;          // the type it is a method of, or NULL
    Value module;         // name of the module or None
} Native;
/* Attribute computed by C: get never NULL; set NULL: read-only. `value` UNSET in set means delete. */
typedef struct GetSetDef {
    const char *name;
    Value (*get)(VM *vm, Value self);
    Value (*set)(VM *vm, Value self, Value value); // answers None or ERROR
    const char *doc;
} GetSetDef;
typedef struct GetSet { Obj h; const GetSetDef *def; Type *owner; } GetSet;
typedef struct Member { Obj h; Str *name; Type *owner; uint32_t slot; } Member; // a __slots__ name

/* ---- types and instances ---- */

/* What the VM can do with instances of a built-in type without looking up attributes. A NULL slot: not supported
 * (or inherited: type.c copies missing slots from the base). Operators may answer NOT_IMPLEMENTED. For each
 * non-NULL slot type.c makes the dunder methods visible to scripts ([].__len__, int.__add__, ...). */
typedef struct TypeSlots {
    Value (*repr)(VM *vm, Value self);
    Value (*str)(VM *vm, Value self);
    Value (*format)(VM *vm, Value self, Value spec);
    Value (*hash)(VM *vm, Value self);                        // an int Value; VALUE_ERROR "unhashable type"
    Value (*compare)(VM *vm, Value a, Value b, CompareOp op); // a is of this type
    int (*truth)(VM *vm, Value self);                         // 0, 1 or -1 on error
    Value (*len)(VM *vm, Value self);
    Value (*getitem)(VM *vm, Value self, Value key);
    Value (*setitem)(VM *vm, Value self, Value key, Value value); // value UNSET: delete; answers None
    Value (*contains)(VM *vm, Value self, Value item);
    Value (*iter)(VM *vm, Value self);
    Value (*next)(VM *vm, Value self);                        // VALUE_STOP at the end
    Value (*reversed)(VM *vm, Value self);
    Value (*binary)(VM *vm, BinaryOp op, Value a, Value b);   // either operand may be of this type, as in CPython's nb_ slots
    Value (*inplace)(VM *vm, BinaryOp op, Value a, Value b);  // NULL: as binary
    Value (*unary)(VM *vm, UnaryOp op, Value a);
    Value (*getattr)(VM *vm, Value self, Str *name);          // whole look-up (module, super); NULL: the generic one
    Value (*setattr)(VM *vm, Value self, Str *name, Value value);
    Value (*prepare)(VM *vm, Value name);                     // metaclass: the dict for the body of a class of this name
    Value (*await)(VM *vm, Value self);                       // what `await self` waits on
    Value (*resume)(VM *vm, Value self, Task *t);             // NATIVE_DATA only: what a task that waited on it goes on with
    void (*abandon)(VM *vm, Value self, Task *t);             // NATIVE_DATA only: t was to go on, but has been cancelled
    Task *(*holder)(VM *vm, Value self);                      // NATIVE_DATA only: the task that keeps others waiting for it, or NULL
    void (*trace)(VM *vm, Obj *self);                         // NATIVE_DATA only: gc_mark_value on each Value held
    void (*free)(VM *vm, Obj *self);                          // NATIVE_DATA only: release what the heap does not own
} TypeSlots;

typedef struct TypeDef {
    TypeSlots slots;
    const NativeDef *methods;  // ended by {0}
    const GetSetDef *getsets;  // ended by {0}
    NativeDef constructor;     // "list(iterable=(), /)": called with the type as v[0] before the parameters; fn NULL: "cannot create 'x' instances"
    Value (*convert)(VM *vm, Value object); // what the type answers when called with just one object, if that is simpler
    const char *doc;
    unsigned flags;            // TYPE_...
    uint32_t operators;        // what binary and unary answer (OPS_...); 0: everything
} TypeDef;

/* Rows of TypeDef.operators, so that only the methods that exist are seen by scripts: OPS_LEFT(BIN_ADD) is __add__,
 * OPS_RIGHT(BIN_ADD) __radd__, OPS_UNARY(UN_NEG) __neg__. */
#define OPS_LEFT(op)  (1u << (op))
#define OPS_RIGHT(op) (1u << ((op) + 14))
#define OPS_UNARY(op) (1u << ((op) + 28))
#define OPS_BOTH(op)  (OPS_LEFT(op) | OPS_RIGHT(op))
#define OPS_ARITHMETIC \
    (OPS_BOTH(BIN_ADD) | OPS_BOTH(BIN_SUB) | OPS_BOTH(BIN_MUL) | OPS_BOTH(BIN_TRUEDIV) | OPS_BOTH(BIN_FLOORDIV) | \
     OPS_BOTH(BIN_MOD) | OPS_BOTH(BIN_POW) | OPS_BOTH(BIN_DIVMOD))
#define OPS_BITWISE (OPS_BOTH(BIN_AND) | OPS_BOTH(BIN_OR) | OPS_BOTH(BIN_XOR))

enum {
    TYPE_FINAL = 1,       // not an acceptable base (bool, NoneType, range ...)
    TYPE_HEAP = 2,        // made by a class statement or type()
    TYPE_HAS_DICT = 4,    // instances take arbitrary attributes
    TYPE_SEQUENCE = 8,    // matches [..] patterns
    TYPE_MAPPING = 16,    // matches {..} patterns
    TYPE_EXCEPTION = 32,
    TYPE_MATCH_SELF = 64, // int(x) in a pattern captures the subject itself
    TYPE_UNHASHABLE = 128,
    TYPE_HAS_WEAKREF = 256,
    TYPE_ATTRS = 512,     // instances end with a Value for a Dict of attributes: obj_attrs_slot() in type.h
    TYPE_ABSTRACT = 2048, // its own __abstractmethods__ is not empty
    TYPE_CACHED = 4096,   // an inline cache has met a shape of it
    TYPE_COUNTED = 8192,  // __getitem__ and its like, called by name, take nothing but an index that fits (deque)
    TYPE_SET = 1024,      // a data descriptor: has __set__ or __delete__ (property, getset, member)
};

struct Type {
    Obj h;
    Str *name;
    Value qualname, module;
    Tuple *bases, *mro;
    Dict *dict;          // plain dict, str keys; NULL for a built-in type nobody looked into yet: see type_dict()
    const TypeDef *def;  // slots of this type or of the nearest built-in base, with what they inherit filled in
    const struct Signature *direct; // of a built-in type that was called: its constructor's, all that a call has to do
    const TypeDef *table;// of a built-in type: its own row; methods and getsets enter `dict` when first looked up
    Type *base;          // the base whose layout this one extends (__base__); NULL for object
    uint64_t defined[2]; // bit per Dunder: the MRO finds it in a script class
    uint32_t flags;
    uint32_t version;    // 0: not given yet (or numbers ran out); else says which meaning all attributes have, VM-wide
    TypeId builtin;      // nearest ancestor with a row in types.def (itself for one of those)
    uint8_t kind;        // layout of instances
    uint16_t slot_hint;  // in-object attribute slots a new instance gets (learned)
    uint16_t nmembers;   // of __slots__, inherited ones included: the first slots of an instance
    Shape *root_shape;   // of a fresh instance
    Shape *dict_shape;   // of instances that keep their attributes in a Dict; made when first needed
    Bytes *subclasses;   // addresses of Types, NULLs between them; not traced: types_forget_dead. NULL when there are none
    Value attrs_doc;
};

static inline bool type_defines(const Type *t, Dunder d) { return t->defined[d >> 6] >> (d & 63) & 1; }

/* Hidden class: names -> slot numbers of an instance's own attributes. Immutable but for its transition table. */
struct Shape {
    Obj h;
    uint32_t id;
    uint32_t nslots;
    Type *type;
    Shape *parent;      // before the last name was added
    Str *name;          // the last name added
    Dict *table;        // name -> small int slot; built lazily from the chain, may be NULL
    Dict *transitions;  // name -> Shape, held weakly enough: dies with the type
    bool dict_mode;     // instances keep attributes in a Dict in `overflow`
};

/* A plain instance. aux = number of in-object slots. Attribute i lies in slots[i], or in the overflow
 * Array at i - aux. In dict mode `overflow` is the Dict that __dict__ answers. Instances of subclasses of
 * other built-ins keep an Instance-like "attrs" Value instead: see type.h, obj_attrs_slot(). */
typedef struct Instance { Obj h; Value overflow; Value slots[]; } Instance;
_Static_assert(offsetof(Instance, slots) == offsetof(Tuple, items), "a named tuple's items are cached as slots");

/* ---- exceptions ---- */
typedef struct Exception {
    Obj h;
    Value args;      // Tuple
    Value cause, context; // exception, None (explicit) or UNSET
    Value trace;     // UNSET or an Array of (code, pc) pairs, newest last (exception.c)
    Value notes;     // UNSET or List
    Value extra[2];  // by type: StopIteration.value, OSError (errno, strerror...), KeyError none, SystemExit.code, groups' exceptions ...
    Value attrs;     // UNSET or Dict: script-set attributes
    uint8_t suppress_context;
} Exception;
typedef struct Traceback { Obj h; Value exc; uint32_t index; } Traceback;

/* ---- frames, coroutines, tasks: frame.h and task.h say what they mean ---- */
typedef struct Frame Frame;
enum { FRAME_HEAP = 8 };
struct Frame {
    Value fn;         // the Function (the slot its caller put the callee in)
    const Insn *pc;   // where to go on; always the next instruction, valid while the frame is not the running one
    Frame *caller;    // who gets the result; NULL at the bottom of a run
    uint8_t heap;     // FRAME_HEAP: lies in a Gen; else 0. Either makes this word an int, should a scan meet it
    uint8_t ret_kind; // RET_..., what the caller does with the result
    uint16_t ret;     // caller's register that takes the result
    uint32_t depth;   // script frames below
    Value regs[];
};

enum { GEN_CREATED, GEN_SUSPENDED, GEN_FINISHED, GEN_RUNNING }; // low bits of Gen.h.aux
enum {
    GEN_STATE = 3,
    GEN_BUSY = 4,  // unset: it has not begun, or stands at a yield of its own and is no part of a chain
    GEN_CLONE = 8, // a copy: may be awaited from where it stands
    GEN_SHARED = 16,
    GEN_THROWN = 32,  // its delegate runs because something has been thrown into it
    GEN_LOOP = 64,    // a for loop's own expression made it
    GEN_DIRECT = 128, // only its delegator's registers know it
    GEN_STEPPED = 256, // a step of this async generator, driven by hand, awaits something
    GEN_CLOSING = 512, // aclose() has begun on this async generator: no second one does, nor athrow()
};
struct Gen {
    Obj h;          // shape T_GENERATOR, T_COROUTINE or T_ASYNC_GENERATOR; aux: state and flags
    Gen *leaf;      // of a root: the innermost suspended frame of its delegation chain (itself when none)
    Gen *root;      // of a leaf: the frame whose caller gets what it yields
    Value delegate; // what it delegates to (yield from / await): a Gen or another awaitable; none: UNSET, or a guess (gen_stepped)
    Frame frame;    // with its registers, sized by the compiler
};
/* A C coroutine: an async native's call that has not been awaited yet, or is a boundary awaitable. */
typedef struct NativeCoro { Obj h; const Native *native; int state; int n; Value args[]; } NativeCoro;
/* agen.asend()/athrow()/aclose(): awaitable that runs one step of an async generator. aux: 0 new, 1 iterating, 2 closed */
typedef struct AsyncStep { Obj h; Gen *gen; Value arg; uint8_t kind; } AsyncStep;

struct Future;
typedef struct NativeData { Obj h; void *data; Value values[2]; } NativeData;
