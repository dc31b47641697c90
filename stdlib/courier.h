/* courier.h - values on their way to a VM on another thread: copied as bytes that no VM owns.
 *
 * Containers, instances, exceptions with their tracebacks, functions with what they have captured and the
 * globals they read, and classes of the program itself are copied, also when they refer to each other;
 * what belongs to the library is named and found there. Code is not copied: images are immutable. Anything
 * else is refused, by name.
 *
 * A call goes there and its result comes back. What of the result is a function or class that the call brought is, at
 * home, the very one that was sent (`sent`).
 */
#pragma once
#include "vm/vm.h"

typedef struct Courier {
    uint8_t *data;
    size_t size, capacity, at;
} Courier;

/* Where a worker's VM came by what it has: objects of the last call by their numbers, its copies of images. */
typedef struct CourierHome {
    struct CourierImage { const void *original; struct ImageRef *ref; } *images;
    size_t nimages;
    List *received; // of the call under way, pinned; NULL: none
} CourierHome;

void courier_free(Courier *c);
/* Append v. sent: a List that takes every object by its number (at home), or NULL; home: of a worker's VM, or NULL.
 * False: TypeError, a value that cannot be copied. */
bool courier_pack(VM *vm, Courier *c, Value v, List *sent, const CourierHome *home);
/* The value. At home `sent` is the list that pack has filled for the call; in a worker home is set. May call scripts
 * (imports): VALUE_ERROR. */
Value courier_unpack(VM *vm, Courier *c, List *sent, CourierHome *home);
/* Another call begins: the namespaces of the program's modules are empty again. */
void courier_forget(VM *vm, CourierHome *home);
void courier_free_home(CourierHome *home);
