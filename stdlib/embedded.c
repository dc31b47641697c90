/* The modules written in Co, compiled and packed when Co was built. */
#include "stdlib/stdlib.h"

#include "stdlib/embedded.inc"
