#define _GNU_SOURCE // memrchr
#include "cli/complete.h"
#include "cli/highlight.h"
#include "cli/repl_commands.h"
#include "lang/grammar.h" // the TK_ numbers
#include "vm/dict.h"
#include "vm/import.h"
#include "vm/list.h"
#include "vm/protocol.h"
#include "vm/str.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether a token's kind is among those listed. (lang/lexer.h and the VM's headers do not go together.) */
#define ONE_OF(kind, ...) \
    (memchr((const uint8_t[]){__VA_ARGS__}, (kind), sizeof((const uint8_t[]){__VA_ARGS__})) != NULL)

typedef struct Finder {
    Completion *c;
    VM *vm;
    Module *main;
    const char *text;
    size_t cursor;
    HighlightToken *tokens; // before the word at the cursor
    size_t n;
    const char *word;       // what is typed of it
    size_t word_len;
    Value of;               // whose attributes are listed
} Finder;

//-- candidates --------------------------------------------------------------------------------------

void complete_free(Completion *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->items[i].name);
        free(c->items[i].note);
    }
    free(c->items);
    *c = (Completion){0};
}

/* Names with an underscore are offered only to who has typed one. */
static bool fits(const Finder *f, const char *name, size_t len)
{
    if (len < f->word_len || memcmp(name, f->word, f->word_len) != 0) return false;
    return name[0] != '_' || f->word_len > 0;
}

static Candidate *add(Finder *f, const char *name, size_t len, const char *suffix)
{
    Completion *c = f->c;
    if (!fits(f, name, len)) return NULL;
    if (c->n == c->capacity) {
        size_t capacity = c->capacity ? c->capacity * 2 : 64;
        Candidate *items = realloc(c->items, capacity * sizeof *items);
        if (!items) return NULL;
        c->items = items;
        c->capacity = capacity;
    }
    char *copy = malloc(len + strlen(suffix) + 1);
    if (!copy) return NULL;
    memcpy(copy, name, len);
    strcpy(copy + len, suffix);
    c->items[c->n] = (Candidate){copy, NULL};
    return &c->items[c->n++];
}

static void add_value(Finder *f, const char *name, size_t len, Value v)
{
    Candidate *item = add(f, name, len, "");
    if (!item || is_unset(v)) return;
    TextBuffer note = {0};
    look_line(f->vm, v, &note);
    if (note.len) item->note = strndup(note.bytes, note.len);
    text_free(&note);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const Candidate *)a)->name, ((const Candidate *)b)->name);
}

static void sort_and_unite(Completion *c)
{
    size_t kept = 0;
    if (c->n) qsort(c->items, c->n, sizeof *c->items, by_name);
    for (size_t i = 0; i < c->n; i++) {
        Candidate *last = kept ? &c->items[kept - 1] : NULL;
        if (!last || strcmp(last->name, c->items[i].name) != 0) {
            c->items[kept++] = c->items[i];
            continue;
        }
        if (!last->note) last->note = c->items[i].note;
        else free(c->items[i].note);
        free(c->items[i].name);
    }
    c->n = kept;
}

size_t complete_common(const Completion *c)
{
    if (!c->n) return 0;
    const char *first = c->items[0].name, *last = c->items[c->n - 1].name; // sorted: these two differ most
    size_t n = 0;
    while (first[n] && first[n] == last[n]) n++;
    while (n && (first[n] & 0xC0) == 0x80) n--; // whole characters
    return n;
}

//-- names -------------------------------------------------------------------------------------------

static void add_dict(Finder *f, Dict *d)
{
    size_t pos = 0;
    Value key, value;
    while (dict_next(d, &pos, &key, &value))
        if (is_str(key)) add_value(f, as_str(key)->data, as_str(key)->size, value);
}

static void add_keywords(Finder *f)
{
    static const char *const words[] = {
#define KEYWORD(NAME, text, role) text,
#include "lang/tokens.def"
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        Candidate *item = add(f, words[i], strlen(words[i]), "");
        if (item) item->note = strdup("keyword");
    }
}

/* Names that the block itself uses: variables of the function being typed. */
static void add_own_names(Finder *f)
{
    size_t n;
    HighlightToken *tokens = highlight_tokens(f->text, strlen(f->text), &n);
    for (size_t i = 0; i < n; i++) {
        bool here = tokens[i].start <= f->cursor && f->cursor <= tokens[i].end;
        bool attribute = i > 0 && tokens[i - 1].kind == TK_DOT;
        if (tokens[i].kind == TK_NAME && !here && !attribute)
            add(f, f->text + tokens[i].start, tokens[i].end - tokens[i].start, "");
    }
    free(tokens);
}

