"""Ids of responses, items and calls: always the same for the same requests in the same order."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256
from typing import Any

import orjson


class Names:
    """The ids of one response. `number` counts the responses of one upstream.

    They are made of the number, the seed and the input, so that two processes, which both count from one, make
    different ids for different conversations, as the real server would. The quirk dashed_ids writes ``msg-…`` for
    ``msg_…``, long_ids makes ids of about 400 characters, but those of calls.
    """

    def __init__(self, number: int, seed: str, input: Any, quirks: Collection[str] = ()) -> None:
        self._digest = sha256(f"{number} {seed} ".encode() + orjson.dumps(input)).hexdigest()
        self._count = 0
        self._dash = "dashed_ids" in quirks
        self._more = self._digest * 6 if "long_ids" in quirks else ""

    def response(self) -> str:
        return self._id("resp", self._digest[:48] + self._more)

    def item(self, prefix: str) -> str:
        """``msg_…``, ``fc_…``, ``rs_…``: 48 hex digits."""
        return self._id(prefix, f"{self._digest[:42]}{self._next():06x}{self._more}")

    def call(self) -> str:
        """``call_…``: 24 hex digits."""
        return self._id("call", f"{self._digest[42:60]}{self._next():06x}")

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _id(self, prefix: str, digits: str) -> str:
        if not self._dash:
            return f"{prefix}_{digits}"
        return f"{prefix}-{digits[:8]}-{digits[8:12]}-{digits[12:]}"
