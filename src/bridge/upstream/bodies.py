"""The body of an answer as bytes, read from an HTTP response piece by piece: files of containers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from bridge.upstream import failures, family
from bridge.upstream.streams import shut_down


class ResponseBytes:
    """Implements UpstreamBytes over a streamed response of an HTTP family. `on_end` is called when it is closed."""

    def __init__(self, response: Any, on_end: Callable[[], None]) -> None:
        self.media_type = media_type(response)
        self._response, self._on_end = response, on_end
        self._is_read = self._stopped = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._response.iter_bytes():
                if self._stopped:
                    return
                yield piece
            self._is_read = True
        except family.network_errors(RuntimeError) as error:
            if not self._stopped:
                raise failures.broken(error) from error
        finally:
            self._end()

    def close(self) -> None:
        if not self._stopped:
            self._stopped = True
            if not self._is_read:
                shut_down(self._response)
            self._end()

    def _end(self) -> None:
        with contextlib.suppress(RuntimeError, *family.network_errors()):
            self._response.close()
        on_end, self._on_end = self._on_end, _nothing
        on_end()


class AsyncResponseBytes:
    """Implements AsyncUpstreamBytes; `on_end` as above."""

    def __init__(self, response: Any, on_end: Callable[[], None]) -> None:
        self.media_type = media_type(response)
        self._response, self._on_end = response, on_end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.aiter_bytes():
                yield piece
        except family.network_errors(RuntimeError) as error:
            raise failures.broken(error) from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        with contextlib.suppress(RuntimeError, *family.network_errors()):
            await self._response.aclose()
        on_end, self._on_end = self._on_end, _nothing
        on_end()


def media_type(response: Any) -> str | None:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower() or None


def _nothing() -> None:
    """The end was told already."""
