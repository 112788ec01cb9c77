"""A thread's entries → items for native code, and what native code asked and got → what a thread keeps of it.

of a thread                              to native code
Message                               => its input items (messages.py)
Message that is still being made      => nothing yet
function call, its output             => without id, the call where it stands; one answered later moves to its output
function call without output          => nothing, until there is one: it would be refused (responses-mapping §4.3)
any other Item                        => nothing: reasoning and hosted calls are of their own run (history.py)

of native code                           to the thread
message, role user                    => message: input_text => text; input_image => image_file or image_url
  input_file with file_id             => an attachment without tools: shown, and not read again
message, role assistant               => message: output_text => text, file citations with a marker; refusal
function_call, function_call_output   => an item of no run
reasoning, hosted calls               => nothing, as above
message, role system or developer     => lost: a thread has no place for them, instructions go with each call
input_file with data or URL, input_audio, url_citation, container_file_citation, other items   => lost
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, TypeAlias

from attrs import frozen

from bridge.records import Entry, Item, Message, Object
from bridge.translate import loose, messages
from bridge.translate.history import CALL_FIELDS

LONGEST_CALL_ID: Final = 64
"""Characters, of a call_id that the Responses API takes; other servers make longer ones."""

SILENT: Final = (
    "reasoning",
    "file_search_call",
    "code_interpreter_call",
    "web_search_call",
    "image_generation_call",
    "compaction",
)
"""Items that say nothing beyond the run or response that they belong to."""

CALLS: Final = ("function_call", "function_call_output")

# --- to native code


@frozen
class Told:
    """`items` are the input items of some entries; `waiting` the calls among these and before without an output yet."""

    items: tuple[Object, ...]
    waiting: tuple[Item, ...] = ()


def to_responses(entries: Sequence[Entry], waiting: Iterable[Item] = ()) -> Told:
    """`waiting` are calls of earlier entries that were not answered by then. Entries are in `seq` order."""
    answered, late, left = _paired(entries, waiting)
    items: list[Object] = []
    for place, entry in enumerate(entries):
        if isinstance(entry, Message):
            items += [] if entry.status == "in_progress" else messages.to_responses(entry)
        elif place in late:
            items += [_call(late[place]), _call(entry)]
        elif place in answered:
            items.append(_call(entry))
    return Told(tuple(items), tuple(left))


def _paired(entries: Sequence[Entry], waiting: Iterable[Item]) -> tuple[set[int], dict[int, Item], list[Item]]:
    """Places of calls and outputs that have each other; places of outputs with their earlier calls; calls left over.

    Call ids may repeat from run to run, so an output belongs to the last call of its own run that has none yet.
    """
    before: dict[tuple[str, str | None], list[Item]] = {}
    here: dict[tuple[str, str | None], list[int]] = {}
    answered: set[int] = set()
    late: dict[int, Item] = {}
    for call in waiting:
        before.setdefault((call.run_id, call.call_id), []).append(call)
    for place, entry in enumerate(entries):
        if isinstance(entry, Message):
            continue
        name = (entry.run_id, entry.call_id)
        if entry.type == "function_call":
            here.setdefault(name, []).append(place)
        elif entry.type == "function_call_output" and here.get(name):
            answered |= {here[name].pop(), place}
        elif entry.type == "function_call_output" and before.get(name):
            late[place] = before[name].pop()
    left = [call for calls in before.values() for call in calls]
    return answered, late, [*left, *(entries[place] for places in here.values() for place in places)]  # type: ignore[list-item]


def _call(item: Item) -> Object:
    body = {key: item.body[key] for key in CALL_FIELDS if item.body.get(key) is not None}
    return {**body, "call_id": _short(str(item.call_id))}


def _short(call_id: str) -> str:
    """A call_id as the Responses API takes it: always the same one for the same call."""
    return call_id if len(call_id) <= LONGEST_CALL_ID else f"call_{sha256(call_id.encode()).hexdigest()[:24]}"


# --- to the thread


@frozen
class Said:
    """A message: content blocks and attachments as a thread keeps them."""

    role: str
    content: Sequence[Object]
    attachments: Sequence[Object] = ()
    is_whole: bool = True


@frozen
class Called:
    """A function call or an output."""

    body: Object


@frozen
class Lost:
    """Something that a thread has no place for."""

    what: str


Brought: TypeAlias = Said | Called | Lost


def to_assistants(items: Iterable[Mapping[str, Any]]) -> list[tuple[int, Brought]]:
    """What comes of each item, with the item's place: a message, a call, and what of it is lost."""
    found: list[tuple[int, Brought]] = []
    searches = 0
    for place, item in enumerate(items):
        searches += item.get("type") == "file_search_call"
        found += [(place, brought) for brought in _brought(dict(item), max(searches, 1) - 1)]
    return found


