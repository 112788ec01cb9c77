"""What must be there before a request of the published tests makes sense, made through the gateway itself.

Each request gets its own: an assistant, a thread, a run in the state that the operation needs.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import httpx

from doors.published.asked import Asked

Object = dict[str, Any]
Made = dict[str, list[str]]

HEADERS: Final = {"authorization": "Bearer sk-states", "openai-beta": "assistants=v2"}
POLLS: Final = 30
CALLS: Final = 3
"""The most tool outputs that a published test submits at once."""

TOOLS: Final[list[Object]] = [
    {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}},
    {"type": "file_search"},
    {"type": "code_interpreter"},
]
MADE: Final = [{"name": "plot.png", "shown": True}, {"name": "table.csv", "text": "x,y"}]
SCRIPT: Final[list[Object]] = [
    *({"when": f"{n} calls", "call": ["look_up"] * n, "then": {"say": "Done."}} for n in range(1, CALLS + 1)),
    {
        "when": "everything",
        "do": [
            {"search": {"results": [{"filename": "dog.txt", "text": "The dog is brown."}]}},
            {"code": {"code": "plot()", "logs": "drawn", "files": MADE}},
            {"say": ["It is brown{cite[0]}.", "See the [table]({file[table.csv]}).", "More follows."]},
            {"call": "look_up"},
        ],
        "then": {"say": "Done."},
    },
    {"when": "crash", "say": "Let me", "fail": {"code": "server_error", "message": "The model crashed."}},
    {"when": "long story", "say": "Once upon", "incomplete": "max_output_tokens"},
    {"when": "always", "say": "You said: {text}"},
]
"""What the model behind the gateway says; `World.run` asks for it."""

RESTING: Final = ["completed", "failed", "incomplete", "cancelled", "requires_action"]
"""Where a run comes to rest within less than ten minutes, which `expired` takes."""


class Unmade(Exception):
    """The gateway did not make what a request needs: the test that sent it must fail."""


class World:
    """Makes things through the gateway. Raises Unmade for what it does not make."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, path: str, body: Object) -> Object:
        return self._read(await self._client.post(path, json=body, headers=HEADERS))

    async def get(self, path: str, **headers: str) -> Object:
        return self._read(await self._client.get(path, headers={**HEADERS, **headers}))

    async def file(self) -> str:
        upload = {"file": ("notes.txt", b"The dog is brown.")}
        form = {"purpose": "assistants"}
        return self._read(await self._client.post("/files", data=form, files=upload, headers=HEADERS))["id"]

    async def vector_store(self) -> str:
        return (await self.post("/vector_stores", {"file_ids": [await self.file()]}))["id"]

    async def assistant(self) -> str:
        body = {"model": "gpt-4.1", "name": "Test", "instructions": "Be kind.", "tools": TOOLS}
        return (await self.post("/assistants", body))["id"]

    async def thread(self, **more: Any) -> str:
        body = {"messages": [await self.rich_message()], "metadata": {"made": "for a test"}, **more}
        return (await self.post("/threads", body))["id"]

    async def message(self, thread_id: str) -> str:
        return (await self.post(f"/threads/{thread_id}/messages", await self.rich_message()))["id"]

    async def rich_message(self) -> Object:
        """The body of a message with each kind of content that a user may send."""
        file_id, tools = await self.file(), [{"type": "code_interpreter"}, {"type": "file_search"}]
        content = [
            {"type": "text", "text": "Hello"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image_file", "image_file": {"file_id": file_id, "detail": "low"}},
        ]
        return {"role": "user", "content": content, "attachments": [{"file_id": file_id, "tools": tools}]}

    async def run(self, thread_id: str, asks: str) -> Object:
        """A run on the thread that nobody works on any more: it waits for outputs, or is over."""
        body = {
            "assistant_id": await self.assistant(),
            "additional_messages": [{"role": "user", "content": asks}],
        }
        run = await self.post(f"/threads/{thread_id}/runs", body)
        for _ in range(POLLS):
            if run["status"] not in ("queued", "in_progress"):
                return run
            run = await self.get(f"/threads/{thread_id}/runs/{run['id']}", **{"x-stainless-poll-helper": "true"})
        raise Unmade(f"the run {asks!r} is still {run['status']}")

    def _read(self, answer: httpx.Response) -> Object:
        if answer.status_code != 200:
            raise Unmade(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
        made: Object = answer.json()
        return made


# --- states


async def nothing(world: World, asked: Asked) -> Made:
    return {}


async def an_assistant(world: World, asked: Asked) -> Made:
    return {"assistant_id": [await world.assistant()]}


async def assistants(world: World, asked: Asked) -> Made:
    made = [await world.assistant() for _ in range(3)]
    return _cursors(made)


async def a_thread(world: World, asked: Asked) -> Made:
    return {"thread_id": [await world.thread()]}


async def a_message(world: World, asked: Asked) -> Made:
    thread_id = await world.thread()
    return {"thread_id": [thread_id], "message_id": [await world.message(thread_id)]}


async def a_thread_and_an_assistant(world: World, asked: Asked) -> Made:
    return await a_thread(world, asked) | await an_assistant(world, asked)


async def a_run_that_is_over(world: World, asked: Asked) -> Made:
    return await _a_run(world, "Hello", "completed")


async def a_run_that_waits(world: World, asked: Asked) -> Made:
    """With one call for each output that is submitted."""
    wanted = len(asked.body["tool_outputs"]) if asked.body else 1
    return await _a_run(world, f"{wanted} calls", "requires_action")


async def runs(world: World, asked: Asked) -> Made:
    """On one thread, one in each of RESTING."""
    thread_id = await world.thread()
    made = [await world.run(thread_id, asks) for asks in ("Hello", "crash", "a long story", "1 calls")]
    await world.post(f"/threads/{thread_id}/runs/{made[-1]['id']}/cancel", {})
    await world.run(thread_id, "2 calls")
    listed = (await world.get(f"/threads/{thread_id}/runs?order=asc"))["data"]
    if [run["status"] for run in listed] != RESTING:
        raise Unmade(f"the runs are {[run['status'] for run in listed]}, not {RESTING}")
    return {"thread_id": [thread_id], **_cursors(run["id"] for run in listed)}


async def a_rich_run(world: World, asked: Asked) -> Made:
    """Of each kind of step one at least, and several messages. The cursors are ids of what is listed."""
    resources = {"file_search": {"vector_store_ids": [await world.vector_store()]}}
    made = await _a_run(world, "everything", "requires_action", tool_resources=resources)
    thread_id, run_id = made["thread_id"][0], made["run_id"][0]
    kind = f"messages?run_id={run_id}&" if asked.path.endswith("/messages") else f"runs/{run_id}/steps?"
    listed = await world.get(f"/threads/{thread_id}/{kind}order=asc")
    ids = [each["id"] for each in listed["data"]]
    return {**made, "step_id": ids, **_cursors(ids)}


async def _a_run(world: World, asks: str, status: str, **of_thread: Any) -> Made:
    thread_id = await world.thread(**of_thread)
    run = await world.run(thread_id, asks)
    if run["status"] != status:
        raise Unmade(f"the run {asks!r} is {run['status']}, not {status}: {json.dumps(run['last_error'])}")
    calls = (run["required_action"] or {"submit_tool_outputs": {"tool_calls": []}})["submit_tool_outputs"]["tool_calls"]
    return {"thread_id": [thread_id], "run_id": [run["id"]], "tool_call_id": [call["id"] for call in calls]}


def _cursors(listed: Iterable[str]) -> Made:
    """So that what is asked for lies between them, oldest first, and is not empty."""
    first, *between, last = listed
    if not between:
        raise Unmade(f"nothing lies between {first} and {last}")
    return {"after": [first], "before": [last]}


THREAD: Final = "/threads/{thread_id}"
MESSAGE: Final = THREAD + "/messages/{message_id}"
RUN: Final = THREAD + "/runs/{run_id}"

STATES: Final[dict[tuple[str, str], Callable[[World, Asked], Awaitable[Made]]]] = {
    ("POST", "/assistants"): nothing,
    ("GET", "/assistants"): assistants,
    ("GET", "/assistants/{assistant_id}"): an_assistant,
    ("POST", "/assistants/{assistant_id}"): an_assistant,
    ("DELETE", "/assistants/{assistant_id}"): an_assistant,
    ("POST", "/threads"): nothing,
    ("POST", "/threads/runs"): an_assistant,
    ("GET", THREAD): a_thread,
    ("POST", THREAD): a_thread,
    ("DELETE", THREAD): a_thread,
    ("POST", THREAD + "/messages"): a_thread,
    ("GET", THREAD + "/messages"): a_rich_run,
    ("GET", MESSAGE): a_message,
    ("POST", MESSAGE): a_message,
    ("DELETE", MESSAGE): a_message,
    ("POST", THREAD + "/runs"): a_thread_and_an_assistant,
    ("GET", THREAD + "/runs"): runs,
    ("GET", RUN): a_run_that_waits,
    ("POST", RUN): a_run_that_is_over,
    ("POST", RUN + "/cancel"): a_run_that_waits,
    ("POST", RUN + "/submit_tool_outputs"): a_run_that_waits,
    ("GET", RUN + "/steps"): a_rich_run,
    ("GET", RUN + "/steps/{step_id}"): a_rich_run,
}


async def made_for(world: World, asked: Asked) -> Made:
    """What the request needs, and files and a vector store where its body names any."""
    if asked.operation not in STATES:
        raise Unmade("nothing is known that this request needs")
    made = await STATES[asked.operation](world, asked)
    body = json.dumps(asked.body)
    if '"file_id' in body:
        made["file_id"] = [await world.file() for _ in range(3)]
    if '"vector_store_ids"' in body:
        made["vector_store_id"] = [await world.vector_store()]
    return made
