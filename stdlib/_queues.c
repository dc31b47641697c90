/* _queues.c - asyncio.queues' Queue.
 *
 * An exact Queue keeps its items in a deque of its own. Of a subclass the methods _init, _put and _get are called, as
 * CPython documents them, and empty and full; PriorityQueue and LifoQueue are such classes.
 */
#include "stdlib/deque.h"
#include "stdlib/waiters.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/type.h"

typedef struct Queue {
    Waiters getters, putters, joiners;
    int64_t maxsize; // <= 0: no limit
    int64_t unfinished;
} Queue;

/* What a parked task is there for, in Task.f.result; of a putter it is the item, and no item is one of these. */
#define FOR_ITEM VALUE_UNSET
#define FOR_END VALUE_STOP

static NativeData *data_of(Value v) { return (NativeData *)as_obj(v); }
static Queue *queue_of(Value v) { return data_of(v)->data; }
static Value items_of(Value v) { return data_of(v)->values[0]; } // UNSET: a subclass keeps them
static bool is_scripted(Value v) { return is_unset(items_of(v)); }

/* ---- what is in it; all of these may call --------------------------------------------------------- */

static Value call(VM *vm, Value self, const char *name) { return vm_call_method(vm, self, vm_intern(vm, name), NULL, 0); }

static int says(VM *vm, Value self, const char *name) // 0, 1 or -1
{
    Value v = call(vm, self, name);
    return is_error(v) ? -1 : obj_truth(vm, v);
}

static int64_t count(VM *vm, Value self)
{
    if (!is_scripted(self)) return (int64_t)deque_size(items_of(self));
    Value items = obj_getattr(vm, self, vm_intern(vm, "_queue"));
    return is_error(items) ? -1 : obj_len(vm, items);
}

static int is_empty(VM *vm, Value self) { return is_scripted(self) ? says(vm, self, "empty") : count(vm, self) == 0; }

static int is_full(VM *vm, Value self)
{
    if (is_scripted(self)) return says(vm, self, "full");
    int64_t maxsize = queue_of(self)->maxsize;
    return maxsize > 0 && count(vm, self) >= maxsize;
}

static Value take(VM *vm, Value self)
{
    return is_scripted(self) ? call(vm, self, "_get") : deque_take_first(vm, items_of(self));
}

static bool add(VM *vm, Value self, Value item)
{
    if (!is_scripted(self)) return deque_put_last(vm, items_of(self), item);
    return !is_error(vm_call_method(vm, self, vm_intern(vm, "_put"), &item, 1));
}

/* ---- getting and putting; the receiver is an argument, a parked task's object or rooted -------------- */

static Value get_now(VM *vm, Value self)
{
    Value item = take(vm, self);
    if (!is_error(item)) waiters_wake(vm, &queue_of(self)->putters, self);
    return item;
}

static Value put_now(VM *vm, Value self, Value item)
{
    if (!add(vm, self, item)) return VALUE_ERROR;
    queue_of(self)->unfinished++;
    waiters_wake(vm, &queue_of(self)->getters, self);
    return VALUE_NONE;
}

static Value nat_get(VM *vm, Args args)
{
    Value self = args.v[0];
    int empty = is_empty(vm, self);
    if (empty < 0) return VALUE_ERROR;
    return empty ? waiters_park(vm, &queue_of(self)->getters, WAIT_QUEUE_GET, self, FOR_ITEM) : get_now(vm, self);
}

static Value nat_put(VM *vm, Args args)
{
    Value self = args.v[0];
    int full = is_full(vm, self);
    if (full < 0) return VALUE_ERROR;
    if (full) return waiters_park(vm, &queue_of(self)->putters, WAIT_QUEUE_PUT, self, args.v[1]);
    return put_now(vm, self, args.v[1]);
}

static Value raise(VM *vm, ErrorKind kind) { return vm_raise_exc(vm, exception_new(vm, kind, obj_value(vm->empty_tuple))); }

static Value nat_get_nowait(VM *vm, Args args)
{
    int empty = is_empty(vm, args.v[0]);
    if (empty < 0) return VALUE_ERROR;
    return empty ? raise(vm, ERR_QUEUE_EMPTY) : get_now(vm, args.v[0]);
}

static Value nat_put_nowait(VM *vm, Args args)
{
    int full = is_full(vm, args.v[0]);
    if (full < 0) return VALUE_ERROR;
    return full ? raise(vm, ERR_QUEUE_FULL) : put_now(vm, args.v[0], args.v[1]);
}

static Value nat_task_done(VM *vm, Args args)
{
    Queue *q = queue_of(args.v[0]);
    if (q->unfinished <= 0) return vm_raise(vm, ERR_VALUE, "task_done() called too many times");
    if (--q->unfinished == 0)
        while (waiters_wake(vm, &q->joiners, args.v[0])) {}
    return VALUE_NONE;
}

