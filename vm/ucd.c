#include "vm/ucd.h"
#include "vm/inflate.h"
#include "vm/syllable.h"
#include "vm/unitables.h"

#include <stdlib.h>
#include <string.h>

#define UCD_PROPERTIES
#include "ucd.inc"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct Composition {
    uint32_t first, second, composed;
} Composition;

struct Ucd {
    uint32_t *columns[COLUMNS];
    size_t ncompositions;
    Composition *compositions; // sorted
};

//-- opening ------------------------------------------------------------------------------------------

enum { PLANES = 3 }; // bytes of a number

/* Columns that hold the steps from each number to the next. */
static bool is_gaps(int column)
{
    return column == RUN_START || column == MAPPED || column == MAPPED_END || column == VALUED;
}

static void read_column(uint32_t *out, const uint8_t *planes, size_t count, bool gaps)
{
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t n = planes[i] | (uint32_t)planes[count + i] << 8 | (uint32_t)planes[2 * count + i] << 16;
        out[i] = last = gaps ? last + n : n;
    }
}

static void read_columns(Ucd *u, uint32_t *cells, const uint8_t *bytes)
{
    for (int i = 0; i < COLUMNS; i++) {
        size_t count = column_counts[i];
        read_column(cells, bytes, count, is_gaps(i));
        u->columns[i] = cells;
        cells += count;
        bytes += PLANES * count;
    }
}

static int compare_compositions(const void *key, const void *row)
{
    const Composition *a = key, *b = row;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a->second < b->second ? -1 : a->second > b->second;
}

static void list_compositions(Ucd *u)
{
    for (size_t i = 0; i < column_counts[MAPPED]; i++) {
        if (!u->columns[MAPPED_COMPOSES][i]) continue;
        const uint32_t *parts = u->columns[IMAGE] + u->columns[MAPPED_END][i] - 2;
        u->compositions[u->ncompositions++] = (Composition){parts[0], parts[1], u->columns[MAPPED][i]};
    }
    qsort(u->compositions, u->ncompositions, sizeof *u->compositions, compare_compositions);
}

/* One block: the database, its compositions (no more than there are mappings), the cells of all columns. */
Ucd *ucd_open(void)
{
    size_t room = column_counts[MAPPED] * sizeof(Composition);
    Ucd *u = calloc(1, sizeof *u + room + PROPERTIES_SIZE / PLANES * sizeof(uint32_t));
    uint8_t *bytes = malloc(PROPERTIES_SIZE);
    bool ok =
        u && bytes && inflate_into(bytes, PROPERTIES_SIZE, deflated_properties, sizeof deflated_properties);
    if (ok) {
        u->compositions = (Composition *)(u + 1);
        read_columns(u, (uint32_t *)((char *)u->compositions + room), bytes);
        list_compositions(u);
    } else free(u), u = NULL;
    free(bytes);
    return u;
}

void ucd_close(Ucd *u)
{
    free(u);
}

//-- asking -------------------------------------------------------------------------------------------

