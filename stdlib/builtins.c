#include "stdlib/builtins.h"
#include "vm/common.h"
#include "vm/coroutine.h"
#include "vm/dict.h"
#include "vm/import.h"
#include "vm/ops.h"

static const NativeDef natives[] = {
    {"__build_class__(func, name, /, *bases, **kwds)", nat_build_class, "What a class statement calls.", 0},
    {"__import__(name, globals=None, locals=None, fromlist=(), level=0)", nat_import, "Import a module.", 0},
    {"abs(x, /)", nat_abs, "The absolute value of x.", 0},
    {"aiter(async_iterable, /)", nat_aiter, "An asynchronous iterator over async_iterable.", 0},
    {"all(iterable, /)", nat_all, "True if every item is true.", 0},
    {"anext(async_iterator, default=?, /)", nat_anext, "An awaitable of the next item; default at the end.",
     0},
    {"any(iterable, /)", nat_any, "True if some item is true.", 0},
    {"ascii(obj, /)", nat_ascii, "repr(obj) in ASCII characters.", 0},
    {"bin(number, /)", nat_bin, "An integer's binary digits: '0b101'.", 0},
    {"callable(obj, /)", nat_callable, "Whether obj can be called.", 0},
    {"chr(i, /)", nat_chr, "The character with code point i.", 0},
    {"compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)", nat_compile,
     "A code object of source text, for exec() or eval(); mode 'exec', 'eval' or 'single'.", 0},
    {"delattr(obj, name, /)", nat_delattr, "del obj.name", 0},
    {"dir(object=?, /)", nat_dir, "The names of an object's attributes, or those of the current scope.", 0},
    {"divmod(x, y, /)", nat_divmod, "(x // y, x % y)", 0},
    {"eval(source, globals=None, locals=None, /)", nat_eval, "The value of an expression, a str or a code object.", 0},
    {"exec(source, globals=None, locals=None, /, *, closure=None)", nat_exec, "Run statements, a str or a code object.", 0},
    {"exit(code=None)", nat_exit, "End the program.", 0},
    {"format(value, format_spec='', /)", nat_format_object, "value as text, laid out as format_spec says.",
     0},
    {"getattr(object, name, default=?, /)", nat_getattr,
     "object.name, or default when there is no such attribute.", 0},
    {"globals()", nat_globals, "The current module's namespace.", 0},
    {"hasattr(obj, name, /)", nat_hasattr, "Whether obj has an attribute of that name.", 0},
    {"hash(obj, /)", nat_hash, "The hash value of obj.", 0},
    {"help(object=?, /)", nat_help, "Print what an object is for.", 0},
    {"hex(number, /)", nat_hex, "An integer's hexadecimal digits: '0xff'.", 0},
    {"id(obj, /)", nat_id, "A number that no other living object has.", 0},
    {"input(prompt='', /)", nat_input, "A line of standard input, without its line end.", 0},
    {"isinstance(obj, class_or_tuple, /)", nat_isinstance,
     "Whether obj is an instance of a class, or of one of a tuple.", 0},
    {"issubclass(class_, class_or_tuple, /)", nat_issubclass,
     "Whether class_ derives from a class, or from one of a tuple.", 0},
    {"iter(object, sentinel=?, /)", nat_iter,
     "An iterator over object; or calls of it until it answers sentinel.", 0},
    {"len(obj, /)", nat_len, "The number of items.", 0},
    {"locals()", nat_locals, "The current function's variables, as a new dict.", 0},
    {"max(*args, key=None, default=?)", nat_max, "The greatest of some values, or of an iterable's items.",
     0},
    {"min(*args, key=None, default=?)", nat_min, "The smallest of some values, or of an iterable's items.",
     0},
    {"next(iterator, default=?, /)", nat_next, "The next item; default at the end.", 0},
    {"oct(number, /)", nat_oct, "An integer's octal digits: '0o17'.", 0},
    {"open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, "
     "opener=None)",
     nat_open, "Open a file and answer a stream: text unless the mode has a 'b'.", 0},
    {"ord(c, /)", nat_ord, "The code point of a character.", 0},
    {"pow(base, exp, mod=None)", nat_pow, "base ** exp, modulo mod if that is given.", 0},
    {"print(*args, sep=' ', end='\n', file=None, flush=False)", nat_print,
     "Write values to a stream, standard output at first.", 0},
    {"quit(code=None)", nat_exit, "End the program.", 0},
    {"repr(obj, /)", nat_repr, "obj as text for a programmer.", 0},
    {"round(number, ndigits=None)", nat_round, "number rounded to ndigits decimals.", 0},
    {"setattr(obj, name, value, /)", nat_setattr, "obj.name = value", 0},
    {"sorted(iterable, /, *, key=None, reverse=False)", nat_sorted, "A new sorted list of the items.",
     NATIVE_UNPACKED},
    {"sum(iterable, /, start=0)", nat_sum, "start plus all items.", 0},
    {"vars(object=?, /)", nat_vars, "object.__dict__, or locals().", 0},
    {0},
};

static bool add_types(VM *vm, Module *m)
{
    static const TypeId visible[] = {
        T_OBJECT, T_TYPE, T_INT,    T_BOOL,     T_FLOAT,     T_STR,          T_BYTES,       T_BYTEARRAY,
        T_TUPLE,  T_LIST, T_DICT,   T_SET,      T_FROZENSET, T_RANGE,        T_SLICE,       T_ENUMERATE,
        T_ZIP,    T_MAP,  T_FILTER, T_REVERSED, T_PROPERTY,  T_STATICMETHOD, T_CLASSMETHOD, T_SUPER,
        T_MEMORYVIEW, T_COMPLEX,
    };
    for (size_t i = 0; i < sizeof visible / sizeof *visible; i++) {
        Type *t = vm->types[visible[i]];
        if (!dict_set_str(vm, m->dict, t->name, obj_value(t))) return false;
    }
    return true;
}

/* Every error but asyncio's own, which are that module's. */
static bool add_errors(VM *vm, Module *m)
{
    for (int e = 0; e < ERR_COUNT; e++) {
        Type *t = vm->exc_types[e];
        bool elsewhere = e == ERR_CANCELLED || e >= ERR_INVALID_STATE;
        if (!elsewhere && !dict_set_str(vm, m->dict, t->name, obj_value(t))) return false;
    }
    Value os_error = obj_value(vm->exc_types[ERR_OS]);
    return module_add(vm, m, "IOError", os_error) && module_add(vm, m, "EnvironmentError", os_error);
}

static bool init(VM *vm, Module *m)
{
    return add_types(vm, m) && add_errors(vm, m) && prelude_add(vm, m) &&
           module_add(vm, m, "None", VALUE_NONE) && module_add(vm, m, "True", VALUE_TRUE) &&
           module_add(vm, m, "False", VALUE_FALSE) && module_add(vm, m, "Ellipsis", VALUE_ELLIPSIS) &&
           module_add(vm, m, "NotImplemented", VALUE_NOT_IMPLEMENTED) &&
           module_add(vm, m, "__debug__", VALUE_TRUE);
}

const ModuleDef builtins_module = {"builtins", natives, "Built-in functions, types and exceptions.", init};
