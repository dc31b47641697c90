/* compiler.h - what the files of the compiler share: its state and its verbs.
 *
 * Registers of a function: parameters, then named locals, then temporaries, which are a stack: `push` takes the next
 * one, `release` gives back all above a mark. An expression is compiled into the register its user wants, or into ANY:
 * then a local variable stays where it is, and everything else comes to the next temporary.
 *
 * Two rules keep locals right. Only the last instruction of an expression may write to a local that is wanted as
 * its destination, so that an exception halfway leaves the old value. And a local that is an operand is used in
 * place unless an assignment expression changes it before its use: `hold` asks for that.
 */
#pragma once
#include "lang/compile.h"
#include "lang/emit.h"
#include "lang/fold.h"
#include "lang/image.h"
#include "lang/scope.h"

typedef uint32_t Reg;
enum { ANY = UINT32_MAX };

/* A register or a constant. */
typedef struct Operand {
    bool is_const;
    uint32_t index;
} Operand;

typedef struct Segment {
    uint32_t start, end;
    struct Segment *older;
} Segment;

typedef enum BlockKind {
    BLOCK_LOOP,    // for, while
    BLOCK_TRY,     // the body of try ... except: exceptions go to its handlers, other exits pass
    BLOCK_GUARD,   // the body of try ... finally and of with: every exit goes through what guards it
    BLOCK_HANDLER, // the body of an except, a finally, a with's exit: an exception is being handled
    BLOCK_STAR,    // the body of an except*: nothing may leave it
} BlockKind;

/* The ways out of a statement: what a guard's completion register says, if it holds no exception. */
typedef enum Way { WAY_ON, WAY_RETURN, WAY_BREAK, WAY_CONTINUE } Way;

/* A statement around the place where we are. */
typedef struct Block {
    struct Block *outer;
    BlockKind kind;
    // TRY, GUARD, HANDLER, STAR: the instructions whose exceptions are its business
    Segment *segments;
    uint32_t open; // start of the segment being written; UINT32_MAX: paused
    // LOOP
    Label break_to, continue_to;
    Reg pair;      // iterator of a for whose expression made it; ANY: nothing to close
    // GUARD
    Reg way, value; // completion: a Way or the exception; what is being returned
    Label entry;    // of what guards it, for exits
    unsigned ways;  // bit per Way that is taken
    // HANDLER
    Reg saved;      // what was handled outside; ANY: nothing to restore
    bool perhaps;   // of `finally`: perhaps nothing is handled in it but what was handled outside
    AstExceptHandler *catch_all; // a coroutine's `except:`; or NULL
    Name *name;     // the `e` of `except T as e`, deleted at the end; or NULL
    Node *node;
} Block;

/* One record being compiled. */
typedef struct Unit {
    struct Unit *outer;
    Scope *scope;
    Draft draft;
    uint32_t record, flags;
    Text qualname;
    Block *block;     // innermost
    Reg first_temp, top;
    bool heap;        // generator or coroutine: heap call forms
    int32_t doc;
    Reg locals;       // of code that may call locals(): where the dict that it answers is kept
} Unit;

typedef struct Compiler {
    Tree *tree;
    Diags *diags;
    Arena arena;
    Scopes scopes;
    ImageBuilder image;
    Unit *unit;
    Scope *scope;       // the unit's, or that of a comprehension inlined into it
    bool interactive;   // expression statements are displayed
    bool explains_asserts; // compile_assert.c
    bool future_annotations; // annotations stay text
    bool failed;        // an error was reported
} Compiler;

//-- errors and memory (compile.c) -------------------------------------------------------------------

