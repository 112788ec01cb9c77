"""The 400s of the real server, by their pattern (responses-mapping §11; wording as the service words it)."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from bridge import errors
from bridge.engine.effects import Refused
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted.script import Error


def refusal(
    message: str,
    param: str | None = None,
    code: str | None = None,
    *,
    status: int = 400,
    type: str | None = "invalid_request_error",
    retry_after: float | None = None,
) -> UpstreamRefused:
    return UpstreamRefused(Refused(status, message, code=code, type=type, param=param, retry_after=retry_after))


def missing(param: str) -> UpstreamRefused:
    return refusal(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unknown(param: str) -> UpstreamRefused:
    return refusal(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def unsupported(param: str) -> UpstreamRefused:
    message = f"Unsupported parameter: '{param}' is not supported with this model."
    return refusal(message, param, "unsupported_parameter")


def unsearchable(filename: str) -> UpstreamRefused:
    """A file that no vector store takes: told by the ending of its name (assistants-wire §9.4)."""
    error = errors.unsupported_file(PurePosixPath(filename).suffix or "none")
    return refusal(error.message, error.param, error.code)


def invalid_value(param: str, value: Any, supported: tuple[str, ...]) -> UpstreamRefused:
    *most, last = (f"'{each}'" for each in supported)
    listed = f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}" if most else last
    message = f"Invalid value: '{value}'. Supported values are: {listed}."
    return refusal(message, param, "invalid_value")


def invalid_type(param: str, wanted: str, value: Any) -> UpstreamRefused:
    message = f"Invalid type for '{param}': expected {wanted}, but got {kind_of(value)} instead."
    return refusal(message, param, "invalid_type")


def out_of_range(param: str, what: str, low: float | None, high: float | None, value: Any) -> UpstreamRefused:
    """`what` is integer or decimal; one of `low` and `high` is the bound that was passed."""
    side, sign, bound = ("below minimum", ">=", low) if low is not None else ("above maximum", "<=", high)
    message = f"Invalid '{param}': {what} {side} value. Expected a value {sign} {bound}, but got {value} instead."
    return refusal(message, param, f"{what}_{side.split()[0]}_{side.split()[1][:3]}_value")


def item_not_found(id: str) -> UpstreamRefused:
    message = (
        f"Item with id '{id}' not found. Items are not persisted when `store` is set to false. "
        "Try again with `store` set to true, or remove this item from your input."
    )
    return refusal(message, "input", status=404)


def mismatch(message: str) -> UpstreamRefused:
    """Not the real server's: the script and the request do not fit together."""
    return refusal(message, code="script_mismatch", type="scripted_upstream_error")


def previous_not_found(id: str) -> UpstreamRefused:
    message = f"Previous response with id '{id}' not found."
    return refusal(message, "previous_response_id", "previous_response_not_found")


def conversation_not_found(id: str) -> UpstreamRefused:
    return refusal(f"Conversation with id '{id}' not found.", "conversation", status=404)


def conversation_locked() -> UpstreamRefused:
    """Reported of concurrent use (field.md G6); the end of the sentence is not recorded."""
    message = "Another process is currently operating on this conversation. Please retry in a few seconds."
    return refusal(message, "conversation", "conversation_locked")


def exclusive(param: str, other: str) -> UpstreamRefused:
    error = errors.exclusive(param, other)
    return refusal(error.message, error.param, error.code)


def response_not_found(id: str) -> UpstreamRefused:
    return refusal(f"Response with id '{id}' not found.", status=404)


def refused(error: Error) -> UpstreamRefused:
    """The error of a script."""
    return refusal(
        error.message, error.param, error.code, status=error.status, type=error.type, retry_after=error.retry_after
    )


def kind_of(value: Any) -> str:
    kinds = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), "an array")


def envelope(refused: Refused) -> dict[str, Any]:
    """The error body, in wire key order; without a type it is one of FastAPI's."""
    if refused.type is None and refused.status == 422:
        return {"detail": refused.message}
    fields = {"message": refused.message, "type": refused.type, "param": refused.param, "code": refused.code}
    return {"error": fields}


def too_long(param: str, maximum: int, length: int) -> UpstreamRefused:
    message = (
        f"Invalid '{param}': string too long. Expected a string with maximum length {maximum}, "
        f"but got a string with length {length} instead."
    )
    return refusal(message, param, "string_above_max_length")


def array_too_long(param: str, maximum: int, length: int) -> UpstreamRefused:
    message = (
        f"Invalid '{param}': array too long. Expected an array with maximum length {maximum}, "
        f"but got an array with length {length} instead."
    )
    return refusal(message, param, "array_above_max_length")


def check_range(param: str, what: str, value: Any, low: float, high: float) -> None:
    """Raises for what is no number of this kind (integer or decimal) from `low` to `high`."""
    kinds = ("an integer",) if what == "integer" else ("an integer", "a decimal")
    if kind_of(value) not in kinds:
        raise invalid_type(param, kinds[-1], value)
    if value < low:
        raise out_of_range(param, what, low, None, value)
    if value > high:
        raise out_of_range(param, what, None, high, value)
