#include "lang/compiler.h"
#include <string.h>

//-- errors and memory -------------------------------------------------------------------------------

Diag *compile_error(Compiler *c, Span span, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    Diag *diag = diag_addv(c->diags, DIAG_SYNTAX, span, format, args);
    va_end(args);
    c->failed = true;
    return diag;
}

void *compile_alloc(Compiler *c, size_t count, size_t size)
{
    return arena_array(&c->arena, count, size);
}

//-- instructions ------------------------------------------------------------------------------------

void put(Compiler *c, const Node *at, Opcode op, uint32_t a, uint32_t b, uint32_t d)
{
    emit(&c->unit->draft, at->span, op, a, b, d);
}

void put_jump(Compiler *c, const Node *at, Opcode op, uint32_t a, uint32_t b, Label to)
{
    emit_jump(&c->unit->draft, at->span, op, a, b, to);
}

void put_extra(Compiler *c, uint32_t a, uint32_t b, uint32_t d)
{
    emit_extra(&c->unit->draft, a, b, d);
}

/* Strings that look like identifiers are interned: they are likely to be compared with names. */
static bool looks_like_name(Text text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        char ch = text.bytes[i];
        bool ok = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
        if (!ok) return false;
    }
    return true;
}

uint32_t const_index(Compiler *c, const Const *value)
{
    Const copy = *value;
    if (copy.kind == CONST_STR && looks_like_name(copy.text)) copy.is_name = true;
    return emit_const(&c->unit->draft, &copy);
}

uint32_t plain_name_index(Compiler *c, const Name *name)
{
    return emit_name_const(&c->unit->draft, name);
}

uint32_t name_index(Compiler *c, Name *name)
{
    Name *mangled = scope_mangle(&c->scopes, c->scope, name);
    return mangled ? plain_name_index(c, mangled) : 0;
}

uint32_t int_index(Compiler *c, int64_t value)
{
    return const_index(c, &(Const){.kind = CONST_INT, .number = value});
}

uint32_t none_index(Compiler *c)
{
    return const_index(c, &(Const){.kind = CONST_NONE});
}

void put_const(Compiler *c, const Node *at, Reg dst, const Const *value)
{
    put(c, at, OP_LOADK, dst, const_index(c, value), 0);
}

void put_none(Compiler *c, const Node *at, Reg dst)
{
    put(c, at, OP_LOADK, dst, none_index(c), 0);
}

void put_move(Compiler *c, const Node *at, Reg dst, Reg from)
{
    if (dst != from) put(c, at, OP_MOVE, dst, from, 0);
}

//-- registers ---------------------------------------------------------------------------------------

Reg push_many(Compiler *c, uint32_t count)
{
    Unit *unit = c->unit;
    Reg first = unit->top;
    unit->top += count;
    if (unit->top > unit->draft.nregs) unit->draft.nregs = unit->top;
    if (unit->top > MAX_OPERAND) unit->draft.too_large = true;
    return first;
}

Reg push(Compiler *c)
{
    return push_many(c, 1);
}

Reg into(Compiler *c, Reg want)
{
    return want == ANY ? push(c) : want;
}

Reg as_scratch(const Compiler *c, Reg want)
{
    return want != ANY && want >= c->unit->first_temp ? want : ANY;
}

Reg scratch(Compiler *c, Reg want)
{
    return into(c, as_scratch(c, want));
}

Reg deliver(Compiler *c, const Node *at, Reg built, Reg want)
{
    if (want == ANY || want == built) return built;
    put_move(c, at, want, built);
    release(c, built); // it was a temporary of our own
    return want;
}

//-- the whole ---------------------------------------------------------------------------------------


static Name *intern(Compiler *c, const char *text)
{
    return names_intern(&c->tree->names, text, strlen(text));
}

/* Of the module, or of the mapping that eval or exec was given. */
static void put_name(Compiler *c, const Node *at, const char *text, Reg value)
{
    Name *name = intern(c, text);
    if (!name) return;
    if (c->scope->has_namespace) put(c, at, OP_STORE_NAME, value, plain_name_index(c, name), 0);
    else put(c, at, OP_STORE_GLOBAL, value, emit_global(&c->unit->draft, name), 0);
}