static Value nat_join(VM *vm, Args args)
{
    Queue *q = queue_of(args.v[0]);
    return q->unfinished <= 0 ? VALUE_NONE : waiters_park(vm, &q->joiners, WAIT_QUEUE_JOIN, args.v[0], FOR_END);
}

/* ---- the turn of a task that has waited ------------------------------------------------------------- */

static Value go_on_getting(VM *vm, Value self, Task *t)
{
    Queue *q = queue_of(self);
    int empty = is_empty(vm, self);
    if (empty < 0) return VALUE_ERROR;
    return empty ? waiters_park_again(vm, &q->getters, WAIT_QUEUE_GET, self, t) : get_now(vm, self);
}

static Value go_on_putting(VM *vm, Value self, Task *t)
{
    Queue *q = queue_of(self);
    int full = is_full(vm, self);
    if (full < 0) return VALUE_ERROR;
    return full ? waiters_park_again(vm, &q->putters, WAIT_QUEUE_PUT, self, t) : put_now(vm, self, t->f.result);
}

static Value queue_resume(VM *vm, Value self, Task *t)
{
    Queue *q = queue_of(self);
    Value what = t->f.result;
    waiters_turn(what == FOR_ITEM ? &q->getters : what == FOR_END ? &q->joiners : &q->putters);
    if (what == FOR_END) return VALUE_NONE;
    return what == FOR_ITEM ? go_on_getting(vm, self, t) : go_on_putting(vm, self, t);
}

static void queue_abandon(VM *vm, Value self, Task *t)
{
    Queue *q = queue_of(self);
    Value what = t->f.result;
    Waiters *w = what == FOR_ITEM ? &q->getters : what == FOR_END ? &q->joiners : &q->putters;
    waiters_turn(w);
    if (what == FOR_END) return;
    int useless = what == FOR_ITEM ? is_empty(vm, self) : is_full(vm, self);
    if (useless < 0) vm_take_pending(vm);
    if (!useless) waiters_wake(vm, w, self);
}

/* ---- making and showing ----------------------------------------------------------------------------- */

/* What __init__ does for a subclass. args: the queue, maxsize. */
static bool fill(VM *vm, Value *args)
{
    if (!index_argument(vm, args[1], &queue_of(args[0])->maxsize)) return false;
    return !is_error(vm_call_method(vm, args[0], vm_intern(vm, "_init"), &args[1], 1));
}

static Value construct(VM *vm, Args args)
{
    Type *type = as_type(args.v[0]);
    int64_t maxsize;
    if (!index_argument(vm, args.v[1], &maxsize)) return VALUE_ERROR;
    NativeData *o = container_alloc(vm, type, KIND_NATIVE_DATA, sizeof *o);
    Queue *q = o ? heap_malloc(vm, sizeof *q) : NULL;
    if (!q) return VALUE_ERROR;
    *q = (Queue){.maxsize = maxsize};
    o->data = q;
    o->values[0] = o->values[1] = VALUE_UNSET;
    if (!(type->flags & TYPE_HEAP)) {
        Value items = deque_new(vm);
        o->values[0] = is_error(items) ? VALUE_UNSET : items;
        return is_error(items) ? items : obj_value(o);
    }
    args.v[0] = obj_value(o);
    return type_defines(type, D_INIT) || fill(vm, args.v) ? args.v[0] : VALUE_ERROR;
}

static Value nat_init(VM *vm, Args args) { return fill(vm, args.v) ? VALUE_NONE : VALUE_ERROR; }

static Value nat_default_init(VM *vm, Args args)
{
    Value items = deque_new(vm);
    if (is_error(items)) return items;
    return obj_setattr(vm, args.v[0], vm_intern(vm, "_queue"), items) ? VALUE_NONE : VALUE_ERROR;
}

static Value own_items(VM *vm, Value self)
{
    return is_scripted(self) ? obj_getattr(vm, self, vm_intern(vm, "_queue")) : items_of(self);
}

static Value nat_default_get(VM *vm, Args args)
{
    Value items = own_items(vm, args.v[0]);
    return is_error(items) ? items : call(vm, items, "popleft");
}

static Value nat_default_put(VM *vm, Args args)
{
    Value items = own_items(vm, args.v[0]);
    return is_error(items) ? items : vm_call_method(vm, items, vm_intern(vm, "append"), &args.v[1], 1);
}

static Value nat_qsize(VM *vm, Args args)
{
    int64_t n = count(vm, args.v[0]);
    return n < 0 ? VALUE_ERROR : small(n);
}

static Value nat_empty(VM *vm, Args args)
{
    int64_t n = count(vm, args.v[0]);
    return n < 0 ? VALUE_ERROR : bool_value(n == 0);
}

static Value nat_full(VM *vm, Args args)
{
    int64_t maxsize = queue_of(args.v[0])->maxsize;
    Value n = maxsize > 0 ? call(vm, args.v[0], "qsize") : small(0);
    return is_error(n) ? n : bool_value(maxsize > 0 && is_small(n) && as_small(n) >= maxsize);
}

