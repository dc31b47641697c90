#include "stdlib/pcre.h"
#include "stdlib/openssl.h"
#include "stdlib/postgres_library.h"
#include "stdlib/stdlib.h"
#include "vm/codecs.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/strand.h"
#include "vm/ucd.h"

#include <stdlib.h>

enum { PLAIN, CORE };

static const BuiltinModule builtin_modules[] = {
#define MODULE(name, place) {&name##_module, place == CORE},
#include "stdlib/modules.def"
#undef MODULE
    {0},
};

static const AbsentNames absent_names[] = {
#define ABSENT(module, names) {module, names},
#include "stdlib/absent.def"
#undef ABSENT
    {0},
};

const struct Library stdlib_library = {builtin_modules, embedded_modules, absent_names};

NativeData *native_data_new(VM *vm, const Type *type, size_t size)
{
    NativeData *o = heap_alloc(vm, KIND_NATIVE_DATA, type->root_shape->id, sizeof *o);
    if (!o) return NULL;
    o->values[0] = o->values[1] = VALUE_UNSET;
    if (size == 0) return o;
    o->data = heap_malloc(vm, size);
    if (!o->data) return NULL;
    memset(o->data, 0, size);
    return o;
}

Value text_from_system(VM *vm, const char *bytes)
{
    Value errors = str_from_c(vm, "surrogateescape");
    return is_error(errors) ? errors
                            : codec_decode(vm, (const uint8_t *)bytes, strlen(bytes), VALUE_UNSET, errors);
}

static bool add_argv(VM *vm, Module *sys, int argc, char **argv)
{
    Value list = list_new(vm, NULL, 0);
    bool ok = !is_error(list);
    for (int i = 0; ok && i < argc; i++) {
        Value arg = text_from_system(vm, argv[i]);
        ok = !is_error(arg) && list_append(vm, as_list(list), arg);
    }
    return ok && module_add(vm, sys, "argv", list);
}

bool stdlib_init(VM *vm, int argc, char **argv)
{
    vm->library = &stdlib_library;
    vm->module_state = calloc(1, sizeof(Stdlib));
    if (!vm->module_state || !(vm->modules = dict_new(vm))) return false;
    gc_pin(vm, obj_value(vm->modules));
    vm->builtins = module_from_def(vm, &builtins_module);
    vm->sys = vm->builtins ? module_from_def(vm, &sys_module) : NULL;
    return vm->sys && add_argv(vm, vm->sys, argc, argv);
}

void stdlib_free(VM *vm)
{
    strands_end(vm); // what they unwind may use the modules' state
    errands_free(vm);
    pcre_close(stdlib(vm)->pcre);
    crypto_drop(stdlib(vm)->crypto);
    openssl_drop(stdlib(vm)->openssl);
    if (vm->module_state) input_free(&stdlib(vm)->input);
    ucd_close(stdlib(vm)->ucd);
    ucd_names_close(stdlib(vm)->ucd_names);
    free(stdlib(vm)->sqlite.library);
    postgres_drop(stdlib(vm)->postgres.library);
    free(vm->module_state);
    vm->module_state = NULL;
}
