/* _asyncio.c - the natives under asyncio and the prelude: the scheduler as scripts may use it. */
#include "stdlib/stdlib.h"
#include "vm/common.h"
#include "vm/dict.h"
#include "vm/exception.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/list.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/protocol.h"
#include "vm/str.h"
#include "vm/strand.h"
#include "vm/task.h"
#include "vm/type.h"

#include <math.h>

/* ---- sleep ---- */

static bool seconds_to_ns(VM *vm, Value v, int64_t *ns)
{
    double s;
    if (is_small(v)) s = (double)as_small(v);
    else if (!to_double(vm, v, &s)) {
        if (is_unset(vm->exc)) vm_raise(vm, ERR_TYPE, "'<=' not supported between instances of '%T' and 'int'", v);
        return false;
    }
    if (isnan(s)) *ns = 1; // no time, but a turn of the timers
    else *ns = s >= 9e9 ? (int64_t)9e18 : s <= 0 ? 0 : (int64_t)(s * 1e9 + 0.5);
    return true;
}

static int64_t deadline_after(VM *vm, int64_t ns)
{
    int64_t at;
    return __builtin_add_overflow(sched_now(vm), ns, &at) ? INT64_MAX - 1 : at;
}

static Value nat_sleep(VM *vm, Args args)
{
    int64_t ns;
    if (!seconds_to_ns(vm, args.v[0], &ns)) return VALUE_ERROR;
    if (ns == 0) {
        if (is_none(args.v[1])) return VALUE_STOP; // a bare yield
        Value parked = task_park(vm, WAIT_READY, VALUE_UNSET, 0);
        if (parked == VALUE_PARK) task_wake(vm, vm->task, args.v[1]);
        return parked;
    }
    Value parked = task_park(vm, WAIT_SLEEP, VALUE_UNSET, deadline_after(vm, ns));
    if (parked == VALUE_PARK) gc_store(vm, vm->task, &vm->task->f.result, args.v[1]);
    return parked;
}

/* ---- running ---- */

/* What has send, throw, close and __await__. */
static bool check_coroutine(VM *vm, Value v)
{
    if (task_can_run(v)) return true;
    Value r = obj_repr(vm, v);
    if (!is_error(r)) vm_raise(vm, ERR_VALUE, "a coroutine was expected, got %V", r);
    return false;
}

/* Does the program know its loop as an object? */
static Value loop_module(VM *vm)
{
    return strand_is_own(vm) ? dict_get_c(vm, vm->modules, "asyncio.events") : VALUE_UNSET;
}

static bool begin_run(VM *vm, Value debug)
{
    Value events = loop_module(vm);
    return is_unset(events) || !is_error(vm_call_method(vm, events, vm_intern(vm, "_begin_run"), &debug, 1));
}

/* The loop's end. Calls beside it (to_thread) end first; the run's outcome stays, unless that is interrupted. */
static Value end_run(VM *vm, Value result)
{
    enum { CLOSE_GENERATORS = 1, CLOSE_EXECUTOR = 1 }; // what CPython's loop has a task for at its end
    sched_skip_names(vm, CLOSE_GENERATORS + CLOSE_EXECUTOR);
    Value events = loop_module(vm);
    if (vm->stop_status || is_unset(events)) return result;
    Value *root = roots_reserve(vm, 2);
    if (!root) return VALUE_ERROR;
    root[0] = result;
    if (is_error(result)) root[1] = vm_take_pending(vm);
    Value rest = vm_call_method(vm, events, vm_intern(vm, "_end_run"), NULL, 0);
    if (!is_error(rest) && !is_none(rest)) rest = sched_run(vm, rest, true);
    result = is_error(rest) ? rest : root[0];
    if (!is_error(rest) && is_error(result)) vm->exc = root[1];
    roots_pop(vm, root);
    return result;
}

