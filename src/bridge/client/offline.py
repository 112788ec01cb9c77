"""The HTTP client of a drop-in that has no key and the offline upstream: what is not ours is answered there, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio.to_thread

from bridge.forks import Lock
from bridge.upstream import Upstream, family


class Offline:
    """Makes the offline upstream, once, for the runs and for all other calls: a file that is uploaded is there when a
    run asks for it. Any thread may call anything."""

    def __init__(self, make: Callable[[], Upstream]) -> None:
        self._make = make
        self._made: Upstream | None = None
        self._lock = Lock()

    def upstream(self) -> Upstream:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def client(self, is_async: bool) -> Any:
        """An HTTP client of the family that the SDK uses, without a network."""
        module = family.installed()
        if is_async:
            return module.AsyncClient(transport=module.MockTransport(self._aanswer))
        return module.Client(transport=module.MockTransport(self._answer))

    def _answer(self, request: Any) -> Any:
        from bridge.upstream.scripted import passing

        passed = passing.answer(self.upstream(), request)
        headers = {"content-type": passed.media_type, **passed.headers}
        return family.installed().Response(passed.status, headers=headers, content=passed.content)

    async def _aanswer(self, request: Any) -> Any:
        return await anyio.to_thread.run_sync(self._answer, request)
