"""What a model or server refuses, learnt from its 400s and 422s: the field is left out and the call repeated (once per
lesson). Lessons are kept per upstream and model.

Which fields may be left out is a table: without them the model still answers the same question, in its own manner
(responses-mapping §11, §19). A refusal of anything else is the run's failure.

Servers word it differently. OpenAI has a code and a `param`; others only say it:

    Unsupported parameter: 'top_p' is not supported with this model.                          OpenAI
    Unsupported value: 'minimal' is not supported with the 'o3' model.                        OpenAI (of its param)
    {"detail":[{"type":"extra_forbidden","loc":["body","metadata"], …}]}                      FastAPI
    body.metadata: Extra inputs are not permitted                      the same in a sentence (upstream/failures.py)
    Unexpected keys in the request: {'metadata'}                                              transformers serve
    litellm.UnsupportedParamsError: m does not support parameters: ['temperature']            LiteLLM
    `temperature` is deprecated for this model.                                               Anthropic, through proxies
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bridge.engine.effects import Refused
from bridge.records import Object

ENCRYPTED: Final = "include.reasoning.encrypted_content"
EFFORT: Final = "reasoning.effort"
"""``reasoning.effort`` alone for a model that takes none at all, ``reasoning.effort=minimal`` for one value."""

OPTIONAL: Final = ("temperature", "top_p", "parallel_tool_calls", "metadata", "include", "background", EFFORT)
"""Never `store`, that nothing is kept upstream is a promise (design §1.3); never what the answer depends on: `input`,
`model`, `tools`, `text`."""

SPELLINGS: Final = {"reasoning": EFFORT, "reasoning_effort": EFFORT}
"""What servers call the effort: the field it stands in, or what it is called for chat."""

STATUSES: Final = (400, 422)
REFUSALS: Final = ("unsupported_parameter", "unsupported_value", "unknown_parameter")

SAID: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:Unsupported|Unknown) (?:parameter|value): '([\w.]+)'",
        r"extra_forbidden\W+loc\W+body\W+([\w.]+)",
        r"\b(?:body\.)?(\w[\w.]*): Extra inputs are not permitted",
        r"(?:Unexpected keys|Unsupported fields) in the request: (\{[^}]*\})",
        r"does not support parameters: (\[[^\]]*\])",
        r"`([\w.]+)` is deprecated for this model",
    )
)
"""Each finds the name of one field, or a list of names."""

VALUE: Final = re.compile(r"Unsupported value: '(\w+)'")
BACKGROUND: Final = re.compile(r"\bbackground\b", re.IGNORECASE)
"""Servers that have it only without a stream, or not at all, say so in words of their own (mapping §15)."""


def lesson(refused: Refused) -> str | None:
    """The request field this refusal teaches to leave out, if it is one we can do without."""
    if refused.status not in STATUSES:
        return None
    if "encrypted content is not supported" in refused.message.lower():
        return ENCRYPTED
    for name in _named(refused):
        field = SPELLINGS.get(name, name)
        if field in OPTIONAL:
            return f"{EFFORT}={value[1]}" if field == EFFORT and (value := _value(refused)) else field
    return "background" if refused.param is None and BACKGROUND.search(refused.message) else None


def apply(request: Object, lessons: frozenset[str]) -> Object:
    """The request without what was refused before. `include` and `reasoning` go altogether when nothing is left."""
    kept = {name: value for name, value in request.items() if name not in lessons}
    if ENCRYPTED in lessons and "include" in kept:
        include = [entry for entry in kept.pop("include") if entry != "reasoning.encrypted_content"]
        if include:
            kept["include"] = include
    if "reasoning" in kept and leaves_out("reasoning", kept["reasoning"].get("effort"), lessons):
        reasoning = {name: value for name, value in kept.pop("reasoning").items() if name != "effort"}
        if reasoning:
            kept["reasoning"] = reasoning
    return kept


def leaves_out(field: str, effort: str | None, lessons: frozenset[str]) -> bool:
    """Whether a field (of `reasoning`, this effort) is left out."""
    if field == "reasoning":
        return not lessons.isdisjoint((EFFORT, f"{EFFORT}={effort}"))
    return field in lessons


def _named(refused: Refused) -> Iterator[str]:
    """The fields a refusal names: by its param where its code says what is wrong, else in words."""
    if refused.param is not None and refused.code in REFUSALS:
        yield refused.param
        return
    for pattern in SAID:
        for found in pattern.finditer(refused.message):
            if refused.param is not None and VALUE.match(found[0]):
                yield refused.param
            else:
                yield from re.findall(r"[\w.]+", found[1])


def _value(refused: Refused) -> re.Match[str] | None:
    """The one effort that is refused, where others are not."""
    return VALUE.search(refused.message)
