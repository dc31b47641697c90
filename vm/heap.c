#include "vm/gc.h"
#include "vm/vm.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Small objects live in blocks of equal cells; a size class for every 8 bytes up to 256, then coarser. Free cells of a
 * block are found by sweeping it, which happens when its class next runs dry (lazy sweeping); a new block is carved
 * from the front, so that its pages come into being as they are used. */

static unsigned class_of(size_t size)
{
    if (size <= FINE_LIMIT) return (unsigned)((size + 7) / 8);
    if (size <= 512) return FINE_CLASSES + (unsigned)((size - FINE_LIMIT + 31) / 32);
    return FINE_CLASSES + 8 + (unsigned)((size - 512 + 255) / 256);
}

static size_t class_size(unsigned cls)
{
    if (cls <= FINE_CLASSES) return cls * 8u;
    if (cls <= FINE_CLASSES + 8) return FINE_LIMIT + (cls - FINE_CLASSES) * 32u;
    return 512 + (cls - FINE_CLASSES - 8) * 256u;
}

/* ---- blocks ---- */

void heap_link_block(Block **list, Block *b)
{
    b->prev = NULL;
    b->next = *list;
    if (b->next) b->next->prev = b;
    *list = b;
}

void heap_unlink_block(Block **list, Block *b)
{
    if (b->prev) b->prev->next = b->next;
    else *list = b->next;
    if (b->next) b->next->prev = b->prev;
}

void heap_recycle_block(Heap *h, Block *b)
{
    heap_count_cells(h, b, 0);
    if (h->limit || h->nspare * BLOCK_SIZE > h->cell_bytes / 2 + SPARE_BYTES) {
        h->block_bytes -= BLOCK_SIZE;
        free(b);
        return;
    }
    h->nspare++;
    b->next = h->spare;
    h->spare = b;
}

static Block *block_new(VM *vm, unsigned cls)
{
    Heap *h = vm->heap;
    Block *b = h->spare;
    if (b) {
        h->spare = b->next;
        h->nspare--;
        cell_show(b, BLOCK_SIZE - MALLOC_HEADER);
    } else {
        void *p;
        if (posix_memalign(&p, BLOCK_SIZE, BLOCK_SIZE - MALLOC_HEADER) != 0) return NULL;
        b = p;
        h->block_bytes += BLOCK_SIZE;
    }
    size_t cell = class_size(cls);
    size_t room = BLOCK_SIZE - MALLOC_HEADER - sizeof(Block);
    *b = (Block){.cell = (uint32_t)cell, .cls = (uint8_t)cls, .ncells = (uint32_t)(room / cell)};
    heap_link_block(&h->blocks[cls], b);
    heap_count_cells(h, b, b->ncells);
    return b;
}

/* After this much allocation since the last step the next safepoint takes one. */
void heap_charge(VM *vm, size_t bytes)
{
    Heap *h = vm->heap;
    h->since += bytes;
    // Over the limit it collects more often, but not for every block on the way to the MemoryError.
    if (heap_is_over(h)) {
        h->excess += bytes;
        h->tight = h->excess / (h->patience + 1) >= h->slack / 4;
    }
    if (h->tight || h->since >= h->stop_at) vm->fuel = -1;
}

/* Cells of b are being handed out. */
static void make_young(Heap *h, Block *b)
{
    if (b->young) return;
    b->young = true;
    b->next_young = h->young;
    h->young = b;
}