static void add_names(Finder *f)
{
    if (!f->word_len) return; // everything is no help
    add_keywords(f);
    add_dict(f, f->main->dict);
    add_dict(f, f->vm->builtins->dict);
    add_own_names(f);
}

//-- attributes --------------------------------------------------------------------------------------

static Value type_value(VM *vm, TypeId t) { return obj_value(vm->types[t]); }

static size_t opening_of(const Finder *f, size_t closing)
{
    int depth = 0;
    for (size_t i = closing + 1; i-- > 0;) {
        if (ONE_OF(f->tokens[i].kind, TK_RP, TK_RB, TK_RC)) depth++;
        if (ONE_OF(f->tokens[i].kind, TK_LP, TK_LB, TK_LC) && --depth == 0) return i;
    }
    return SIZE_MAX;
}

static bool ends_primary(int kind) { return ONE_OF(kind, TK_NAME, TK_RP, TK_RB, TK_RC, TK_STRING, TK_FEND); }

/* The value of the dotted name or literal that ends with token `last`, or of what it is an instance of: then *type. */
static Value value_of(Finder *f, size_t last, bool *instance);

static Value value_of_call(Finder *f, size_t closing, bool *instance)
{
    size_t open = opening_of(f, closing);
    if (open == SIZE_MAX || open == 0 || !ends_primary(f->tokens[open - 1].kind)) return VALUE_UNSET;
    bool callee_instance = false;
    Value callee = value_of(f, open - 1, &callee_instance);
    *instance = true; // calling a class makes one; what functions answer is not known
    return !callee_instance && is_ptr(callee) && is_type(callee) ? callee : VALUE_UNSET;
}

static Value value_of_name(Finder *f, size_t last, bool *instance)
{
    HighlightToken t = f->tokens[last];
    const char *name = f->text + t.start;
    if (last == 0 || f->tokens[last - 1].kind != TK_DOT)
        return look_name(f->vm, f->main, name, t.end - t.start);
    Value owner = last >= 2 ? value_of(f, last - 2, instance) : VALUE_UNSET;
    if (is_unset(owner) || *instance) return VALUE_UNSET;
    return look_attr(f->vm, owner, name, t.end - t.start);
}

static Value value_of(Finder *f, size_t last, bool *instance)
{
    bool display = last == 0 || opening_of(f, last) == 0 || opening_of(f, last) == SIZE_MAX ||
                   !ends_primary(f->tokens[opening_of(f, last) - 1].kind);
    switch (f->tokens[last].kind) {
    case TK_NAME: return value_of_name(f, last, instance);
    case TK_RP: return value_of_call(f, last, instance);
    case TK_STRING:
    case TK_FEND: return *instance = true, type_value(f->vm, T_STR);
    case TK_NUMBER: return *instance = true, type_value(f->vm, T_FLOAT);
    case TK_RB: return *instance = true, display ? type_value(f->vm, T_LIST) : VALUE_UNSET;
    case TK_RC: return *instance = true, type_value(f->vm, T_DICT);
    default: return VALUE_UNSET;
    }
}

static void add_attribute(void *state, const char *name, size_t len)
{
    Finder *f = state;
    if (fits(f, name, len)) add_value(f, name, len, look_attr(f->vm, f->of, name, len));
}

static void add_attributes(Finder *f)
{
    bool instance = false;
    f->of = f->n >= 2 ? value_of(f, f->n - 2, &instance) : VALUE_UNSET;
    if (!is_unset(f->of)) look_attrs(f->vm, f->of, add_attribute, f);
}

//-- modules -----------------------------------------------------------------------------------------

/* Modules of a package: `within` is what stands before the part of a dotted name that is being typed, with its dot. */
typedef struct Within {
    Finder *f;
    const char *within;
    size_t len;
} Within;

static void add_module(void *state, const char *name)
{
    const Within *w = state;
    if (strncmp(name, w->within, w->len) != 0) return;
    const char *part = name + w->len;
    if (*part) add(w->f, part, strcspn(part, "."), "");
}

static void add_folder(Finder *f, const char *folder)
{
    DIR *dir = opendir(*folder ? folder : ".");
    for (struct dirent *e; dir && (e = readdir(dir));) {
        size_t n = strlen(e->d_name);
        if (n > 3 && strcmp(e->d_name + n - 3, ".co") == 0) add(f, e->d_name, n - 3, "");
    }
    if (dir) closedir(dir);
}

