"""Requests of the Assistants API's first beta (November 2023 to April 2024) → those of the second.

    tools: [{"type": "retrieval"}]   => tools: [{"type": "file_search"}]
    file_ids of an assistant         => tool_resources of the tools it has: `resources`
    file_ids of a message            => attachments for both tools; `attached` names them, since a file that cannot be
                                        searched is narrowed to code_interpreter by whoever can ask for its name
    response_format: "none"          => "auto": what the first SDKs of the second beta still typed
    OpenAI-Beta: assistants=v1       => taken (checks.check_beta)

The mapping is the one that the old service applied itself to what the first beta had left behind: a file goes to the
tools that are enabled. Bodies are as they came, before they are checked; what is wrong in them is left for the checks
of the second beta, but for `file_ids`, which those do not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from attrs import field, frozen

from bridge import errors, ids
from bridge.ids import AZURE_FILE
from bridge.wire import assistants
from bridge.wire.validate import Shape

Body = dict[str, Any]

MOST_OF_ASSISTANTS: Final = 20
MOST_OF_MESSAGES: Final = 10
"""How many file_ids the first beta took."""

FILES: Final = re.compile(r"/(assistants/[^/]+|threads/[^/]+/messages/[^/]+)/files(/[^/]+)?")
"""Endpoints that are gone: no SDK of the second beta calls them, and what they answered has no counterpart."""

BOTH: Final = ("code_interpreter", "file_search")
# fmt: off
SEARCHED: Final = frozenset((
    ".c", ".cpp", ".cs", ".css", ".doc", ".docx", ".go", ".html", ".java", ".js", ".json", ".md", ".pdf", ".php",
    ".pptx", ".py", ".rb", ".sh", ".tex", ".ts", ".txt",
))
# fmt: on
"""Endings of files that OpenAI's vector stores take; others are refused with `unsupported_file` (§9.4)."""


@frozen
class Converted:
    """A body of the second beta. `files` are those of an assistant, taken out of it; `attached` those of messages."""

    body: Body
    files: tuple[str, ...] | None = None
    attached: frozenset[str] = field(factory=frozenset)

    @property
    def is_settled(self) -> bool:
        """Whether the body says all."""
        return self.files is None and not self.attached


def convert(shape: type[Shape], data: Body) -> Converted:
    """The body of a call that takes `shape`. Raises APIError for file_ids that are none."""
    converter = CONVERTERS.get(shape)
    return Converted(data) if converter is None else converter(data)


def resources(tools: Iterable[Body], files: Sequence[str], unsearchable: frozenset[str] = frozenset()) -> Body:
    """`tool_resources` of an assistant with these files: each goes to every tool that the assistant has. Without files
    the tools have none any more. Files that cannot be searched go to code_interpreter alone, if that is there."""
    enabled = {tool["type"] for tool in tools}
    found: Body = {}
    if "code_interpreter" in enabled:
        found["code_interpreter"] = {"file_ids": list(files)}
    if "file_search" in enabled:
        searched = [id for id in files if id not in unsearchable or "code_interpreter" not in enabled]
        stores: Body = {"vector_stores": [{"file_ids": searched}]} if searched else {"vector_store_ids": []}
        found["file_search"] = stores
    return found


def narrowed(message: Body, attached: frozenset[str], unsearchable: frozenset[str]) -> Body:
    """A message whose files that cannot be searched are attached for code_interpreter only."""
    if not message.get("attachments"):
        return message
    wanted = attached & unsearchable
    only = [{"type": "code_interpreter"}]
    listed = [{**each, "tools": only} if each["file_id"] in wanted else each for each in message["attachments"]]
    return {**message, "attachments": listed}


def is_searched(filename: str) -> bool:
    """Whether a vector store takes a file of this name."""
    return PurePosixPath(filename).suffix.lower() in SEARCHED


def answer(body: Body) -> Body:
    """An answer as SDKs of the first beta can read it: for early ones, a text whose file citations have no `quote` is
    none. It is empty, as in the deltas of the second beta (§4.2)."""
    if body.get("object") == "list":
        return {**body, "data": [answer(each) for each in body["data"]]}
    if body.get("object") == "thread.message":
        return {**body, "content": [_quoting(block) for block in body["content"]]}
    return body


