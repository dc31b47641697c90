#include "vm/dis.h"
#include "vm/lines.h"
#include "vm/opcode.h"
#include <inttypes.h>
#include <string.h>

enum { MAX_TEXT = 60 }; // bytes of a constant that are shown

typedef struct Dis {
    FILE *out;
    const CodeImage *image;
    const CodeRecord *record;
} Dis;

static void print_text(const Dis *d, CodeText text)
{
    fprintf(d->out, "%.*s", (int)text.len, code_text(d->image, text));
}

/* ---- constants ---- */

static void print_quoted(const Dis *d, const char *bytes, uint32_t len)
{
    fputc('\'', d->out);
    for (uint32_t i = 0; i < len && i < MAX_TEXT; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '\n') fputs("\\n", d->out);
        else if (c == '\'' || c == '\\') fprintf(d->out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f) fprintf(d->out, "\\x%02x", c);
        else fputc(c, d->out);
    }
    fputs(len > MAX_TEXT ? "'..." : "'", d->out);
}

static void print_const(const Dis *d, const CodeConst *k);

static void print_items(const Dis *d, const CodeConst *k)
{
    const CodeConst *items = code_at(d->image, k->offset);
    fputs(k->kind == CONST_FROZENSET ? "frozenset(" : "(", d->out);
    for (uint32_t i = 0; i < k->len; i++) {
        if (i) fputs(", ", d->out);
        print_const(d, &items[i]);
    }
    fputs(k->len == 1 ? ",)" : ")", d->out);
}

static void print_float(const Dis *d, uint64_t bits)
{
    double value;
    char text[32];
    memcpy(&value, &bits, sizeof value);
    snprintf(text, sizeof text, "%.17g", value);
    fprintf(d->out, "%s%s", text, strpbrk(text, ".eni") ? "" : ".0");
}

static void print_const(const Dis *d, const CodeConst *k)
{
    const char *text = code_at(d->image, k->offset);
    switch ((ConstKind)k->kind) {
    case CONST_NONE: fputs("None", d->out); break;
    case CONST_TRUE: fputs("True", d->out); break;
    case CONST_FALSE: fputs("False", d->out); break;
    case CONST_ELLIPSIS: fputs("...", d->out); break;
    case CONST_UNSET: fputs("<unset>", d->out); break;
    case CONST_INT: fprintf(d->out, "%" PRId64, (int64_t)k->data); break;
    case CONST_BIGINT: fprintf(d->out, "int('%.*s', 16)", (int)k->len, text); break;
    case CONST_FLOAT: print_float(d, k->data); break;
    case CONST_BYTES: fputc('b', d->out); // fall through
    case CONST_STR: print_quoted(d, text, k->len); break;
    case CONST_TUPLE:
    case CONST_FROZENSET: print_items(d, k); break;
    case CONST_CODE:
        fputs("<code ", d->out);
        print_text(d, code_record(d->image, (uint32_t)k->data)->qualname);
        fputc('>', d->out);
        break;
    }
}

/* ---- operands ---- */

/* r3, or r0:name for a named local. */
static void print_register(const Dis *d, uint32_t reg)
{
    fprintf(d->out, "r%u", reg);
    const CodeLocal *locals = code_at(d->image, d->record->locals);
    for (uint32_t i = 0; i < d->record->nlocals; i++) {
        if (locals[i].reg != reg || locals[i].flags & LOCAL_FREE) continue;
        fputc(':', d->out);
        print_text(d, locals[i].name);
        return;
    }
}

static void print_operand(const Dis *d, char letter, uint16_t operand)
{
    const CodeRecord *r = d->record;
    if (letter == '-' || letter == 'J' || letter == 'L') return;
    fputc(' ', d->out);
    switch (letter) {
    case 'W':
    case 'R':
    case 'M': print_register(d, operand); break;
    case 'K': print_const(d, (const CodeConst *)code_at(d->image, r->consts) + operand); break;
    case 'G': print_text(d, ((const CodeText *)code_at(d->image, r->globals))[operand]); break;
    case 'F': print_text(d, ((const CodeCapture *)code_at(d->image, r->captures))[operand].name); break;
    case 'I': fprintf(d->out, "%d", (int16_t)operand); break;
    default: fprintf(d->out, "%u", operand);
    }
}