/* How many numbers of a rising column are at most `code`. */
static size_t count_up_to(const Ucd *u, int column, uint32_t code)
{
    size_t low = 0, high = column_counts[column];
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (u->columns[column][middle] <= code) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* The place of `code` in a rising column; -1: it is not there. */
static long place_of(const Ucd *u, int column, uint32_t code)
{
    size_t n = count_up_to(u, column, code);
    return n && u->columns[column][n - 1] == code ? (long)n - 1 : -1;
}

UcdRecord ucd_record(const Ucd *u, uint32_t code)
{
    uint32_t row = u->columns[RUN_RECORD][count_up_to(u, RUN_START, code) - 1];
    return (UcdRecord){
        .category = categories[u->columns[CATEGORY][row]],
        .bidirectional = directions[u->columns[BIDIRECTIONAL][row]],
        .width = widths[u->columns[WIDTH][row]],
        .mirrored = u->columns[MIRRORED][row],
        .combining = (uint8_t)u->columns[COMBINING][row],
    };
}

bool ucd_mapping(const Ucd *u, uint32_t code, UcdMapping *mapping)
{
    long at = place_of(u, MAPPED, code);
    if (at < 0) return false;
    uint32_t start = at ? u->columns[MAPPED_END][at - 1] : 0, end = u->columns[MAPPED_END][at];
    *mapping = (UcdMapping){tags[u->columns[MAPPED_TAG][at]], u->columns[IMAGE] + start, end - start};
    return true;
}

bool ucd_numeric(const Ucd *u, uint32_t code, double *value)
{
    long at = place_of(u, VALUED, code);
    if (at < 0) return false;
    *value = ((double)u->columns[VALUE_TOP][at] - 1) / u->columns[VALUE_BOTTOM][at];
    for (uint32_t tens = u->columns[VALUE_TENS][at]; tens; tens--) *value *= 10;
    return true;
}

const char *ucd_version(void)
{
    return UCD_VERSION;
}

//-- normalization forms ------------------------------------------------------------------------------

typedef struct Mark {
    uint32_t code, cls, index; // combining class; where it stood
} Mark;

typedef struct Marks {
    Mark *items;
    size_t count, room;
} Marks;

bool ucd_is_inert(UcdForm form, uint32_t code)
{
    if (code < 0x80) return true;
    if (is_syllable(code)) return form == UCD_NFC || form == UCD_NFKC;
    return !uni_is(code, UNI_MIXES);
}

static bool add_mark(const Ucd *u, Marks *m, uint32_t code)
{
    if (m->count == m->room) {
        size_t room = m->room * 2 + 16;
        Mark *items = realloc(m->items, room * sizeof *items);
        if (!items) return false;
        m->items = items;
        m->room = room;
    }
    uint32_t cls = uni_is(code, UNI_MIXES) ? ucd_record(u, code).combining : 0;
    m->items[m->count] = (Mark){code, cls, (uint32_t)m->count};
    m->count++;
    return true;
}

/* Adds the full decomposition. Mappings map to what may have one of its own, a few steps deep. */
static bool decompose(const Ucd *u, UcdForm form, Marks *m, uint32_t code)
{
    bool compatible = form == UCD_NFKC || form == UCD_NFKD, ok = true;
    uint32_t parts[3];
    UcdMapping mapping = {.codes = parts};
    if (is_syllable(code)) mapping.count = syllable_split(code, parts);
    else if (!uni_is(code, UNI_MIXES) || !ucd_mapping(u, code, &mapping) || (*mapping.tag && !compatible))
        return add_mark(u, m, code);
    for (uint32_t i = 0; ok && i < mapping.count; i++) ok = decompose(u, form, m, mapping.codes[i]);
    return ok;
}

static int compare_marks(const void *a, const void *b)
{
    const Mark *x = a, *y = b;
    if (x->cls != y->cls) return x->cls < y->cls ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Brings every run of combining marks into canonical order: by class, equal ones as they stood. */
static void order_marks(Marks *m)
{
    for (size_t start = 0, end; start < m->count; start = end + 1) {
        for (end = start; end < m->count && m->items[end].cls; end++) continue;
        if (end - start > 1) qsort(m->items + start, end - start, sizeof(Mark), compare_marks);
    }
}

/* The character that both make together; 0: none. */
static uint32_t compose(const Ucd *u, uint32_t first, uint32_t second)
{
    uint32_t syllable = syllable_join(first, second);
    if (syllable || !uni_is(second, UNI_MIXES)) return syllable;
    Composition key = {first, second, 0};
    const Composition *row =
        bsearch(&key, u->compositions, u->ncompositions, sizeof(Composition), compare_compositions);
    return row ? row->composed : 0;
}

static void compose_all(const Ucd *u, Marks *m)
{
    size_t count = 0;
    Mark *starter = NULL;
    int last = -1; // class of the character before; -1 right behind the starter
    for (size_t i = 0; i < m->count; i++) {
        Mark mark = m->items[i];
        uint32_t composed = starter && last < (int)mark.cls ? compose(u, starter->code, mark.code) : 0;
        if (composed) {
            starter->code = composed;
            continue;
        }
        m->items[count] = mark;
        if (!mark.cls) starter = &m->items[count];
        last = mark.cls ? (int)mark.cls : -1;
        count++;
    }
    m->count = count;
}

uint32_t *ucd_normalize(const Ucd *u, UcdForm form, const uint32_t *codes, size_t count, size_t *length)
{
    Marks m = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = decompose(u, form, &m, codes[i]);
    uint32_t *out = ok ? malloc((m.count + 1) * sizeof *out) : NULL;
    if (out) {
        order_marks(&m);
        if (form == UCD_NFC || form == UCD_NFKC) compose_all(u, &m);
        for (size_t i = 0; i < m.count; i++) out[i] = m.items[i].code;
        *length = m.count;
    }
    free(m.items);
    return out;
}