def _quoting(block: Body) -> Body:
    if block["type"] != "text":
        return block
    annotations = [
        {**each, "file_citation": {**each["file_citation"], "quote": ""}} if "file_citation" in each else each
        for each in block["text"]["annotations"]
    ]
    return {**block, "text": {**block["text"], "annotations": annotations}}


def is_refusal(error: errors.APIError) -> bool:
    """Whether a request is refused for being one of the first beta, where those are not converted."""
    is_unknown = error.code == "unknown_parameter" and (error.param or "").endswith("file_ids")
    return is_unknown or error.message == errors.old_beta().message or "'retrieval'" in error.message


# --- bodies


def _assistant(data: Body) -> Converted:
    body = _renamed(data)
    if "file_ids" not in body:
        return Converted(body)
    if body.get("tool_resources"):
        raise errors.exclusive("file_ids", "tool_resources")
    files = _file_ids(body["file_ids"], "file_ids", MOST_OF_ASSISTANTS)
    return Converted({key: value for key, value in body.items() if key != "file_ids"}, files)


def _message(data: Body) -> Converted:
    found: set[str] = set()
    return Converted(_attaching(data, "", found), attached=frozenset(found))


def _thread(data: Body) -> Converted:
    found: set[str] = set()
    return Converted(_with_messages(data, "messages", "", found), attached=frozenset(found))


def _run(data: Body) -> Converted:
    found: set[str] = set()
    body = _with_messages(_renamed(data), "additional_messages", "", found)
    return Converted(body, attached=frozenset(found))


def _thread_and_run(data: Body) -> Converted:
    found: set[str] = set()
    body = _renamed(data)
    if isinstance(body.get("thread"), dict):
        body = {**body, "thread": _with_messages(body["thread"], "messages", "thread.", found)}
    return Converted(body, attached=frozenset(found))


CONVERTERS: Final[dict[type[Shape], Callable[[Body], Converted]]] = {
    assistants.CreateAssistant: _assistant,
    assistants.ModifyAssistant: _assistant,
    assistants.CreateMessage: _message,
    assistants.CreateThread: _thread,
    assistants.CreateRun: _run,
    assistants.CreateThreadAndRun: _thread_and_run,
}


# --- pieces


def _renamed(data: Body) -> Body:
    """Tools and the response format by today's names."""
    changed: Body = {}
    if isinstance(data.get("tools"), list):
        changed["tools"] = [_tool(tool) for tool in data["tools"]]
    if data.get("response_format") == "none":
        changed["response_format"] = "auto"
    return {**data, **changed} if changed else data


def _tool(tool: Any) -> Any:
    return {**tool, "type": "file_search"} if isinstance(tool, dict) and tool.get("type") == "retrieval" else tool


def _with_messages(data: Body, key: str, at: str, found: set[str]) -> Body:
    messages = data.get(key)
    if not isinstance(messages, list):
        return data
    return {**data, key: [_attaching(each, f"{at}{key}[{index}].", found) for index, each in enumerate(messages)]}


def _attaching(message: Any, at: str, found: set[str]) -> Any:
    """`found` is told the files."""
    if not isinstance(message, dict) or "file_ids" not in message:
        return message
    if message.get("attachments"):
        raise errors.exclusive(f"{at}file_ids", f"{at}attachments")
    files = _file_ids(message["file_ids"], f"{at}file_ids", MOST_OF_MESSAGES)
    found.update(files)
    attachments = [{"file_id": id, "tools": [{"type": tool} for tool in BOTH]} for id in files]
    return {**{key: value for key, value in message.items() if key != "file_ids"}, "attachments": attachments}


def _file_ids(value: Any, param: str, most: int) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise errors.invalid_type(param, "an array of strings", value)
    for index, id in enumerate(value):
        if not isinstance(id, str):
            raise errors.invalid_type(f"{param}[{index}]", "a string", id)
        if not ids.has_prefix("file", id) and not id.startswith(AZURE_FILE):
            raise errors.wrong_prefix(f"{param}[{index}]", "file", id)
    if len(value) > most:
        raise errors.array_too_long(param, most, len(value))
    return tuple(dict.fromkeys(value))
