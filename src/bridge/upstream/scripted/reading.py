"""Scripts out of YAML, JSON or Python data. Whatever cannot work is a ConfigurationError that names the place.

The format is described in docs/scripted-upstream.md.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from bridge.errors import ConfigurationError
from bridge.upstream.scripted.quirks import QUIRKS
from bridge.upstream.scripted.script import (
    ENDINGS,
    Action,
    Annotate,
    Answer,
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
    Rule,
    Say,
    Script,
    Search,
    ToolCall,
    Wait,
    When,
)

Source: TypeAlias = Script | Mapping[str, Any] | Sequence[Mapping[str, Any]] | str

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


def read_file(path: str | Path) -> Script:
    """The script in a YAML (or JSON) file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The script {path} cannot be read: {error.strerror}.") from error
    data = orjson.loads(text) if str(path).endswith(".json") else parse_yaml(text)
    return read(data)


def parse_yaml(text: str) -> Any:
    """Imported on use: YAML comes with the extras `server` and `tools`, not with the core."""
    try:
        import yaml
    except ImportError as error:
        raise ConfigurationError(
            "A scripted upstream reads YAML: pip install 'assistants-bridge[tools]', or give it Python data or .json."
        ) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"The script is not YAML: {error}") from error


def read(source: Source) -> Script:
    """A script of Python data or of YAML text. A list is a list of rules."""
    if isinstance(source, Script):
        return source
    data = parse_yaml(source) if isinstance(source, str) else source
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = {"rules": data}
    table = mapping(data, "the script", {"rules", "strict", "quirks", "window", "ingestion", "container_seconds"})
    lives = table.get("container_seconds")
    return Script(
        rules=rules(table.get("rules") or [], "rules"),
        strict=expect(table.get("strict", False), bool, "strict"),
        quirks=quirks(table.get("quirks") or [], "quirks"),
        window=None if table.get("window") is None else tokens(table["window"], "window"),
        ingestion=seconds(table.get("ingestion", 0), "ingestion"),
        container_seconds=None if lives is None else seconds(lives, "container_seconds"),
    )


def rules(data: Any, place: str) -> tuple[Rule, ...]:
    return tuple(rule(each, f"{place}[{index}]") for index, each in enumerate(expect(data, list, place)))


def rule(data: Any, place: str) -> Rule:
    table = mapping(data, place, {"when", "times", *ANSWER})
    times = table.get("times")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise wrong(f"{place}.times", "a whole number of at least 1", times)
    return Rule(place, when(table.get("when", "always"), f"{place}.when"), answer(table, place), times)


def when(data: Any, place: str) -> When:
    words = text(data, place)
    return When(None if words == "always" else words)


def answer(table: Mapping[str, Any], place: str) -> Answer:
    actions = action_list(table, place)
    for action in actions[:-1]:
        if isinstance(action, ENDINGS):
            raise ConfigurationError(f"{place}: nothing can follow {type(action).__name__.lower()}.")
    if isinstance(actions[-1], Error) and not all(isinstance(action, Wait) for action in actions[:-1]):
        raise ConfigurationError(f"{place}: an error is the whole answer; only wait can stand before it.")
    result = Answer(actions, follow_ups(table.get("then"), f"{place}.then"), quirks(table.get("quirks") or [], place))
    if result.then and not result.calls:
        raise ConfigurationError(f"{place}: then is for tool outputs, and nothing is called here.")
    return result


def action_list(table: Mapping[str, Any], place: str) -> tuple[Action, ...]:
    """The actions of a rule: its own keys, in their order, or the one-key tables of its list `do`."""
    own = [(name, value) for name, value in table.items() if name in ACTIONS]
    if "do" in table and own:
        raise ConfigurationError(f"{place}: give either do or {own[0][0]}, not both.")
    for index, each in enumerate(expect(table.get("do", []), list, f"{place}.do")):
        step = mapping(each, f"{place}.do[{index}]", set(ACTIONS))
        own.extend(step.items())
    if not own:
        raise ConfigurationError(f"{place}: says and does nothing; give one of {', '.join(ACTIONS)}.")
    return tuple(ACTIONS[name](value, f"{place}.{name}") for name, value in own)


def follow_ups(data: Any, place: str) -> tuple[Rule, ...]:
    """One answer, or rules that look at the outputs."""
    if data is None:
        return ()
    return (rule(data, place),) if isinstance(data, Mapping) else rules(data, place)


# --- one function per action


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
    table = mapping(data, place, {"name", "text", "base64", "shown"})
    if "text" in table and "base64" in table:
        raise ConfigurationError(f"{place}: give either text or base64.")
    try:
        binary = b64decode(text(table.get("base64", ""), f"{place}.base64"), validate=True)
    except ValueError as error:
        raise wrong(f"{place}.base64", "base64", table["base64"]) from error
    content = text(table.get("text", ""), f"{place}.text").encode() or binary
    return Made(text(table.get("name"), f"{place}.name"), content, expect(table.get("shown", False), bool, place))


def annotate(data: Any, place: str) -> Annotate:
    if not isinstance(data, Mapping) or not isinstance(data.get("type"), str):
        raise wrong(place, "an annotation with a type", data)
    return Annotate(dict(data))


def tokens(data: Any, place: str) -> int:
    if isinstance(data, bool) or not isinstance(data, int) or data < 1:
        raise wrong(place, "a number of tokens", data)
    return data


def seconds(data: Any, place: str) -> float:
    if isinstance(data, bool) or not isinstance(data, (int, float)) or data < 0:
        raise wrong(place, "seconds", data)
    return float(data)


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
ANSWER: Final = (*ACTIONS, "do", "then", "quirks")


# --- what a value must be


def mapping(data: Any, place: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise wrong(place, "a table", data)
    for key in data:
        if key not in keys:
            raise ConfigurationError(f"{place}: there is no {key!r} here; known are {', '.join(sorted(keys))}.")
    return data


def expect(data: Any, kind: type[Any], place: str) -> Any:
    if not isinstance(data, kind):
        raise wrong(place, {"bool": "true or false", "list": "a list"}[kind.__name__], data)
    return data


def text(data: Any, place: str) -> str:
    if not isinstance(data, str):
        raise wrong(place, "a text (put it in quotes)", data)
    return data


def quirks(data: Any, place: str) -> frozenset[str]:
    for name in data:
        if name not in QUIRKS:
            raise ConfigurationError(f"{place}: there is no quirk {name!r}; known are {', '.join(QUIRKS)}.")
    return frozenset(data)


def wrong(place: str, wanted: str, got: Any) -> ConfigurationError:
    return ConfigurationError(f"{place}: expected {wanted}, got {got!r}.")
