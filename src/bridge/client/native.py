"""`bridge.native`: a thread for native code, which asks the Responses API itself and takes turns with legacy code.

    native = bridge.native(client, thread_id)
    response = client.responses.create(model=…, input=[*native.input(), {"role": "user", "content": "…"}])
    native.add(response, input="…")

The calls go through the client, to whatever answers its Assistants calls: a drop-in, a wrapped or installed client, or
a gateway (docs/leaving.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, overload

import openai
from openai.types.beta.threads import Message

from bridge.errors import ConfigurationError
from bridge.wire import paths

Items: TypeAlias = str | Iterable[Any]
"""The input of a response: a text, or items as dicts or as the SDK's objects."""

OURS: Final = "No thread found"
"""How the 404 of a thread that is not there begins."""


@overload
def native(client: openai.OpenAI, thread_id: str) -> Native: ...
@overload
def native(client: openai.AsyncOpenAI, thread_id: str) -> AsyncNative: ...
def native(client: openai.OpenAI | openai.AsyncOpenAI, thread_id: str) -> Native | AsyncNative:
    """The thread for native code; nothing is asked yet. Raises TypeError for what is no client."""
    if isinstance(client, openai.AsyncOpenAI):
        return AsyncNative(client, thread_id)
    if isinstance(client, openai.OpenAI):
        return Native(client, thread_id)
    raise TypeError(f"native() takes a client of the openai package, not {type(client).__name__}")


class _Common:
    def __init__(self, client: Any, thread_id: str) -> None:
        self.thread_id = thread_id
        self._client = client
        self._there: list[dict[str, Any]] = []  # what the thread is known to have: handed out, or added
        self._handed: dict[int, Any] = {}  # the very objects that were handed out, by Python's id
        self._asked: dict[int, Any] = {}  # those that were added as input; a program may use one for several questions
        self._ids: set[str] = set()  # of output that was added

    def _path(self, *parts: str) -> str:
        return paths.of("threads", self.thread_id, *parts)

    def _hand_out(self, answer: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = answer["data"]
        self._there = list(items)
        self._handed |= {id(item): item for item in items}
        return items

    def _body(self, response: Any, input: Sequence[Any]) -> dict[str, Any]:
        return {"response": plain(response), "input": self._new(input)}

    def _new(self, given: Sequence[Any]) -> list[dict[str, Any]]:
        """The input without what the thread has: the whole list that a response was asked with will do, or a copy.

        What was asked before is history where something that surely is history comes after it."""
        items = [plain(item) for item in given]
        sure = [id(one) in self._handed or item.get("id") in self._ids for one, item in zip(given, items, strict=True)]
        begin = len(self._there) if items[: len(self._there)] == self._there else 0
        last = max((place for place, is_sure in enumerate(sure) if is_sure), default=-1)
        return [
            item
            for place, item in enumerate(items)
            if place >= begin and not sure[place] and (place > last or id(given[place]) not in self._asked)
        ]

    def _added(self, body: Mapping[str, Any], given: Sequence[Any], answer: Any) -> list[Message]:
        output = body["response"].get("output") or []
        self._there += [*body["input"], *output]
        self._asked |= {id(item): item for item in given}
        self._ids |= {item["id"] for item in output if isinstance(item.get("id"), str)}
        return [Message.construct(**message) for message in answer["data"]]


class Native(_Common):
    """A thread, for native code with a sync client. Errors are those of the SDK, as for every call."""

    def input(self, *, last_messages: int | None = None) -> list[dict[str, Any]]:
        """The thread as input items, for `responses.create(input=…)`. With `last_messages` no more than so many of its
        newest messages, and the first of the user's."""
        return self._hand_out(
            _asked(lambda: self._client.get(self._path("input") + _query(last_messages), cast_to=object))
        )

    def add(self, response: Any, *, input: Items = ()) -> list[Message]:
        """Puts a response into the thread, and the input it was asked with; answers their messages. A response is added
        once, however often it is brought. Of `input` what the thread has already is left out; in the thread's
        conversation it is needed only where that does not list it."""
        given = items_of(input)
        body = self._body(response, given)
        path = self._path("responses")
        return self._added(body, given, _asked(lambda: self._client.post(path, body=body, cast_to=object)))

    def conversation(self, *, new: bool = False) -> str:
        """The id of the thread's OpenAI Conversation, for `responses.create(conversation=…)`: made at the first call,
        and in step with the thread after each. `new` makes another one, with all of the thread."""
        body = {"new": new}
        return str(_asked(lambda: self._client.post(self._path("conversation"), body=body, cast_to=object))["id"])


class AsyncNative(_Common):
    """The same with an async client."""

    async def input(self, *, last_messages: int | None = None) -> list[dict[str, Any]]:
        path = self._path("input") + _query(last_messages)
        return self._hand_out(await _aasked(self._client.get(path, cast_to=object)))

    async def add(self, response: Any, *, input: Items = ()) -> list[Message]:
        given = items_of(input)
        body = self._body(response, given)
        answer = await _aasked(self._client.post(self._path("responses"), body=body, cast_to=object))
        return self._added(body, given, answer)

    async def conversation(self, *, new: bool = False) -> str:
        asked = self._client.post(self._path("conversation"), body={"new": new}, cast_to=object)
        return str((await _aasked(asked))["id"])


def _query(last_messages: int | None) -> str:
    return "" if last_messages is None else f"?last_messages={last_messages}"


def _asked(call: Any) -> Any:
    try:
        return call()
    except openai.NotFoundError as error:
        raise _cause(error) from error


async def _aasked(call: Any) -> Any:
    try:
        return await call
    except openai.NotFoundError as error:
        raise _cause(error) from error


def _cause(error: openai.NotFoundError) -> Exception:
    body = error.body if isinstance(error.body, dict) else {}
    if str(body.get("message", "")).startswith(OURS) or body.get("param") == "conversation":
        return error
    return ConfigurationError(
        "Nothing behind this client knows threads: make it with `from bridge import OpenAI`, bridge it with "
        "bridge.wrap(), or give it the address of a gateway."
    )


# --- what native code holds


def items_of(input: Items) -> list[Any]:
    """The items of an input."""
    if isinstance(input, str):
        return [{"role": "user", "content": input}] if input else []
    return list(input)


def plain(value: Any) -> dict[str, Any]:
    """An object of the SDK, or a mapping, as plain JSON. What was parsed from it (`responses.parse`) stays behind."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if hasattr(value, "to_dict"):
        found: dict[str, Any] = value.to_dict(mode="json", exclude_unset=True, warnings=False)
        return found
    if hasattr(value, "model_dump"):
        dumped: dict[str, Any] = value.model_dump(mode="json", exclude_unset=True)
        return dumped
    raise TypeError(f"expected an item or a response of the Responses API, not {type(value).__name__}")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping) or hasattr(value, "to_dict"):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
