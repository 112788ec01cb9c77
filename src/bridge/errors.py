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
from math import ceil
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


def no_such_file(file_id: str) -> APIError:
    """In the words of the Files API, for a file that was kept here."""
    return APIError(404, f"No such File object: {file_id}", param="id")


def file_not_kept(file_id: str, container_id: str, reason: str) -> APIError:
    """Ours: the code interpreter made it, and its bytes are neither here nor in their container any more."""
    message = f"The content of {file_id} was not kept, and its container {container_id} does not have it: {reason}"
    return APIError(404, message, param="id")


def no_vector_store(id: str) -> APIError:
    return APIError(404, f"No vector store found with id '{id}'.")


def files_not_found(ids: Sequence[str]) -> APIError:
    """For attachments and tool_resources that name several files."""
    return APIError(404, f"The following files were not found: {', '.join(ids)}.")


def hook_failed(kind: Kind, id: str, reason: str) -> APIError:
    """Ours: the program's own function, asked for a thread or an assistant that is not in the store, raised."""
    message = f"on_missing_{kind} failed for '{id}': {reason}"
    return APIError(500, message, type="server_error", headers={"x-should-retry": "false"})


# --- validation (§9.3); `param` is the path of what is wrong: ``messages[0].content[1].image_url.url``


def missing(param: str) -> APIError:
    return _invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unknown(param: str, near: str | None = None) -> APIError:
    """`near` is the known parameter that was probably meant."""
    hint = f" Did you mean '{near}'?" if near else ""
    return _invalid(f"Unknown parameter: '{param}'.{hint}", param, "unknown_parameter")


def invalid_type(param: str, expected: str, value: Any) -> APIError:
    """`expected` with its article: ``a string``, ``an array of objects``, ``one of a string or object``."""
    where = f"Invalid type for '{param}'" if param else "Invalid type"
    return _invalid(f"{where}: expected {expected}, but got {type_name(value)} instead.", param or None, "invalid_type")


def unsupported(param: str, value: str, supported: Sequence[str]) -> APIError:
    """A word that is none of the `supported` ones, which are listed in the given order."""
    message = f"Invalid value: '{value}'. Supported values are: {enumerate_words(supported)}."
    return _invalid(message, param, "invalid_value")


def no_match(param: str, pattern: str) -> APIError:
    message = f"string does not match pattern. Expected a string that matches the pattern '{pattern}'."
    return _invalid(f"Invalid '{param}': {message}", param, "invalid_value")


def no_url(param: str) -> APIError:
    message = f"Invalid '{param}'. Expected a valid URL, but got a value with an invalid format."
    return _invalid(message, param, "invalid_value")


def string_too_long(param: str, maximum: int, length: int) -> APIError:
    """Lengths in characters (code points)."""
    message = (
        f"Invalid '{param}': string too long. Expected a string with maximum length {maximum}, "
        f"but got a string with length {length} instead."
    )
    return _invalid(message, param, "string_above_max_length")


def string_empty(param: str) -> APIError:
    message = (
        f"Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead."
    )
    return _invalid(message, param, "empty_string")


def array_too_long(param: str, maximum: int, length: int) -> APIError:
    message = (
        f"Invalid '{param}': array too long. Expected an array with maximum length {maximum}, "
        f"but got an array with length {length} instead."
    )
    return _invalid(message, param, "array_above_max_length")


def array_empty(param: str) -> APIError:
    message = (
        f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    )
    return _invalid(message, param, "empty_array")


def too_many_properties(param: str, maximum: int, count: int) -> APIError:
    message = (
        f"Invalid '{param}': too many properties. Expected an object with at most {maximum} properties, "
        f"but got an object with {count} properties instead."
    )
    return _invalid(message, param, "object_above_max_properties")


def key_too_long(param: str, key: str, maximum: int) -> APIError:
    """`param` is the object whose key is too long."""
    message = (
        f"Invalid property name in '{param}': '{key}' is too long. Expected a string with maximum length {maximum}, "
        f"but got a string with length {len(key)} instead."
    )
    return _invalid(message, f"{param}.{key}", "string_above_max_length")


def above_maximum(param: str, maximum: float, value: float) -> APIError:
    """An integer or a decimal, as `value` is."""
    name = "integer" if isinstance(value, int) else "decimal"
    message = f"Invalid '{param}': {name} above maximum value. Expected a value <= {maximum}, but got {value} instead."
    return _invalid(message, param, f"{name}_above_max_value")


