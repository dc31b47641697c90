#include "lang/compiler.h"

//-- assignment --------------------------------------------------------------------------------------

static bool same_name(Compiler *c, Node *target, Reg local)
{
    return target_reg(c, target) == local;
}

/* Does storing to `target` write to the local variable in this register? */
static bool writes_local(Compiler *c, Node *target, Reg local)
{
    NodeList elts = target->kind == AST_Tuple  ? AST(Tuple, target)->elts
                    : target->kind == AST_List ? AST(List, target)->elts
                                               : (NodeList){0};
    if (target->kind == AST_Starred) return writes_local(c, AST(Starred, target)->value, local);
    for (uint32_t i = 0; i < elts.count; i++)
        if (writes_local(c, elts.items[i], local)) return true;
    return same_name(c, target, local);
}

static bool any_writes_local(Compiler *c, NodeList targets, uint32_t count, Reg local)
{
    for (uint32_t i = 0; i < count; i++)
        if (writes_local(c, targets.items[i], local)) return true;
    return false;
}

/* A value that stays the same while `targets` are stored to: a local variable in place, if none of them
 * changes it. */
static Reg stable_value(Compiler *c, AstAssign *node)
{
    Reg local = target_reg(c, node->value);
    if (local == ANY) return expr(c, node->value, ANY);
    Name *name = scope_mangle(&c->scopes, c->scope, AST(Name, node->value)->id);
    bool changes = scopes_assigned_within(&c->scopes, name, node->node.span.start, node->value->span.start) ||
                   (node->targets.count > 1 && any_writes_local(c, node->targets, node->targets.count, local));
    return expr(c, node->value, changes ? push(c) : ANY);
}

static bool is_star_free(NodeList elts)
{
    for (uint32_t i = 0; i < elts.count; i++)
        if (elts.items[i]->kind == AST_Starred) return false;
    return true;
}

/* a, b = b, a: no tuple is made. */
static bool is_parallel(AstAssign *node, NodeList *targets, NodeList *values)
{
    enum { MAX_PARALLEL = 16 };
    Node *target = node->targets.items[0], *value = node->value;
    if (node->targets.count != 1 || (target->kind != AST_Tuple && target->kind != AST_List)) return false;
    if (value->kind != AST_Tuple) return false;
    *targets = target->kind == AST_Tuple ? AST(Tuple, target)->elts : AST(List, target)->elts;
    *values = AST(Tuple, value)->elts;
    return targets->count == values->count && targets->count <= MAX_PARALLEL && is_star_free(*targets) &&
           is_star_free(*values);
}

/* One of the values; a local variable stays in place if it is still the same when its turn to be stored
 * comes. */
static Operand parallel_value(Compiler *c, AstAssign *node, NodeList targets, Node *value, uint32_t turn)
{
    Const constant;
    if (fold_expr(&c->arena, value, &constant)) return (Operand){true, const_index(c, &constant)};
    Reg local = target_reg(c, value);
    if (local != ANY) {
        Name *name = scope_mangle(&c->scopes, c->scope, AST(Name, value)->id);
        Span whole = node->node.span;
        bool changes = any_writes_local(c, targets, turn, local) ||
                       scopes_assigned_within(&c->scopes, name, whole.start, whole.end);
        if (!changes) return (Operand){false, expr(c, value, ANY)};
    }
    return (Operand){false, expr(c, value, push(c))};
}

static void store_operand(Compiler *c, Node *target, Operand value)
{
    Reg before = mark(c), local = target_reg(c, target);
    if (value.is_const && local != ANY) put(c, target, OP_LOADK, local, value.index, 0);
    else store(c, target, operand_reg(c, target, value));
    release(c, before);
}

static void parallel_assign(Compiler *c, AstAssign *node, NodeList targets, NodeList values)
{
    Operand *operands = compile_alloc(c, values.count, sizeof *operands);
    if (!operands) return;
    for (uint32_t i = 0; i < values.count; i++)
        operands[i] = parallel_value(c, node, targets, values.items[i], i);
    for (uint32_t i = 0; i < targets.count; i++) store_operand(c, targets.items[i], operands[i]);
}