static void print_extra(const Dis *d, const Insn *insn)
{
    const Insn *extra = insn + 1;
    switch (insn->op) {
    case OP_CALL_KW:
    case OP_CALL_KW_H:
        fputs(" names", d->out);
        print_operand(d, 'K', extra->a);
        fputs(extra->c ? " method" : "", d->out);
        fputs(extra->b ? " stmt" : "", d->out);
        break;
    case OP_UNPACK_EX: fprintf(d->out, " after %u", extra->a); break;
    case OP_IMPORT_NAME:
        if (extra->a) fprintf(d->out, " level %u", extra->a);
        break;
    case OP_MATCH_CLASS:
        fprintf(d->out, " positional %u", extra->a);
        print_operand(d, 'K', extra->b);
        break;
    case OP_AWAIT_CALL_H:
    case OP_AWAIT_METHOD_H:
        fputs(" keep", d->out);
        print_operand(d, 'R', extra->a);
        break;
    default: break; // an inline cache
    }
}

static void print_insn(const Dis *d, const Insn *insn, uint32_t pc)
{
    const OpcodeInfo *info = &opcode_info[insn->op];
    int32_t offset;
    bool wide = info->format[1] == 'L', operands = strcmp(info->format, "---") != 0;
    fprintf(d->out, operands ? "%5u  %-16s" : "%5u  %s", pc, info->name);
    print_operand(d, info->format[0], insn->a);
    if (!wide) print_operand(d, info->format[1], insn->b);
    if (!wide) print_operand(d, info->format[2], insn->c);
    if (opcode_jump(insn, &offset)) fprintf(d->out, " -> %u", pc + opcode_size(insn->op) + (uint32_t)offset);
    if (info->flags & OPF_X) print_extra(d, insn);
    fputc('\n', d->out);
}

/* ---- records ---- */

static void print_flags(const Dis *d)
{
    static const struct { uint32_t flag; const char *name;
    } names[] = {
        {CODE_MODULE, "module"},       {CODE_NAMESPACE, "class"}, {CODE_GENERATOR, "generator"},
        {CODE_COROUTINE, "coroutine"}, {CODE_HEAP, "heap"},       {CODE_VARARGS, "*args"},
        {CODE_VARKW, "**kwargs"},      {CODE_LEAF, "leaf"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (d->record->flags & names[i].flag) fprintf(d->out, ", %s", names[i].name);
}

static void print_heading(const Dis *d)
{
    print_text(d, d->record->qualname);
    fprintf(d->out, ": line %u, %u registers", d->record->first_line, d->record->nregs);
    if (d->record->nparams) fprintf(d->out, ", %u parameters", d->record->nparams);
    if (d->record->nkwonly) fprintf(d->out, ", %u keyword-only", d->record->nkwonly);
    print_flags(d);
    fputc('\n', d->out);
}

static void print_captures(const Dis *d)
{
    const CodeCapture *captures = code_at(d->image, d->record->captures);
    for (uint32_t i = 0; i < d->record->nfree; i++) {
        fputs("      captures ", d->out);
        print_text(d, captures[i].name);
        fprintf(d->out, " from %s %u\n", captures[i].from == CAPTURE_FREE ? "captured cell" : "register",
                captures[i].index);
    }
}

static void print_code(const Dis *d)
{
    const CodeRecord *r = d->record;
    const Insn *insns = code_at(d->image, r->insns);
    LineReader reader = lines_of(d->image, r);
    bool more = line_next(&reader);
    uint32_t line = r->first_line, shown = 0;
    for (uint32_t pc = 0; pc < r->ninsns; pc += opcode_size(insns[pc].op)) {
        for (; more && reader.line.pc <= pc; more = line_next(&reader)) line = reader.line.line;
        if (line != shown) fprintf(d->out, "%5u", line);
        else fputs("     ", d->out);
        shown = line;
        print_insn(d, &insns[pc], pc);
    }
}

static void print_handlers(const Dis *d)
{
    const CodeHandler *handlers = code_at(d->image, d->record->handlers);
    for (uint32_t i = 0; i < d->record->nhandlers; i++)
        fprintf(d->out, "      exceptions in %u..%u -> %u, in r%u\n", handlers[i].start, handlers[i].end - 1,
                handlers[i].target, handlers[i].reg);
}

void dis_record(FILE *out, const CodeImage *image, uint32_t index)
{
    Dis d = {out, image, code_record(image, index)};
    print_heading(&d);
    print_captures(&d);
    print_code(&d);
    print_handlers(&d);
}

void dis_image(FILE *out, const CodeImage *image)
{
    for (uint32_t i = 0; i < image->nrecords; i++) {
        if (i) fputc('\n', out);
        dis_record(out, image, i);
    }
}
