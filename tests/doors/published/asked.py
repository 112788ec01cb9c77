"""A request of the published tests as data, and what is changed in it before the gateway sees it.

Everything that is changed stands in this module: placeholders become ids of what was made for the request, and
REWRITES holds what the mock takes and the gateway refuses. All else goes through as it came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any, Final

from attrs import evolve, frozen

Ids = Mapping[str, list[str]]
"""What was made, by the names that published tests give it: ``{"thread_id": [...], "file_id": [...], ...}``."""

STRING: Final = "string"
"""The placeholder that stands for any id; the others are the parameter's own name."""

PLURALS: Final = {"file_ids": "file_id", "vector_store_ids": "vector_store_id"}
SINGULARS: Final = ("assistant_id", "file_id", "tool_call_id")
CURSORS: Final = ("after", "before", "run_id")


@frozen
class Asked:
    """`path` is the endpoint's pattern, ``/threads/{thread_id}``, and `names` what stands in its places. `body` is None
    where there was none."""

    method: str
    path: str
    names: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    body: Any = None

    @property
    def operation(self) -> tuple[str, str]:
        return self.method, self.path


# --- placeholders


def with_ids(asked: Asked, ids: Ids) -> Asked:
    """Each placeholder is the next id of its kind, and the first one again after the last. What is no placeholder
    stays, and so does one of which nothing was made: the gateway then says what it says of such an id."""
    left = {name: cycle(made) for name, made in ids.items() if made}
    return evolve(
        asked,
        names={name: _real(name, value, left) for name, value in asked.names.items()},
        query=tuple((name, _real(name, value, left) if name in CURSORS else value) for name, value in asked.query),
        body=_walked(asked.body, left),
    )


def _walked(value: Any, left: Mapping[str, Iterator[str]]) -> Any:
    if isinstance(value, list):
        return [_walked(each, left) for each in value]
    if isinstance(value, dict):
        return {key: _entry(key, each, left) for key, each in value.items()}
    return value


def _entry(key: str, value: Any, left: Mapping[str, Iterator[str]]) -> Any:
    if key in PLURALS:
        return [_real(PLURALS[key], each, left) for each in value]
    return _real(key, value, left) if key in SINGULARS else _walked(value, left)


def _real(name: str, value: str, left: Mapping[str, Iterator[str]]) -> str:
    return next(left[name]) if value in (STRING, name) and name in left else value


# --- what a mock takes


@frozen
class Rewrite:
    """`why` stands in docs/conformance.md, too; `change` returns the request as the gateway takes it."""

    name: str
    why: str
    change: Callable[[Asked], Asked]

    def concerns(self, asked: Asked) -> bool:
        return self.change(asked) != asked


def _limit(asked: Asked) -> Asked:
    return evolve(asked, query=tuple(("limit", "1") if pair == ("limit", "0") else pair for pair in asked.query))


def _stores(asked: Asked) -> Asked:
    return evolve(asked, body=_without_ids(asked.body))


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    left_out = "vector_store_ids" if "vector_stores" in value else None
    return {key: _without_ids(each) for key, each in value.items() if key != left_out}


def _outputs(asked: Asked) -> Asked:
    if not asked.body or "tool_outputs" not in asked.body:
        return asked
    outputs = [{"tool_call_id": "tool_call_id", **output} for output in asked.body["tool_outputs"]]
    return evolve(asked, body={**asked.body, "tool_outputs": outputs})


def _format(asked: Asked) -> Asked:
    if not asked.body or asked.body.get("response_format") != "none":
        return asked
    return evolve(asked, body={**asked.body, "response_format": "auto"})


REWRITES: Final = (
    Rewrite("limit", "`limit=0` is 1: the old schema says 1 to 100", _limit),
    Rewrite(
        "stores",
        "`vector_store_ids` beside `vector_stores` are left out: the two exclude each other",
        _stores,
    ),
    Rewrite(
        "outputs",
        "a tool output without `tool_call_id` gets the id of the call that waits: it would answer none",
        _outputs,
    ),
    Rewrite("format", "`response_format` `none` is `auto`: clients from 1.40 on have no such word", _format),
)


def rewritten(asked: Asked, rewrites: tuple[Rewrite, ...]) -> Asked:
    for rewrite in rewrites:
        asked = rewrite.change(asked)
    return asked


def encoded(body: Any) -> bytes:
    """As the SDK writes it."""
    return b"" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