static void assign(Compiler *c, AstAssign *node)
{
    NodeList targets = node->targets, values;
    Reg local = targets.count == 1 ? target_reg(c, targets.items[0]) : ANY;
    if (local != ANY) {
        expr(c, node->value, local);
    } else if (is_parallel(node, &targets, &values)) {
        parallel_assign(c, node, targets, values);
    } else {
        Reg value = stable_value(c, node);
        for (uint32_t i = 0; i < node->targets.count; i++) store(c, node->targets.items[i], value);
    }
}

//-- augmented assignment: target and operands are evaluated once ------------------------------------

static void augment_name(Compiler *c, AstAugAssign *node)
{
    AstName *target = AST(Name, node->target);
    Reg local = local_reg(c, target->id);
    Reg left = hold(c, node->target, ANY, node->node.span.end);
    Operand right = operand(c, node->value, ANY, 0);
    if (local != ANY) {
        augmented(c, &node->node, node->op, local, left, right);
        return;
    }
    augmented(c, &node->node, node->op, left, left, right);
    store_name(c, node->target, target->id, left);
}

static void augment_attribute(Compiler *c, AstAugAssign *node)
{
    AstAttribute *target = AST(Attribute, node->target);
    Reg object = hold(c, target->value, ANY, node->node.span.end), value = push(c);
    put(c, node->target, OP_GETATTR, value, object, name_index(c, target->attr));
    put_extra(c, 0, 0, 0);
    augmented(c, &node->node, node->op, value, value, operand(c, node->value, ANY, 0));
    put(c, node->target, OP_SETATTR, object, name_index(c, target->attr), value);
    put_extra(c, 0, 0, 0);
}

static void augment_item(Compiler *c, AstAugAssign *node)
{
    AstSubscript *target = AST(Subscript, node->target);
    Reg object = hold(c, target->value, ANY, node->node.span.end);
    Reg index = subscript_index(c, target->index, ANY, node->node.span.end), value = push(c);
    put(c, node->target, OP_GETITEM, value, object, index);
    augmented(c, &node->node, node->op, value, value, operand(c, node->value, ANY, 0));
    put(c, node->target, OP_SETITEM, object, index, value);
}

static void augmented_assign(Compiler *c, AstAugAssign *node)
{
    switch (node->target->kind) {
    case AST_Name: augment_name(c, node); break;
    case AST_Attribute: augment_attribute(c, node); break;
    default: augment_item(c, node); break;
    }
}

//-- annotated assignment ----------------------------------------------------------------------------

/* Annotations of a module's or class's names are kept, those of a function's are not even evaluated. */
static void keep_annotation(Compiler *c, AstAnnAssign *node)
{
    Name *annotations = names_intern(&c->tree->names, "__annotations__", sizeof "__annotations__" - 1);
    if (!annotations) return;
    Reg value = push(c), dict = push(c), key = push(c);
    annotation(c, node->annotation, value);
    uint32_t global = emit_global(&c->unit->draft, annotations);
    if (c->unit->scope->has_namespace)
        put(c, &node->node, OP_LOAD_NAME, dict, plain_name_index(c, annotations), global);
    else put(c, &node->node, OP_LOAD_GLOBAL, dict, global, 0);
    put(c, &node->node, OP_LOADK, key, name_index(c, AST(Name, node->target)->id), 0);
    put(c, &node->node, OP_SETITEM, dict, key, value);
}

/* The parts of a target that is annotated but not assigned are evaluated all the same. */
static void evaluate_target(Compiler *c, Node *target)
{
    if (target->kind == AST_Attribute) effect(c, AST(Attribute, target)->value);
    if (target->kind != AST_Subscript) return;
    effect(c, AST(Subscript, target)->value);
    effect(c, AST(Subscript, target)->index);
}

static void annotated_assign(Compiler *c, AstAnnAssign *node)
{
    ScopeKind kind = c->unit->scope->kind;
    bool keeps = kind == SCOPE_MODULE || kind == SCOPE_CLASS;
    if (node->value) {
        Reg local = target_reg(c, node->target);
        Reg value = expr(c, node->value, local);
        if (local == ANY) store(c, node->target, value);
    } else {
        evaluate_target(c, node->target);
    }
    if (keeps && node->simple) keep_annotation(c, node);
    else if (keeps && !c->future_annotations) effect(c, node->annotation);
}

