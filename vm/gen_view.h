/* gen_view.h - looking into and copying a suspended frame: .status .line .locals .awaiting .clone(). */
#pragma once
#include "vm/coroutine.h"

/* GEN_... as its holder sees it: a frame whose delegate runs counts as running. */
int gen_view_state(Gen *g);
Value gen_view_status(VM *vm, Value self);
Value gen_view_line(VM *vm, Value self);
Value gen_view_locals(VM *vm, Value self);
Value gen_view_awaiting(VM *vm, Value self);
/* `args.v[0]` as every native. TypeErrors say why something cannot be copied (rules: running, inside
 * `with`, waiting on the outside world, a lock or a queue, holding an iterator that has no copy). */
Value gen_view_clone(VM *vm, Args args);