static Value nat_run(VM *vm, Args args)
{
    if (sched_running(vm)) return vm_raise(vm, ERR_RUNTIME, "asyncio.run() cannot be called from a running event loop");
    if (!check_coroutine(vm, args.v[0])) return VALUE_ERROR;
    if (!begin_run(vm, args.v[1])) return VALUE_ERROR;
    Value coro = task_coroutine(vm, args.v[0]);
    return is_error(coro) ? coro : end_run(vm, sched_run(vm, coro, true));
}

static Value nat_run_main(VM *vm, Args args)
{
    if (!is_task(args.v[0])) return vm_raise(vm, ERR_TYPE, "a task is required, not '%T'", args.v[0]);
    return sched_run_main(vm, args.v[0]);
}
static Value nat_end_run(VM *vm, Args args) { return (void)args, sched_end_run(vm); }

static Value nat_skip_names(VM *vm, Args args)
{
    sched_skip_names(vm, (uint32_t)as_small(args.v[0]));
    return VALUE_NONE;
}

static Value nat_run_until(VM *vm, Args args)
{
    Value future = args.v[0];
    if (!is_unset(future) && !is_future(future)) return vm_raise(vm, ERR_TYPE, "a future is required, not '%T'", future);
    return sched_run_until(vm, future);
}
static Value nat_stop(VM *vm, Args args)
{
    (void)args;
    sched_stop(vm);
    return VALUE_NONE;
}
static Value nat_is_running(VM *vm, Args args)
{
    (void)args;
    return bool_value(sched_running(vm));
}
static Value nat_time(VM *vm, Args args)
{
    (void)args;
    return float_value(vm, (double)sched_now(vm) / 1e9);
}

static bool is_awaitable(VM *vm, Value v)
{
    Type *t = type_of(vm, v);
    return t->def->slots.await || type_defines(t, D_AWAIT);
}

static Value by_maker(VM *vm, Value coro, Value name, Value context)
{
    return vm_call(vm, sched_task_maker(vm), (Value[]){coro, name, context}, 3);
}

static Value make_task(VM *vm, Value awaitable, Value name)
{
    if (!is_unset(sched_task_maker(vm))) return by_maker(vm, awaitable, VALUE_NONE, VALUE_NONE);
    Value coro = task_coroutine(vm, awaitable);
    return is_error(coro) ? coro : task_new(vm, coro, name);
}

static Value nat_create_task(VM *vm, Args args)
{
    if (!vm->task && !sched_running(vm)) return vm_raise(vm, ERR_RUNTIME, "no running event loop");
    if (!is_unset(sched_task_maker(vm))) return by_maker(vm, args.v[0], args.v[1], args.v[2]);
    Value t = task_make(vm, args.v[0], VALUE_NONE, args.v[2]); // counted among the nameless, as CPython does
    return is_error(t) || is_none(args.v[1]) || task_set_name(vm, as_task(t), args.v[1]) ? t : VALUE_ERROR;
}

static Value nat_ensure_future(VM *vm, Args args)
{
    if (is_future(args.v[0])) return args.v[0];
    if (!task_can_run(args.v[0]) && !is_awaitable(vm, args.v[0]))
        return vm_raise(vm, ERR_TYPE, "An asyncio.Future, a coroutine or an awaitable is required");
    Value loop = task_need_loop(vm, args.v[1]);
    return is_error(loop) ? loop : make_task(vm, args.v[0], VALUE_UNSET);
}

static Value nat_set_task_maker(VM *vm, Args args) { return sched_set_task_maker(vm, args.v[0]), VALUE_NONE; }

static Value nat_spawn(VM *vm, Args args)
{
    if (!is_awaitable(vm, args.v[0])) return vm_raise(vm, ERR_TYPE, "spawn() needs a coroutine, got %T", args.v[0]);
    Value t = make_task(vm, args.v[0], args.v[1]);
    if (!is_error(t)) as_obj(t)->aux |= TASK_SPAWNED;
    return t;
}