static void get_name(Compiler *c, const Node *at, Name *name, Reg dst)
{
    uint32_t global = emit_global(&c->unit->draft, name);
    if (c->scope->has_namespace) put(c, at, OP_LOAD_NAME, dst, plain_name_index(c, name), global);
    else put(c, at, OP_LOAD_GLOBAL, dst, global, 0);
}

/* The names of earlier statements stay: a fresh dict only if there is none. */
static void keep_annotations(Compiler *c, const Node *at, Reg dict)
{
    Name *name = intern(c, "__annotations__");
    if (!name) return;
    Label missing = new_label(c), done = new_label(c);
    uint32_t start = here(c);
    get_name(c, at, name, dict);
    uint32_t end = here(c);
    put_jump(c, at, OP_JMP, 0, 0, done);
    bind_label(c, missing);
    put(c, at, OP_BUILD_DICT, dict, dict, 0);
    put_name(c, at, "__annotations__", dict);
    bind_label(c, done);
    emit_range(&c->unit->draft, start, end, missing, dict, 0);
}

static void module_annotations(Compiler *c, const Node *at)
{
    if (!c->scope->has_annotations) return;
    Reg dict = push(c);
    if (c->interactive || c->scope->has_namespace) {
        keep_annotations(c, at, dict);
    } else {
        put(c, at, OP_BUILD_DICT, dict, dict, 0);
        put_name(c, at, "__annotations__", dict);
    }
    release(c, dict);
}

static void module_doc(Compiler *c, NodeList body)
{
    Node *doc = docstring(body);
    if (!doc) return;
    Reg text = push(c);
    Const value;
    if (fold_expr(&c->arena, doc, &value)) put_const(c, doc, text, &value);
    put_name(c, doc, "__doc__", text);
    release(c, text);
}

static void module_body(Compiler *c, Node *root)
{
    switch (root->kind) {
    case AST_Module:
        module_annotations(c, root);
        module_doc(c, AST(Module, root)->body);
        statements(c, AST(Module, root)->body);
        break;
    case AST_Interactive:
        c->interactive = true;
        module_annotations(c, root);
        statements(c, AST(Interactive, root)->body);
        break;
    default: {
        Node *body = AST(Expression, root)->body;
        put_return(c, body, expr(c, body, ANY));
    }
    }
}

static void compile_module(Compiler *c)
{
    Unit unit;
    Scope *scope = scope_of(&c->scopes, c->tree->root);
    if (!unit_begin(c, &unit, scope, "<module>", (uint32_t)strlen("<module>"))) return;
    if (scope->has_namespace) unit_locals(c, (NodeList){0}, c->tree->root);
    else unit.flags |= CODE_MODULE;
    module_body(c, c->tree->root);
    unit_end(c, &unit, (CodeRecord){.first_line = 1, .nparams = scope->has_namespace});
}

static bool memory_is_out(const Compiler *c)
{
    return c->arena.failed || c->tree->arena.failed || c->image.failed;
}

static CodeImage *compile_any(Tree *tree, Diags *diags, bool explains_asserts)
{
    Compiler c = {.tree = tree, .diags = diags, .explains_asserts = explains_asserts};
    CodeImage *image = NULL;
    arena_init(&c.arena);
    image_init(&c.image, &c.arena, tree->source);
    if (scopes_analyse(&c.scopes, tree, &c.arena, diags)) compile_module(&c);
    if (!diags->errors && !c.failed && !c.scopes.failed && !memory_is_out(&c)) image = image_finish(&c.image);
    if (!image && !diags->errors) diags->out_of_memory = true;
    image_free(&c.image);
    arena_free(&c.arena);
    return image;
}

CodeImage *compile_tree(Tree *tree, Diags *diags)
{
    return compile_any(tree, diags, false);
}

CodeImage *compile_tests(Tree *tree, Diags *diags)
{
    return compile_any(tree, diags, true);
}
