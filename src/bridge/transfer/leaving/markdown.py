"""A thread of a store for people: Markdown (CommonMark 0.31) in which nothing that was said can mean anything.

Texts come from users and models. They stand in fenced blocks whose fence is longer than any run of backticks in them,
so that no line can end the block (CommonMark §4.5); names and ids stand in code spans of the same kind (§6.1).
Characters that steer a terminal or turn the direction of a text are shown as signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Final

import orjson

from bridge.records import Entry, Item, Message, Object
from bridge.store import Store
from bridge.transfer.leaving import items
from bridge.translate.native import CALLS

BACKTICKS: Final = re.compile("`+")
BREAKS: Final = re.compile("\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
"""What begins a line, for CommonMark or for whatever reads the file line by line."""

STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
SIGN: Final = "\N{REPLACEMENT CHARACTER}"


def document(store: Store, thread_id: str) -> Iterator[str]:
    thread = items.thread(store, thread_id)
    yield f"# Thread {code(thread_id)}\n\n{_date(thread.created_at)}\n"
    yield from _metadata(thread.metadata)
    for entry in items.entries(store, thread_id):
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    if isinstance(entry, Message):
        yield from _message(entry)
    elif entry.type in CALLS:
        yield from _call(entry)


def _message(message: Message) -> Iterator[str]:
    status = "" if message.status == "completed" else f", {message.status}"
    yield f"\n## {message.role}\n\n{_date(message.created_at)}, {code(message.id)}{status}\n"
    for block in message.content:
        yield from _block(block)
    for attachment in message.attachments:
        yield f"\n- attached: {code(attachment.get('file_id'))}\n"
    yield from _metadata(message.metadata)


def _block(block: Object) -> Iterator[str]:
    kind = block.get("type")
    if kind == "text":
        text = block["text"] if isinstance(block["text"], dict) else {"value": block["text"]}
        yield fenced(text.get("value", ""))
        for annotation in text.get("annotations") or ():
            yield f"\n- {code(annotation.get('text'))}: {code(_cited(annotation))}\n"
    elif kind == "refusal":
        yield "\nRefused:\n" + fenced(block.get("refusal", ""))
    elif kind == "image_file":
        yield f"\n- image: {code(block['image_file'].get('file_id'))}\n"
    elif kind == "image_url":
        yield f"\n- image: {code(_url(block['image_url'].get('url')))}\n"
    else:
        yield fenced(orjson.dumps(block).decode(), "json")


def _call(item: Item) -> Iterator[str]:
    if item.type == "function_call":
        yield f"\n## call of {code(item.body.get('name'))}\n\n{code(item.call_id)}\n"
        yield fenced(str(item.body.get("arguments", "")))
        return
    output = item.body.get("output")
    yield f"\n## output of {code(item.call_id)}\n"
    yield fenced(output if isinstance(output, str) else orjson.dumps(output).decode())


def _cited(annotation: Object) -> Any:
    for name in ("file_citation", "file_path"):
        if isinstance(annotation.get(name), dict):
            return annotation[name].get("file_id")
    return annotation.get("type")


def _url(url: Any) -> str:
    """An image that is its own URL is named only."""
    return "data: (an image in the message)" if str(url).startswith("data:") else str(url)


def _metadata(metadata: Object) -> Iterator[str]:
    if metadata:
        yield "\nMetadata:\n" + fenced(orjson.dumps(metadata, option=orjson.OPT_INDENT_2).decode(), "json")


def _date(at: int) -> str:
    """Years that have no calendar are shown as seconds."""
    try:
        return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return f"{at} seconds"


# --- untrusted text


def fenced(text: str, language: str = "text") -> str:
    lines = [STEERING.sub(SIGN, line) for line in BREAKS.split(text)]
    fence = "`" * max(3, _longest(text) + 1)
    return "\n".join(("", fence + language, *lines, fence, ""))


def code(value: object) -> str:
    """One line, in a code span."""
    text = STEERING.sub(SIGN, BREAKS.sub(" ", str(value)))
    fence = "`" * (_longest(text) + 1)
    return f"{fence} {text} {fence}" if text.strip("`") != text or not text.strip() else f"{fence}{text}{fence}"


def _longest(text: str) -> int:
    return max((len(run) for run in BACKTICKS.findall(text)), default=0)