def _brought(item: Object, round: int) -> list[Brought]:
    kind = loose.text(item, "type") or "message"
    if kind in CALLS and _is_whole(item, kind):
        return [Called({key: item[key] for key in CALL_FIELDS if key in item})]
    if kind in SILENT:
        return []
    if kind != "message":
        return [Lost(_word(kind))]
    if item.get("role") not in ("user", "assistant"):
        return [Lost("a message of another role than user or assistant")]
    said, lost = _answered(item, round) if item["role"] == "assistant" else _asked(item)
    return [*([said] if said.content or said.attachments else []), *lost]


def _is_whole(item: Object, kind: str) -> bool:
    """Whether a call or an output could be sent again."""
    texts = ("call_id", "name", "arguments") if kind == "function_call" else ("call_id",)
    is_said = kind == "function_call" or isinstance(item.get("output"), (str, list))
    return is_said and all(loose.text(item, key) is not None for key in texts)


def _word(kind: str | None) -> str:
    """A type as it may stand in a header or a log."""
    return kind if kind is not None and kind.isascii() and kind.isidentifier() else "something of no known type"


def _answered(item: Object, round: int) -> tuple[Said, list[Lost]]:
    if isinstance(item.get("content"), str):
        item = {**item, "content": [{"type": "output_text", "text": item["content"]}]}
    lost = [
        Lost(_word(kind))
        for part in loose.objects(item, "content")
        for annotation in loose.objects(part, "annotations")
        if (kind := loose.text(annotation, "type")) != "file_citation"
    ]
    blocks = [block for block in messages.to_assistants(item, round) if not _is_empty(block)]
    return Said("assistant", blocks, is_whole=item.get("status") != "incomplete"), lost


def _asked(item: Object) -> tuple[Said, list[Lost]]:
    if isinstance(item.get("content"), str):
        item = {**item, "content": [{"type": "input_text", "text": item["content"]}]}
    blocks: list[Object] = []
    attachments: list[Object] = []
    lost: list[Lost] = []
    for part in loose.objects(item, "content"):
        block = _block(part)
        if block is not None:
            blocks += [] if _is_empty(block) else [block]
        elif part.get("type") == "input_file" and loose.text(part, "file_id"):
            attachments.append({"file_id": part["file_id"], "tools": []})
        else:
            lost.append(Lost(_word(loose.text(part, "type"))))
    return Said("user", blocks, attachments), lost


def _block(part: Object) -> Object | None:
    """The content block of an input part; None where there is none."""
    if part.get("type") in ("input_text", "output_text"):
        return {"type": "text", "text": {"value": loose.text(part, "text") or "", "annotations": []}}
    if part.get("type") != "input_image":
        return None
    detail = {"detail": loose.text(part, "detail") or "auto"}
    if loose.text(part, "file_id"):
        return {"type": "image_file", "image_file": {"file_id": part["file_id"], **detail}}
    if loose.text(part, "image_url"):
        return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
    return None


def _is_empty(block: Object) -> bool:
    return block["type"] == "text" and not block["text"]["value"]
