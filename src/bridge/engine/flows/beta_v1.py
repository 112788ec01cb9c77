"""What only the store and the upstream can tell of a converted request (wire/beta_v1.py), before its own flow begins.

an assistant's files   => its tools: those of the request, else those it has
a file's name          => whether it can be searched: the upstream's GET /files, asked once for each file
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bridge import errors, ids
from bridge.engine.effects import Flow, Refused, Send, load_one, send, warn
from bridge.engine.flows import Context
from bridge.records import Assistant, File, Object
from bridge.translate import loose
from bridge.wire import beta_v1, paths
from bridge.wire.beta_v1 import BOTH, Converted

NO_TOOL: Final = "kept for no tool: the assistant has neither code_interpreter nor file_search (once retrieval)"
NO_SEARCH: Final = "given to code_interpreter only: the upstream has no vector stores"


def settled(context: Context, given: Object, converted: Converted, assistant_id: str | None) -> Flow[Object]:
    """`given` with the tools of all files said. `assistant_id` is the one to be modified. Raises APIError for files
    that are not there."""
    if converted.files is not None:
        return (yield from _assistant(context, given, converted.files, assistant_id))
    unsearchable = yield from _unsearchable(context, sorted(converted.attached))
    return _with_messages(given, converted.attached, unsearchable)


def _assistant(context: Context, given: Object, files: tuple[str, ...], assistant_id: str | None) -> Flow[Object]:
    tools = given.get("tools")
    if tools is None and assistant_id is not None:
        assistant = yield from load_one(Assistant, assistant_id)
        tools = None if assistant is None else assistant.tools
    enabled = [tool["type"] for tool in tools or ()]
    unsearchable: frozenset[str] = frozenset()
    if all(tool in enabled for tool in BOTH):  # else there is no choice, and the upstream says what it refuses
        unsearchable = yield from _unsearchable(context, files)
    elif files and not any(tool in enabled for tool in BOTH):
        yield from warn("file_ids", NO_TOOL)
    return {**given, "tool_resources": beta_v1.resources(tools or (), files, unsearchable)}


def _unsearchable(context: Context, files: Iterable[str]) -> Flow[frozenset[str]]:
    """Those of the files that no vector store takes. A file whose name cannot be told is tried."""
    files = list(files)
    if files and context.profile.vector_stores is False:
        yield from warn("file_ids", NO_SEARCH)
        return frozenset(files)
    found = set()
    for id in files:
        name = yield from _filename(id)
        if name is not None and not beta_v1.is_searched(name):
            found.add(id)
    return frozenset(found)


def _filename(id: str) -> Flow[str | None]:
    file = yield from load_one(File, id)
    if file is not None:
        return file.filename
    if ids.is_kept_file(id):
        raise errors.files_not_found([id])
    answer = yield from send(Send("GET", paths.of("files", id)))
    if isinstance(answer, Refused) or not answer.is_ok:
        if not isinstance(answer, Refused) and answer.status == 404:
            raise errors.files_not_found([id])
        return None
    return loose.text(answer.body, "filename")


def _with_messages(given: Object, attached: frozenset[str], unsearchable: frozenset[str]) -> Object:
    """The body of any call that takes messages, or is one."""
    changed = beta_v1.narrowed(given, attached, unsearchable)
    for key in ("messages", "additional_messages"):
        if changed.get(key):
            narrowed = [beta_v1.narrowed(message, attached, unsearchable) for message in changed[key]]
            changed = {**changed, key: narrowed}
    if changed.get("thread"):
        changed = {**changed, "thread": _with_messages(changed["thread"], attached, unsearchable)}
    return changed
