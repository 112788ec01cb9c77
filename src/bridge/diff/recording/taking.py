"""One exchange while it happens: what was sent, then the answer piece by piece, then a line of the tape."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, Literal, TypeVar

from attrs import evolve

from bridge import masking
from bridge.diff import bodies
from bridge.diff.readers.exchanges import kept_headers
from bridge.diff.recording.writer import TapeFile
from bridge.diff.tape import Answer, Event, Exchange, Request
from bridge.wire import sse

R = TypeVar("R")
DONE: Final = "[DONE]"

log = logging.getLogger("bridge")


def _harmless(method: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong in recording is told, and the program goes on as it would without."""

    @wraps(method)
    def guarded(*args: Any, **options: Any) -> None:
        try:
            method(*args, **options)
        except Exception:
            log.exception("an exchange could not be recorded")

    return guarded


class Taking:
    """Begun when the request is sent. Any thread may call, one at a time; after the end nothing happens any more."""

    def __init__(self, tape: TapeFile, method: str, path: str, query: tuple[tuple[str, str], ...] = ()) -> None:
        self._tape = tape
        self._request = Request(method, path, masking.query(query))
        self._at = tape.now()
        self._began = time.perf_counter()
        self._answer: Answer | None = None
        self._kind = ""
        self._unpacking: bodies.Unpacking | None = None
        self._decoder = sse.Decoder()
        self._events: list[Event] = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._trouble: str | None = None
        self._is_over = False
        self._process = os.getpid()

    @property
    def seconds(self) -> float:
        """Since the request was sent."""
        return round(time.perf_counter() - self._began, 6)

    @_harmless
    def asked(self, headers: Mapping[str, str], body: bytes) -> None:
        """What was sent, whole. Names of headers are lower case."""
        kind = headers.get("content-type", "")
        value = bodies.value(body, kind) if len(body) <= bodies.LIMIT else bodies.remark(len(body), kind)
        self._request = evolve(self._request, headers=kept_headers(headers), body=value)

    @_harmless
    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer begins."""
        self._answer = Answer(status, kept_headers(headers))
        self._kind = headers.get("content-type", "")
        self._events.clear()
        try:
            self._unpacking = bodies.Unpacking(headers.get("content-encoding", ""))
        except ValueError as error:
            self._trouble = str(error)

    @_harmless
    def piece(self, data: bytes) -> None:
        """Bytes of the answer, as they came over the wire."""
        self._size += len(data)
        if self._trouble is not None or self._unpacking is None or self._is_over:
            return
        try:
            self._take(self._unpacking.feed(data))
        except (ValueError, sse.EventTooLarge) as error:
            self._trouble = str(error)

    def _take(self, data: bytes) -> None:
        if bodies.is_stream(self._kind):
            self._events += [bodies.event(each, self.seconds) for each in self._decoder.feed(data)]
        elif self._size > bodies.LIMIT:
            self._trouble = "too many to keep"
            self._pieces.clear()
        else:
            self._pieces.append(data)

    @_harmless
    def end(self, cut: Literal["caller", "server"] | None = None) -> None:
        """Write it. `cut`: who ended it before its end, if the stream had not said that it is over. A process that
        was forked meanwhile has a copy, which is not its own to end."""
        if self._is_over or self._process != os.getpid():
            return
        self._is_over = True
        answer = None if self._answer is None else self._whole(self._answer, cut)
        self._tape.add(Exchange(0, self._request, answer, self._at))

    def broke(self) -> None:
        """There was no answer."""
        self._answer = None
        self.end()

    def _whole(self, answer: Answer, cut: Literal["caller", "server"] | None) -> Answer:
        if bodies.is_stream(self._kind):
            self._events += [bodies.event(each, self.seconds) for each in self._decoder.end() if cut is None]
            is_done = bool(self._events) and self._events[-1].data == DONE
            events = tuple(self._events)
            body = self._remark() if self._trouble is not None else None
            return evolve(answer, body=body, events=events, seconds=self.seconds, cut=None if is_done else cut)
        body = self._remark() if self._trouble is not None else bodies.value(b"".join(self._pieces), self._kind)
        return evolve(answer, body=body, seconds=self.seconds, cut=cut)

    def _remark(self) -> str:
        return bodies.remark(self._size, self._kind, self._trouble or "")
