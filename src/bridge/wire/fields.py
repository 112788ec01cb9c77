"""What request shapes are made of: pydantic annotations that refuse in the old service's words (assistants-wire §9.3).

Each is metadata for ``Annotated``. What they refuse travels through pydantic as a `Refusal`, a constructor of
`bridge.errors` without its first argument: the path, which only pydantic knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from attrs import frozen
from pydantic import GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bridge import errors, ids

Refuse = Callable[..., errors.APIError]

SHAPE: Final[frozenset[Refuse]] = frozenset({errors.missing, errors.unknown, errors.invalid_type, errors.unsupported})
"""What is checked before any limit of any value: keys, types and the words that are types in disguise (§9.1)."""

NAME: Final = "^[a-zA-Z0-9_-]+$"


@frozen
class Refusal:
    """`make(path, *args)` is the error, the path ending in `at`."""

    make: Refuse
    args: tuple[Any, ...] = ()
    at: tuple[str, ...] = ()


def refused(make: Refuse, *args: Any, at: tuple[str, ...] = ()) -> PydanticCustomError:
    return PydanticCustomError("refused", "refused", {"refusal": Refusal(make, args, at)})


def _before(check: Callable[[Any], None]) -> GetPydanticSchema:
    """`check` sees the value as it came and raises, or leaves it alone."""

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_passing(check), handler(source))

    return GetPydanticSchema(schema)


def _after(check: Callable[[Any], None]) -> GetPydanticSchema:
    """`check` sees a value of the right type."""

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_passing(check), handler(source))

    return GetPydanticSchema(schema)


def _passing(check: Callable[[Any], None]) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        check(value)
        return value

    return checked


# --- types


def array_of(what: str) -> GetPydanticSchema:
    """A list, called ``an array of objects`` or ``an array of strings`` when it is none."""

    def check(value: Any) -> None:
        if not isinstance(value, list):
            raise refused(errors.invalid_type, f"an array of {what}", value)

    return _before(check)


def words() -> GetPydanticSchema:
    """For a Literal: its words are listed, in its order, when the value is another."""

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        supported = get_args(source)

        def check(value: Any) -> None:
            if not isinstance(value, str):
                raise refused(errors.invalid_type, "a string", value)
            if value not in supported:
                raise refused(errors.unsupported, value, supported)

        return core_schema.no_info_before_validator_function(_passing(check), handler(source))

    return GetPydanticSchema(schema)


def by_type(*supported: str) -> GetPydanticSchema:
    """For a union of objects told apart by `type`: which branch is tried is settled before (see tag)."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise refused(errors.invalid_type, "an object", value)
        check_type(value, supported)

    return _before(check)


def word_or_object(words: tuple[str, ...], types: tuple[str, ...]) -> GetPydanticSchema:
    """For a union of some words and some objects told apart by `type`."""

    def check(value: Any) -> None:
        if isinstance(value, dict):
            check_type(value, types)
        elif not isinstance(value, str):
            raise refused(errors.invalid_type, "one of a string or object", value)
        elif value not in words:
            raise refused(errors.unsupported, value, words)

    return _before(check)


def check_type(value: dict[str, Any], supported: tuple[str, ...]) -> None:
    if "type" not in value:
        raise refused(errors.missing, at=("type",))
    type = value["type"]
    if not isinstance(type, str):
        raise refused(errors.invalid_type, "a string", type, at=("type",))
    if type not in supported:
        raise refused(errors.unsupported, type, supported, at=("type",))


def string_or_array() -> GetPydanticSchema:
    def check(value: Any) -> None:
        if not isinstance(value, (str, list)):
            raise refused(errors.invalid_type, "one of a string or array of objects", value)

    return _before(check)


def tag(value: Any) -> str:
    """Which branch of a union: ``<type>``, ``<string>`` or ``<array>``. The brackets keep it apart from keys."""
    if isinstance(value, str):
        return "<string>"
    if isinstance(value, list):
        return "<array>"
    return f"<{value['type'] if isinstance(value, dict) else value.type}>"


