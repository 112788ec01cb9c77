"""Vector stores that requests make in passing, and attachments: what of them reaches a thread's tools (§3.2, §4.3).

    tool_resources.file_search.vector_stores   => a vector store upstream, its id in vector_store_ids
    an attachment for file_search              => a file of the thread's vector store, which is made if there is none
    an attachment for code_interpreter         => one of the thread's file_ids

The calls happen before anything is stored here. Where the operation then fails, what it made upstream is deleted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from bridge import errors
from bridge.engine.effects import Flow, Refused, Send, Sent, send, warn
from bridge.engine.flows import Context, lending
from bridge.records import Object
from bridge.translate import loose
from bridge.wire import paths

EXPIRY: Final[Object] = {"anchor": "last_active_at", "days": 7}
"""Of vector stores that were made for a thread (§3.2). An assistant's do not expire."""


@frozen
class Settled:
    """`tool_resources` with ids only; `made` are the vector stores that are nobody else's yet."""

    tool_resources: Object = field(factory=dict)
    made: tuple[str, ...] = ()


def of_assistant(context: Context, given: Mapping[str, Any]) -> Flow[Settled]:
    return (yield from _with_stores(context, given.get("tool_resources") or {}, {}))


def of_thread(context: Context, given: Mapping[str, Any]) -> Flow[Settled]:
    """Those of a thread that is made, and of its first messages."""
    own = yield from _with_stores(context, given.get("tool_resources") or {}, {"expires_after": dict(EXPIRY)})
    try:
        return (yield from _with_attachments(context, own, given.get("messages") or ()))
    except errors.APIError:
        yield from undo(own)
        raise


def of_messages(context: Context, before: Object, messages: Iterable[Object]) -> Flow[Settled]:
    """Those of a thread that has `before` and gets these messages."""
    return (yield from _with_attachments(context, Settled(before), messages))


def undo(settled: Settled) -> Flow[None]:
    for store_id in settled.made:
        answer = yield from send(Send("DELETE", paths.of("vector_stores", store_id)))
        if isinstance(answer, Refused) or not answer.is_ok:
            yield from warn("vector_stores", f"the vector store {store_id} is of no use and could not be deleted")


# --- vector stores that are described in the request


def _with_stores(context: Context, resources: Object, expiry: Object) -> Flow[Settled]:
    described = (resources.get("file_search") or {}).get("vector_stores") or ()
    if not described:
        return Settled(resources)
    made: list[str] = []
    for entry in described:
        body = {key: entry[key] for key in ("chunking_strategy", "metadata") if entry.get(key) is not None}
        made.append((yield from _new_store(context, entry.get("file_ids") or (), {**body, **expiry}, "vector_stores")))
    return Settled({**resources, "file_search": {"vector_store_ids": made}}, tuple(made))


def _new_store(context: Context, file_ids: Sequence[str], body: Object, param: str) -> Flow[str]:
    _need_vector_stores(context, param)
    known = yield from _upstream(file_ids)
    answer = yield from send(Send("POST", "/vector_stores", {"file_ids": known, **body} if known else body))
    if isinstance(answer, Sent) and answer.status == 404 and known:
        raise errors.files_not_found(file_ids)
    return loose.text(_body(answer), "id") or ""


# --- attachments


def _with_attachments(context: Context, before: Settled, messages: Iterable[Object]) -> Flow[Settled]:
    searched, run = _attached(messages, "file_search"), _attached(messages, "code_interpreter")
    settled = before
    if searched:
        settled = yield from _searched(context, settled, searched)
    if run:
        ids = dict.fromkeys([*lending.file_ids(settled.tool_resources), *run])
        resources = {**settled.tool_resources, "code_interpreter": {"file_ids": list(ids)}}
        settled = Settled(resources, settled.made)
    return settled


def _attached(messages: Iterable[Object], tool: str) -> list[str]:
    """The files attached for a tool, each once, in order."""
    attachments = [attachment for message in messages for attachment in message.get("attachments") or ()]
    wanted = [one["file_id"] for one in attachments if any(each["type"] == tool for each in one.get("tools") or ())]
    return list(dict.fromkeys(wanted))


def _searched(context: Context, before: Settled, file_ids: Sequence[str]) -> Flow[Settled]:
    stores = list((before.tool_resources.get("file_search") or {}).get("vector_store_ids") or ())
    if not stores:
        store_id = yield from _new_store(context, file_ids, {"expires_after": dict(EXPIRY)}, "attachments")
        resources = {**before.tool_resources, "file_search": {"vector_store_ids": [store_id]}}
        return Settled(resources, (*before.made, store_id))
    _need_vector_stores(context, "attachments")
    for file_id in (yield from _upstream(file_ids)):
        answer = yield from send(Send("POST", paths.of("vector_stores", stores[0], "files"), {"file_id": file_id}))
        if isinstance(answer, Sent) and answer.status == 404:
            raise _missing(answer, stores[0], file_id)
        _body(answer)
    return before


def _missing(answer: Sent, store_id: str, file_id: str) -> errors.APIError:
    """Which of the two is not there: programs know the old texts (§10.3)."""
    is_store = store_id in (loose.text(loose.object(answer.body, "error"), "message") or "")
    return errors.no_vector_store(store_id) if is_store else errors.files_not_found([file_id])


def _upstream(file_ids: Sequence[str]) -> Flow[list[str]]:
    """The same ids, of files of ours those of their copies upstream."""
    known = yield from lending.upstream_ids(file_ids)
    return [known.get(id, id) for id in file_ids]


# --- answers


def _need_vector_stores(context: Context, param: str) -> None:
    if context.profile.vector_stores is False:
        raise errors.not_yet(param, "The upstream has no vector stores.")


def _body(answer: Sent | Refused) -> Object:
    """What the upstream said; its refusal is the answer to the request that needed it."""
    if isinstance(answer, Refused):
        raise errors.upstream_silent(answer.message)
    if not answer.is_ok:
        raise errors.upstream_refused(answer.status, loose.object(answer.body, "error") or {})
    return answer.body