static Value nat_gather(VM *vm, Args args)
{
    Tuple *aws = as_tuple(args.v[0]);
    bool returns = op_truth(vm, args.v[1]) > 0;
    if (is_error(task_need_loop(vm, VALUE_NONE))) return VALUE_ERROR;
    Value children = tuple_new(vm, NULL, aws->size);
    Value *root = is_error(children) ? NULL : roots_push(vm, children);
    if (!root) return VALUE_ERROR;
    Value result = VALUE_NONE;
    for (size_t i = 0; i < aws->size && !is_error(result); i++) {
        Value v = VALUE_UNSET;
        if (!is_future(aws->items[i]) && aws->size < 64)
            for (size_t j = 0; j < i; j++)
                if (aws->items[j] == aws->items[i]) v = as_tuple(*root)->items[j];
        int64_t hash; // of what is no awaitable: CPython looks for it among those it has seen first
        bool hashable = !is_unset(v) || is_awaitable(vm, aws->items[i]) || obj_hash_raw(vm, aws->items[i], &hash);
        if (!hashable) v = VALUE_ERROR;
        if (is_unset(v)) v = nat_ensure_future(vm, (Args){(Value[]){aws->items[i], VALUE_NONE}, 2});
        if (is_error(v)) result = v;
        else as_tuple(*root)->items[i] = v;
    }
    if (!is_error(result)) result = gather_new(vm, as_tuple(*root), returns);
    if (!is_error(result) && !aws->size) {
        Value empty = list_new(vm, NULL, 0);
        if (is_error(empty) || !future_set_result(vm, as_future(result), empty)) result = VALUE_ERROR;
    }
    roots_pop(vm, root);
    return result;
}

static Value nat_current_task(VM *vm, Args args)
{
    if (!vm->task && !sched_running(vm) && is_none(args.v[0])) return vm_raise(vm, ERR_RUNTIME, "no running event loop");
    return vm->task ? obj_value(vm->task) : VALUE_NONE;
}

static Value nat_thread_name(VM *vm, Args args)
{
    (void)args;
    return strand_is_own(vm) ? VALUE_NONE : is_str(vm->strand->name) ? vm->strand->name : str_format(vm, "Thread");
}

static Value nat_own_task(VM *vm, Args args) { return (void)args, vm->task ? obj_value(vm->task) : VALUE_NONE; }

static Value nat_all_tasks(VM *vm, Args args)
{
    if (!vm->task && !sched_running(vm) && is_none(args.v[0])) return vm_raise(vm, ERR_RUNTIME, "no running event loop");
    Value set = set_new(vm);
    for (Task *t = sched_first_task(vm); t && !is_error(set); t = t->next)
        if (set_add(vm, as_set(set), obj_value(t)) < 0) return VALUE_ERROR;
    return set;
}

static Value nat_open_generators(VM *vm, Args args) { return (void)args, gc_open_async_generators(vm); }

static Value nat_watch_failures(VM *vm, Args args) { return sched_watch_failures(vm, args.v[0] == VALUE_TRUE), VALUE_NONE; }

/* ---- callbacks ---- */

/* A Handle of callback, its arguments (a tuple) and its context at args.v. */
static Value make_handle(VM *vm, const Value *v, int64_t when)
{
    if (!is_tuple(v[1])) return vm_raise(vm, ERR_TYPE, "Value after * must be an iterable, not %T", v[1]);
    return handle_new(vm, v[0], v[1], v[2], when);
}

static Value nat_call_soon(VM *vm, Args args)
{
    Value h = make_handle(vm, args.v, 0);
    return is_error(h) || !sched_call_soon(vm, h) ? VALUE_ERROR : h;
}
static Value nat_call_at(VM *vm, Args args)
{
    double when;
    if (!float_from_object(vm, args.v[0], &when)) return VALUE_ERROR;
    int64_t ns = when >= 9e9 ? INT64_MAX - 1 : when * 1e9 < 1 ? 1 : (int64_t)(when * 1e9 + 0.5);
    Value h = make_handle(vm, args.v + 1, ns);
    return is_error(h) || !sched_call_at(vm, h, ns) ? VALUE_ERROR : h;
}