def below_minimum(param: str, minimum: float, value: float) -> APIError:
    """An integer or a decimal, as `value` is."""
    name = "integer" if isinstance(value, int) else "decimal"
    message = f"Invalid '{param}': {name} below minimum value. Expected a value >= {minimum}, but got {value} instead."
    return _invalid(message, param, f"{name}_below_min_value")


def exclusive(param: str, other: str) -> APIError:
    """Two parameters of which one at most may be given (inferred: today's API words it so)."""
    message = f"Mutually exclusive parameters: '{param}' and '{other}'. Ensure you are only providing one of: "
    return _invalid(f"{message}'{param}' or '{other}'.", param, "mutually_exclusive_parameters")


def no_json() -> APIError:
    return APIError(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
        "figuring out how to fix this, please contact us through our help center at help.openai.com.)",
    )


def too_deep(levels: int) -> APIError:
    return APIError(400, f"Invalid body: nested too deeply. Expected at most {levels} levels of objects and arrays.")


def type_name(value: Any) -> str:
    """What a JSON value is called in the texts: ``a string``, ``null`` …"""
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", dict: "an object"}
    return "null" if value is None else names.get(type(value), "an array")


def enumerate_words(words: Sequence[str]) -> str:
    """``'a'``, ``'a' and 'b'``, ``'a', 'b', and 'c'``."""
    *most, last = (f"'{word}'" for word in words)
    if not most:
        return last
    return f"{', '.join(most)}{',' if len(most) > 1 else ''} and {last}"


def _invalid(message: str, param: str | None, code: str) -> APIError:
    return APIError(400, message, param=param, code=code)


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


def run_ended(run_id: str, status: str, code: str | None, reason: str | None) -> APIError:
    """Ours, for programs that know no end but `completed`: told where the setting `loud_failures` is on. `code` is that
    of last_error, `reason` its message or why the run is incomplete; either may be unknown."""
    why = ": ".join(part for part in (code, reason) if part)
    message = (
        f"Run {run_id} ended as '{status}'{f' ({why})' if why else ''}. It is an error to ask for it because the "
        "setting loud_failures is on; BRIDGE_LOUD_FAILURES=off answers with the run instead."
    )
    return APIError(400, message, code=code or status)


# --- capability (§9.4)


def nothing_to_answer() -> APIError:
    return APIError(
        400,
        "Run creation requires a Thread with a user message or an assistant with instructions.",
        code="invalid_thread",
    )


def json_needs_functions(format: str) -> APIError:
    """`format` is json_object or json_schema."""
    return APIError(
        400, f"Invalid tools: all tools must be of type `function` when `response_format` is of type `{format}`."
    )


def unknown_model(model: str) -> APIError:
    return APIError(400, f"The requested model '{model}' does not exist.", param="model", code="model_not_found")


def unsupported_model(model: str) -> APIError:
    """A model that exists, but cannot answer threads (embeddings, say)."""
    message = f"The requested model '{model}' cannot be used with the Assistants API."
    return APIError(400, message, param="model", code="unsupported_model")


def unsupported_parameter(param: str) -> APIError:
    message = f"Unsupported parameter: '{param}' is not supported with this model."
    return APIError(400, message, param=param, code="unsupported_parameter")


def unsupported_effort(effort: str, model: str, supported: Sequence[str]) -> APIError:
    message = (
        f"Unsupported value: '{effort}' is not supported with the '{model}' model. "
        f"Supported values are: {enumerate_words(supported)}."
    )
    return APIError(400, message, param="reasoning_effort", code="unsupported_value")


def unsupported_file(extension: str) -> APIError:
    """`extension` with its dot, of a file that cannot be searched."""
    message = (
        f"Files with extensions [{extension}] are not supported for retrieval. "
        "See https://platform.openai.com/docs/assistants/tools/file-search/supported-files"
    )
    return APIError(400, message, param="file_ids", code="unsupported_file")


def store_expired(id: str) -> APIError:
    """For create run, of the thread's vector store."""
    return APIError(400, f"Vector store {id} is expired")


def tool_not_there(param: str, tool: str, profile: str) -> APIError:
    """Ours: a hosted tool that this kind of server is known not to have."""
    message = (
        f"The tool '{tool}' does not exist on this upstream (profile '{profile}'). Take it out of the tools, use an "
        "upstream that has it, or set BRIDGE_PROFILE=generic if this one does."
    )
    return APIError(400, message, param=param, code="unsupported_tool")


