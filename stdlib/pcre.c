#include "stdlib/pcre.h"

#include <dlfcn.h>
#include <stdlib.h>

enum {
    MOST_PARENTHESES = 1000, // one in another: compiling recurses
    MOST_MEMORY = 256 << 10, // kilobytes, for what a match may come back to
};

static bool find_functions(Pcre *p)
{
#define PCRE(type, name, parameters)                                   \
    *(void **)&p->name = dlsym(p->library, "pcre2_" #name "_8");       \
    if (!p->name) return false;
    PCRE_FUNCTIONS
#undef PCRE
    return true;
}

static bool make_contexts(Pcre *p)
{
    p->compiling = p->compile_context_create(NULL);
    p->matching = p->match_context_create(NULL);
    if (!p->compiling || !p->matching) return false;
    p->set_newline(p->compiling, PCRE_NEWLINE_LF);
    p->set_parens_nest_limit(p->compiling, MOST_PARENTHESES);
    p->set_compile_extra_options(p->compiling, PCRE_ALLOW_SURROGATE_ESCAPES);
    p->set_heap_limit(p->matching, MOST_MEMORY);
    return true;
}

Pcre *pcre_open(void)
{
    Pcre *p = calloc(1, sizeof *p);
    if (p) p->users = 1;
    if (p && (p->library = dlopen("libpcre2-8.so.0", RTLD_NOW | RTLD_LOCAL)) && find_functions(p) && make_contexts(p))
        return p;
    pcre_close(p);
    return NULL;
}

void pcre_close(Pcre *p)
{
    if (!p || --p->users) return;
    if (p->compiling) p->compile_context_free(p->compiling);
    if (p->matching) p->match_context_free(p->matching);
    if (p->library) dlclose(p->library);
    free(p);
}
