/* sweep.c - giving back what nobody can reach.
 *
 * Blocks are swept one by one: when their class runs dry, or, after a major collection, a few at each step. The
 * sweep after a young collection keeps what is old, that after a major one what is marked, and takes the marks away.
 */
#include "vm/gc.h"
#include "vm/bytes.h"
#include "vm/code_object.h"
#include "vm/dict.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/str.h"
#include "vm/type.h"

#include <stdlib.h>

void gc_free_owned(VM *vm, Obj *o)
{
    switch ((Kind)o->kind) {
    case KIND_STR: str_free(vm, (Str *)o); break;
    case KIND_BYTEARRAY: bytearray_free(vm, (ByteArray *)o); break;
    case KIND_LIST:
        if (((List *)o)->items) heap_free(vm, ((List *)o)->items, ((List *)o)->capacity * sizeof(Value));
        break;
    case KIND_DICT: dict_free(vm, (Dict *)o); break;
    case KIND_SET: set_free(vm, (Set *)o); break;
    case KIND_CODE: code_free(vm, (Code *)o); break;
    case KIND_NATIVE_DATA: {
        const Shape *s = vm->shapes ? vm->shapes[o->shape] : NULL;
        if (s && s->type->def->slots.free) s->type->def->slots.free(vm, o);
        break;
    }
    default: break;
    }
}

/* Most dead objects own nothing. */
static inline bool may_own(const Obj *o)
{
    const uint64_t owners = (uint64_t)1 << KIND_BYTEARRAY | (uint64_t)1 << KIND_LIST |
                            (uint64_t)1 << KIND_DICT | (uint64_t)1 << KIND_SET | (uint64_t)1 << KIND_CODE |
                            (uint64_t)1 << KIND_NATIVE_DATA;
    return o->kind == KIND_STR ? o->aux & (STR_SHARED | STR_LONG) : owners >> o->kind & 1;
}

/* Types and shapes die in major collections only, and outlive by one of them whatever was made of them. */
static bool dies_late(VM *vm, Obj *o, uint8_t live)
{
    if (live == GC_MARK && o->gc & GC_ZOMBIE) {
        if (o->kind == KIND_SHAPE) vm->shapes[((Shape *)o)->id] = NULL;
        return true;
    }
    o->gc |= live == GC_MARK ? GC_OLD | GC_ZOMBIE : GC_OLD;
    return false;
}

static bool dies(VM *vm, Obj *o, uint8_t live)
{
    if (!(o->gc & live)) return (o->kind != KIND_TYPE && o->kind != KIND_SHAPE) || dies_late(vm, o, live);
    if (live == GC_MARK) o->gc &= (uint8_t)~GC_MARK;
    return false;
}

/* Free what `live` does not mark; the list of all free cells, or NULL. */
static FreeCell *free_dead(VM *vm, Block *b, uint8_t live)
{
    FreeCell *list = NULL;
    b->nfree = 0;
    for (uint32_t i = b->carved; i-- > 0;) {
        Obj *o = (Obj *)((char *)b->cells + (size_t)i * b->cell);
        if (o->kind != KIND_FREE) {
            if (!dies(vm, o, live)) continue;
            if (may_own(o)) gc_free_owned(vm, o);
#ifdef CO_STRESS
            memset(o, 0xdd, b->cell);
#endif
            o->kind = KIND_FREE;
            o->gc = 0;
            cell_hide(o, b->cell);
        }
        ((FreeCell *)o)->next = list;
        list = (FreeCell *)o;
        b->nfree++;
    }
    return list;
}

/* Unless that was done since the last collection. Answers the cells that the block has to give. */
static FreeCell *sweep_block(VM *vm, Block *b, uint8_t live)
{
    if (!b->swept) {
        b->free = free_dead(vm, b, live);
        b->swept = true;
        heap_count_cells(vm->heap, b, b->ncells - b->nfree);
    }
    return b->free;
}

/* What is left unswept of large cells goes to `kept` if it lives. */
static LargeCell *sweep_large(VM *vm, LargeCell *cells, uint8_t live, size_t budget, LargeCell **kept)
{
    Heap *h = vm->heap;
    for (LargeCell *next; cells && budget; cells = next, budget--) {
        next = cells->next;
        Obj *o = (Obj *)(cells + 1);
        if (dies(vm, o, live)) {
            gc_free_owned(vm, o);
            h->malloc_bytes -= cells->size;
            free(cells);
        } else {
            cells->next = *kept;
            *kept = cells;
        }
    }
    return cells;
}

