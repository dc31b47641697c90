/* suggest.h - "Did you mean: 'x'?" */
#pragma once
#include "vm/exception.h"

/* The name that the NameError or AttributeError exc most likely meant, or UNSET. May call (dir); errors are swallowed. */
Value suggest_name(VM *vm, Value exc);

typedef enum {
    SLIP_OF_KEYBOARD, // typed with the Korean keyboard on
    SLIP_OF_FINGERS,  // two neighbours swapped, or capitals
    SLIP_OF_IMPORT,   // a module of the library that has not been imported
} Slip;

/* The name that was meant by a slip that suggest_name, which answers what CPython would, knows nothing of; or UNSET. */
Value suggest_slip(VM *vm, Value exc, Slip *slip);