def images_not_taken(param: str, profile: str) -> APIError:
    """Ours: images for a kind of server that is known to take none."""
    message = (
        f"Images are not supported by this upstream (profile '{profile}'). Leave them out, use an upstream that takes "
        "them, or set BRIDGE_PROFILE=generic if this one does."
    )
    return APIError(400, message, param=param, code="unsupported_content")


def upstream_refused(status: int, error: dict[str, Any]) -> APIError:
    """What the upstream said of a file or a vector store that a request needed: its own words, as ever."""
    message = error.get("message")
    return APIError(
        status,
        message if isinstance(message, str) and message else f"The upstream answered {status}.",
        type=error.get("type") or ("server_error" if status >= 500 else "invalid_request_error"),
        param=error.get("param"),
        code=error.get("code"),
    )


def upstream_silent(reason: str) -> APIError:
    """The upstream was needed and could not be reached."""
    return APIError(503, f"The upstream did not answer: {reason}", type="server_error")


def server_silent(name: str, reason: str) -> APIError:
    """Ours: a run or a thread that another server has, which could not be reached (docs/routing.md)."""
    return APIError(503, f"The server {name}, which this is routed to, did not answer: {reason}", type="server_error")


def mirror_lost(conversation_id: str) -> APIError:
    """Ours: a conversation lists nothing of what it and its thread are known to share, so that what is new is not to be
    told from what is old."""
    message = (
        f"Conversation '{conversation_id}' lists none of the items that its thread remembers. Nothing was taken from "
        "it; ask for a new one."
    )
    return APIError(400, message, param="conversation", code="conversation_out_of_step")


def not_yet(param: str, reason: str) -> APIError:
    """Ours: a parameter that bridge refuses rather than drop (design §1.2)."""
    message = f"Unsupported parameter: '{param}' is not supported by bridge. {reason}"
    return APIError(400, message, param=param, code="unsupported_parameter")


# --- the request itself (§9.2)


def no_key() -> APIError:
    return APIError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
        "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
        "API from your browser and are prompted for a username and password. You can obtain an API key from "
        "https://platform.openai.com/account/api-keys.",
    )