static void add_path_modules(Finder *f)
{
    VM *vm = f->vm;
    Value path = dict_get_c(vm, vm->sys->dict, "path");
    for (size_t i = 0; is_list(path) && i < as_list(path)->size; i++) {
        Value folder = as_list(path)->items[i];
        const char *text = is_str(folder) ? str_cstr(vm, as_str(folder)) : NULL;
        if (text) add_folder(f, text);
    }
}

static void add_modules(Finder *f, const char *within, size_t within_len)
{
    module_each_own(f->vm, add_module, &(Within){f, within, within_len});
    if (!within_len) add_path_modules(f);
}

/* Behind `import` or `from`; true if that is where we are. */
static bool add_imports(Finder *f)
{
    size_t first = f->n, import = SIZE_MAX;
    while (first > 0 && f->tokens[first - 1].kind != TK_NEWLINE && f->tokens[first - 1].kind != TK_SEMI)
        first--;
    if (first == f->n) return false;
    int kind = f->tokens[first].kind;
    if (kind != TK_IMPORT && kind != TK_FROM) return false;
    for (size_t i = first + 1; i < f->n; i++)
        if (f->tokens[i].kind == TK_IMPORT) import = i;
    if (kind == TK_FROM && import != SIZE_MAX) {
        size_t start = f->tokens[first].end, end = f->tokens[import].start;
        while (start < end && f->text[start] == ' ') start++;
        while (end > start && f->text[end - 1] == ' ') end--;
        f->of = look_module(f->vm, f->text + start, end - start);
        if (!is_unset(f->of)) look_attrs(f->vm, f->of, add_attribute, f);
        return true;
    }
    size_t start = f->n; // of the dotted name before the word
    while (start > first + 1 && ONE_OF(f->tokens[start - 1].kind, TK_DOT, TK_NAME)) start--;
    bool dotted = f->tokens[f->n - 1].kind == TK_DOT;
    const char *within = dotted ? f->text + f->tokens[start].start : "";
    add_modules(f, within, dotted ? f->tokens[f->n - 1].end - f->tokens[start].start : 0);
    return true;
}

//-- keyword arguments -------------------------------------------------------------------------------

typedef struct Call {
    Finder *f;
    size_t open; // its parenthesis, a token
} Call;

static bool is_token(const Finder *f, size_t i, const char *name, size_t len)
{
    const HighlightToken *t = &f->tokens[i];
    return t->end - t->start == len && memcmp(f->text + t->start, name, len) == 0;
}

static void add_argument(void *state, const char *name, size_t len)
{
    const Call *call = state;
    Finder *f = call->f;
    for (size_t i = call->open + 1; i + 1 < f->n; i++) // has it been given?
        if (f->tokens[i + 1].kind == TK_EQ && is_token(f, i, name, len)) return;
    Candidate *item = add(f, name, len, "=");
    if (!item) return;
    TextBuffer note = {0};
    look_line(f->vm, f->of, &note);
    if (note.len) item->note = strndup(note.bytes, note.len);
    text_free(&note);
}

/* Arguments without a name that stand behind the parenthesis. */
static int count_positional(const Call *call)
{
    const Finder *f = call->f;
    int commas = 0, named = 0, depth = 0;
    for (size_t i = call->open + 1; i < f->n; i++) {
        int kind = f->tokens[i].kind;
        depth += ONE_OF(kind, TK_LP, TK_LB, TK_LC) - ONE_OF(kind, TK_RP, TK_RB, TK_RC);
        if (depth == 0) commas += kind == TK_COMMA, named += kind == TK_EQ;
    }
    return commas > named ? commas - named : 0;
}

static void add_arguments(Finder *f)
{
    int depth = 0;
    for (size_t i = f->n; i-- > 0;) {
        if (ONE_OF(f->tokens[i].kind, TK_RP, TK_RB, TK_RC)) depth++;
        if (!ONE_OF(f->tokens[i].kind, TK_LP, TK_LB, TK_LC) || depth-- > 0) continue;
        bool called = i > 0 && f->tokens[i].kind == TK_LP && f->tokens[i - 1].kind == TK_NAME;
        bool definition = i > 1 && ONE_OF(f->tokens[i - 2].kind, TK_DEF, TK_CLASS);
        bool instance = false, starts = ONE_OF(f->tokens[f->n - 1].kind, TK_LP, TK_COMMA);
        f->of = called && !definition ? value_of(f, i - 1, &instance) : VALUE_UNSET;
        Call call = {f, i};
        if (!is_unset(f->of) && starts)
            look_keywords(f->vm, f->of, count_positional(&call), add_argument, &call);
        return;
    }
}

//-- commands ----------------------------------------------------------------------------------------

