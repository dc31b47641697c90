#include "lang/compiler.h"
#include <string.h>

static Name *intern(Compiler *c, const char *text, size_t len)
{
    return names_intern(&c->tree->names, text, len);
}

static void put_import(Compiler *c, const Node *at, Reg dst, const Name *module, uint32_t names, int level)
{
    uint32_t index = module ? plain_name_index(c, module)
                            : const_index(c, &(Const){.kind = CONST_STR, .text = {"", 0}}); // from . import a
    put(c, at, OP_IMPORT_NAME, dst, index, names);
    put_extra(c, (uint32_t)level, 0, 0);
}

/* import a.b.c as x: the import answers a; b and c are fetched from it. */
static void fetch_submodules(Compiler *c, const Node *at, const Name *dotted, Reg module)
{
    for (const char *dot = strchr(dotted->text, '.'); dot;) {
        const char *part = dot + 1;
        dot = strchr(part, '.');
        Name *name = intern(c, part, dot ? (size_t)(dot - part) : strlen(part));
        if (name) put(c, at, OP_IMPORT_FROM, module, module, plain_name_index(c, name));
    }
}

static void import_module(Compiler *c, Node *at, AstAlias *alias)
{
    Reg module = push(c);
    put_import(c, at, module, alias->name, none_index(c), 0);
    Name *bound = alias->asname;
    if (bound) fetch_submodules(c, at, alias->name, module);
    else bound = intern(c, alias->name->text, strcspn(alias->name->text, "."));
    if (bound) store_name(c, at, bound, module);
    release(c, module);
}

void import_statement(Compiler *c, AstImport *node)
{
    for (uint32_t i = 0; i < node->names.count; i++)
        import_module(c, &node->node, AST(Alias, node->names.items[i]));
}

static bool is_text(const Name *name, const char *text)
{
    return name && strcmp(name->text, text) == 0;
}

static bool is_future(Node *node)
{
    return node->kind == AST_ImportFrom && AST(ImportFrom, node)->level == 0 &&
           is_text(AST(ImportFrom, node)->module, "__future__");
}

/* Only a docstring and its like may stand before it. */
static bool is_at_beginning(const Compiler *c, const Node *future)
{
    Node *root = c->tree->root;
    NodeList body = root->kind == AST_Module        ? AST(Module, root)->body
                    : root->kind == AST_Interactive ? AST(Interactive, root)->body
                                                    : (NodeList){0};
    for (uint32_t i = docstring(body) ? 1 : 0; i < body.count && is_future(body.items[i]); i++)
        if (body.items[i] == future) return true;
    return false;
}

/* Of the features of __future__ all but `annotations` have come. */
static void import_future(Compiler *c, AstImportFrom *node)
{
    if (!is_at_beginning(c, &node->node))
        compile_error(c, node->node.span, "from __future__ imports must occur at the beginning of the file");
    static const char *const features[] = {"nested_scopes", "generators",       "division",       "absolute_import",
                                           "with_statement", "print_function", "unicode_literals", "generator_stop",
                                           "barry_as_FLUFL", "annotations"};
    for (uint32_t i = 0; i < node->names.count; i++) {
        const Name *name = AST(Alias, node->names.items[i])->name;
        size_t k = 0, count = sizeof features / sizeof *features;
        while (k < count && !is_text(name, features[k])) k++;
        if (k == count && strcmp(name->text, "braces") == 0) compile_error(c, node->node.span, "not a chance");
        else if (k == count) compile_error(c, node->node.span, "future feature %s is not defined", name->text);
        c->future_annotations |= is_text(name, "annotations");
    }
}

static uint32_t names_const(Compiler *c, NodeList aliases)
{
    Const *names = compile_alloc(c, aliases.count, sizeof *names);
    if (!names) return 0;
    for (uint32_t i = 0; i < aliases.count; i++) {
        const Name *name = AST(Alias, aliases.items[i])->name;
        names[i] = (Const){.kind = CONST_STR, .is_name = true, .text = {name->text, name->len}};
    }
    return const_index(c, &(Const){.kind = CONST_TUPLE, .count = aliases.count, .items = names});
}

void import_from(Compiler *c, AstImportFrom *node)
{
    Node *at = &node->node;
    if (is_future(at)) {
        import_future(c, node);
        return;
    }
    Reg module = push(c);
    put_import(c, at, module, node->module, names_const(c, node->names), node->level);
    for (uint32_t i = 0; i < node->names.count; i++) {
        AstAlias *alias = AST(Alias, node->names.items[i]);
        if (is_text(alias->name, "*")) {
            put(c, at, OP_IMPORT_STAR, module, 0, 0);
            continue;
        }
        Reg value = push(c);
        put(c, at, OP_IMPORT_FROM, value, module, plain_name_index(c, alias->name));
        store_name(c, at, alias->asname ? alias->asname : alias->name, value);
        release(c, value);
    }
    release(c, module);
}
