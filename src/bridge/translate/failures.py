"""What went wrong upstream → run.last_error (responses-mapping §11, assistants-wire §9.5).

One table of codes for both ways a call can fail: an HTTP error instead of a stream (effects.Refused) and the error of
a failed response. What it does not name is decided by status, then by type.
"""

from __future__ import annotations

from typing import Any, Final

from bridge.records import Object
from bridge.translate import loose

UNKNOWN: Final = "Sorry, something went wrong."
"""The old service's words where it had nothing better to say (assistants-wire §9.5)."""

CODES: Final[dict[str, str]] = {
    "server_error": "server_error",
    "vector_store_timeout": "server_error",
    "data_residency_mismatch": "server_error",
    "conversation_locked": "server_error",
    "model_not_found": "server_error",
    "unsupported_parameter": "server_error",
    "unsupported_value": "server_error",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "insufficient_quota": "rate_limit_exceeded",
    "context_length_exceeded": "invalid_prompt",
    "invalid_prompt": "invalid_prompt",
    "bio_policy": "invalid_prompt",
    "misalignment_policy_violation": "invalid_prompt",
    "content_filter": "invalid_prompt",
    "invalid_image_url": "invalid_image_url",
    "failed_to_download_image": "invalid_image_url",
    "image_file_not_found": "invalid_prompt",
    "image_parse_error": "invalid_prompt",
    "image_too_large": "invalid_prompt",
    "image_too_small": "invalid_prompt",
    "image_file_too_large": "invalid_prompt",
    "image_content_policy_violation": "invalid_prompt",
    "empty_image_file": "invalid_prompt",
    "invalid_image": "invalid_prompt",
    "invalid_image_format": "invalid_prompt",
    "invalid_image_mode": "invalid_prompt",
    "invalid_base64_image": "invalid_prompt",
    "unsupported_image_media_type": "invalid_prompt",
}
"""Upstream code → code of last_error."""

STATUSES: Final[dict[int, str]] = {400: "invalid_prompt", 413: "invalid_prompt", 422: "invalid_prompt"} | {
    429: "rate_limit_exceeded"
}
"""HTTP status → code, where the upstream gave no code that we know. All others are server_error."""

OURS: Final = (
    "No tool output found",
    "No tool call found",
    "Duplicate item found",
    "required following item",
    "required 'reasoning' item",
    "Container is expired",
    "Expected an ID that begins with",
    "Previous response",
)
"""Texts of 400s that no user's prompt can cause: the request was wrong, or state upstream was lost."""


def last_error(source: Any) -> Object:
    """`{code, message}` for a run or step that failed.

    `source` is a Refused (its `status`, `code`, `type`, `message`), an upstream error object, or None.
    """
    given = source if isinstance(source, dict) else _attributes(source)
    message = loose.text(given, "message") or UNKNOWN
    return {"code": _code(given, message), "message": message}


def _attributes(source: Any) -> Object:
    return {name: getattr(source, name, None) for name in ("status", "code", "type", "message")}


def _code(given: Object, message: str) -> str:
    if any(text in message for text in OURS):
        return "server_error"
    for name in (loose.text(given, "code"), loose.text(given, "type")):
        if name in CODES:
            return CODES[name]
    status = loose.number(given, "status")
    if status is not None:
        return STATUSES.get(status, "server_error")
    return "invalid_prompt" if loose.text(given, "type") == "invalid_request_error" else "server_error"
