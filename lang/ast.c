#include "lang/ast.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

//-- what the table says -----------------------------------------------------------------------------

const char *ast_kind_name(NodeKind kind)
{
    static const char *const names[] = {
#define NODE(Kind, group, fields) #Kind,
#include "lang/ast.def"
    };
    return names[kind];
}

NodeGroup ast_kind_group(NodeKind kind)
{
    static const uint8_t groups[] = {
#define NODE(Kind, group, fields) GROUP_##group,
#include "lang/ast.def"
    };
    return groups[kind];
}

const FieldInfo *ast_fields(NodeKind kind)
{
    switch (kind) {
#define F(type, field) {#field, FIELD_##type, offsetof(This, field)},
#define NODE(Kind, group, fields)                                                \
    case AST_##Kind: {                                                           \
        typedef Ast##Kind This;                                                  \
        static const FieldInfo list[] = {fields{NULL, FIELD_END, sizeof(This)}}; \
        return list;                                                             \
    }
#include "lang/ast.def"
#undef F
    case AST_KIND_COUNT: break;
    }
    return NULL;
}

static const struct {
    const char *text, *dump;
} operators[] = {
#define OPERATOR(GROUP, NAME, Dump, text) {text, #Dump},
#include "lang/ast.def"
};

const char *ast_operator_text(Operator op)
{
    return operators[op].text;
}

static bool is_primary(const Node *node)
{
    return node->kind == AST_Attribute || node->kind == AST_Call || node->kind == AST_Subscript;
}

/* The field through which a spine may go on. */
static Node *spine_child(const Node *node)
{
    switch (node->kind) {
    case AST_BinOp: return ((const AstBinOp *)node)->left;
    case AST_Attribute: return ((const AstAttribute *)node)->value;
    case AST_Call: return ((const AstCall *)node)->func;
    case AST_Subscript: return ((const AstSubscript *)node)->value;
    }
    return NULL;
}

Node *ast_spine_next(const Node *node)
{
    Node *child = spine_child(node);
    if (!child) return NULL;
    bool same = node->kind == AST_BinOp ? child->kind == AST_BinOp : is_primary(child);
    return same ? child : NULL;
}

//-- dump --------------------------------------------------------------------------------------------

typedef struct Dump {
    TextBuffer *out;
    const Tree *tree;
    bool spans;
} Dump;

static void dump_node(Dump *dump, const Node *node);

/* Printable ASCII as it is, every other byte as \xHH. */
static void dump_text(TextBuffer *out, Text text)
{
    text_add(out, "\"", 1);
    for (uint32_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        if (byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\')
            text_addf(out, "\\x%02x", byte);
        else
            text_add(out, text.bytes + i, 1);
    }
    text_add(out, "\"", 1);
}

static void dump_list(Dump *dump, NodeList list)
{
    text_add(dump->out, "[", 1);
    for (uint32_t i = 0; i < list.count; i++) {
        if (i) text_add(dump->out, " ", 1);
        dump_node(dump, list.items[i]);
    }
    text_add(dump->out, "]", 1);
}

static void dump_value(Dump *dump, FieldType type, const void *at)
{
    static const char *const contexts[] = {"Load", "Store", "Del"};
    static const char *const params[] = {"posonly", "normal", "varargs", "kwonly", "kwargs"};
    TextBuffer *out = dump->out;
    switch (type) {
    case FIELD_NODE: dump_node(dump, *(Node *const *)at); break;
    case FIELD_OPT: dump_node(dump, *(Node *const *)at); break;
    case FIELD_LIST: dump_list(dump, *(const NodeList *)at); break;
    case FIELD_NAME: text_addf(out, "%s", (*(Name *const *)at)->text); break;
    case FIELD_OPTNAME: text_addf(out, "%s", (*(Name *const *)at)->text); break;
    case FIELD_TEXT: dump_text(out, *(const Text *)at); break;
    case FIELD_INT: text_addf(out, "%" PRId64, *(const int64_t *)at); break;
    case FIELD_FLOAT: text_addf(out, "%a", *(const double *)at); break;
    case FIELD_OP: text_addf(out, "%s", operators[*(const Operator *)at].dump); break;
    case FIELD_CTX: text_addf(out, "%s", contexts[*(const ExprContext *)at]); break;
    case FIELD_PARAM: text_addf(out, "%s", params[*(const ParamKind *)at]); break;
    case FIELD_CHAR: text_addf(out, "%c", *(const int *)at); break;
    case FIELD_COUNT: text_addf(out, "%d", *(const int *)at); break;
    case FIELD_FLAG: text_addf(out, "%d", *(const bool *)at); break;
    case FIELD_END: break;
    }
}

/* Absent parts, empty lists, zeros and loads are not shown; the value of an Int or Float always is. */
static bool is_shown(FieldType type, const void *at)
{
    switch (type) {
    case FIELD_OPT: return *(Node *const *)at;
    case FIELD_OPTNAME: return *(Name *const *)at;
    case FIELD_LIST: return ((const NodeList *)at)->count > 0;
    case FIELD_TEXT: return ((const Text *)at)->bytes;
    case FIELD_CTX: return *(const ExprContext *)at != CTX_LOAD;
    case FIELD_COUNT: return *(const int *)at;
    case FIELD_CHAR: return *(const int *)at;
    case FIELD_FLAG: return *(const bool *)at;
    default: return true;
    }
}

static void open_node(Dump *dump, const Node *node)
{
    text_addf(dump->out, "(%s", ast_kind_name(node->kind));
    if (!dump->spans) return;
    Position at = source_position(dump->tree->source, node->span);
    text_addf(dump->out, "@%u:%u-%u:%u", at.line, at.col, at.end_line, at.end_col);
}

/* The fields behind that of `child`, all of them if it is NULL; then the closing parenthesis. */
static void dump_fields(Dump *dump, const Node *node, const Node *child)
{
    for (const FieldInfo *field = ast_fields(node->kind); field->type != FIELD_END; field++) {
        const void *at = (const char *)node + field->offset;
        if (child && field->type == FIELD_NODE && *(Node *const *)at == child) {
            child = NULL; // printed already
        } else if (!child && is_shown(field->type, at)) {
            text_addf(dump->out, " %s=", field->name);
            dump_value(dump, field->type, at);
        }
    }
    text_add(dump->out, ")", 1);
}

/* The nodes of a spine from `node` down; the lowest is printed as an ordinary node. */
static void dump_spine(Dump *dump, const Node *node)
{
    size_t count = 1;
    for (const Node *at = node; (at = ast_spine_next(at));) count++;
    const Node **spine = malloc(count * sizeof(Node *));
    if (!spine) {
        dump->out->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        spine[i] = i ? ast_spine_next(spine[i - 1]) : node;
        open_node(dump, spine[i]);
        // In each of these kinds the way down is the first field.
        if (i + 1 < count) text_addf(dump->out, " %s=", ast_fields(spine[i]->kind)->name);
    }
    for (size_t i = count; i-- > 0;) dump_fields(dump, spine[i], i + 1 < count ? spine[i + 1] : NULL);
    free(spine);
}

static void dump_node(Dump *dump, const Node *node)
{
    if (ast_spine_next(node)) {
        dump_spine(dump, node);
        return;
    }
    open_node(dump, node);
    dump_fields(dump, node, NULL);
}

void ast_dump(TextBuffer *out, const Tree *tree, const Node *node, bool spans)
{
    Dump dump = {out, tree, spans};
    dump_node(&dump, node);
}
