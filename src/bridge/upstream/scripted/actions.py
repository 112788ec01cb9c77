"""The actions of scripts out of plain data: one function for each (docs/scripted-upstream.md)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final

from bridge.errors import ConfigurationError
from bridge.upstream.scripted.script import (
    Action,
    Annotate,
    Call,
    Code,
    Cut,
    Error,
    Fail,
    Incomplete,
    Made,
    Pace,
    Reason,
    Refuse,
    Say,
    Search,
    ToolCall,
    Wait,
)
from bridge.upstream.scripted.values import expect, mapping, seconds, text, wrong

STATUSES: Final[dict[int, tuple[str, str | None, str]]] = {
    400: ("invalid_request_error", None, "The request cannot be answered."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", None, "You are not allowed to do this."),
    404: ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    408: ("server_error", None, "The request took too long."),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached. Please try again later."),
    500: ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    503: ("server_error", None, "The server is overloaded. Please try again later."),
}
"""status → (type, code, message), for what an `error` leaves out."""


def say(data: Any, place: str) -> Say:
    return Say(tuple(text(each, place) for each in data) if isinstance(data, list) else (text(data, place),))


def call(data: Any, place: str) -> Call:
    entries = data if isinstance(data, list) else [data]
    if not entries:
        raise wrong(place, "at least one call", data)
    return Call(tuple(tool_call(each, f"{place}[{index}]") for index, each in enumerate(entries)))


def tool_call(data: Any, place: str) -> ToolCall:
    if isinstance(data, str):
        return ToolCall(name=data)
    table = mapping(data, place, {"name", "like", "arguments", "call_id"})
    if ("name" in table) == ("like" in table):
        raise ConfigurationError(f"{place}: give either name or like.")
    if not isinstance(table.get("arguments"), (dict, str, type(None))):
        raise wrong(f"{place}.arguments", "a table or a string", table["arguments"])
    if "like" in table and ("call_id" in table or isinstance(table.get("arguments"), str)):
        raise ConfigurationError(
            f"{place}: like may fit several tools, so it takes no call_id and no string arguments."
        )
    return ToolCall(
        **{key: text(value, f"{place}.{key}") if key != "arguments" else value for key, value in table.items()}
    )


def search(data: Any, place: str) -> Search:
    if data is True:
        return Search()
    table = mapping(data, place, {"queries", "results"})
    queries = tuple(text(each, f"{place}.queries") for each in table.get("queries") or ())
    results = table.get("results")
    if results is None:
        return Search(queries)
    known = {"file_id", "filename", "score", "text", "attributes"}
    listed = expect(results, list, f"{place}.results")
    return Search(queries, tuple(dict(mapping(one, f"{place}.results[{n}]", known)) for n, one in enumerate(listed)))


def code(data: Any, place: str) -> Code:
    if isinstance(data, str):
        return Code(data)
    table = mapping(data, place, {"code", "logs", "files"})
    logs = table.get("logs")
    return Code(
        text(table.get("code", ""), f"{place}.code"),
        None if logs is None else text(logs, f"{place}.logs"),
        tuple(made(each, f"{place}.files[{n}]") for n, each in enumerate(table.get("files") or ())),
    )


def made(data: Any, place: str) -> Made:
    """A picture may do without content."""
    table = mapping(data, place, {"name", "text", "base64", "shown"})
    name, shown = text(table.get("name"), f"{place}.name"), expect(table.get("shown", False), bool, f"{place}.shown")
    is_picture = shown or name.endswith(".png")
    if ("text" in table) + ("base64" in table) + is_picture == 0 or {"text", "base64"} <= {*table}:
        raise ConfigurationError(f"{place}: give either text or base64.")
    content = None if "text" not in table else text(table["text"], f"{place}.text").encode()
    return Made(name, binary(table["base64"], f"{place}.base64") if "base64" in table else content, shown)


def binary(data: Any, place: str) -> bytes:
    try:
        return b64decode(text(data, place), validate=True)
    except ValueError as error:
        raise wrong(place, "base64", data) from error


def annotate(data: Any, place: str) -> Annotate:
    if not isinstance(data, Mapping) or not isinstance(data.get("type"), str):
        raise wrong(place, "an annotation with a type", data)
    return Annotate(dict(data))


def fail(data: Any, place: str) -> Fail:
    if isinstance(data, str):
        return Fail("server_error", data)
    table = mapping(data, place, {"code", "message"})
    code = text(table.get("code", "server_error"), f"{place}.code")
    return Fail(code, text(table.get("message", "The model failed to answer."), f"{place}.message"))


def error(data: Any, place: str) -> Error:
    table = {"status": data} if isinstance(data, int) else dict(mapping(data, place, ERROR_KEYS))
    status = table.pop("status", 500)
    if not isinstance(status, int) or not 400 <= status <= 599:
        raise wrong(f"{place}.status", "an HTTP error status", status)
    type_, code, message = STATUSES.get(status, STATUSES[500 if status >= 500 else 400])
    return Error(status, **{"message": message, "code": code, "type": type_, **table})


def cut(data: Any, place: str) -> Cut:
    if data is True or data == "clean":
        return Cut()
    if data == "reset":
        return Cut("reset")
    raise wrong(place, "true, clean or reset", data)


def incomplete(data: Any, place: str) -> Incomplete:
    if data not in ("max_output_tokens", "content_filter"):
        raise wrong(place, "max_output_tokens or content_filter", data)
    return Incomplete(data)


ERROR_KEYS: Final = {"status", "message", "code", "type", "param", "retry_after"}
ACTIONS: Final[dict[str, Callable[[Any, str], Action]]] = {
    "say": say,
    "refuse": lambda data, place: Refuse(text(data, place)),
    "reason": lambda data, place: Reason(text(data, place)),
    "call": call,
    "search": search,
    "code": code,
    "annotate": annotate,
    "wait": lambda data, place: Wait(seconds(data, place)),
    "pace": lambda data, place: Pace(seconds(data, place)),
    "fail": fail,
    "error": error,
    "cut": cut,
    "incomplete": incomplete,
}