//-- what is to be swept ------------------------------------------------------------------------------

static void move_block(Block **from, Block **to, Block *b)
{
    heap_unlink_block(from, b);
    heap_link_block(to, b);
}

static void make_pending(Heap *h, Block *b)
{
    if (b->pending) return; // may be: it is being carved
    b->pending = true;
    move_block(&h->blocks[b->cls], &h->pending[b->cls], b);
}

/* A block that is being carved goes on to be, once the others are used up. */
void gc_queue_young_sweep(VM *vm, Heap *h)
{
    memset(h->free, 0, sizeof h->free);
    gc_sweep_pending(vm, STEP_BLOCKS);
    for (Block *b = h->young; b; b = b->next_young) {
        b->young = b->swept = false;
        make_pending(h, b);
    }
    h->young = NULL;
    LargeCell *cells = h->young_large;
    h->young_large = NULL;
    sweep_large(vm, cells, GC_OLD, SIZE_MAX, &h->large);
}

/* Those that are being carved are swept at once: what is made in them from now on bears no mark. */
static void sweep_carving(VM *vm, Heap *h)
{
    for (unsigned cls = 0; cls < CLASSES; cls++) {
        Block *b = h->carving[cls];
        if (!b) continue;
        b->swept = b->young = false;
        move_block(&h->unswept[cls], &h->blocks[cls], b);
        if (sweep_block(vm, b, GC_MARK)) make_pending(h, b);
    }
}

void gc_queue_major_sweep(VM *vm, Heap *h)
{
    memset(h->free, 0, sizeof h->free);
    for (unsigned cls = 0; cls < CLASSES; cls++)
        while (h->pending[cls]) {
            h->pending[cls]->pending = false;
            move_block(&h->pending[cls], &h->blocks[cls], h->pending[cls]);
        }
    memcpy(h->unswept, h->blocks, sizeof h->blocks);
    memset(h->blocks, 0, sizeof h->blocks);
    h->young = NULL;
    sweep_carving(vm, h);
    LargeCell **end = &h->young_large;
    while (*end) end = &(*end)->next;
    *end = h->large;
    h->unswept_large = h->young_large;
    h->young_large = h->large = NULL;
}

/* Sweep the first of the class's blocks that the last major collection left; it is one of all blocks again. */
static Block *sweep_next(VM *vm, Heap *h, unsigned cls)
{
    Block *b = h->unswept[cls];
    move_block(&h->unswept[cls], &h->blocks[cls], b);
    b->swept = b->young = false;
    sweep_block(vm, b, GC_MARK);
    return b;
}

FreeCell *gc_sweep_for(VM *vm, unsigned cls, Block **from)
{
    Heap *h = vm->heap;
    while (h->pending[cls]) {
        Block *b = *from = h->pending[cls];
        b->pending = false;
        move_block(&h->pending[cls], &h->blocks[cls], b);
        if (sweep_block(vm, b, GC_OLD)) return b->free;
    }
    while (h->unswept[cls]) {
        Block *b = *from = sweep_next(vm, h, cls);
        if (b->free) return b->free;
    }
    return NULL;
}

/* A block that is swept before its class runs dry: its free cells wait with it. */
static void put_away(Heap *h, Block *b)
{
    if (b->nfree < b->carved) {
        if (b->free) make_pending(h, b);
        return;
    }
    heap_unlink_block(b->pending ? &h->pending[b->cls] : &h->blocks[b->cls], b);
    if (h->carving[b->cls] == b) h->carving[b->cls] = NULL;
    heap_recycle_block(h, b);
}

bool gc_sweep_some(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    for (unsigned cls = 0; cls < CLASSES; cls++)
        for (; h->unswept[cls]; budget--) {
            if (!budget) return false;
            put_away(h, sweep_next(vm, h, cls));
        }
    h->unswept_large = sweep_large(vm, h->unswept_large, GC_MARK, budget, &h->large);
    return !h->unswept_large;
}

bool gc_sweep_pending(VM *vm, size_t budget)
{
    Heap *h = vm->heap;
    for (unsigned cls = 0; cls < CLASSES; cls++)
        for (Block *b = h->pending[cls], *next; b; b = next) {
            next = b->next;
            if (b->swept || b->young) continue;
            if (!budget--) return false;
            sweep_block(vm, b, GC_OLD);
            put_away(h, b);
        }
    return true;
}
