"""The hosted tools' part of an answer: searches, code, and what messages cite of them (responses-mapping §8, §9).

The order of events within an item is that of the real recordings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from bridge.records import Object
from bridge.upstream.scripted.hosted import PNG, Container
from bridge.upstream.scripted.refusals import mismatch
from bridge.upstream.scripted.script import Code, Search

if TYPE_CHECKING:
    from bridge.upstream.scripted.answering import Answering, Step

FIELD: Final = re.compile(r"\{(cite|file)\[([^\]{}]*)\]\}")
"""What in a text stands for a citation, or for a link to a file that the code made."""

PIECE: Final = re.compile(r"\s*\S{1,12}|\s+")
SANDBOX: Final = "sandbox:/mnt/data/"
DEFAULT_RESULTS: Final = 20


class Hosting:
    """Writes the hosted calls of one answer, and remembers what may be cited."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.results: list[Object] = []
        self.made: dict[str, Object] = {}
        self.shown: list[Object] = []
        self._container: Container | None = None

    # --- calls

    def search(self, action: Search) -> Iterator[Step]:
        answer, tool = self.answer, self._tool("file_search")
        queries = list(action.queries) or [answer.choice.text]
        item: Object = {"id": answer.names.item("fs"), "type": "file_search_call", "status": "in_progress"}
        yield answer.added({**item, "queries": [], "results": None})
        for word in ("in_progress", "searching", "completed"):
            yield answer.event(f"response.file_search_call.{word}", **self._place(item))
        limit = tool.get("max_num_results") or DEFAULT_RESULTS
        stores = tool["vector_store_ids"]
        self.results = (
            [_result(number, given) for number, given in enumerate(action.results)]
            if action.results is not None
            else answer.hosted.search(stores, " ".join(queries), limit)
        )
        told = self.results if "file_search_call.results" in (answer.request.get("include") or ()) else None
        yield answer.done({**item, "status": "completed", "queries": queries, "results": told})

    def run(self, action: Code) -> Iterator[Step]:
        answer, container = self.answer, self._session()
        item: Object = {"id": answer.names.item("ci"), "type": "code_interpreter_call", "status": "in_progress"}
        item |= {"code": "", "container_id": container.id, "outputs": None}
        yield answer.added(item)
        place, kind = self._place(item), "response.code_interpreter_call"
        yield answer.event(f"{kind}.in_progress", **place)
        for piece in PIECE.findall(action.code):
            yield from answer.token()
            yield answer.delta(f"{kind}_code.delta", piece, **place)
        yield answer.event(f"{kind}_code.done", **place, code=action.code)
        yield answer.event(f"{kind}.interpreting", **place)
        self._keep(action, container)
        yield answer.event(f"{kind}.completed", **place)
        logs = [{"type": "logs", "logs": action.logs}] if action.logs is not None else []
        is_asked = "code_interpreter_call.outputs" in (answer.request.get("include") or ())
        yield answer.done({**item, "status": "completed", "code": action.code, "outputs": logs if is_asked else None})

    def _keep(self, action: Code, container: Container) -> None:
        for file in action.files:
            content = file.content if file.content or not file.name.endswith(".png") else PNG
            kept = self.answer.hosted.put(container.id, None if file.shown else file.name, content)
            self.made[file.name] = kept
            if file.shown:
                self.shown.append(kept)

    def _session(self) -> Container:
        if self._container is None:
            given, hosted = self._tool("code_interpreter")["container"], self.answer.hosted
            is_named = isinstance(given, str)
            self._container = hosted.container(given) if is_named else hosted.new_container(given.get("file_ids") or ())
        return self._container

    def _tool(self, kind: str) -> Object:
        for tool in self.answer.request.get("tools") or ():
            if tool.get("type") == kind:
                found: Object = tool
                return found
        raise mismatch(f"The script uses {kind}, which is not among the tools of the request.")

    def _place(self, item: Object) -> Object:
        return {"item_id": item["id"], "output_index": len(self.answer.output)}

    # --- texts

    def pieces(self, text: str) -> Iterator[str | Object]:
        """The text in pieces, and the annotations where they stand; spans count in the part's whole text."""
        end = 0
        for match in FIELD.finditer(text):
            yield text[end : match.start()]
            end = match.end()
            if match[1] == "cite":
                yield self._citation(match[2])
            else:
                yield from self._link(match[2])
        yield text[end:]

    def _citation(self, key: str) -> Object:
        for number, result in enumerate(self.results):
            if key in (str(number), result["filename"]):
                return {
                    "type": "file_citation",
                    "file_id": result["file_id"],
                    "filename": result["filename"],
                    "index": 0,
                }
        raise mismatch(f"The script cites {key!r}; found were {[result['filename'] for result in self.results]}.")

    def _link(self, name: str) -> Iterator[str | Object]:
        if name not in self.made:
            raise mismatch(f"The script links to {name!r}; the code made {list(self.made)}.")
        kept = self.made[name]
        link = SANDBOX + kept["path"].rpartition("/")[2]
        yield link
        yield container_citation(kept, len(link))

    def at_the_end(self) -> list[Object]:
        """Pictures that were shown are cited once, without a span, when the text is over."""
        shown, self.shown = self.shown, []
        return [container_citation(kept, 0) for kept in shown]


def container_citation(kept: Object, length: int) -> Object:
    """`end_index` is the length of the span until it is known where it stands."""
    name = kept["path"].rpartition("/")[2]
    about = {"container_id": kept["container_id"], "file_id": kept["id"], "filename": name}
    return {"type": "container_file_citation", **about, "start_index": 0, "end_index": length}


def placed(annotation: Object, length: int) -> Object:
    """The annotation of a text that is so long by now."""
    if annotation["type"] == "file_citation":
        return {**annotation, "index": length}
    if annotation["type"] == "container_file_citation" and annotation["end_index"]:
        return {**annotation, "start_index": length - annotation["end_index"], "end_index": length}
    return annotation


def _result(number: int, given: Object) -> Object:
    base: dict[str, Any] = {"file_id": f"file-{number:022d}", "filename": "file.txt", "score": 0.5, "text": ""}
    return {**base, **given, "attributes": given.get("attributes") or {}}