/* "maxsize=2 _queue=[1, 2] tasks=2" */
static Value nat_format(VM *vm, Args args)
{
    Value self = args.v[0];
    const Queue *q = queue_of(self);
    StrBuilder b;
    sb_init(&b, vm);
    sb_addf(&b, "maxsize=%ld", (long)q->maxsize);
    int64_t n = count(vm, self);
    Value items = n > 0 ? own_items(vm, self) : VALUE_UNSET;
    if (n > 0 && !is_error(items)) items = obj_to_list(vm, items);
    bool ok = n >= 0 && !is_error(items);
    if (ok && n) ok = sb_addf(&b, " _queue=") && sb_add_repr(&b, items);
    size_t getters = waiters_count(&q->getters) - q->getters.woken, putters = waiters_count(&q->putters) - q->putters.woken;
    if (ok && getters) sb_addf(&b, " _getters[%zu]", getters);
    if (ok && putters) sb_addf(&b, " _putters[%zu]", putters);
    if (ok && q->unfinished) sb_addf(&b, " tasks=%ld", (long)q->unfinished);
    if (ok) return sb_finish(&b);
    sb_drop(&b);
    return VALUE_ERROR;
}

static Value queue_repr(VM *vm, Value self)
{
    Value inner = call(vm, self, "_format");
    return is_error(inner) ? inner : str_format(vm, "<%V at 0x%zx %V>", type_short_name(type_of(vm, self)), (size_t)as_obj(self), inner);
}

static Value queue_str(VM *vm, Value self)
{
    Value inner = call(vm, self, "_format");
    return is_error(inner) ? inner : str_format(vm, "<%V %V>", type_short_name(type_of(vm, self)), inner);
}

static Value queue_maxsize(VM *vm, Value self) { return int_from_i64(vm, queue_of(self)->maxsize); }
static Value queue_unfinished(VM *vm, Value self) { return int_from_i64(vm, queue_of(self)->unfinished); }

static void trace(VM *vm, Obj *o)
{
    const Queue *q = ((NativeData *)o)->data;
    gc_mark_value(vm, ((NativeData *)o)->values[0]);
    if (!q) return;
    waiters_trace(vm, &q->getters);
    waiters_trace(vm, &q->putters);
    waiters_trace(vm, &q->joiners);
}

static void release(VM *vm, Obj *o)
{
    Queue *q = ((NativeData *)o)->data;
    if (!q) return;
    waiters_free(vm, &q->getters);
    waiters_free(vm, &q->putters);
    waiters_free(vm, &q->joiners);
    heap_free(vm, q, sizeof *q);
}

static const NativeDef methods[] = {
    {"__init__(self, maxsize=0)", nat_init, NULL, 0},
    {"get(self)", nat_get, "Take an item; wait until there is one.", NATIVE_ASYNC},
    {"put(self, item)", nat_put, "Add an item; wait until there is room.", NATIVE_ASYNC},
    {"get_nowait(self)", nat_get_nowait, "Take an item; QueueEmpty if there is none.", 0},
    {"put_nowait(self, item)", nat_put_nowait, "Add an item; QueueFull if there is no room.", 0},
    {"task_done(self)", nat_task_done, "An item that was taken has been dealt with.", 0},
    {"join(self)", nat_join, "Wait until all items have been dealt with.", NATIVE_ASYNC},
    {"qsize(self)", nat_qsize, "How many items there are.", 0},
    {"empty(self)", nat_empty, "Whether there is none.", 0},
    {"full(self)", nat_full, "Whether there are maxsize items.", 0},
    {"_init(self, maxsize)", nat_default_init, NULL, 0},
    {"_get(self)", nat_default_get, NULL, 0},
    {"_put(self, item)", nat_default_put, NULL, 0},
    {"_format(self)", nat_format, NULL, 0},
    CLASS_GETITEM_ROW,
    {0},
};
static const GetSetDef getsets[] = {
    {"maxsize", queue_maxsize, NULL, "How many items it holds at most; 0: no limit."},
    {"_maxsize", queue_maxsize, NULL, NULL},
    {"_unfinished_tasks", queue_unfinished, NULL, NULL},
    {0},
};

static const TypeDef queue_def = {
    .slots = {.repr = queue_repr, .str = queue_str, .resume = queue_resume, .abandon = queue_abandon, .trace = trace, .free = release},
    .methods = methods,
    .getsets = getsets,
    .constructor = {"Queue(maxsize=0)", construct, NULL, 0},
    .doc = "First in, first out, between tasks; maxsize 0: no limit.",
};

static bool init(VM *vm, Module *m)
{
    if (is_error(module_import(vm, vm_intern(vm, "_collections")))) return false; // a queue's items are a deque
    return module_add_type(vm, m, "Queue", "asyncio.queues.Queue", &queue_def, KIND_NATIVE_DATA) != NULL;
}

const ModuleDef _queues_module = {"_queues", NULL, "Queues, for asyncio.", init};
