"""What the four list endpoints share."""

from __future__ import annotations

from bridge import errors
from bridge.errors import APIError
from bridge.ids import Kind
from bridge.records import Object


def cursor_error(kind: Kind, query: Object) -> APIError:
    """A cursor that names no object of the list: the text of a missing object (assistants-wire §1.4, inferred)."""
    return errors.not_found(kind, query.get("after") or query.get("before") or "")