static Obj *carve(VM *vm, Heap *h, unsigned cls)
{
    Block *b = h->carving[cls];
    if (!b || b->carved == b->ncells) {
        b = block_new(vm, cls);
        if (!b) return NULL;
        h->carving[cls] = b;
        heap_charge(vm, (size_t)b->ncells * b->cell);
    }
    make_young(h, b);
    char *first = (char *)b->cells + (size_t)b->carved * b->cell;
    uint32_t left = b->ncells - b->carved, n = b->cell < CARVE_BYTES ? CARVE_BYTES / b->cell : 1;
    if (n > left) n = left;
    b->carved += n;
    for (uint32_t i = n; --i > 0;) {
        FreeCell *c = (FreeCell *)(first + (size_t)i * b->cell);
        c->h = (Obj){.kind = KIND_FREE};
        c->next = h->free[cls];
        h->free[cls] = c;
        cell_hide(c, b->cell);
    }
    return (Obj *)first;
}

/* The class has no free cell at hand: sweep its next block that the last collection left to be swept. */
static Obj *refill(VM *vm, unsigned cls)
{
    Heap *h = vm->heap;
    Block *b;
    FreeCell *list = gc_sweep_for(vm, cls, &b);
    if (!list) return carve(vm, h, cls);
    make_young(h, b);
    b->free = NULL;
    heap_count_cells(h, b, b->ncells);
    h->free[cls] = list->next;
    heap_charge(vm, (size_t)b->nfree * b->cell);
    return &list->h;
}

static Obj *alloc_large(VM *vm, size_t size)
{
    Heap *h = vm->heap;
    size_t total = size_add(sizeof(LargeCell), size);
    LargeCell *c = total > PTRDIFF_MAX ? NULL : malloc(total);
    if (!c) return NULL;
    c->size = total;
    c->next = h->young_large;
    h->young_large = c;
    h->malloc_bytes += total;
    heap_charge(vm, total);
    return (Obj *)(c + 1);
}

/* Refused: the next safepoint, or the handler of the MemoryError, collects first. Where that has been of no use, as when
 * a million tasks are cancelled each of which is refused its exception, it is tried less and less often. */
static void *starve(VM *vm)
{
    Heap *h = vm->heap;
    if (++h->refusals >= h->weary) {
        h->starved = true;
        vm->fuel = -1;
    }
    vm_no_memory(vm);
    return NULL;
}

static bool over_limit(const Heap *h, size_t more)
{
    return h->limit && h->block_bytes + h->malloc_bytes + more > h->limit + h->slack;
}

/* Small objects may go a little further than what made the limit be reached: a handler needs some. */
static bool no_block_left(const Heap *h)
{
    return h->limit && h->block_bytes + h->malloc_bytes > h->limit + 2 * h->slack;
}

/* Most objects are a few words, for which calling memset costs more than the clearing; gcc would see a memset here. */
#ifndef __clang__
__attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif
static void clear(Obj *o, size_t size)
{
    if (size > FINE_LIMIT) memset(o + 1, 0, size - sizeof *o);
    else
        for (uint64_t *word = (uint64_t *)(o + 1), *end = word + (size - 1) / 8; word < end; word++) *word = 0;
}

void *heap_alloc_slow(VM *vm, Kind kind, uint32_t shape, size_t size)
{
    Heap *h = vm->heap;
    Obj *o;
    uint8_t bits = 0;
    if (__builtin_expect(size <= SMALL_LIMIT, 1)) {
        unsigned cls = class_of(size);
        FreeCell *c = h->free[cls];
        if (__builtin_expect(c != NULL, 1)) {
            h->free[cls] = c->next;
            o = &c->h;
        } else o = no_block_left(h) && !h->pending[cls] && !h->unswept[cls] ? NULL : refill(vm, cls);
    } else {
        o = over_limit(h, size) ? NULL : alloc_large(vm, size);
        bits = GC_LARGE;
    }
    if (__builtin_expect(!o, 0)) return starve(vm);
    cell_show(o, size);
    *o = (Obj){.shape = shape, .kind = (uint8_t)kind, .gc = bits};
    return o;
}

void *heap_alloc(VM *vm, Kind kind, uint32_t shape, size_t size)
{
    Obj *o = heap_alloc_raw(vm, kind, shape, size);
    if (o) clear(o, size);
    return o;
}