//-- small statements --------------------------------------------------------------------------------

static void return_statement(Compiler *c, AstReturn *node)
{
    const Scope *scope = c->unit->scope;
    if (scope->kind == SCOPE_MODULE || scope->kind == SCOPE_CLASS) {
        compile_error(c, node->node.span, "'return' outside function");
        return;
    }
    if (node->value && scope->is_async && scope->is_generator) {
        compile_error(c, node->node.span, "'return' with value in async generator");
        return;
    }
    // What runs on the way out may change the variable that is returned.
    Reg value = node->value && leaving_is_plain(c) ? expr(c, node->value, ANY) : push(c);
    if (!node->value) put_none(c, &node->node, value);
    else if (!leaving_is_plain(c)) expr(c, node->value, value);
    leave(c, &node->node, WAY_RETURN, value);
}

static void raise_statement(Compiler *c, AstRaise *node)
{
    if (!node->exc) {
        put(c, &node->node, OP_RAISE_CURRENT, 0, 0, 0);
        return;
    }
    uint32_t until = node->node.span.end;
    Reg exception = hold(c, node->exc, ANY, until);
    if (node->cause) put(c, &node->node, OP_RAISE_FROM, exception, expr(c, node->cause, ANY), 0);
    else put(c, &node->node, OP_RAISE, exception, 0, 0);
}

static void if_statement(Compiler *c, AstIf *node)
{
    Label end = new_label(c);
    for (uint32_t i = 0; i < node->branches.count; i++) {
        AstIfBranch *branch = AST(IfBranch, node->branches.items[i]);
        Label next = new_label(c);
        jump_if(c, branch->test, false, next);
        statements(c, branch->body);
        if (i + 1 < node->branches.count || node->orelse.count) put_jump(c, &branch->node, OP_JMP, 0, 0, end);
        bind_label(c, next);
    }
    statements(c, node->orelse);
    bind_label(c, end);
}

static void expression_statement(Compiler *c, Node *value)
{
    bool displayed = c->interactive && c->unit->scope->kind == SCOPE_MODULE;
    if (displayed) put(c, value, OP_DISPLAY, expr(c, value, ANY), 0, 0);
    else effect(c, value);
}

static void delete_statement(Compiler *c, NodeList targets)
{
    for (uint32_t i = 0; i < targets.count; i++) delete_target(c, targets.items[i]);
}

//-- all ---------------------------------------------------------------------------------------------

void statement(Compiler *c, Node *node)
{
    Reg before = mark(c);
    switch ((NodeKind)node->kind) {
    case AST_FunctionDef: function_def(c, AST(FunctionDef, node)); break;
    case AST_ClassDef: class_def(c, AST(ClassDef, node)); break;
    case AST_Return: return_statement(c, AST(Return, node)); break;
    case AST_Delete: delete_statement(c, AST(Delete, node)->targets); break;
    case AST_Assign: assign(c, AST(Assign, node)); break;
    case AST_AugAssign: augmented_assign(c, AST(AugAssign, node)); break;
    case AST_AnnAssign: annotated_assign(c, AST(AnnAssign, node)); break;
    case AST_For: for_statement(c, AST(For, node)); break;
    case AST_While: while_statement(c, AST(While, node)); break;
    case AST_If: if_statement(c, AST(If, node)); break;
    case AST_With: with_statement(c, AST(With, node)); break;
    case AST_Match: match_statement(c, AST(Match, node)); break;
    case AST_Raise: raise_statement(c, AST(Raise, node)); break;
    case AST_Try: try_statement(c, AST(Try, node)); break;
    case AST_Assert: assert_statement(c, AST(Assert, node)); break;
    case AST_Import: import_statement(c, AST(Import, node)); break;
    case AST_ImportFrom: import_from(c, AST(ImportFrom, node)); break;
    case AST_Expr: expression_statement(c, AST(Expr, node)->value); break;
    case AST_Break: leave(c, node, WAY_BREAK, ANY); break;
    case AST_Continue: leave(c, node, WAY_CONTINUE, ANY); break;
    default: break; // pass, global and nonlocal do nothing
    }
    release(c, before);
}

void statements(Compiler *c, NodeList body)
{
    for (uint32_t i = 0; i < body.count; i++) statement(c, body.items[i]);
}
