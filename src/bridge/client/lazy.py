"""A service that is made at the first call of ours, so that a client made for other calls touches no store."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread

from bridge.calls import Answering, Call, Reply
from bridge.forks import Lock


class LazyService:
    """Implements calls.Answering over what `make` returns. Any thread may call anything."""

    def __init__(self, make: Callable[[], Answering], has_store: Callable[[], bool] = lambda: True) -> None:
        """`has_store`: whether there is a store already, told without making one."""
        self._make, self._has_store = make, has_store
        self._made: Answering | None = None
        self._lock = Lock()

    def owns(self, method: str, path: str) -> bool:
        from bridge.routes import file_of, owns

        if owns(path) or file_of(path) is None:
            return owns(path)
        return (self._made is not None or self._has_store()) and self._service().owns(method, path)

    def call(self, call: Call) -> Reply:
        return self._service().call(call)

    async def acall(self, call: Call) -> Reply:
        service = self._made
        if service is None:
            service = await anyio.to_thread.run_sync(self._service)
        return await service.acall(call)

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _service(self) -> Answering:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