/* ---- what the texts of futures are made of (asyncio/_texts.co) ---- */

/* A callback as scripts may see it; of those that are none, asyncio's name. */
static Value callback_shown(VM *vm, Value callback)
{
    if (is_task(callback)) return obj_value(vm_intern(vm, "Task.task_wakeup"));
    if (is_kind(callback, KIND_PAIR)) return ((Pair *)as_obj(callback))->a;
    return obj_value(vm_intern(vm, is_future(callback) ? "gather.<locals>._done_callback" : "_wait"));
}

static Value nat_callbacks_of(VM *vm, Args args)
{
    if (!is_future(args.v[0])) return vm_raise(vm, ERR_TYPE, "a future is required, not '%T'", args.v[0]);
    Value callbacks = as_future(args.v[0])->callbacks, list = list_new(vm, NULL, 0);
    if (is_error(list) || is_unset(callbacks)) return list;
    size_t n = is_list(callbacks) ? as_list(callbacks)->size : 1;
    for (size_t i = 0; i < n; i++) {
        Value shown = callback_shown(vm, is_list(callbacks) ? as_list(callbacks)->items[i] : callbacks);
        if (is_error(shown) || !list_append(vm, as_list(list), shown)) return VALUE_ERROR;
    }
    return list;
}

/* The future that a task waits for; the text of the one that it would wait for in CPython, where none is
 * needed here; None. */
static Value nat_wait_of(VM *vm, Args args)
{
    if (!is_task(args.v[0])) return vm_raise(vm, ERR_TYPE, "a task is required, not '%T'", args.v[0]);
    const Task *t = as_task(args.v[0]);
    if (future_done(&t->f)) return VALUE_NONE;
    if (is_ptr(t->wait_on) && is_future(t->wait_on)) return t->wait_on;
    if (t->wait_kind != WAIT_NONE && t->wait_kind != WAIT_READY)
        return str_format(vm, "<Future pending cb=[Task.task_wakeup()]>");
    bool cancelled = t->f.h.aux & TASK_WAKE_THROWS && exception_is(vm, t->f.result, ERR_CANCELLED);
    return cancelled ? str_format(vm, "<Future cancelled>") : VALUE_NONE;
}

static Value nat_gathers(VM *vm, Args args)
{
    return (void)vm, bool_value(is_kind(args.v[0], KIND_FUTURE) && as_obj(args.v[0])->aux & FUTURE_GATHERING);
}

static Value nat_is_async_native(VM *vm, Args args)
{
    (void)vm;
    return bool_value(is_kind(args.v[0], KIND_NATIVE) && as_obj(args.v[0])->aux & NATIVE_ASYNC);
}

static Value nat_iscoroutine(VM *vm, Args args) { return (void)vm, bool_value(task_can_run(args.v[0])); }

const NativeDef asyncio_sleep_def = {"sleep(delay, result=None)", nat_sleep, "Coroutine that completes after delay seconds.", NATIVE_ASYNC | NATIVE_TIMED};
const NativeDef asyncio_spawn_def = {"spawn(coro, name=None)", nat_spawn, "Start a task that the program holds and awaits at its end.", 0};

const NativeDef asyncio_run_def = {"run(main, *, debug=None)", nat_run, "Run a coroutine as the main task of a new event loop; answers its result.", 0};

