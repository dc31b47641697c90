/* ast.h - the syntax tree.
 * Every struct, field list and name derives from ast.def. Nodes live in the Tree's arena and are
 * never freed singly. `AST(BinOp, node)` is the checked cast from Node to AstBinOp.
 *
 * Depth. Whoever walks a tree may recurse: `height` is at most AST_MAX_HEIGHT, or the parser has
 * refused the text. Chains that programs do make long are not counted and must be iterated:
 *   - BinOp.left while it is a BinOp (1+1+1+...),
 *   - Attribute.value, Call.func and Subscript.value while those are of these three kinds (a.b().c[0]...).
 * ast_spine_next walks both. Everything else that may be long is a list: statements, elif branches,
 * and/or operands, comparison steps, parts of a string, comprehension clauses.
 */
#pragma once
#include "lang/names.h"
#include "lang/source.h"
#include "lang/text.h"
#include <assert.h>

enum { AST_MAX_HEIGHT = 1000 };

typedef enum NodeKind {
#define NODE(Kind, group, fields) AST_##Kind,
#include "lang/ast.def"
    AST_KIND_COUNT
} NodeKind;

typedef enum NodeGroup { GROUP_ROOT, GROUP_STMT, GROUP_EXPR, GROUP_PART, GROUP_PATTERN } NodeGroup;

typedef enum Operator {
#define OPERATOR(GROUP, NAME, Dump, text) GROUP##_##NAME,
#include "lang/ast.def"
    OPERATOR_COUNT
} Operator;

typedef enum ExprContext { CTX_LOAD, CTX_STORE, CTX_DEL } ExprContext;

/* In the order in which parameters of a signature stand. */
typedef enum ParamKind { PARAM_POSONLY, PARAM_NORMAL, PARAM_VARARGS, PARAM_KWONLY, PARAM_KWARGS } ParamKind;

typedef struct Node {
    uint8_t kind;    // NodeKind
    uint8_t parens;  // pairs of parentheses around it, 2 for more; a tuple's own count
    uint16_t height; // longest path down to a leaf, spines excepted
    Span span;       // as CPython's node: without parentheses around it
    Span outer;      // with them
} Node;

typedef struct NodeList {
    Node **items;
    uint32_t count, capacity;
} NodeList;

/* Bytes that may hold NUL; there is one more NUL behind them. */
typedef struct Text {
    const char *bytes;
    uint32_t len;
} Text;

/* What the field types of ast.def are in C. */
typedef Node *AstFieldNODE;
typedef Node *AstFieldOPT;
typedef NodeList AstFieldLIST;
typedef Name *AstFieldNAME;
typedef Name *AstFieldOPTNAME;
typedef Text AstFieldTEXT;
typedef int64_t AstFieldINT;
typedef double AstFieldFLOAT;
typedef Operator AstFieldOP;
typedef ExprContext AstFieldCTX;
typedef ParamKind AstFieldPARAM;
typedef int AstFieldCHAR;
typedef int AstFieldCOUNT;
typedef bool AstFieldFLAG;

#define F(type, name) AstField##type name;
#define NODE(Kind, group, fields) \
    typedef struct Ast##Kind {    \
        Node node;                \
        fields                    \
    } Ast##Kind;
#include "lang/ast.def"
#undef F

#define NODE(Kind, group, fields)                      \
    static inline Ast##Kind *ast_as_##Kind(Node *node) \
    {                                                  \
        assert(node->kind == AST_##Kind);              \
        return (Ast##Kind *)node;                      \
    }
#include "lang/ast.def"

#define AST(Kind, node) ast_as_##Kind(node)

/* The next node down a spine (see above): a BinOp's left BinOp, an Attribute's, Call's or
 * Subscript's base of these kinds; NULL at its end. */
Node *ast_spine_next(const Node *node);

/* What the table says. */
typedef enum FieldType {
    FIELD_END,
    FIELD_NODE,
    FIELD_OPT,
    FIELD_LIST,
    FIELD_NAME,
    FIELD_OPTNAME,
    FIELD_TEXT,
    FIELD_INT,
    FIELD_FLOAT,
    FIELD_OP,
    FIELD_CTX,
    FIELD_PARAM,
    FIELD_CHAR,
    FIELD_COUNT,
    FIELD_FLAG
} FieldType;

typedef struct FieldInfo {
    const char *name;
    FieldType type;
    size_t offset; // within the node
} FieldInfo;

const char *ast_kind_name(NodeKind kind);
NodeGroup ast_kind_group(NodeKind kind);
const FieldInfo *ast_fields(NodeKind kind); // up to FIELD_END
const char *ast_operator_text(Operator op); // "+", "not in"

/* A tree with all that it is made of. */
typedef struct Tree {
    Node *root;           // Module, Interactive or Expression; NULL when parsing failed
    const Source *source; // borrowed; spans are offsets into it
    Arena arena;
    NameTable names;
    bool in_mapping;      // set before compiling: the root's names lie in a mapping that whoever runs the code gives (eval, exec)
    bool no_await;        // set before compiling: nobody waits for the root's body (imported modules, eval, exec)
} Tree;

/* The tree as an S-expression, for tests and for `co`: (BinOp left=(Int value=1) op=Add ...).
 * With `spans`, every node carries @line:col-line:col. */
void ast_dump(TextBuffer *out, const Tree *tree, const Node *node, bool spans);
