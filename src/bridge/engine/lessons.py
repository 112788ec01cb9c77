"""What a model or server refuses, learnt from its 400s: the field is left out and the call repeated (once per lesson).

Which fields may be left out is a table: without them the model still answers the same question, in its own manner
(responses-mapping §11, §19). A refusal of anything else is the run's failure.
"""

from __future__ import annotations

import re
from typing import Final

from bridge.engine.effects import Refused
from bridge.records import Object

ENCRYPTED: Final = "include.reasoning.encrypted_content"
OPTIONAL: Final = ("temperature", "top_p", "parallel_tool_calls", "metadata", "reasoning", "include", "background")
"""Never `store`: that nothing is kept upstream is a promise (design §1.3)."""

REFUSALS: Final = ("unsupported_parameter", "unsupported_value", "unknown_parameter")
SAID: Final = re.compile(r"(?:Unsupported|Unknown) (?:parameter|value): '(\w+)")
"""Some servers say it in words and leave `code` null."""

UNKNOWN: Final = re.compile(r"\bbody\.(\w+)\b[^;]*(?:extra|not permitted|unexpected|unknown)", re.IGNORECASE)
"""A 422 of FastAPI, as upstream/failures.py words it: ``body.metadata: Extra inputs are not permitted``."""


def lesson(refused: Refused) -> str | None:
    """The request field this refusal teaches to leave out, if it is one we can do without."""
    if refused.status not in (400, 422):
        return None
    if "encrypted content is not supported" in refused.message.lower():
        return ENCRYPTED
    said = SAID.match(refused.message) or UNKNOWN.search(refused.message)
    param = (refused.param or (said.group(1) if said else "")).partition(".")[0].partition("[")[0]
    return param if param in OPTIONAL and (said or refused.code in REFUSALS) else None


def apply(request: Object, lessons: frozenset[str]) -> Object:
    """The request without what was refused before. `include` goes altogether when nothing is left in it."""
    kept = {name: value for name, value in request.items() if name not in lessons}
    if ENCRYPTED in lessons and "include" in kept:
        include = [entry for entry in kept.pop("include") if entry != "reasoning.encrypted_content"]
        if include:
            kept["include"] = include
    return kept
