"""One content block of a message under way, and where its text differs from what the upstream sent."""

from __future__ import annotations

import re

from bridge.records import Object


class Part:
    """A text, refusal or image block. Positions count code points.

    The upstream counts in the text it sent; markers and links that were put in since lie between. `cited` holds the
    ids of files that some annotation names.
    """

    def __init__(self, type: str) -> None:
        self.type = type
        self.file_id = ""
        self.cited: set[str] = set()
        self._pieces: list[str] = []
        self._length = 0
        self._sent = 0
        self._inserted: list[tuple[int, int]] = []  # where in the sent text, and how long
        self._annotations: list[Object] = []

    @property
    def value(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def add(self, text: str) -> None:
        """A piece of what the upstream sent."""
        self._pieces.append(text)
        self._length += len(text)
        self._sent += len(text)

    def insert(self, text: str) -> int:
        """Something of ours at the end; answers where it starts."""
        start = self._length
        self._inserted.append((self._sent, len(text)))
        self._pieces.append(text)
        self._length += len(text)
        return start

    def annotate(self, annotation: Object) -> int:
        """Keep the annotation; answers its index."""
        self._annotations.append(annotation)
        self.cited.add(annotation[annotation["type"]]["file_id"])
        return len(self._annotations) - 1

    def span(self, start: int, end: int, link: str) -> tuple[int, int] | None:
        """Start and length, in our text, of what the upstream's `start` to `end` cite: the link where it stands in the
        text, since not all servers count alike, else the very span; None where that is empty."""
        if end > start:
            ours, end_of_ours = self._ours(start, True), min(self._ours(end, False), self._length)
            if link in self.value[ours:end_of_ours]:
                return self.value.index(link, ours), len(link)
        at = self.unannotated(link)
        if at is not None:
            return at, len(link)
        return (ours, end_of_ours - ours) if end > start and end_of_ours > ours else None

    def unannotated(self, link: str) -> int | None:
        """Where the text first holds the link with no annotation on it. A longer name is another link."""
        taken = {annotation["start_index"] for annotation in self._annotations}
        found = (match.start() for match in re.finditer(re.escape(link) + r"(?![\w-]|\.\w)", self.value))
        return next((start for start in found if start not in taken), None)

    def link_at(self, position: int, prefix: str) -> tuple[int, int] | None:
        """Start and length of the link that begins with `prefix` and holds the upstream's `position`, or is the last
        one before it."""
        at = self._ours(position, True)
        links = [match.span() for match in re.finditer(re.escape(prefix) + r"[^\s()\[\]<>\"'`]+", self.value)]
        before = [(start, end - start) for start, end in links if start <= at]
        return before[-1] if before else None

    def block(self) -> Object:
        if self.type == "image_file":
            return {"type": "image_file", "image_file": {"file_id": self.file_id}}
        if self.type == "refusal":
            return {"type": "refusal", "refusal": self.value}
        return {"type": "text", "text": {"value": self.value, "annotations": list(self._annotations)}}

    def _ours(self, position: int, is_start: bool) -> int:
        """A position of the sent text in ours: behind what was put in before it, and, for a start, at it."""
        before = (length for at, length in self._inserted if at < position or (is_start and at == position))
        return position + sum(before)