def wrong_key(key: str) -> APIError:
    """All but the ends of the key is masked; of a short one everything."""
    masked = f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}" if len(key) > 20 else "*" * len(key)
    return APIError(
        401,
        f"Incorrect API key provided: {masked}. "
        "You can find your API key at https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    )


def no_beta() -> APIError:
    return _beta(
        "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
        "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
    )


def malformed_beta(value: str) -> APIError:
    return _beta(
        f"Invalid beta header provided: '{value}'. The header should be in the format 'OpenAI-Beta: example_beta=v1'."
    )


def unknown_beta(value: str) -> APIError:
    return _beta(f"Unknown beta requested: '{value}'.")


def old_beta() -> APIError:
    return _beta(
        "The v1 Assistants API has been deprecated. See the migration guide for more information: "
        "https://platform.openai.com/docs/assistants/migration. "
        "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
    )


def _beta(message: str) -> APIError:
    return APIError(400, message, code="invalid_beta")


def unknown_url(method: str, path: str) -> APIError:
    """`path` is relative to the API root. Listing threads, which only a browser could, has its own text."""
    if (method, path) == ("GET", "/threads"):
        return session_key_needed(method, path)
    return APIError(404, f"Invalid URL ({method} /v1{path})")


def no_beta_files(method: str, path: str) -> APIError:
    """The old text for the files of assistants and messages, which only the first beta had; the way out is ours."""
    return APIError(
        404,
        f"Invalid URL ({method} /v1{path}). Files belong to tools since the second beta: an assistant's are in its "
        "tool_resources, those of a message in its attachments.",
    )


def session_key_needed(method: str, path: str) -> APIError:
    return APIError(
        401,
        f"Your request to {method} /v1{path} must be made with a session key (that is, it can only be made from the "
        "browser). You made it with the following key type: secret.",
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


def rate_limited(message: str, retry_after: float, *, type: str = "requests") -> APIError:
    """`type` is requests or tokens; `retry_after` in seconds, told as a whole number of at least 1 (§1.2)."""
    return APIError(429, message, type=type, code="rate_limit_exceeded", headers=_retry(retry_after))


def quota_exceeded() -> APIError:
    return APIError(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        type="insufficient_quota",
        code="insufficient_quota",
    )


def overloaded(retry_after: float) -> APIError:
    """`retry_after` in seconds; the SDKs wait that long and try again (§10.1)."""
    message = "The server had an error while processing your request. Sorry about that!"
    return APIError(503, message, type="server_error", headers=_retry(retry_after))


def _retry(seconds: float) -> dict[str, str]:
    return {"retry-after": str(max(1, ceil(seconds)))}


TABLE: Final[dict[str, tuple[int, str, str | None]]] = {
    # existence
    "not_found": (404, "invalid_request_error", None),
    "wrong_prefix": (400, "invalid_request_error", "invalid_value"),
    "no_such_file": (404, "invalid_request_error", None),
    "file_not_kept": (404, "invalid_request_error", None),
    "no_vector_store": (404, "invalid_request_error", None),
    "files_not_found": (404, "invalid_request_error", None),
    # validation
    "missing": (400, "invalid_request_error", "missing_required_parameter"),
    "unknown": (400, "invalid_request_error", "unknown_parameter"),
    "invalid_type": (400, "invalid_request_error", "invalid_type"),
    "unsupported": (400, "invalid_request_error", "invalid_value"),
    "no_match": (400, "invalid_request_error", "invalid_value"),
    "no_url": (400, "invalid_request_error", "invalid_value"),
    "string_too_long": (400, "invalid_request_error", "string_above_max_length"),
    "string_empty": (400, "invalid_request_error", "empty_string"),
    "array_too_long": (400, "invalid_request_error", "array_above_max_length"),
    "array_empty": (400, "invalid_request_error", "empty_array"),
    "too_many_properties": (400, "invalid_request_error", "object_above_max_properties"),
    "key_too_long": (400, "invalid_request_error", "string_above_max_length"),
    "above_maximum": (400, "invalid_request_error", "integer_above_max_value"),
    "below_minimum": (400, "invalid_request_error", "integer_below_min_value"),
    "exclusive": (400, "invalid_request_error", "mutually_exclusive_parameters"),
    "no_json": (400, "invalid_request_error", None),
    "too_deep": (400, "invalid_request_error", None),
    # state
    "thread_busy": (400, "invalid_request_error", None),
    "thread_locked": (400, "invalid_request_error", None),
    "no_tool_outputs_accepted": (400, "invalid_request_error", None),
    "wrong_tool_outputs": (400, "invalid_request_error", None),
    "cannot_cancel": (400, "invalid_request_error", None),
    "cannot_update": (400, "invalid_request_error", None),
    "run_ended": (400, "invalid_request_error", "server_error"),
    "hook_failed": (500, "server_error", None),
    # capability
    "nothing_to_answer": (400, "invalid_request_error", "invalid_thread"),
    "json_needs_functions": (400, "invalid_request_error", None),
    "unknown_model": (400, "invalid_request_error", "model_not_found"),
    "unsupported_model": (400, "invalid_request_error", "unsupported_model"),
    "unsupported_parameter": (400, "invalid_request_error", "unsupported_parameter"),
    "unsupported_effort": (400, "invalid_request_error", "unsupported_value"),
    "unsupported_file": (400, "invalid_request_error", "unsupported_file"),
    "store_expired": (400, "invalid_request_error", None),
    "mirror_lost": (400, "invalid_request_error", "conversation_out_of_step"),
    "not_yet": (400, "invalid_request_error", "unsupported_parameter"),
    "tool_not_there": (400, "invalid_request_error", "unsupported_tool"),
    "images_not_taken": (400, "invalid_request_error", "unsupported_content"),
    "upstream_refused": (400, "invalid_request_error", None),
    "upstream_silent": (503, "server_error", None),
    "server_silent": (503, "server_error", None),
    # the request itself
    "no_key": (401, "invalid_request_error", None),
    "wrong_key": (401, "invalid_request_error", "invalid_api_key"),
    "no_beta": (400, "invalid_request_error", "invalid_beta"),
    "malformed_beta": (400, "invalid_request_error", "invalid_beta"),
    "unknown_beta": (400, "invalid_request_error", "invalid_beta"),
    "old_beta": (400, "invalid_request_error", "invalid_beta"),
    "unknown_url": (404, "invalid_request_error", None),
    "no_beta_files": (404, "invalid_request_error", None),
    "session_key_needed": (401, "invalid_request_error", None),
    # the service itself
    "server_error": (500, "server_error", None),
    "rate_limited": (429, "requests", "rate_limit_exceeded"),
    "quota_exceeded": (429, "insufficient_quota", "insufficient_quota"),
    "overloaded": (503, "server_error", None),
}
"""Constructor → (HTTP status, type, code). Decimals have ``decimal_…`` codes where integers have ``integer_…``."""
