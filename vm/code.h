/* code.h - the contract between the compiler and the VM: compiled code as plain data.
 *
 * A CodeImage is one compiled module: a single block of memory without pointers (offsets from its start), so that
 * it can be written to disk, embedded in the binary as a constant array and shared by VMs on different threads.
 * It is immutable. Each VM makes Code objects from it, which hold the constants as Values, the links to global
 * cells and its own copy of the instructions, which specialise in place.
 */
#pragma once
#include <stdint.h>

typedef struct Insn {
    uint16_t op;
    uint16_t a;
    union {
        struct { uint16_t b, c; };
        int32_t jump;   // formats with L: relative to the next instruction
    };
} Insn;

/* The word after an instruction with the X flag: inline cache in the VM's copy, extra operands in the image. */
typedef union InsnExtra {
    Insn insn; // op = OP_EXTRA
    struct { uint16_t op, slot; uint32_t key; } cache;
} InsnExtra;

typedef enum {
#define OPCODE(name, format, flags, doc) OP_##name,
#include "vm/opcodes.def"
#undef OPCODE
    OP_COUNT
} Opcode;

enum { CODE_MAGIC = 0x1A436F0A, CODE_VERSION = 2 };

/* Between the callee and its arguments, in stack code: room for the rest of the callee's frame header
 * (Frame in object.h). */
enum { CALL_GAP = 4 };

typedef enum {
    CONST_NONE, CONST_TRUE, CONST_FALSE, CONST_ELLIPSIS,
    CONST_INT,       // data: int64_t
    CONST_BIGINT,    // text: hexadecimal digits, with '-' in front if negative
    CONST_FLOAT,     // data: the IEEE bits
    CONST_STR,       // text: generalised UTF-8; flag 1 in `extra`: a name, to be interned
    CONST_BYTES,
    CONST_TUPLE,     // offset: `len` CodeConst records
    CONST_FROZENSET, // likewise
    CONST_CODE,      // data: index of a function in the image
    CONST_UNSET,     // VALUE_UNSET as an operand
} ConstKind;

typedef struct CodeConst {
    uint16_t kind, extra;
    uint32_t len; // bytes of text, or items
    union {
        uint32_t offset; // of text or items
        uint64_t data;
    };
} CodeConst;

typedef struct CodeText { uint32_t offset, len; } CodeText; // a str inside the image

/* An exception raised at an instruction in [start, end) goes on at `target` with the exception in register `reg`.
 * Innermost range first. Positions are instruction indexes. */
enum {
    HANDLER_WITH = 1, // the exit of a with statement
    HANDLER_LOOP = 2, // a loop's FOR_CLOSE: passed by when there is nothing to close
};
typedef struct CodeHandler { uint32_t start, end, target; uint16_t reg, flags; } CodeHandler;

enum { LOCAL_CELL = 1, LOCAL_PARAM = 2, LOCAL_FREE = 4, LOCAL_HIDDEN = 8 }; // HIDDEN: keeps the dict that locals() answers
typedef struct CodeLocal { CodeText name; uint16_t reg, flags; } CodeLocal; // FREE: reg is the index of the captured cell

enum { CAPTURE_LOCAL = 0, CAPTURE_FREE = 1 }; // where MAKE_FUNCTION takes a captured cell from: a register (which holds a Cell) or its own captured ones
typedef struct CodeCapture { CodeText name; uint16_t from, index; } CodeCapture;

/* Where the object that GET_AWAITABLE looks at comes from. */
enum { AWAITED_VALUE, AWAITED_AENTER, AWAITED_AEXIT };

enum {
    CODE_GENERATOR = 1, CODE_COROUTINE = 2, CODE_ASYNC_GEN = CODE_GENERATOR | CODE_COROUTINE, // both bits
    CODE_HEAP = 4,       // its frames live in Gen objects: call forms with _H, exact nregs, all but parameters unset at first
    CODE_VARARGS = 8, CODE_VARKW = 16,
    CODE_SIMPLE = 32,    // positional parameters only: no defaults needed at nparams arguments, no *, no **, no keyword-only
    CODE_NAMESPACE = 64, // a class body, or what exec runs: r0 holds the mapping of its names
    CODE_MODULE = 128,
    CODE_HAS_HANDLERS = 256,
    CODE_NESTED = 512,
    CODE_ITERABLE_COROUTINE = 1024, // types.coroutine
    CODE_LEAF = 2048,    // makes no calls
    CODE_LOCALS = 4096,  // may call locals(): named locals are unset until assigned, and live throughout
};

/* One function (or class body, or module body). Parameters occupy registers 0.. in order: positional, keyword-only,
 * then *args, then **kwargs. */
typedef struct CodeRecord {
    CodeText name, qualname;
    uint32_t flags;
    uint32_t nregs;
    uint16_t nparams, nposonly, nkwonly, nfree; // nparams: positional ones (incl. positional-only)
    uint32_t insns, ninsns;       // offsets and counts
    uint32_t consts, nconsts;
    uint32_t globals, nglobals;   // CodeText each: names that G operands index
    uint32_t handlers, nhandlers;
    uint32_t lines, lines_size;   // source positions: bytes that lines.h reads
    uint32_t locals, nlocals;
    uint32_t captures;            // nfree of them
    uint32_t first_line;
    int32_t doc;                  // index of a CONST_STR or -1
} CodeRecord;

typedef struct CodeImage {
    uint32_t magic, version;
    uint32_t size;           // bytes of the whole block
    uint32_t nrecords;
    uint32_t records;        // offset; record 0 is the module body
    CodeText filename;
} CodeImage;

static inline const CodeRecord *code_record(const CodeImage *im, uint32_t i)
{
    return (const CodeRecord *)((const char *)im + im->records) + i;
}
static inline const char *code_text(const CodeImage *im, CodeText t) { return (const char *)im + t.offset; }
static inline const void *code_at(const CodeImage *im, uint32_t offset) { return (const char *)im + offset; }
