"""asyncio: tasks that await, cancel, lock, queue and group one another at random; only turns of the loop pass, no time."""
from . import Source, values


def statement(chance, source, depth):
    number = chance.randint(0, 2)
    simple = ["await asyncio.sleep(0)", "await asyncio.sleep(0)", f"tasks[{number} % len(tasks)].cancel({chance.choice(['', repr('why')])})",
              "print(name, 'at', step())", f"raise {chance.choice(values.ERRORS[:5])}(name)", f"return name + '{number}'",
              "event.set()", "event.clear()", "print(name, await queue.get())" if chance.random() < 0.5 else "queue.put_nowait(name)",
              "await queue.put(name)", "await asyncio.sleep(0, 'result')", "asyncio.current_task().cancel()",
              "print(name, asyncio.current_task().cancelling(), asyncio.current_task().uncancel())",
              f"print(name, tasks[{number} % len(tasks)].done(), tasks[{number} % len(tasks)].cancelled())",
              "future.done() or future.set_result(name)", "future.done() or future.set_exception(ValueError(name))", "future.cancel()",
              "future.add_done_callback(lambda f: print('callback', name, f.cancelled()))", "loop.call_soon(print, 'soon', name)"]
    waits = ["print(name, await asyncio.wait_for(asyncio.shield(future), 0))", "await event.wait()", "print(name, await future)",
             "print(name, await asyncio.gather(leaf(name), leaf(1), return_exceptions=True))", "print(name, await asyncio.gather(leaf(name), leaf(0)))",
             "print(name, await asyncio.shield(leaf(name)))", "print(name, await asyncio.wait_for(leaf(name), None))",
             f"print(name, len((await asyncio.wait([asyncio.ensure_future(leaf(1)), asyncio.ensure_future(leaf(0))], return_when=asyncio.{chance.choice(['FIRST_COMPLETED', 'ALL_COMPLETED', 'FIRST_EXCEPTION'])}))[0]))"]
    some = f"[asyncio.ensure_future(leaf({chance.choice(['name', '0', '1'])})) for _ in range({number})]"
    waits += ["print(name, await condition.wait())" if chance.random() < 0.5 else "condition.notify(1)", "await barrier.wait()", "await barrier.reset()",
              f"await asyncio.wait_for({chance.choice(['leaf(name)', 'event.wait()', 'queue.get()', 'future', 'leaf(0)'])}, {chance.choice([0, 0, -1, None])})",
              f"print(name, [len(s) for s in await asyncio.wait([future, *{some}], timeout=0)])",
              f"for f in asyncio.as_completed({some}): print(name, await f)", f"print(name, await asyncio.gather(*{some}, event.wait()))",
              f"print(name, await asyncio.gather(asyncio.gather(*{some}), future, return_exceptions={chance.choice(['True', 'False'])}))",
              "print(name, await asyncio.shield(future))", "print(name, await asyncio.shield(asyncio.gather(leaf(0), leaf(1))))",
              "stack.put_nowait(name); print(name, await stack.get())", "await queue.join()",
              "queue.empty() or queue.get_nowait(); queue._unfinished_tasks and queue.task_done()",
              f"print(name, await tasks[{number} % 'ABC'.index(name)])",  # tests/differs/tasks_in_a_circle: never its own
              "print(await barrier.abort(), barrier.n_waiting, barrier.broken)",
              "limit and limit[0].reschedule(0)", "print(name, [l.expired() for l in limit])", "print(name, *sorted(t.get_name()[:0] for t in asyncio.all_tasks()))"]
    kind = chance.random()
    if depth == 0 or kind < 0.55:
        source(chance.choice(simple + waits))
        return
    heads = ["async with lock:", "async with semaphore:", "async with asyncio.timeout(None) as alarm:", "async with condition:",
             f"async with asyncio.timeout({chance.choice([0, -1])}):", "async with asyncio.timeout_at(0):", "with contextlib.suppress(asyncio.CancelledError):", "try:", "try:", "for i in range(2):", "async with asyncio.TaskGroup() as group:"]
    head = chance.choice(heads)
    with source.block(head):
        if "alarm" in head:
            source("limit[:] = [alarm]")
        if "group" in head:
            source(*[f"group.create_task(leaf({chance.choice(['name', '0', '1'])}))" for _ in range(chance.randint(1, 2))])
        for _ in range(chance.randint(1, 2)):
            statement(chance, source, depth - 1)
    if head == "try:":
        with source.block(f"except {chance.choice(['asyncio.CancelledError', 'ValueError', 'Exception', 'BaseException', 'asyncio.TimeoutError'])} as error:"):
            source("print(name, 'caught', chain(error))")
            if chance.random() < 0.4:
                statement(chance, source, depth - 1)
            if chance.random() < 0.5:
                source("raise")
        if chance.random() < 0.4:
            with source.block("finally:"):
                source("print(name, 'finally')")
                statement(chance, source, 0)


def program(chance):
    source = Source()
    source("import asyncio, contextlib")
    with source.block("async def leaf(n):"):
        source("await asyncio.sleep(0)", "if n == 0: raise KeyError('leaf')", "if n == 1: await asyncio.sleep(0)", "return n")
    with source.block("async def main():"):
        source("loop, lock, event, queue = asyncio.get_running_loop(), asyncio.Lock(), asyncio.Event(), asyncio.Queue(1)",
               "semaphore, future, tasks, steps = asyncio.Semaphore(1), loop.create_future(), [], []",
               "condition, barrier, stack, limit = asyncio.Condition(lock), asyncio.Barrier(2), asyncio.LifoQueue(), []",
               "step = lambda: steps.append(1) or len(steps)")
        names = "ABC"[:chance.randint(1, 3)]
        for name in names:
            with source.block(f"async def task_{name}(name='{name}'):"):
                for _ in range(chance.randint(2, 5)):
                    statement(chance, source, 2)
        source(f"tasks += [asyncio.create_task(t()) for t in ({', '.join('task_' + name for name in names)},)]")
        with source.block("for turn in range(12):"):
            source("await asyncio.sleep(0)")
            if chance.random() < 0.5:
                source(f"if turn == {chance.randint(1, 6)}: print('main cancels', tasks[{chance.randint(0, len(names) - 1)}].cancel('main'))")
        source("event.set()", "future.cancel()", "for t in tasks: t.cancel('end')")
        with source.block("for turn in range(40):"):  # who catches that may wait once more; all of them end some time
            source("await asyncio.sleep(0)", "if turn > 9: [t.cancel('again') for t in tasks]")
        source("for t in await asyncio.gather(*tasks, return_exceptions=True): print(chain(t) if isinstance(t, BaseException) else t)",
               "print([t.cancelled() for t in tasks], lock.locked(), queue.qsize(), semaphore.locked())")
    source("asyncio.run(main())")
    return source.lines