/* Report a SyntaxError. Compiling goes on, for the sake of further errors; there will be no image. */
Diag *compile_error(Compiler *c, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Arena memory; NULL only when it is out, which the end of compiling will notice. */
void *compile_alloc(Compiler *c, size_t count, size_t size);

//-- instructions and registers (compile.c) ----------------------------------------------------------

void put(Compiler *c, const Node *at, Opcode op, uint32_t a, uint32_t b, uint32_t d);
void put_jump(Compiler *c, const Node *at, Opcode op, uint32_t a, uint32_t b, Label to);
void put_extra(Compiler *c, uint32_t a, uint32_t b, uint32_t d);
static inline Label new_label(Compiler *c) { return emit_label(&c->unit->draft); }
static inline void bind_label(Compiler *c, Label label) { emit_bind(&c->unit->draft, label); }
static inline uint32_t here(const Compiler *c) { return emit_here(&c->unit->draft); }

uint32_t const_index(Compiler *c, const Const *value);
uint32_t name_index(Compiler *c, Name *name);  // of a string constant; mangled
uint32_t plain_name_index(Compiler *c, const Name *name); // not mangled
uint32_t int_index(Compiler *c, int64_t value);
uint32_t none_index(Compiler *c);
void put_const(Compiler *c, const Node *at, Reg dst, const Const *value);
void put_none(Compiler *c, const Node *at, Reg dst);
void put_move(Compiler *c, const Node *at, Reg dst, Reg from); // nothing if they are the same

Reg push(Compiler *c);
Reg push_many(Compiler *c, uint32_t count);
static inline Reg mark(const Compiler *c) { return c->unit->top; }
static inline void release(Compiler *c, Reg to) { c->unit->top = to; }
/* Where a result goes: the wanted register, or the next temporary for ANY. */
Reg into(Compiler *c, Reg want);
/* Where to build something up: the wanted register if it is a temporary, else the next one. */
Reg scratch(Compiler *c, Reg want);
/* The wanted register if it may be used as a scratch for operands, else ANY. */
Reg as_scratch(const Compiler *c, Reg want);
/* What was built in `built` (from scratch) is the result. */
Reg deliver(Compiler *c, const Node *at, Reg built, Reg want);
static inline uint32_t call_gap(const Compiler *c) { return c->unit->heap ? 1 : CALL_GAP; }

//-- expressions (compile_expr.c and below) ----------------------------------------------------------

/* Compile into `want`; answers where the value is. With ANY that is a local variable's register, or the next
 * temporary, which is then taken. */
Reg expr(Compiler *c, Node *node, Reg want);
/* A value that is still the same when everything up to source offset `until` has been evaluated: a local variable
 * in place if it can be, anything else in `scratch_reg` (ANY: the next temporary). */
Reg hold(Compiler *c, Node *node, Reg scratch_reg, uint32_t until);
/* The same, or a constant. */
Operand operand(Compiler *c, Node *node, Reg scratch_reg, uint32_t until);
Reg operand_reg(Compiler *c, const Node *at, Operand operand); // loads a constant
/* Evaluate for nothing but its effects. */
void effect(Compiler *c, Node *node);
/* Evaluate the list into consecutive new temporaries; answers the first. */
Reg expr_list(Compiler *c, NodeList list);

Reg binary(Compiler *c, Node *node, Reg want);            // compile_operator.c
void augmented(Compiler *c, const Node *at, Operator op, Reg dst, Reg left, Operand right);
Reg unary(Compiler *c, AstUnaryOp *node, Reg want);
Reg compare(Compiler *c, AstCompare *node, Reg want);
/* The right side of a comparison; of `in`, a constant tuple or set even where a list or set is written. */
Operand compare_operand(Compiler *c, Operator op, Node *node, Reg want, uint32_t until);
Reg compare_reg(Compiler *c, Operator op, Node *node, Reg want, uint32_t until);
/* Jump if the truth of `node` is `sense`, else go on. */
void jump_if(Compiler *c, Node *node, bool sense, Label to); // compile_condition.c
void put_compare_jump(Compiler *c, const Node *at, Operator op, Reg left, Operand right, bool sense, Label to);
Reg bool_op(Compiler *c, AstBoolOp *node, Reg want);
Reg conditional(Compiler *c, AstIfExp *node, Reg want);

Reg display(Compiler *c, Node *node, Reg want);           // compile_display.c: tuple, list, set, dict, f-string
Reg joined_str(Compiler *c, AstJoinedStr *node, Reg want);
/* What is only iterated over: a list or set of constants is a constant. */
Reg iterable(Compiler *c, Node *node);
Reg comprehension(Compiler *c, Node *node, Reg want);     // compile_comp.c
Reg generator_expr(Compiler *c, AstGeneratorExp *node, Reg want);

Reg primary(Compiler *c, Node *node, Reg want);           // compile_call.c: a.b, a[b], a(b) and chains of them
void call_statement(Compiler *c, AstCall *node);
/* dict = the keyword arguments of a call of `callee`; unset if there are none. */
void keyword_dict(Compiler *c, const Node *at, NodeList keywords, Reg dict, Reg callee);
/* Is the operand of an await a call that one instruction can make and await? Then await_call does both. */
bool awaits_in_call(Node *node);
Reg await_call(Compiler *c, Node *node, Reg want);
/* Positional arguments are in place: call. */
void put_call(Compiler *c, const Node *at, Reg base, uint32_t nargs, Reg dst);
Reg slice(Compiler *c, AstSlice *node, Reg want);
Reg subscript_index(Compiler *c, Node *index, Reg want, uint32_t until);

Reg await_expr(Compiler *c, AstAwait *node, Reg want);    // compile_await.c
Reg yield_expr(Compiler *c, AstYield *node, Reg want);
Reg yield_from(Compiler *c, AstYieldFrom *node, Reg want);
void put_yield(Compiler *c, const Node *at, Reg dst, Reg value);
/* dst = what awaiting the awaitable in `from` gives. */
void put_await(Compiler *c, const Node *at, Reg dst, Reg from, int what); // what: AWAITED_... of code.h
/* dst = what the delegate in `from` (already an iterator to wait on) gives. */
void put_delegate(Compiler *c, const Node *at, Reg dst, Reg from);
/* May it wait here? what: how it does; NULL: at is a comprehension. */
bool check_async(Compiler *c, const Node *at, const char *what);
/* Around an instruction that suspends: an exception that is being handled here is not the resumer's business. */
typedef struct Suspension { Reg handled, saved; } Suspension;
Suspension suspend(Compiler *c, const Node *at);
void resume(Compiler *c, const Node *at, Suspension suspension);

//-- names and targets (compile_name.c) --------------------------------------------------------------

Reg load_name(Compiler *c, const Node *at, Name *name, Reg want);
void store_name(Compiler *c, const Node *at, Name *name, Reg value);
/* Unbind, bound or not: the end of `except T as e`. */
void forget_name(Compiler *c, const Node *at, Name *name);
/* The register of a plain local variable, else ANY. */
Reg local_reg(Compiler *c, Name *name);
Reg target_reg(Compiler *c, Node *target);
void store(Compiler *c, Node *target, Reg value);
/* The same with the temporary `item` that the FOR_NEXT put last has given. */
void store_next(Compiler *c, Node *target, Reg item);
void delete_target(Compiler *c, Node *target);
/* Unpack what is in `from`. */
void unpack(Compiler *c, Node *at, NodeList targets, Reg from);

//-- statements --------------------------------------------------------------------------------------

void statement(Compiler *c, Node *node);                  // compile_stmt.c
void statements(Compiler *c, NodeList body);

void for_statement(Compiler *c, AstFor *node);            // compile_loop.c
void while_statement(Compiler *c, AstWhile *node);
/* One step of an `async for` over `iter`: the item comes to `item`; the end jumps to `done`. Call it where the loop
 * begins; answers the label of the next step. */
Label async_step(Compiler *c, const Node *at, Reg iter, Reg item, Label done);

void try_statement(Compiler *c, AstTry *node);            // compile_try.c
/* What stands before the handlers, protected by `block`, and `else`; then to `done`. */
void try_body(Compiler *c, AstTry *node, Block *block, Label done);
void try_star(Compiler *c, AstTry *node);                 // compile_star.c
void with_statement(Compiler *c, AstWith *node);          // compile_with.c
void assert_statement(Compiler *c, AstAssert *node);      // compile_assert.c
void match_statement(Compiler *c, AstMatch *node);        // compile_match.c
void import_statement(Compiler *c, AstImport *node);      // compile_import.c
void import_from(Compiler *c, AstImportFrom *node);

//-- leaving blocks (compile_block.c) ----------------------------------------------------------------

void enter_block(Compiler *c, Block *block, BlockKind kind, Node *node);
void leave_block(Compiler *c, Block *block);
/* The instructions from here on are protected by `block`, until paused; several stretches may be. */
void protect(Compiler *c, Block *block);
void pause(Compiler *c, Block *block);
/* All of them have been written: their exceptions go to `handler`, in `reg`. */
void handle(Compiler *c, Block *block, Label handler, Reg reg, unsigned flags);
/* break, continue or return (with `value`), from here. */
void leave(Compiler *c, Node *at, Way way, Reg value);
/* Does returning from here run anything on the way? */
bool leaving_is_plain(const Compiler *c);
/* What was handled before the outermost handler around us; ANY: no handler is around. */
Reg outermost_saved(const Compiler *c);
bool surely_handles(const Block *block);
/* EXC_UNBASE or EXC_REBASE for what every other handler keeps. */
void rebase_saved(Compiler *c, const Node *at, Opcode op, Reg outermost);
/* A guard is done: go on as its completion register says, to `done` or on one of the ways that were taken out of it.
 * The code after this sees what remains: an exception, if the guard can be entered with one. */
void go_on_after(Compiler *c, Node *at, Block *guard, Label done);

//-- functions and classes (compile_def.c) -----------------------------------------------------------

void function_def(Compiler *c, AstFunctionDef *node);
Reg lambda(Compiler *c, AstLambda *node, Reg want);
void class_def(Compiler *c, AstClassDef *node);
/* Annotation of a variable or parameter, evaluated into `dst` (or, from __future__, its text). */
void annotation(Compiler *c, Node *node, Reg dst);
/* The string that documents a body: its first statement; or NULL. */
Node *docstring(NodeList body);

//-- units (compile_unit.c) --------------------------------------------------------------------------

/* Begin the code of `scope` and make it the current unit; false: memory is out. */
bool unit_begin(Compiler *c, Unit *unit, Scope *scope, const char *name, uint32_t name_len);
/* Parameters are the scope's first symbols, in order; the other locals come after them. */
void unit_locals(Compiler *c, NodeList params, const Node *at);
/* The code is complete: put the record into the image and go back to the outer unit. Answers its number. */
uint32_t unit_end(Compiler *c, Unit *unit, CodeRecord record);
/* Return `value` from the unit; None for ANY. */
void put_return(Compiler *c, const Node *at, Reg value);