static void add_commands(Finder *f)
{
    for (const ReplCommand *c = repl_command_rows; c->name; c++) {
        Candidate *item = add(f, c->name, strlen(c->name), "");
        if (item) item->note = strdup(repl_text(f->vm->reader.language, c->help));
    }
}

//-- files -------------------------------------------------------------------------------------------

static bool is_folder(const char *folder, size_t len, const char *name)
{
    TextBuffer path = {0};
    struct stat s;
    text_addf(&path, "%.*s%s", (int)len, folder, name);
    bool answer = path.bytes && stat(path.bytes, &s) == 0 && S_ISDIR(s.st_mode);
    text_free(&path);
    return answer;
}

/* The files that a path may go on with: from `start` to the cursor stands what is typed of it. */
static void add_files(Finder *f, size_t start)
{
    const char *typed = f->text + start, *slash = memrchr(typed, '/', f->cursor - start);
    size_t folder_len = slash ? (size_t)(slash + 1 - typed) : 0;
    f->c->from = start + folder_len;
    f->word = typed + folder_len;
    f->word_len = f->cursor - f->c->from;
    char *folder = strndup(typed, folder_len);
    DIR *dir = folder ? opendir(folder_len ? folder : ".") : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        bool hidden = e->d_name[0] == '.' && f->word[0] != '.';
        if (hidden || strpbrk(e->d_name, "'\"\\\n") || strcmp(e->d_name, ".") == 0 ||
            strcmp(e->d_name, "..") == 0)
            continue;
        add(f, e->d_name, strlen(e->d_name), is_folder(typed, folder_len, e->d_name) ? "/" : "");
    }
    if (dir) closedir(dir);
    free(folder);
}

//-- the whole ---------------------------------------------------------------------------------------

static bool is_word(char byte)
{
    unsigned char b = (unsigned char)byte;
    return b >= 0x80 || b == '_' || (b >= '0' && b <= '9') || ((b | 32) >= 'a' && (b | 32) <= 'z');
}

/* Does the word at the cursor lie in a string (but not in a field of an f-string) or in a comment? *start:
 * where what the string has of this line begins, behind its quote; SIZE_MAX in a comment. */
static bool in_text(const Finder *f, size_t *start)
{
    size_t at = f->cursor - f->word_len;
    uint8_t *styles = malloc(at + 2);
    char *text = malloc(at + 2);
    bool inside = !text || !styles;
    *start = SIZE_MAX;
    if (!inside) { // what a word typed here would be taken for
        memcpy(text, f->text, at);
        text[at] = 'x';
        highlight(text, at + 1, styles, NULL, NULL);
        inside = styles[at] == STYLE_STRING || styles[at] == STYLE_COMMENT;
    }
    if (inside && styles && styles[at] == STYLE_STRING) {
        *start = at;
        while (*start > 0 && styles[*start - 1] == STYLE_STRING && !strchr("'\"\n", text[*start - 1])) --*start;
    }
    free(text);
    free(styles);
    return inside;
}

static void find_tokens(Finder *f, size_t start)
{
    size_t begin = f->c->from;
    f->tokens = highlight_tokens(f->text + start, begin - start, &f->n);
    for (size_t i = 0; i < f->n; i++) f->tokens[i].start += start, f->tokens[i].end += start;
    while (f->n && (f->tokens[f->n - 1].kind == TK_BAD ||
                    (f->tokens[f->n - 1].kind == TK_NEWLINE && f->tokens[f->n - 1].end > begin)))
        f->n--; // an open bracket, and the line end that the text does not have
}

void complete(Completion *c, VM *vm, Module *main, const char *text, size_t cursor)
{
    *c = (Completion){.from = cursor};
    while (c->from > 0 && is_word(text[c->from - 1])) c->from--;
    Finder f = {c, vm, main, text, cursor, NULL, 0, text + c->from, cursor - c->from, VALUE_UNSET};
    size_t command = text[0] == ':' ? 1 + strcspn(text + 1, " \n") : 0;
    if (command && cursor <= command) {
        add_commands(&f);
        return sort_and_unite(c);
    }
    const char *argument = text;
    const ReplCommand *named = repl_command_in(text, &argument);
    bool wants_file = named && named->argument == TAKES_FILE;
    size_t start = (size_t)(argument - text);
    if (wants_file || in_text(&f, &start)) {
        if (start <= cursor) add_files(&f, start);
        return sort_and_unite(c);
    }
    find_tokens(&f, command);
    if (!f.tokens) return;
    if (add_imports(&f)) {
    } else if (f.n && f.tokens[f.n - 1].kind == TK_DOT) add_attributes(&f);
    else {
        if (f.n) add_arguments(&f);
        add_names(&f);
    }
    free(f.tokens);
    sort_and_unite(c);
}
