#include "vm/common.h"
#include "vm/str.h"

static const char *const common_texts[] = {
#define NAME(field, text) text,
#include "vm/names.def"
#undef NAME
};

static const char *const dunder_texts[D_COUNT] = {
#define DUNDER(e, n) n,
#include "vm/dunders.def"
#undef DUNDER
};

static bool intern_all(VM *vm, Str **to, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = str_intern(vm, texts[i], strlen(texts[i]));
        if (!to[i]) return false;
    }
    return true;
}

bool common_init(VM *vm)
{
    Common *c = heap_malloc(vm, sizeof *c);
    if (!c) return false;
    memset(c, 0, sizeof *c);
    vm->common = c;
    c->memory_error = VALUE_UNSET;
    return intern_all(vm, (Str **)c, common_texts, sizeof common_texts / sizeof *common_texts) &&
           intern_all(vm, vm->dunder_names, dunder_texts, D_COUNT);
}

void common_free(VM *vm)
{
    if (vm->common) heap_free(vm, vm->common, sizeof *vm->common);
    vm->common = NULL;
}
