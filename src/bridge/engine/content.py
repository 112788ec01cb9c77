"""The content of a message under way: pieces in, delta blocks out, whole blocks at the end (assistants-wire §8.2)."""

from __future__ import annotations

from typing import Any

from bridge.records import Object
from bridge.translate import messages


class Content:
    """Content blocks by part, each with its Assistants index in order of first appearance.

    `annotations` is in the first text delta of a block and in those that bring one, never in between: the SDKs
    concatenate whatever is repeated (§10.1.3).
    """

    def __init__(self) -> None:
        self._index: dict[tuple[str, int], int] = {}
        self._pieces: list[list[str]] = []
        self._lengths: list[int] = []
        self._annotations: list[list[Object]] = []
        self._types: list[str] = []

    def add_text(self, part: int, text: str) -> Object:
        index, is_new = self._place("text", part)
        self._add(index, text)
        block: dict[str, Any] = {"value": text}
        if is_new:
            block["annotations"] = []
        return {"index": index, "type": "text", "text": block}

    def add_refusal(self, part: int, text: str) -> Object:
        index, _ = self._place("refusal", part)
        self._add(index, text)
        return {"index": index, "type": "refusal", "refusal": text}

    def add_annotation(self, part: int, annotation: Object, round: int) -> Object | None:
        """The delta with the marker and its annotation, or None for kinds that have no Assistants form.

        The Responses text holds no marker any more, only an insertion point: it goes where the text stands when the
        annotation arrives, so that stream and final message agree (responses-mapping §9). Indexes count code points.
        """
        if annotation.get("type") != "file_citation" or not annotation.get("file_id"):
            return None
        index, _ = self._place("text", part)
        count = len(self._annotations[index])
        marker = messages.marker(annotation, max(round, 1) - 1, count)
        start = self._lengths[index]
        self._add(index, marker)
        cited: Object = {
            "type": "file_citation",
            "text": marker,
            "start_index": start,
            "end_index": start + len(marker),
            "file_citation": {"file_id": annotation["file_id"]},
        }
        self._annotations[index].append(cited)
        told = {"index": count, **cited, "file_citation": {**cited["file_citation"], "quote": ""}}
        return {"index": index, "type": "text", "text": {"value": marker, "annotations": [told]}}

    def blocks(self) -> list[Object]:
        """The content as far as it came."""
        return [self._block(index) for index in range(len(self._types))]

    def _block(self, index: int) -> Object:
        value = "".join(self._pieces[index])
        if self._types[index] == "refusal":
            return {"type": "refusal", "refusal": value}
        return {"type": "text", "text": {"value": value, "annotations": list(self._annotations[index])}}

    def _place(self, type: str, part: int) -> tuple[int, bool]:
        is_new = (type, part) not in self._index
        if is_new:
            self._index[type, part] = len(self._types)
            self._types.append(type)
            self._pieces.append([])
            self._lengths.append(0)
            self._annotations.append([])
        return self._index[type, part], is_new

    def _add(self, index: int, text: str) -> None:
        self._pieces[index].append(text)
        self._lengths[index] += len(text)
