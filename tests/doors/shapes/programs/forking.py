"""python forking.py NAME: processes that are forked, or spawned, from one that has used its client.

The client is made and used where gunicorn's `--preload` and Celery do it: when the module is loaded.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from common import aassistant_of, aconverse, assistant_of, at_once, begun, converse, say, texts

from bridge import AsyncOpenAI, OpenAI

client = OpenAI()
assistant_id = assistant_of(client)
TASKS = 50


def child(act: Callable[[], Any]) -> int:
    """The exit code of a forked process that does this."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        act()
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)
    return code


def task(number: int) -> str:
    return converse(client, assistant_id, str(number), number)


def pool(method: str) -> None:
    """Fifty callers at once hand tasks to four workers."""
    with multiprocessing.get_context(method).Pool(4) as workers:
        ids = at_once(lambda number: workers.apply(task, (number,)), TASKS)
        workers.close()
        workers.join()
    assert all(len(texts(client, thread_id)) == 4 for thread_id in ids)
    say("threads", len(set(ids)))


def amid_legs() -> None:
    """The parent's runs are at work while it forks: each process goes on with its own, and with nobody else's."""
    runs = [begun(client, "a moment") for _ in range(5)]
    codes = [child(lambda number=number: task(number)) for number in range(3)]
    say("children", *codes)
    say("parent", *{client.beta.threads.runs.poll(run.id, thread_id=run.thread_id).status for run in runs})
    assert all(texts(client, run.thread_id) == ["a moment", "Wait, here."] for run in runs)


def amid_async_legs() -> None:
    """The same on event loops: the child's is another one, and the parent's sockets are not closed there."""
    shared = AsyncOpenAI()

    async def story() -> None:
        beta, runs = shared.beta.threads, []
        for _ in range(5):
            thread = await beta.create(messages=[{"role": "user", "content": "a moment"}])
            runs.append(await beta.runs.create(thread.id, assistant_id=await aassistant_of(shared)))
        codes = [
            await asyncio.to_thread(child, lambda: asyncio.run(aconverse(shared, assistant_id, "x"))) for _ in "ab"
        ]
        say("children", *codes)
        say("parent", *{(await beta.runs.poll(run.id, thread_id=run.thread_id)).status for run in runs})
        await shared.close()

    asyncio.run(story())


def amid_the_first_call() -> None:
    """Another thread is just making the service of a client, under its lock, when this one forks."""
    from bridge import service

    fresh, is_making, connect = OpenAI(), threading.Event(), service.connect

    def slowly(*args: Any, **options: Any) -> Any:
        is_making.set()
        time.sleep(0.5)
        return connect(*args, **options)

    service.connect = slowly
    first = threading.Thread(target=converse, args=(fresh, assistant_id, "parent"))
    first.start()
    is_making.wait(10)
    say("children", child(lambda: converse(fresh, assistant_id, "child")))
    first.join()


def leave(text: str) -> None:
    """A run under way, and heard of, when the process ends."""
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    with client.beta.threads.runs.create(thread.id, assistant_id=assistant_id, stream=True) as stream:
        for event in stream:
            if event.event == "thread.run.created":
                say("run", event.data.id, thread.id)
            if event.event == "thread.message.delta":
                return


def left_by_a_worker(text: str) -> None:
    """A worker of multiprocessing ends while its run works; such processes do not end as others do."""
    worker = multiprocessing.get_context("fork").Process(target=leave, args=(text,))
    worker.start()
    worker.join()
    say("worker", worker.exitcode)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
    client.close()
