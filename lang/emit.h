/* emit.h - the draft of one function's code.
 *
 * The compiler appends instructions whose jumps go to labels. finish.c then drops what is not needed,
 * chooses short or long jumps and gives the finished code. Running out of memory, and outgrowing the 16
 * bits of an operand, is remembered in the draft and looked at once, at the end; until then appending does
 * nothing.
 */
#pragma once
#include "lang/ast.h"
#include "vm/code.h"

typedef uint32_t Label;
enum { NO_LABEL = UINT32_MAX, MAX_OPERAND = UINT16_MAX };

/* A constant before it is in an image. */
typedef struct Const {
    ConstKind kind;
    bool is_name;      // STR: to be interned
    uint32_t count;    // TUPLE, FROZENSET
    union {
        int64_t number; // INT; CODE: index of the record
        double real;
        Text text;      // BIGINT, STR, BYTES
        const struct Const *items;
    };
} Const;

/* Exceptions at drafted instructions [start, end) go to `target`. */
typedef struct DraftRange {
    uint32_t start, end;
    Label target;
    uint16_t reg, flags; // HANDLER_...
} DraftRange;

enum {
    MARK_DEAD = 1,    // finish.c drops it
    MARK_INITIAL = 2, // LOAD_UNSET of a local before anything happened; wanted only if the local may be met unbound
    MARK_ONCE = 8,    // its result is read by one instruction only (4 is finish.c's)
};

typedef struct Draft {
    Arena *arena;
    // One of each per instruction:
    Insn *insns;
    Span *spans;
    Label *labels; // where it jumps
    uint8_t *marks;
    uint32_t count, capacity;

    uint32_t *bound; // per label: the instruction it stands before
    uint32_t nlabels, labels_capacity;
    DraftRange *ranges; // innermost first
    uint32_t nranges, ranges_capacity;
    Const *consts;
    uint32_t *const_slots; // open addressing: index + 1
    uint32_t nconsts, consts_capacity;
    Name **globals;
    uint32_t *global_slots; // likewise
    uint32_t nglobals, globals_capacity;

    uint32_t nregs;
    bool too_large; // some operand does not fit
    bool failed;    // memory is out
} Draft;

void draft_init(Draft *draft, Arena *arena);

void emit(Draft *draft, Span span, Opcode op, uint32_t a, uint32_t b, uint32_t c);
/* The extra word that the instruction just emitted wants. */
void emit_extra(Draft *draft, uint32_t a, uint32_t b, uint32_t c);
void emit_jump(Draft *draft, Span span, Opcode op, uint32_t a, uint32_t b, Label to);
/* The instruction just emitted is the only one to read the registers from `temporary` on, or what `dst` held before. */
void emit_last_reader(Draft *draft, uint32_t temporary, uint32_t dst);
/* LOAD_UNSET that is dropped if nobody can find the register unset. */
void emit_initial_unset(Draft *draft, Span span, uint32_t reg);

Label emit_label(Draft *draft);
void emit_bind(Draft *draft, Label label); // here
static inline uint32_t emit_here(const Draft *draft) { return draft->count; }

/* Exceptions at the instructions [start, end) go to `target`, in `reg`. Inner ranges first. */
void emit_range(Draft *draft, uint32_t start, uint32_t end, Label target, uint32_t reg, unsigned flags);

/* Index of a constant; equal ones (of the same type) are kept once. */
uint32_t emit_const(Draft *draft, const Const *value);
uint32_t emit_name_const(Draft *draft, const Name *name);
/* Index of a global name. */
uint32_t emit_global(Draft *draft, Name *name);

bool const_equal(const Const *a, const Const *b);
