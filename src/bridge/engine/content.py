"""The content of a message under way: pieces in, delta blocks out, whole blocks at the end (assistants-wire §8.2).

text, refusal                      => a piece of its block
file_citation                      => a marker where the text stands, and its annotation
container_file_citation, a span    => a file_path annotation of that span: the link that the model wrote
container_file_citation, no span   => an image_file block; of other files a link at the end, annotated
file_path                          => a file_path annotation of the link that its index points into
any other annotation               => nothing: it has no Assistants form
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from bridge.engine.parts import Part
from bridge.records import File, Object
from bridge.translate import loose, messages

SANDBOX: Final = "sandbox:/mnt/data/"
IMAGES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""The formats that the old service took as images (§9.3); all other files are links."""


class Content:
    """Content blocks by part, each with its Assistants index in order of first appearance.

    `annotations` is in the first text delta of a block and in those that bring one, never in between: the SDKs
    concatenate whatever is repeated (§10.1.3).
    """

    def __init__(self) -> None:
        self._index: dict[tuple[str, int], int] = {}
        self._parts: list[Part] = []
        self._shown: set[str] = set()
        self._markers = 0

    def add_text(self, part: int, text: str) -> Object:
        index, is_new = self._place("text", part)
        self._parts[index].add(text)
        block: dict[str, Any] = {"value": text}
        if is_new:
            block["annotations"] = []
        return {"index": index, "type": "text", "text": block}

    def add_refusal(self, part: int, text: str) -> Object:
        index, _ = self._place("refusal", part)
        self._parts[index].add(text)
        return {"index": index, "type": "refusal", "refusal": text}

    def add_image(self, file_id: str) -> Object | None:
        """The delta that shows an image, or None where the message shows it already."""
        if file_id in self._shown:
            return None
        self._shown.add(file_id)
        index, _ = self._place("image_file", len(self._parts))
        self._parts[index].file_id = file_id
        return {"index": index, "type": "image_file", "image_file": {"file_id": file_id}}

    def add_annotation(self, part: int, annotation: Object, round: int, file: File | None = None) -> Object | None:
        """The delta of an annotation, or None for those without an Assistants form, or told already.

        `round` counts the searches of the run so far. `file` is what a container_file_citation cites, as it is kept
        here; without one there is no id that a client could ask for.
        """
        kind = annotation.get("type")
        if kind == "file_citation" and loose.text(annotation, "file_id"):
            return self._cite(part, annotation, round)
        if kind == "container_file_citation" and file is not None:
            return self._cite_file(part, annotation, file)
        if kind == "file_path" and loose.text(annotation, "file_id"):
            return self._cite_path(part, annotation)
        return None

    def link(self, files: Iterable[File]) -> list[Object]:
        """Deltas of the links to these files that no annotation told of: servers forget some (mapping §9)."""
        told = []
        for file in files:
            for index, part in enumerate(self._parts):
                start = part.unannotated(SANDBOX + file.filename) if part.type == "text" else None
                if start is not None:
                    told.append(self._path(index, start, len(SANDBOX + file.filename), file.id))
        return told

    def blocks(self) -> list[Object]:
        """The content as far as it came."""
        return [part.block() for part in self._parts]

    # --- one kind of annotation each

    def _cite(self, part: int, annotation: Object, round: int) -> Object:
        """The Responses text holds no marker any more, only an insertion point: it goes where the text stands when the
        annotation arrives, so that stream and final message agree (responses-mapping §9). Indexes count code points."""
        index, _ = self._place("text", part)
        marker = self._marker(annotation, max(round, 1) - 1)
        start = self._parts[index].insert(marker)
        cited = _annotation("file_citation", marker, start, annotation["file_id"])
        return self._annotate(index, cited, marker, {"quote": ""})

    def _marker(self, annotation: Object, round: int) -> str:
        """Each is unique in its message, whatever the model itself wrote: clients replace them one by one."""
        while True:
            marker = messages.marker(annotation, round, self._markers)
            self._markers += 1
            if not any(marker in part.value for part in self._parts):
                return marker

    def _cite_file(self, part: int, annotation: Object, file: File) -> Object | None:
        start, end = (max(loose.number(annotation, key) or 0, 0) for key in ("start_index", "end_index"))
        index = self._index.get(("text", part))
        span = None if index is None else self._parts[index].span(start, end, SANDBOX + file.filename)
        if index is not None and span is not None:
            return self._path(index, *span, file.id)
        if is_image(file):
            return self.add_image(file.id)
        if any(file.id in one.cited for one in self._parts):
            return None
        return self._append_link(part, file)

    def _append_link(self, part: int, file: File) -> Object:
        """A file that is cited nowhere in particular gets a link, since only a link can be annotated."""
        index, _ = self._place("text", part)
        link = SANDBOX + file.filename
        before = f"\n\n[{file.filename}]("
        start = self._parts[index].insert(f"{before}{link})") + len(before)
        return self._annotate(index, _annotation("file_path", link, start, file.id), f"{before}{link})")

    def _cite_path(self, part: int, annotation: Object) -> Object | None:
        index = self._index.get(("text", part))
        if index is None:
            return None
        span = self._parts[index].link_at(loose.number(annotation, "index") or 0, SANDBOX)
        return None if span is None else self._path(index, *span, annotation["file_id"])

    def _path(self, index: int, start: int, length: int, file_id: str) -> Object:
        """An annotation of text that was streamed before. The empty value is for those who print every delta's."""
        text = self._parts[index].value[start : start + length]
        return self._annotate(index, _annotation("file_path", text, start, file_id), "")

    def _annotate(self, index: int, annotation: Object, value: str, more: Object | None = None) -> Object:
        count = self._parts[index].annotate(annotation)
        kind = annotation["type"]
        told = {"index": count, **annotation, kind: {**annotation[kind], **(more or {})}}
        return {"index": index, "type": "text", "text": {"value": value, "annotations": [told]}}

    # --- blocks

    def _place(self, type: str, part: int) -> tuple[int, bool]:
        is_new = (type, part) not in self._index
        if is_new:
            self._index[type, part] = len(self._parts)
            self._parts.append(Part(type))
        return self._index[type, part], is_new


def is_image(file: File) -> bool:
    """Whether a message shows it, and not a link to it."""
    return file.filename.lower().endswith(IMAGES)


def _annotation(type: str, text: str, start: int, file_id: str) -> Object:
    return {
        "type": type,
        "text": text,
        "start_index": start,
        "end_index": start + len(text),
        type: {"file_id": file_id},
    }
