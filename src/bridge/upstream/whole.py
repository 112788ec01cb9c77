"""A whole response told as the one event that holds it all.

Some servers ignore ``stream: true`` and answer JSON (upstreams.md); the engine hears of events only. The reader of
events makes up from the last event whatever was not told before it (translate/events.py).
"""

from __future__ import annotations

from typing import Final

from bridge.records import JSON, Object
from bridge.upstream import StreamBroken

ENDED: Final = ("completed", "incomplete", "failed", "cancelled")


def event_of(body: JSON) -> Object:
    """The last event of a response object, or the error event of an error envelope. Raises StreamBroken otherwise."""
    if not isinstance(body, dict):
        raise StreamBroken("the server answered JSON that is no response object")
    if isinstance(body.get("error"), dict) and "output" not in body:
        return {**body["error"], "type": "error", "error": body["error"]}
    status = body.get("status", "completed")
    if status not in ENDED or not isinstance(body.get("output"), list):
        raise StreamBroken(f"the server answered with a response that is not over (status {status!r})")
    return {"type": f"response.{status}", "response": body}
