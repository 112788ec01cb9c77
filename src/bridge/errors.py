"""Errors, drawn once.

    BridgeError
    ├── ConfigurationError      a setting that cannot work; says which, and the way out
    ├── StoreError              the store cannot be reached or is of an unknown schema
    └── APIError                what an Assistants client is told: status, type, code, param, message
                                (one class; the SDKs make NotFoundError, BadRequestError … of the status)

The texts are the old service's own (assistants-wire §9): clients match them with regular expressions (§10.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bridge.ids import PREFIXES, Kind


class BridgeError(Exception):
    """Whatever bridge raises on its own account."""


class ConfigurationError(BridgeError):
    """A setting that cannot work."""


class StoreError(BridgeError):
    """The store cannot be used."""


class APIError(BridgeError):
    """An answer with an HTTP error status and the old service's envelope (assistants-wire §9.1)."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The envelope, in wire key order."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


NAMES: Final[dict[Kind, str]] = {
    "assistant": "assistant",
    "thread": "thread",
    "message": "message",
    "run": "run",
    "step": "run step",
    "file": "file",
}


# --- existence (§9.4)


def not_found(kind: Kind, id: str) -> APIError:
    return APIError(404, f"No {NAMES[kind]} found with id '{id}'.")


def wrong_prefix(param: str, kind: Kind, id: str) -> APIError:
    return APIError(
        400,
        f"Invalid '{param}': '{id}'. Expected an ID that begins with '{PREFIXES[kind]}'.",
        param=param,
        code="invalid_value",
    )


# --- state (§9.4)


def thread_busy(thread_id: str, run_id: str) -> APIError:
    """For create run."""
    return APIError(400, f"Thread {thread_id} already has an active run {run_id}.")


def thread_locked(thread_id: str, run_id: str) -> APIError:
    """For create message."""
    return APIError(400, f"Can't add messages to {thread_id} while a run {run_id} is active.")


def no_tool_outputs_accepted(status: str) -> APIError:
    return APIError(400, f'Runs in status "{status}" do not accept tool outputs.')


def wrong_tool_outputs(expected: Sequence[str], got: Sequence[str]) -> APIError:
    return APIError(400, f"Expected tool outputs for call_ids {list(expected)!r}, got {list(got)!r}")


def cannot_cancel(status: str) -> APIError:
    return APIError(400, f"Cannot cancel run with status '{status}'.")


def cannot_update(status: str) -> APIError:
    return APIError(400, f"Cannot update run with status '{status}'.")


# --- capability (§9.4)


def nothing_to_answer() -> APIError:
    return APIError(
        400,
        "Run creation requires a Thread with a user message or an assistant with instructions.",
        code="invalid_thread",
    )


# --- the service itself (§9.2)


def server_error(request_id: str) -> APIError:
    return APIError(
        500,
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
        "through our help center at help.openai.com if you keep seeing this error. "
        f"(Please include the request ID {request_id} in your email.)",
        type="server_error",
    )
