"""What the hosted tools of an answer will find, run and cite, settled before its first event.

So a script that does not fit the request is an HTTP error, as everywhere, and never a stream that breaks.

Search => Searched    Code => Ran    Saying => Told    all others => themselves
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from attrs import frozen

from bridge.records import Object
from bridge.upstream.scripted.choice import Calling, Chosen, Saying
from bridge.upstream.scripted.hosted import PNG, Container, Hosted
from bridge.upstream.scripted.refusals import mismatch
from bridge.upstream.scripted.script import Action, Cite, Code, Link, Made, Search
from bridge.upstream.scripted.vector_stores import Stored

SANDBOX: Final = "sandbox:/mnt/data/"
DEFAULT_RESULTS: Final = 20
"""What the service searches for where the request names no number (a recording of 2026 shows it)."""


@frozen
class Searched:
    queries: tuple[str, ...]
    results: tuple[Object, ...]


@frozen
class Ran:
    """`files` come into the container when the code is run; `shown` are the pictures among them."""

    code: str
    logs: str | None
    container: Container
    files: tuple[Stored, ...]
    shown: tuple[Object, ...]


@frozen
class Mark:
    """An annotation; its indexes count from where the text it stands in begins."""

    annotation: Object


@frozen
class Told:
    """The texts of a Saying, each in its pieces."""

    texts: tuple[tuple[str | Mark, ...], ...]


Prepared: TypeAlias = Action | Calling | Searched | Ran | Told


def prepare(actions: Iterable[Chosen], request: Object, hosted: Hosted, text: str) -> list[Prepared]:
    """The same actions with everything settled; `text` is what is searched for where no queries are given."""
    with hosted.lock:
        return list(Preparing(request, hosted, text).ready(actions))


class Preparing:
    def __init__(self, request: Object, hosted: Hosted, text: str) -> None:
        self.request, self.hosted, self.text = request, hosted, text
        self.results: tuple[Object, ...] = found_before(request)
        self.made: dict[str, Object] = {}
        self.session: Container | None = None

    def ready(self, actions: Iterable[Chosen]) -> Iterator[Prepared]:
        for action in actions:
            if isinstance(action, Search):
                yield self.search(action)
            elif isinstance(action, Code):
                yield self.run(action)
            elif isinstance(action, Saying):
                yield Told(tuple(tuple(self.pieces(text)) for text in action.texts))
            else:
                yield action

    # --- tools

    def tool(self, kind: str) -> Object:
        for tool in self.request.get("tools") or ():
            if tool.get("type") == kind:
                found: Object = tool
                return found
        has = [tool.get("type") for tool in self.request.get("tools") or ()]
        raise mismatch(f"The script uses {kind}, which is not among the tools of the request: {has}.")

    def search(self, action: Search) -> Searched:
        tool, queries = self.tool("file_search"), action.queries or (self.text,)
        if action.results is not None:
            self.results = tuple(self.given(number, result) for number, result in enumerate(action.results))
        else:
            limit = tool.get("max_num_results") or DEFAULT_RESULTS
            threshold = (tool.get("ranking_options") or {}).get("score_threshold") or 0.0
            found = self.hosted.stores.search(tool["vector_store_ids"], " ".join(queries), limit, threshold)
            self.results = tuple(found)
        return Searched(queries, self.results)

    def given(self, number: int, result: Object) -> Object:
        """A result of the script, its id that of the file with its name where there is one."""
        filename = result.get("filename", "file.txt")
        known = [id for id, file in self.hosted.files.items() if file.shown["filename"] == filename]
        base: Object = {"attributes": {}, "file_id": known[-1] if known else f"file-{number:022d}"}
        return {**base, "filename": filename, "score": 0.5, "text": "", **result}

    def run(self, action: Code) -> Ran:
        tool = self.tool("code_interpreter")
        container = self.session = self.session or self.opened(tool["container"])
        kept = [(file, self.stored(container, file)) for file in action.files]
        self.made |= {file.name: stored.shown for file, stored in kept}
        shown = tuple(stored.shown for file, stored in kept if file.shown)
        return Ran(action.code, action.logs, container, tuple(stored for _, stored in kept), shown)

    def stored(self, container: Container, file: Made) -> Stored:
        """The file as it will lie in the container. A picture that nobody drew is one of a pixel."""
        content = PNG if file.content is None else file.content
        return Stored(self.hosted.described(container, None if file.shown else file.name, len(content)), content)

    def opened(self, given: Any) -> Container:
        """The container that is named; else the one of an earlier call in the input, while it lives; else a new one."""
        if isinstance(given, str):
            return self.hosted.container(given)
        file_ids = given.get("file_ids") or ()
        for id in reversed(used_before(self.request)):
            before = self.hosted.containers.get(id)
            if before is not None and not self.hosted.is_expired(before):
                self.hosted.lend(before, file_ids)
                return self.hosted.container(id)
        return self.hosted.new_container(file_ids)

    # --- texts

    def pieces(self, text: Iterable[str | Cite | Link]) -> Iterator[str | Mark]:
        """Links are annotated at the end of the text that they stand in."""
        length, links = 0, list[Mark]()
        for piece in text:
            if isinstance(piece, Cite):
                yield Mark(self.citation(piece.key, length))
                continue
            said = piece if isinstance(piece, str) else self.link(piece.name)
            if isinstance(piece, Link):
                links.append(Mark(container_citation(self.linked(piece.name), length, length + len(said))))
            length += len(said)
            yield said
        yield from links

    def citation(self, key: str, index: int) -> Object:
        """By number; by name; by a part of the name."""
        names = [result["filename"] for result in self.results]
        numbered = [number for number in range(len(names)) if key == str(number)]
        named = [number for number, name in enumerate(names) if key == name]
        alike = [number for number, name in enumerate(names) if key in name]
        for number in (*numbered, *named, *alike):
            about = {"file_id": self.results[number]["file_id"], "filename": names[number]}
            return {"type": "file_citation", **about, "index": index}
        raise mismatch(f"The script cites {key!r}; found were {names}.")

    def link(self, name: str) -> str:
        return SANDBOX + str(self.linked(name)["path"]).rpartition("/")[2]

    def linked(self, name: str) -> Object:
        if name in self.made:
            return self.made[name]
        session = self.session or self.known_session()
        there = {} if session is None else {file.shown["path"]: file.shown for file in session.files.values()}
        if f"/mnt/data/{name}" not in there:
            raise mismatch(f"The script links to {name!r}; the code made {[*self.made, *there]}.")
        return there[f"/mnt/data/{name}"]

    def known_session(self) -> Container | None:
        """The container that an earlier answer worked in."""
        for tool in self.request.get("tools") or ():
            if tool.get("type") == "code_interpreter" and isinstance(tool["container"], str):
                return self.hosted.container(tool["container"])
        known = [id for id in used_before(self.request) if id in self.hosted.containers]
        return self.hosted.containers[known[-1]] if known else None


def container_citation(file: Object, start: int, end: int) -> Object:
    name = file["path"].rpartition("/")[2]
    about = {"container_id": file["container_id"], "file_id": file["id"], "filename": name}
    return {"type": "container_file_citation", **about, "start_index": start, "end_index": end}


def found_before(request: Object) -> tuple[Object, ...]:
    """The results of the newest search in the input, if they were included."""
    for item in reversed(items_of(request, "file_search_call")):
        if item.get("results"):
            return tuple(item["results"])
    return ()


def used_before(request: Object) -> list[str]:
    return [item["container_id"] for item in items_of(request, "code_interpreter_call")]


def items_of(request: Object, kind: str) -> list[Object]:
    input = request["input"]
    return [item for item in input if item.get("type") == kind] if isinstance(input, list) else []
