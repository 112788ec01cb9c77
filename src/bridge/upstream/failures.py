"""What the openai package and the network raise => what the upstream protocol says, by one table.

APIStatusError               => Refused(status, message, code, type, param, retry_after) of the server's envelope
APITimeoutError              => Refused(0, …): no answer in time
APIConnectionError           => Refused(0, …): the server could not be reached; the cause says why
other OpenAIError, TypeError => Refused(0, …): the client could not even send (no credentials, say)
errors of the HTTP family    => Refused(0, …) before the answer, StreamBroken in the middle of it
"""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from typing import Any, Final

import openai

from bridge.engine.effects import Refused
from bridge.records import JSON
from bridge.upstream import StreamBroken, family

CLOSED: Final = "the HTTP client was closed while the answer came through it"
LONGEST_TEXT = 1000
"""Of an error page, in characters: enough to recognise a proxy's HTML, too short to fill a run."""


def call_errors() -> tuple[type[BaseException], ...]:
    """What `refused` knows. RuntimeError is the HTTP families' word for a client that was closed."""
    return (openai.OpenAIError, TypeError, RuntimeError, *family.network_errors())


def refused(error: BaseException) -> Refused:
    """Why a call got no answer."""
    if isinstance(error, openai.APIStatusError):
        return _refused_by_server(error)
    if isinstance(error, openai.APITimeoutError):
        return Refused(0, "The upstream did not answer in time.")
    if isinstance(error, openai.APIConnectionError):
        return Refused(0, f"The upstream could not be reached: {_said(error.__cause__ or error)}")
    return Refused(0, f"The upstream could not be called: {_said(error)}")


def broken(error: BaseException, is_closed: bool = False) -> StreamBroken:
    """Why an answer ended in the middle; `is_closed`: the client it came through is."""
    return StreamBroken(CLOSED if is_closed else f"the upstream's stream broke: {_said(error)}")


def _refused_by_server(error: openai.APIStatusError) -> Refused:
    response = error.response
    envelope = _json(response)
    inner = envelope.get("error") if isinstance(envelope, dict) else None
    fields = inner if isinstance(inner, dict) else envelope if isinstance(envelope, dict) else {}
    message = _message(inner, envelope) or _text(response) or f"HTTP {response.status_code}"
    if response.status_code in (404, 405) and not isinstance(inner, dict):  # a server that speaks something else
        message = f"There is no {response.request.method} {response.request.url.path} upstream: {message}"
    return Refused(
        status=response.status_code,
        message=message,
        code=_word(fields, "code"),
        type=_word(fields, "type"),
        param=_word(fields, "param"),
        retry_after=retry_after(response.headers),
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server said: ``retry-after-ms``, or ``Retry-After`` in seconds or as a date."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / scale
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    date = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return max(0.0, email.utils.mktime_tz(date) - time.time()) if date else None


def _message(inner: JSON, envelope: JSON) -> str | None:
    """OpenAI's envelope first, then what other servers write (FastAPI's `detail`, a bare `message` or `error`)."""
    whole = envelope if isinstance(envelope, dict) else {}
    fields = inner if isinstance(inner, dict) else {}
    for text in (fields.get("message"), inner, whole.get("message"), whole.get("detail")):
        if isinstance(text, str) and text:
            return text
    return _listed(whole.get("detail"))


def _listed(detail: JSON) -> str | None:
    """FastAPI's findings, each with the place it is about: ``body.metadata: Extra inputs are not permitted``."""
    found = [each for each in detail if isinstance(each, dict)] if isinstance(detail, list) else []
    said = [f"{'.'.join(map(str, each.get('loc') or ()))}: {each.get('msg')}" for each in found if each.get("msg")]
    return "; ".join(said)[:LONGEST_TEXT] or None


def _word(fields: Mapping[str, Any], name: str) -> str | None:
    """Some servers put a number where OpenAI has a word; the number says no more than the status."""
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def _json(response: Any) -> JSON:
    try:
        return response.json()
    except family.network_errors(ValueError):
        return None


def _text(response: Any) -> str:
    try:
        return str(response.text).strip()[:LONGEST_TEXT]
    except family.network_errors():
        return ""


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
