#include "cli/pretty.h"
#include "cli/cells.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <string.h>

enum { DEEPEST = 20, INDENT = 4, LONGEST = 1 << 20, SHORT_ITEM = 16 };

typedef struct Printer {
    VM *vm;
    TextBuffer *out;
    size_t columns;
    Value parents[DEEPEST]; // the containers around: one that holds itself is not entered again
    size_t depth;
} Printer;

static bool print(Printer *p, Value v, size_t taken);

static void newline(Printer *p)
{
    text_addf(p->out, "\n%*s", (int)(p->depth * INDENT), "");
}

/* Columns used of the line being written. */
static size_t column(const Printer *p)
{
    size_t at = p->out->len;
    while (at > 0 && p->out->bytes[at - 1] != '\n') at--;
    return cells_width(p->out->bytes + at, p->out->len - at);
}

static bool add_repr(Printer *p, Value v)
{
    Value text = obj_repr(p->vm, v);
    if (is_error(text)) return false;
    text_add(p->out, as_str(text)->data, as_str(text)->size);
    return true;
}

/* Short items share a line. */
static bool print_item(Printer *p, Value v, bool first)
{
    size_t start = p->out->len;
    bool fits = !first;
    if (fits) {
        text_add(p->out, " ", 1);
        if (!add_repr(p, v)) return false;
        fits = p->out->len - start <= SHORT_ITEM && column(p) + 1 <= p->columns;
        if (!fits) p->out->len = start;
    }
    if (!fits) {
        newline(p);
        if (!print(p, v, 1)) return false;
    }
    text_add(p->out, ",", 1);
    return true;
}

/* A repr may run the program's code, which may do anything to the list: nothing of it is kept from item to item. */
static bool print_items(Printer *p, Value v)
{
    size_t before = SHORT_ITEM + 1; // how long the last item was
    for (size_t i = 0;; i++) {
        size_t n = is_list(v) ? as_list(v)->size : as_tuple(v)->size, start = p->out->len;
        if (i >= n) return true;
        Value *root = roots_push(p->vm, is_list(v) ? as_list(v)->items[i] : as_tuple(v)->items[i]);
        bool ok = root && print_item(p, *root, i == 0 || before > SHORT_ITEM);
        if (root) roots_pop(p->vm, root);
        if (!ok) return false;
        before = p->out->len - start;
        const char *item = p->out->bytes + start;
        if (memchr(item, '\n', before)) before = p->out->len - start - 1 - p->depth * INDENT;
    }
}

static bool print_pairs(Printer *p, Value v)
{
    size_t pos = 0;
    Value key, value;
    while (dict_next(as_dict(v), &pos, &key, &value)) {
        Value *root = roots_reserve(p->vm, 2);
        if (!root) return false;
        root[0] = key;
        root[1] = value;
        newline(p);
        bool ok = add_repr(p, root[0]);
        text_add(p->out, ": ", 2);
        ok = ok && print(p, root[1], column(p) - p->depth * INDENT + 1);
        text_add(p->out, ",", 1);
        roots_pop(p->vm, root);
        if (!ok) return false;
    }
    return true;
}

static bool is_container(Value v) { return is_exact(v, T_LIST) || is_exact(v, T_TUPLE) || is_exact(v, T_DICT); }

static bool may_enter(const Printer *p, Value v)
{
    if (!is_container(v) || p->depth == DEEPEST || vm_c_stack_low(p->vm))
        return p->vm->exc = VALUE_UNSET, false;
    for (size_t i = 0; i < p->depth; i++)
        if (p->parents[i] == v) return false;
    return true;
}

/* `taken`: columns of its first line that are used beside it. */
static bool print(Printer *p, Value v, size_t taken)
{
    size_t start = p->out->len;
    if (!add_repr(p, v)) return false;
    size_t size = p->out->len - start, room = p->columns - p->depth * INDENT;
    bool fits = p->columns < p->depth * INDENT + 2 * INDENT || size > LONGEST ||
                cells_width(p->out->bytes + start, size) + taken <= room;
    if (fits || !may_enter(p, v)) return true;
    char open = p->out->bytes[start], close = p->out->bytes[p->out->len - 1];
    p->out->len = start;
    text_add(p->out, &open, 1);
    p->parents[p->depth++] = v;
    bool ok = is_dict(v) ? print_pairs(p, v) : print_items(p, v);
    p->depth--;
    newline(p);
    text_add(p->out, &close, 1);
    return ok;
}

bool pretty(VM *vm, Value v, size_t columns, TextBuffer *out)
{
    Printer p = {.vm = vm, .out = out, .columns = columns};
    return print(&p, v, 0);
}
