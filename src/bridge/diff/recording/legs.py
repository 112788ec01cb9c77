"""The Responses requests behind a run, noted where a leg asks its upstream."""

from __future__ import annotations

import os
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from bridge.calls import Credential
from bridge.diff.recording.writer import TapeFile
from bridge.diff.tape import Leg, Object
from bridge.engine.effects import Resume
from bridge.upstream import AsyncUpstreamStream, Upstream, UpstreamRefused, UpstreamStream
from bridge.upstream.streams import LAST


def watch(tape: TapeFile, upstream: Upstream, run_id: str) -> Upstream:
    """The upstream for the legs of this run, noted on the tape."""
    return cast(Upstream, _Watched(tape, upstream, run_id))


class _Watched:
    """All but the questions that begin a leg, or go on with it, is the upstream's own."""

    def __init__(self, tape: TapeFile, real: Upstream, run_id: str) -> None:
        self._tape, self._real, self._run_id = tape, real, run_id
        self._leg: _Leg | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def open(self, request: Object, credential: Credential) -> UpstreamStream:
        leg = self._begin(request)
        try:
            return _Stream(self._real.open(request, credential), leg)
        except UpstreamRefused as error:
            leg.refused(error)
            raise
        except BaseException:
            leg.end()
            raise

    async def aopen(self, request: Object, credential: Credential) -> AsyncUpstreamStream:
        leg = self._begin(request)
        try:
            return _AsyncStream(await self._real.aopen(request, credential), leg)
        except UpstreamRefused as error:
            leg.refused(error)
            raise
        except BaseException:
            leg.end()
            raise

    def resume(self, resume: Resume, credential: Credential) -> UpstreamStream:
        stream = self._real.resume(resume, credential)
        return stream if self._leg is None else _Stream(stream, self._leg)

    async def aresume(self, resume: Resume, credential: Credential) -> AsyncUpstreamStream:
        stream = await self._real.aresume(resume, credential)
        return stream if self._leg is None else _AsyncStream(stream, self._leg)

    def _begin(self, request: Object) -> _Leg:
        """A background response is written when its answer is known, or when nobody can go on with it any more. One
        that another process began is that one's: here nobody knows what was asked."""
        self._leg = _Leg(self._tape, self._run_id, request)
        if self._leg.is_background:
            weakref.finalize(self, self._leg.end)
        return self._leg


class _Leg:
    """One leg under way. Written when its answer is over, or left."""

    def __init__(self, tape: TapeFile, run_id: str, request: Object) -> None:
        self._tape, self._run_id, self._request = tape, run_id, request
        self._at = tape.now()
        self._answer: Object | None = None
        self._is_over = False
        self._process = os.getpid()

    @property
    def is_background(self) -> bool:
        return self._request.get("background") is True

    def leave(self) -> None:
        """Its stream is over. That of a background response may be gone on with."""
        if not self.is_background:
            self.end()

    def see(self, event: Object) -> None:
        if event.get("type") in LAST:
            response = event.get("response")
            self._answer = response if isinstance(response, dict) else {"error": event.get("error") or event}
            self.end()  # before the run hears of it, and the program goes on, or ends

    def refused(self, error: UpstreamRefused) -> None:
        told = error.refused
        names = ("status", "message", "type", "code", "param")
        self._answer = {"error": {name: getattr(told, name) for name in names}}
        self.end()

    def end(self) -> None:
        if not self._is_over and self._process == os.getpid():  # a fork's copy is not its own to end
            self._is_over = True
            self._tape.add(Leg(self._request, self._run_id, self._answer, self._at))


class _Stream:
    def __init__(self, real: UpstreamStream, leg: _Leg) -> None:
        self._real, self._leg = real, leg

    def __iter__(self) -> Iterator[Object]:
        try:
            for event in self._real:
                self._leg.see(event)
                yield event
        finally:
            self._leg.leave()

    def close(self) -> None:
        self._real.close()
        self._leg.leave()


class _AsyncStream:
    def __init__(self, real: AsyncUpstreamStream, leg: _Leg) -> None:
        self._real, self._leg = real, leg

    async def __aiter__(self) -> AsyncIterator[Object]:
        try:
            async for event in self._real:
                self._leg.see(event)
                yield event
        finally:
            self._leg.leave()

    async def aclose(self) -> None:
        await self._real.aclose()
        self._leg.leave()