/* ---- malloc'd memory of objects: small blocks come from chunks.c ---- */

static bool is_small_block(size_t size) { return size && size <= CHUNK_LIMIT; }

static void *raw_malloc(Heap *h, size_t size)
{
    return is_small_block(size) ? chunk_alloc(&h->chunks, size) : malloc(size ? size : 1);
}

/* Who gives a block back says how large it was: a sanitizer knows whether that is true. */
#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_allocated_size(const volatile void *p); // gcc has no header for it
#endif
static void check_size(const void *p, size_t size)
{
#ifdef __SANITIZE_ADDRESS__
    if (p && __sanitizer_get_allocated_size(p) != (size ? size : 1)) __builtin_trap();
#endif
    (void)p;
    (void)size;
}

static void raw_free(Heap *h, void *p, size_t size)
{
    check_size(p, size);
    if (is_small_block(size)) chunk_free(&h->chunks, p, size);
    else free(p);
}

static void *raw_realloc(Heap *h, void *p, size_t old_size, size_t new_size)
{
    check_size(p, old_size);
    bool was_small = is_small_block(old_size), is_small_now = is_small_block(new_size);
    if (!p || (!was_small && !is_small_now))
        return p ? realloc(p, new_size ? new_size : 1) : raw_malloc(h, new_size);
    if (was_small && is_small_now && chunk_class(old_size) == chunk_class(new_size)) return p;
    void *q = raw_malloc(h, new_size);
    if (!q) return NULL;
    memcpy(q, p, old_size < new_size ? old_size : new_size);
    raw_free(h, p, old_size);
    return q;
}

void *heap_malloc(VM *vm, size_t size)
{
    Heap *h = vm->heap;
    if (size > PTRDIFF_MAX) return vm_no_memory(vm), NULL;
    void *p = over_limit(h, size) ? NULL : raw_malloc(h, size);
    if (!p) return starve(vm);
    h->malloc_bytes += size;
    heap_charge(vm, size);
    return p;
}

bool heap_reserve(VM *vm, size_t bytes)
{
    if (!over_limit(vm->heap, bytes)) return true;
    if (bytes <= PTRDIFF_MAX) gc_collect(vm);
    if (!over_limit(vm->heap, bytes)) return true;
    starve(vm);
    return false;
}

void *heap_realloc(VM *vm, void *p, size_t old_size, size_t new_size)
{
    Heap *h = vm->heap;
    if (new_size > PTRDIFF_MAX) return vm_no_memory(vm), NULL;
    bool refused = new_size > old_size && over_limit(h, new_size - old_size);
    void *q = refused ? NULL : raw_realloc(h, p, old_size, new_size);
    if (!q) return starve(vm);
    h->malloc_bytes += new_size - old_size;
    if (new_size > old_size) heap_charge(vm, new_size - old_size);
    return q;
}

void heap_free(VM *vm, void *p, size_t size)
{
    if (!p) return;
    vm->heap->malloc_bytes -= size;
    raw_free(vm->heap, p, size);
}

/* ---- roots of native code ---- */

/* A mapping, like the frame stack: addresses stay valid, pages come as they are touched. */
static bool roots_init(VM *vm)
{
    for (size_t n = (size_t)8 << 20; n >= (size_t)1 << 14; n /= 2) {
        if (n > vm_address_space() / 64) continue;
        void *p = mmap(NULL, n * sizeof(Value), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) continue;
        vm->roots = vm->roots_top = p;
        vm->roots_end = vm->roots + n;
        return true;
    }
    return false;
}

/* A list with an entry per pin: pinning is for start-up and for what the outside holds. */
void gc_pin(VM *vm, Value v)
{
    Heap *h = vm->heap;
    if (h->npins == h->pins_capacity) {
        size_t cap = h->pins_capacity ? h->pins_capacity * 2 : 512;
        Value *p = realloc(h->pins, cap * sizeof *p);
        if (!p) {
            h->pin_failed = true; // nothing is freed from now on rather than something that is needed
            return;
        }
        h->pins = p;
        h->pins_capacity = cap;
    }
    h->pins[h->npins++] = v;
}