# --- limits


def length(maximum: int | None = None, minimum: int = 0) -> GetPydanticSchema:
    """Of a string, in characters; `minimum` is 0 or 1."""

    def check(value: str) -> None:
        if len(value) < minimum:
            raise refused(errors.string_empty)
        if maximum is not None and len(value) > maximum:
            raise refused(errors.string_too_long, maximum, len(value))

    return _after(check)


def items(maximum: int | None = None, minimum: int = 0) -> GetPydanticSchema:
    """How many of them an array may hold; `minimum` is 0 or 1."""

    def check(value: list[Any]) -> None:
        if len(value) < minimum:
            raise refused(errors.array_empty)
        if maximum is not None and len(value) > maximum:
            raise refused(errors.array_too_long, maximum, len(value))

    return _after(check)


def between(minimum: int, maximum: int | None = None) -> GetPydanticSchema:
    """Of an integer or a decimal."""

    def check(value: float) -> None:
        if value < minimum:
            raise refused(errors.below_minimum, minimum, value)
        if maximum is not None and value > maximum:
            raise refused(errors.above_maximum, maximum, value)

    return _after(check)


def name() -> GetPydanticSchema:
    """A function's or a schema's name."""

    def check(value: str) -> None:
        if not value:
            raise refused(errors.string_empty)
        if len(value) > 64:
            raise refused(errors.string_too_long, 64, len(value))
        if not re.fullmatch(NAME, value):
            raise refused(errors.no_match, NAME)

    return _after(check)


def url() -> GetPydanticSchema:
    """An http(s) URL; the old service took no data: URLs."""

    def check(value: str) -> None:
        try:
            parts = urlsplit(value)
        except ValueError:
            raise refused(errors.no_url) from None
        if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"\s", value):
            raise refused(errors.no_url)

    return _after(check)


def id_of(kind: ids.Kind) -> GetPydanticSchema:
    """An id that begins like one of its kind."""

    def check(value: str) -> None:
        if not ids.has_prefix(kind, value):
            raise refused(errors.wrong_prefix, kind, value)

    return _after(check)


def overlapping() -> GetPydanticSchema:
    """Chunks of a file overlap by half of their size at most."""

    def check(value: Any) -> None:
        half = value.max_chunk_size_tokens // 2
        if value.chunk_overlap_tokens > half:
            raise refused(errors.above_maximum, half, value.chunk_overlap_tokens, at=("chunk_overlap_tokens",))

    return _after(check)


def one_of(one: str, other: str) -> GetPydanticSchema:
    """Two keys of which an object may have one at most."""

    def check(value: Any) -> None:
        if isinstance(value, dict) and one in value and other in value:
            raise refused(_exclusive, one, other)

    return _before(check)


def _exclusive(path: str, one: str, other: str) -> errors.APIError:
    return errors.exclusive(f"{path}.{one}", f"{path}.{other}")


def metadata() -> GetPydanticSchema:
    """At most 16 pairs of strings, keys of at most 64 characters, values of at most 512 (§2.2)."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise refused(errors.invalid_type, "a metadata object", value)
        for key, each in value.items():
            if not isinstance(each, str):
                raise refused(errors.invalid_type, "a string", each, at=(key,))

    def limits(value: dict[str, str]) -> None:
        if len(value) > 16:
            raise refused(errors.too_many_properties, 16, len(value))
        for key, each in value.items():
            if len(key) > 64:
                raise refused(errors.key_too_long, key, 64)
            if len(each) > 512:
                raise refused(errors.string_too_long, 512, len(each), at=(key,))

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        typed = core_schema.no_info_before_validator_function(_passing(check), handler(source))
        return core_schema.no_info_after_validator_function(_passing(limits), typed)

    return GetPydanticSchema(schema)
