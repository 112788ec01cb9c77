"""Threads that only the application remembers: the setting, and the hook, through real clients."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import openai
import pytest

import bridge
from bridge.testing import MemoryStore, ScriptedUpstream

pytestmark = pytest.mark.slow

OLD = "thread_abcDEF0123456789abcDEF01"
MESSAGES: Any = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day", "created_at": 5}]


@pytest.fixture(autouse=True)
def no_hooks() -> Iterator[None]:
    yield
    bridge.on_missing_thread(None)
    bridge.on_missing_assistant(None)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def client(store: Any, upstream: ScriptedUpstream | None = None, **options: Any) -> Any:
    return bridge.OpenAI(store=store, upstream=upstream or ScriptedUpstream([{"say": "Yes."}]), **options)


def texts(api: Any, thread_id: str = OLD) -> list[str]:
    return [message.content[0].text.value for message in api.beta.threads.messages.list(thread_id, order="asc")]


Calling = Callable[[Any], Any]

REVIVING: list[tuple[str, Calling]] = [
    ("threads.retrieve", lambda threads: threads.retrieve(OLD)),
    ("threads.update", lambda threads: threads.update(OLD, metadata={"k": "v"})),
    ("messages.create", lambda threads: threads.messages.create(OLD, role="user", content="Hi")),
    ("messages.list", lambda threads: threads.messages.list(OLD)),
    ("runs.create", lambda threads: threads.runs.create(OLD, assistant_id="asst_a")),
    ("runs.list", lambda threads: threads.runs.list(OLD)),
]
OTHERS: list[tuple[str, Calling]] = [
    ("threads.delete", lambda threads: threads.delete(OLD)),
    ("messages.retrieve", lambda threads: threads.messages.retrieve("msg_a", thread_id=OLD)),
    ("messages.update", lambda threads: threads.messages.update("msg_a", thread_id=OLD, metadata={})),
    ("messages.delete", lambda threads: threads.messages.delete("msg_a", thread_id=OLD)),
    ("runs.retrieve", lambda threads: threads.runs.retrieve("run_a", thread_id=OLD)),
    ("runs.cancel", lambda threads: threads.runs.cancel("run_a", thread_id=OLD)),
    ("runs.steps.list", lambda threads: threads.runs.steps.list("run_a", thread_id=OLD)),
]


def asked(store: MemoryStore, call: Calling) -> tuple[bool, bool]:
    """Whether the call worked, and whether the thread is there afterwards."""
    with closing(client(store)) as api:
        bridge.on_missing_assistant(lambda id: {"model": "gpt-4o", "instructions": "Be kind."})
        try:
            call(api.beta.threads)
            works = True
        except openai.NotFoundError as error:
            assert "No thread found" in str(error) and OLD in str(error)
            works = False
    return works, OLD in store._tables[bridge.records.Thread]


@pytest.mark.parametrize("call", [each[1] for each in REVIVING], ids=[each[0] for each in REVIVING])
def test_calls_that_make_the_thread(call: Calling, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(store, call) == (False, False), "without the setting it is a 404 as ever"
    monkeypatch.setenv("BRIDGE_MISSING_THREADS", "create")
    assert asked(store, call) == (True, True)


@pytest.mark.parametrize("call", [each[1] for each in OTHERS], ids=[each[0] for each in OTHERS])
def test_calls_that_do_not(call: Calling, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_MISSING_THREADS", "create")
    bridge.on_missing_thread(lambda id: MESSAGES)
    assert asked(store, call) == (False, False)


@pytest.mark.parametrize("id", ["thread_undefined", "thread_", "thread_None", f"{OLD}x"])
def test_ids_that_were_never_one_stay_missing(id: str, store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_MISSING_THREADS", "create")
    with closing(client(store)) as api, pytest.raises(openai.NotFoundError):
        api.beta.threads.messages.list(id)
    with closing(client(store)) as api, pytest.raises(openai.BadRequestError, match="begins with 'thread'"):
        api.beta.threads.messages.list("undefined")


def test_a_thread_that_was_deleted_is_empty_when_it_comes_again(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_MISSING_THREADS", "create")
    with closing(client(store)) as api:
        api.beta.threads.messages.create(OLD, role="user", content="Hi")
        api.beta.threads.delete(OLD)
        assert texts(api) == []


# --- the hook


def test_the_hook_tells_the_thread_and_it_goes_on(store: Any) -> None:
    asked_for = []

    @bridge.on_missing_thread
    def remembered(thread_id: str) -> Any:
        asked_for.append(thread_id)
        return {"messages": MESSAGES, "metadata": {"user": "u1"}} if thread_id == OLD else None

    upstream = ScriptedUpstream([{"say": "Yes."}])
    with closing(client(store, upstream)) as api:
        assistant = api.beta.assistants.create(model="gpt-4o")
        run = api.beta.threads.runs.create_and_poll(thread_id=OLD, assistant_id=assistant.id)
        assert run.status == "completed"
        assert texts(api) == ["Good day", "Hello", "Yes."]
        assert api.beta.threads.retrieve(OLD).metadata == {"user": "u1"}
        with pytest.raises(openai.NotFoundError):
            api.beta.threads.retrieve("thread_unknown")
    assert asked_for == [OLD, "thread_unknown"]
    assert [item["content"][0]["text"] for item in upstream.requests[0]["input"]] == ["Good day", "Hello"]


def test_assistants_are_asked_for_too(store: Any) -> None:
    bridge.on_missing_assistant(lambda id: {"model": "gpt-4o", "name": "Old"} if id == "asst_old" else None)
    with closing(client(store)) as api:
        hello: Any = {"messages": [{"role": "user", "content": "Hi"}]}
        run = api.beta.threads.create_and_run_poll(assistant_id="asst_old", thread=hello)
        assert run.status == "completed"
        assert api.beta.assistants.retrieve("asst_old").name == "Old"
        assert api.beta.assistants.delete("asst_old").deleted
        assert api.beta.assistants.update("asst_old", name="New").name == "New"
        with pytest.raises(openai.NotFoundError, match="No assistant found with id 'asst_other'"):
            api.beta.threads.create_and_run(assistant_id="asst_other", thread=hello)


def plain(calls: list[str], told: Any) -> Any:
    def hook(thread_id: str) -> Any:
        calls.append(thread_id)
        time.sleep(0.02)
        return told

    return hook


def coroutine(calls: list[str], told: Any) -> Any:
    async def hook(thread_id: str) -> Any:
        calls.append(thread_id)
        await asyncio.sleep(0.02)
        return told

    return hook


HOOKS = pytest.mark.parametrize("hook", [plain, coroutine])
TOLD = pytest.mark.parametrize("told", [MESSAGES, None])


@HOOKS
@TOLD
def test_fifty_threads_ask_once(hook: Any, told: Any, store: Any) -> None:
    calls: list[str] = []
    bridge.on_missing_thread(hook(calls, told))
    start = threading.Barrier(50)
    with closing(client(store)) as api, ThreadPoolExecutor(50) as pool:

        def ask(_: int) -> Any:
            start.wait()
            try:
                return texts(api)
            except openai.NotFoundError:
                return None

        found = list(pool.map(ask, range(50)))
    assert found == [["Good day", "Hello"] if told else None] * 50
    assert calls == [OLD] or (told is None and len(calls) < 50), "who comes later may ask again where nobody knew"


@HOOKS
@TOLD
def test_fifty_tasks_ask_once(hook: Any, told: Any, store: Any) -> None:
    calls: list[str] = []
    bridge.on_missing_thread(hook(calls, told))

    async def main() -> list[Any]:
        async with bridge.AsyncOpenAI(store=store, upstream=ScriptedUpstream()) as api:

            async def ask() -> Any:
                try:
                    page = await api.beta.threads.messages.list(OLD, order="asc")
                except openai.NotFoundError:
                    return None
                return [message.content[0].text.value for message in page.data]  # type: ignore[union-attr]

            return await asyncio.gather(*(ask() for _ in range(50)))

    assert asyncio.run(main()) == [["Good day", "Hello"] if told else None] * 50
    assert calls == [OLD] or told is None


def test_the_loop_goes_on_while_a_function_thinks(store: Any) -> None:
    bridge.on_missing_thread(lambda id: time.sleep(0.2))

    async def main() -> int:
        async with bridge.AsyncOpenAI(store=store, upstream=ScriptedUpstream()) as api:
            asking = asyncio.ensure_future(api.beta.threads.retrieve(OLD))
            beats = 0
            while not asking.done():
                await asyncio.sleep(0.01)
                beats += 1
            assert isinstance(asking.exception(), openai.NotFoundError)
            return beats

    assert asyncio.run(main()) > 5


def test_when_the_first_is_cancelled_the_next_asks(store: Any) -> None:
    calls: list[str] = []

    async def hook(thread_id: str) -> Any:
        calls.append(thread_id)
        await asyncio.sleep(30 if len(calls) == 1 else 0)
        return MESSAGES

    bridge.on_missing_thread(hook)

    async def main() -> None:
        async with bridge.AsyncOpenAI(store=store, upstream=ScriptedUpstream()) as api:
            first = asyncio.ensure_future(api.beta.threads.retrieve(OLD))
            while not calls:
                await asyncio.sleep(0.001)
            second = asyncio.ensure_future(api.beta.threads.retrieve(OLD))
            await asyncio.sleep(0.05)
            first.cancel()
            assert (await asyncio.wait_for(second, 5)).id == OLD

    asyncio.run(main())
    assert len(calls) == 2


FAILING: list[tuple[Any, str]] = [
    (lambda id: {}["x"], f"on_missing_thread failed for '{OLD}': KeyError: 'x'"),
    (lambda id: 5, "TypeError: the thread must be a mapping, not int"),
    (lambda id: [{"role": "system", "content": "x"}], "Invalid value: 'system'. Supported values are"),
]


@pytest.mark.parametrize(("hook", "said"), FAILING)
def test_what_the_hook_raises_is_told_at_once_and_not_repeated(hook: Any, said: str, store: Any) -> None:
    calls = []

    def counted(thread_id: str) -> Any:
        calls.append(thread_id)
        return hook(thread_id)

    bridge.on_missing_thread(counted)
    with closing(client(store, max_retries=3)) as api:
        for _ in range(2):
            with pytest.raises(openai.InternalServerError) as caught:
                api.beta.threads.retrieve(OLD)
            assert said in str(caught.value)
        bridge.on_missing_thread(lambda id: MESSAGES)
        assert api.beta.threads.retrieve(OLD).id == OLD
    assert len(calls) == 2, "the SDK does not repeat the call"


def test_a_message_id_that_is_taken_is_told(store: Any) -> None:
    with closing(client(store)) as api:
        taken = api.beta.threads.create(messages=[{"role": "user", "content": "x"}])
        (message,) = api.beta.threads.messages.list(taken.id)
        bridge.on_missing_thread(lambda id: [{"role": "user", "content": "y", "id": message.id}])
        with pytest.raises(openai.InternalServerError, match="has an id that is in the store already"):
            api.beta.threads.retrieve(OLD)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_hook_may_ask_bridge_itself(is_async: bool, store: Any) -> None:
    """For the very thread it is asked for, it is still missing then."""
    with closing(client(store)) as api:

        def hook(thread_id: str) -> Any:
            with pytest.raises(openai.NotFoundError):
                api.beta.threads.retrieve(thread_id)
            return MESSAGES

        bridge.on_missing_thread(hook)
        if is_async:

            async def main() -> str:
                async with bridge.AsyncOpenAI(store=store, upstream=ScriptedUpstream()) as other:
                    return (await other.beta.threads.retrieve(OLD)).id

            assert asyncio.run(main()) == OLD
        else:
            assert api.beta.threads.retrieve(OLD).id == OLD


def test_a_coroutine_may_ask_bridge_itself_for_a_sync_client(store: Any) -> None:
    async def hook(thread_id: str) -> Any:
        async with bridge.AsyncOpenAI(store=store, upstream=ScriptedUpstream()) as other:
            with pytest.raises(openai.NotFoundError):
                await asyncio.wait_for(other.beta.threads.retrieve(thread_id), 5)
        return MESSAGES

    bridge.on_missing_thread(hook)
    with closing(client(store)) as api:
        assert texts(api) == ["Good day", "Hello"]


def test_only_functions_are_hooks() -> None:
    with pytest.raises(TypeError, match="on_missing_thread takes a function of an id, not 'x'"):
        bridge.on_missing_thread("x")  # type: ignore[type-var]
