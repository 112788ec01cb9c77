"""Cassettes: of vcr.py (YAML and JSON, its older httpx form too) and of Ruby's VCR.

interactions:       request: {method, uri, headers, body}, response: {status: {code}, headers, body: {string}}
                    response: {status_code, headers, content}                                (vcr.py's older httpx)
http_interactions:  the same, bodies as {encoding, string} or {encoding, base64_string}      (Ruby)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bridge.diff.readers import exchanges
from bridge.diff.readers.exchanges import Got, Recorded, Sent
from bridge.diff.tape import Tape
from bridge.errors import ConfigurationError
from bridge.wire.render import encode_compact

LISTS: Final = {"interactions": "version", "http_interactions": "recorded_with"}
"""Where the exchanges are, and what their recorder writes last."""

MOST: Final = 10_000_000
"""Values of a YAML file, its aliases written out: a few lines of them can stand for more than any memory holds."""


def is_cassette(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(name), list) for name in LISTS)


def parsed(text: bytes, name: str) -> Any:
    """The value of a YAML file. Raises ConfigurationError."""
    try:
        import yaml
    except ImportError as error:
        message = f"{name} is YAML, which needs pyyaml: pip install 'assistants-bridge[tools]'"
        raise ConfigurationError(message) from error
    try:
        value = yaml.load(text, Loader=_loader(yaml))
        if _size(value, {}) > MOST:
            raise ValueError("its aliases stand for more values than anybody has recorded")
        return value
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError, TypeError) as error:
        # The last two are what pyyaml itself raises for some broken scalars.
        first = str(error).replace("\n", " ") or type(error).__name__
        raise ConfigurationError(f"{name} looks like YAML, but cannot be read: {first}") from error


def _size(value: Any, known: dict[int, int]) -> int:
    """How many values it is, each alias counted as what it stands for. Raises ValueError for what holds itself."""
    if not isinstance(value, (dict, list)):
        return 1
    if id(value) in known:
        if not known[id(value)]:
            raise ValueError("an alias stands within what it stands for")
        return known[id(value)]
    known[id(value)] = 0
    inner = value.values() if isinstance(value, dict) else value
    known[id(value)] = 1 + sum(_size(each, known) for each in inner)
    return known[id(value)]


def _loader(yaml: Any) -> Any:
    """The safe one, the fast one if it is there, that knows Ruby's ``!binary`` and reads its objects as values."""

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        pass

    Loader.add_constructor("!binary", lambda loader, node: exchanges.from_base64(loader.construct_scalar(node)))
    Loader.add_multi_constructor("!", _plain)
    return Loader


def _plain(loader: Any, suffix: str, node: Any) -> Any:
    if node.id == "mapping":
        return loader.construct_mapping(node, deep=True)
    if node.id == "sequence":
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def read(value: Any, name: str) -> Tape:
    """`value` is the parsed file. Raises ConfigurationError."""
    list_, last = next(pair for pair in LISTS.items() if isinstance(value.get(pair[0]), list))
    interactions = value[list_]
    notes = [] if last in value else [f"it ends without `{last}`, which stands last in a cassette: it may be cut off"]
    return exchanges.tape(list(_recorded(interactions, notes)), "vcr cassette", name, notes)


def _recorded(interactions: list[Any], notes: list[str]) -> Iterator[Recorded]:
    for number, each in enumerate(interactions, 1):
        try:
            yield Recorded(_sent(each["request"]), _got(each.get("response")))
        except exchanges.BROKEN as error:
            notes.append(f"interaction {number} could not be read: {type(error).__name__} {error}")


def _sent(request: Any) -> Sent:
    url = request.get("uri") or request["url"]
    return Sent(str(request["method"]).upper(), str(url), _headers(request), _data(request.get("body")))


def _got(response: Any) -> Got | None:
    if not response:
        return None
    status = response["status_code"] if "status_code" in response else response["status"]["code"]
    body = response["content"] if "content" in response else response.get("body")
    return Got(int(status), _headers(response), _data(body))


def _headers(message: Any) -> dict[str, str]:
    return exchanges.lower((message.get("headers") or {}).items())


def _data(body: Any) -> bytes:
    """A text, bytes (YAML's ``!!binary``), or a mapping that holds one of them."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if body.get("base64_string") is not None:
        return exchanges.from_base64(body["base64_string"])
    if "string" in body or "encoding" in body or not body:
        return _data(body.get("string"))
    return encode_compact(body)
