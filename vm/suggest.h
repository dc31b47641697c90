/* suggest.h - "Did you mean: 'x'?" */
#pragma once
#include "vm/exception.h"

/* The name that the NameError or AttributeError exc most likely meant, or UNSET. May call (dir); errors are swallowed. */
Value suggest_name(VM *vm, Value exc);