void gc_unpin(VM *vm, Value v)
{
    Heap *h = vm->heap;
    for (size_t i = h->npins; i-- > 0;)
        if (h->pins[i] == v) {
            h->pins[i] = h->pins[--h->npins];
            return;
        }
}

/* ---- life ---- */

bool heap_init(VM *vm)
{
    Heap *h = vm->heap = calloc(1, sizeof *h);
    if (!h) return false;
    h->young_limit = h->stop_at = FIRST_YOUNG;
    h->major_limit = FIRST_MAJOR;
    h->live = GC_OLD;
    return roots_init(vm);
}

static void each_of_blocks(VM *vm, Block *b, void (*visit)(VM *vm, Obj *o))
{
    for (; b; b = b->next)
        for (uint32_t i = 0; i < b->carved; i++) visit(vm, (Obj *)((char *)b->cells + (size_t)i * b->cell));
}

static void each_large(VM *vm, LargeCell *c, void (*visit)(VM *vm, Obj *o))
{
    for (; c; c = c->next) visit(vm, (Obj *)(c + 1));
}

void heap_each(VM *vm, void (*visit)(VM *vm, Obj *o))
{
    Heap *h = vm->heap;
    for (unsigned cls = 0; cls < CLASSES; cls++) {
        each_of_blocks(vm, h->blocks[cls], visit);
        each_of_blocks(vm, h->pending[cls], visit);
        each_of_blocks(vm, h->unswept[cls], visit);
    }
    each_large(vm, h->young_large, visit);
    each_large(vm, h->large, visit);
    each_large(vm, h->unswept_large, visit);
}

static void free_owned(VM *vm, Obj *o)
{
    if (o->kind != KIND_FREE) gc_free_owned(vm, o);
}

void heap_free_owned(VM *vm)
{
    if (vm->heap) heap_each(vm, free_owned);
}

static void free_handle(VM *vm, Obj *o)
{
    if (o->kind == KIND_NATIVE_DATA) gc_free_owned(vm, o);
}

void heap_free_handles(VM *vm) { heap_each(vm, free_handle); }

static void free_blocks(Block *b)
{
    for (Block *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

static void free_large(LargeCell *c)
{
    for (LargeCell *next; c; c = next) {
        next = c->next;
        free(c);
    }
}

void heap_destroy(VM *vm)
{
    Heap *h = vm->heap;
    if (!h) return;
    free_large(h->young_large);
    free_large(h->large);
    free_large(h->unswept_large);
    for (unsigned cls = 0; cls < CLASSES; cls++) {
        free_blocks(h->blocks[cls]);
        free_blocks(h->pending[cls]);
        free_blocks(h->unswept[cls]);
    }
    free_blocks(h->spare);
    if (vm->roots) munmap(vm->roots, (size_t)(vm->roots_end - vm->roots) * sizeof(Value));
    gc_free_lists(h);
    chunks_destroy(&h->chunks);
    free(h->pins);
    free(h);
    vm->heap = NULL;
}

size_t heap_used(VM *vm) { return vm->heap->cell_bytes + vm->heap->malloc_bytes; }

/* A little more than the limit may be used on the way to the MemoryError and while it is handled. */
void heap_set_limit(VM *vm, size_t bytes)
{
    Heap *h = vm->heap;
    if (!h->stack) gc_reserve_stack(h); // there will be no memory to spare when it is needed
    h->limit = bytes;
    h->slack = bytes / 16 < ((size_t)1 << 20) ? (size_t)1 << 20 : bytes / 16;
    if (bytes && h->young_limit > bytes / 4) h->young_limit = h->stop_at = bytes / 4 + 1;
}
