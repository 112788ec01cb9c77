"""What is checked of a request beside its body and query: the ids in its path, its beta header, formats with tools."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridge import errors, ids

BETA: Final = "assistants=v2"
FIRST_BETA: Final = "assistants=v1"


def check_id(param: str, kind: ids.Kind, value: str) -> None:
    """Raises APIError unless the id begins like one of its kind; whether it exists is the flow's to find out (§9.3)."""
    if not ids.has_prefix(kind, value):
        raise errors.wrong_prefix(param, kind, value)


def is_first_beta(value: str | None) -> bool:
    """Whether the `OpenAI-Beta` header asks for assistants=v1 and not for v2."""
    asked = [beta.strip() for beta in (value or "").split(",")]
    return FIRST_BETA in asked and BETA not in asked


def check_beta(value: str | None, takes_first: bool = False) -> None:
    """Raises APIError unless the `OpenAI-Beta` header asks for assistants=v2, among other betas or alone (§9.2).
    `takes_first`: assistants=v1 will do as well."""
    if not value or not value.strip():
        raise errors.no_beta()
    asked = [beta.strip() for beta in value.split(",")]
    for beta in asked:
        if not re.fullmatch(r"[\w-]+=v\d+", beta):
            raise errors.malformed_beta(value)
    if BETA in asked or (takes_first and FIRST_BETA in asked):
        return
    raise errors.old_beta() if FIRST_BETA in asked else errors.unknown_beta(value)


def check_format(tools: Sequence[Mapping[str, Any]] | None, response_format: Any) -> None:
    """Raises APIError where an answer in JSON is wanted beside tools that are no functions (§9.4)."""
    kind = response_format.get("type") if isinstance(response_format, Mapping) else None
    if kind in ("json_object", "json_schema") and any(tool["type"] != "function" for tool in tools or ()):
        raise errors.json_needs_functions(str(kind))
