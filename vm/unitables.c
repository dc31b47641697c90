/* unitables.c - the tables of unitables.h, see tools/unitables.py. */
#include "vm/unitables.h"
#include "unitables.inc"
