#include "vm/heap.h"
#include "vm/vm.h"

#include <stdlib.h>

/* Interim: never collects. */
struct Heap { size_t used; };

size_t size_mul(size_t n, size_t size)
{
    size_t r;
    return __builtin_mul_overflow(n, size, &r) ? SIZE_MAX : r;
}
size_t size_add(size_t a, size_t b)
{
    size_t r;
    return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}
void *heap_alloc(VM *vm, Kind kind, uint32_t shape, size_t size)
{
    Obj *o = size > PTRDIFF_MAX ? NULL : calloc(1, size);
    if (!o) return vm_no_memory(vm), NULL;
    o->kind = (uint8_t)kind;
    o->shape = shape;
    vm->heap->used += size;
    return o;
}
void heap_release(VM *vm, Obj *o, size_t size) { (void)vm; (void)o; (void)size; }
void *heap_malloc(VM *vm, size_t size)
{
    void *p = size > PTRDIFF_MAX ? NULL : malloc(size ? size : 1);
    if (!p) vm_no_memory(vm);
    return p;
}
void *heap_realloc(VM *vm, void *p, size_t old_size, size_t new_size)
{
    (void)old_size;
    void *q = new_size > PTRDIFF_MAX ? NULL : realloc(p, new_size ? new_size : 1);
    if (!q) vm_no_memory(vm);
    return q;
}
void heap_free(VM *vm, void *p, size_t size) { (void)vm; (void)size; free(p); }
void gc_barrier_slow(VM *vm, Obj *owner, Value old) { (void)vm; (void)owner; (void)old; }
void gc_store_many(VM *vm, void *owner, const Value *p, size_t n) { (void)vm; (void)owner; (void)p; (void)n; }
void gc_store_ptr(VM *vm, void *owner, void **slot, void *p) { (void)vm; (void)owner; *slot = p; }
Value *roots_reserve(VM *vm, size_t n)
{
    if ((size_t)(vm->roots_end - vm->roots_top) < n) {
        vm_raise(vm, ERR_RECURSION, "maximum recursion depth exceeded");
        return NULL;
    }
    Value *r = vm->roots_top;
    for (size_t i = 0; i < n; i++) r[i] = VALUE_UNSET;
    vm->roots_top += n;
    return r;
}
Value *roots_push(VM *vm, Value v)
{
    Value *r = roots_reserve(vm, 1);
    if (r) *r = v;
    return r;
}
void roots_pop(VM *vm, Value *r) { vm->roots_top = r; }
void gc_pin(VM *vm, Value v) { (void)vm; (void)v; }
void gc_unpin(VM *vm, Value v) { (void)vm; (void)v; }
void gc_step(VM *vm) { (void)vm; }
void gc_collect(VM *vm) { (void)vm; }
void gc_mark_value(VM *vm, Value v) { (void)vm; (void)v; }
void gc_mark_obj(VM *vm, void *o) { (void)vm; (void)o; }
bool heap_init(VM *vm)
{
    vm->heap = calloc(1, sizeof *vm->heap);
    vm->roots = vm->roots_top = calloc(1 << 20, sizeof(Value));
    vm->roots_end = vm->roots + (1 << 20);
    return vm->heap && vm->roots;
}
void heap_destroy(VM *vm) { (void)vm; }
size_t heap_used(VM *vm) { return vm->heap->used; }
void heap_set_limit(VM *vm, size_t bytes) { (void)vm; (void)bytes; }
