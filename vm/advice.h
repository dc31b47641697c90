/* advice.h - what the author of a failing program may have meant: rows of advice.def, printed below the exception. */
#pragma once
#include "vm/str.h"

/* Adds the hint for an exception that nobody caught, without line end; false if there is none (or no
 * memory). Exceptions that a script raises itself get none: their authors know what they mean. */
bool advice_add(StrBuilder *b, Value exc);
