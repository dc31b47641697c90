/* The modules written in Co, compiled when Co was built. Stage 1 of the build, which compiles them, has none. */
#include "stdlib/stdlib.h"

#ifdef CO_STAGE1
const EmbeddedModule embedded_modules[] = {{0}};
#else
#include "stdlib/embedded.inc"
#endif
