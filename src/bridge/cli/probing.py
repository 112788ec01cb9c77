"""The calls of `bridge doctor --probe`: a handful of small ones, in bounded time, that make nothing upstream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import orjson

from bridge.cli.judging import UNKNOWN_CONTAINER, UNKNOWN_CONVERSATION, UNKNOWN_RESPONSE, Heard, works
from bridge.profiles import AZURE, OPENAI, Profile
from bridge.records import Object
from bridge.upstream import family

SECONDS: Final = 20.0
"""For one answer."""

LONGEST: Final = 90.0
"""Seconds for all of them."""

LARGEST: Final = 1_000_000
"""Bytes of one answer that are read."""

MODEL: Final = "gpt-4o-mini"
TIME_IS_UP: Final = Heard(0, "not asked: the time was up")

FUNCTION: Final[Object] = {
    "type": "function",
    "name": "ok",
    "description": "Says that all is well.",
    "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    "strict": True,
}

BASE: Final[Object] = {"input": "Call ok, or say ok.", "store": False, "max_output_tokens": 64}

RESPONSES: Final[dict[str, Object]] = {
    "streamed": {"stream": True},
    "streams_unasked": {},
    "tool_choice": {"stream": False, "tools": [FUNCTION], "tool_choice": "required"},
    "previous_ids": {"stream": False, "previous_response_id": UNKNOWN_RESPONSE},
    "encrypted_reasoning": {"stream": False, "include": ["reasoning.encrypted_content"]},
}
"""What each of the calls of POST /responses has beside the base."""

READS: Final = {
    "conversations": f"/conversations/{UNKNOWN_CONVERSATION}",
    "vector_stores": "/vector_stores?limit=1",
    "files": "/files?limit=1",
    "containers": f"/containers/{UNKNOWN_CONTAINER}",
}


class Probe:
    """The server at `url`, asked with `key` (None: without). Closed by `with`."""

    def __init__(self, url: str, key: str | None) -> None:
        self._family = family.installed()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._client = self._family.Client(base_url=url, headers=headers, timeout=SECONDS)
        self._until = time.monotonic() + LONGEST

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def model(self, profile: Profile) -> str | None:
        """A model to ask, where none was named: of a server of one's own the first in its list."""
        if profile in (OPENAI, AZURE):
            return MODEL
        listed = self._ask("GET", "/models").body.get("data")
        names = [each.get("id") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        return next((name for name in names if isinstance(name, str)), None)

    def answers(self, model: str) -> Iterator[tuple[str, Heard]]:
        """Each answer under the name of what it tells: first ``whole``, and nothing more where that does not work."""
        base = {"model": model, **BASE}
        whole = self._ask("POST", "/responses", {**base, "stream": False})
        if whole.status in (400, 422):  # perhaps for a field that it does not know
            base = {"model": model, "input": BASE["input"]}
            whole = self._ask("POST", "/responses", {**base, "stream": False})
        yield "whole", whole
        if not works(whole):
            return
        for name, more in RESPONSES.items():
            yield name, self._ask("POST", "/responses", {**base, **more})
        counted = {"model": model, "input": BASE["input"]}
        yield "input_tokens", self._ask("POST", "/responses/input_tokens", counted)
        for name, path in READS.items():
            yield name, self._ask("GET", path)

    def _ask(self, method: str, path: str, body: Object | None = None) -> Heard:
        until = min(self._until, time.monotonic() + SECONDS)
        if time.monotonic() >= until:
            return TIME_IS_UP
        try:
            with self._client.stream(method, path, json=body) as response:
                return _heard(response, _read(response, until))
        except family.network_errors(RuntimeError, ValueError) as error:
            return Heard(0, str(error) or type(error).__name__)


def _read(response: Any, until: float) -> bytes:
    """The body, as far as time and room allow."""
    data = b""
    for piece in response.iter_bytes():
        data += piece
        if len(data) > LARGEST or time.monotonic() > until:
            break
    return data


def _heard(response: Any, data: bytes) -> Heard:
    text = data.decode(errors="replace")
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        return Heard(response.status_code, text, is_stream=True, events=tuple(_events(text)))
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        body = None
    return Heard(response.status_code, text, body=body if isinstance(body, dict) else {})


def _events(text: str) -> Iterator[str]:
    """The types of the events; some servers send no `event:` lines."""
    for line in text.splitlines():
        if line.startswith("data:"):
            try:
                data = orjson.loads(line.removeprefix("data:"))
            except orjson.JSONDecodeError:
                continue  # [DONE], or what was cut off
            if isinstance(data, dict):
                yield str(data.get("type"))