static const NativeDef natives[] = {
    {"sleep(delay, result=None)", nat_sleep, "Coroutine that completes after delay seconds.", NATIVE_ASYNC | NATIVE_TIMED},
    {"run(main, *, debug=None)", nat_run, "Run a coroutine as the main task of a new event loop; answers its result.", 0},
    {"_run_until(future=?, /)", nat_run_until, "Run the loop until a future is done; without one, until stopped.",
     0},
    {"_run_main(task, /)", nat_run_main, "The same; Ctrl-C cancels it.", 0},
    {"_end_run()", nat_end_run, "Cancel all tasks, run them to their ends, and close what async generators are left.", 0},
    {"_skip_names(n, /)", nat_skip_names, "Leave out the names of n tasks, which CPython's loop makes for its end.", 0},
    {"_thread_name()", nat_thread_name, "Of the blocking context that asks; None: it is the program's own.", 0},
    {"_stop()", nat_stop, "Stop the running loop after this round.", 0},
    {"_is_running()", nat_is_running, "Whether a loop is running.", 0},
    {"_time()", nat_time, "The loop's clock, in seconds.", 0},
    {"create_task(coro, *, name=None, context=None)", nat_create_task, "Schedule a coroutine as a task.", 0},
    {"ensure_future(coro_or_future, *, loop=None)", nat_ensure_future, "A task for a coroutine or awaitable; a future itself.", 0},
    {"_watch_failures(watch, /)", nat_watch_failures, "Whether events._never_retrieved is to hear at once of what was dropped.", 0},
    {"_set_task_maker(maker, /)", nat_set_task_maker, "maker(coro, name, context) makes the tasks; None: Task does.", 0},
    {"_spawn(coro, name=None)", nat_spawn, "As the prelude's spawn.", 0},
    {"gather(*coros_or_futures, return_exceptions=False)", nat_gather, "A future of the list of all results.", 0},
    {"current_task(loop=None)", nat_current_task, "The running task.", 0},
    {"_own_task()", nat_own_task, "The running task, or None also where no loop runs.", 0},
    {"all_tasks(loop=None)", nat_all_tasks, "The set of unfinished tasks.", 0},
    {"_is_async_native(function, /)", nat_is_async_native, "Whether it is a native whose call makes a coroutine.", 0},
    {"_open_generators()", nat_open_generators, "The async generators that stand inside a try or with.", 0},
    {"_call_soon(callback, args, context=None)", nat_call_soon, "Call it in the next round.", 0},
    {"_call_at(when, callback, args, context=None)", nat_call_at, "Call it at a time of the loop's clock.", 0},
    {"_callbacks_of(future, /)", nat_callbacks_of, "The callables it will call, or the names of what are none.", 0},
    {"_wait_of(task, /)", nat_wait_of, "The future it waits for, or the text of such a one, or None.", 0},
    {"_gathers(future, /)", nat_gathers, "Whether it is gather's.", 0},
    {"iscoroutine(obj, /)", nat_iscoroutine, "Whether it is a coroutine object.", 0},
    {0},
};

static bool init(VM *vm, Module *m)
{
    static const struct { const char *name; ErrorKind kind; } errors[] = {
        {"CancelledError", ERR_CANCELLED}, {"InvalidStateError", ERR_INVALID_STATE}, {"QueueEmpty", ERR_QUEUE_EMPTY},
        {"QueueFull", ERR_QUEUE_FULL},     {"BrokenBarrierError", ERR_BROKEN_BARRIER},
    };
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (!module_add(vm, m, errors[i].name, obj_value(vm->exc_types[errors[i].kind]))) return false;
    return module_add(vm, m, "Future", obj_value(vm->types[T_FUTURE])) &&
           module_add(vm, m, "Task", obj_value(vm->types[T_TASK])) &&
           module_add(vm, m, "Handle", obj_value(vm->types[T_HANDLE])) &&
           module_add(vm, m, "TimerHandle", obj_value(vm->types[T_TIMER_HANDLE]));
}

const ModuleDef _asyncio_module = {"_asyncio", natives, "The scheduler, for asyncio and the prelude.", init};
