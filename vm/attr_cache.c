#include "vm/attr_cache.h"

#include <stdlib.h>

enum { ANSWERS_SIZE = SITE_COUNT * ATTR_ANSWERS * sizeof(AttrAnswer) };

void attr_cache_add(VM *vm, AttrSite site, AttrAnswer answer)
{
#ifdef CO_PLAIN
    return; // interp.c says what for
#endif
    if (!(answer.name->h.aux & STR_INTERNED)) return;
    if (!vm->attr_answers) {
        vm->attr_answers = calloc(1, ANSWERS_SIZE);
        if (!vm->attr_answers) return;
    }
    *attr_cache_place(vm, site, answer.shape, answer.name) = answer;
}

void attr_cache_clear(VM *vm)
{
    if (vm->attr_answers) memset(vm->attr_answers, 0, ANSWERS_SIZE);
}
