"""Models that OpenAI retired or will: when, what replaces them, and what a setting makes of that.

Days and names: the docstring of `openai.types.shared.ChatModel` (openai 3.57.0). Replacements: OpenAI's deprecations
page as reported in October 2026 (dev.to, "Every OpenAI model shutdown date until January 2027"; docs.retellai.com for
gpt-4.1-nano). Where a model was gone before those lists, it gets what its successors got. A replacement that has ended
itself is followed to one that lives. Fine-tuned models end with the model they were made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from bridge.errors import ConfigurationError

SOL, TERRA, LUNA, SIX_LUNA = "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-6-luna"

ENDS: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    (
        *("2024-09-13", TERRA),
        ("gpt-3.5-turbo-16k", "gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-16k-0613"),
    ),
    ("2024-12-06", SOL, ("gpt-4-vision-preview", "gpt-4-1106-vision-preview")),
    ("2025-06-06", SOL, ("gpt-4-32k", "gpt-4-32k-0314", "gpt-4-32k-0613")),
    ("2025-07-14", SOL, ("gpt-4.5-preview", "gpt-4.5-preview-2025-02-27")),
    ("2025-07-28", SOL, ("o1-preview", "o1-preview-2024-09-12")),
    ("2025-10-27", TERRA, ("o1-mini", "o1-mini-2024-09-12")),
    ("2026-02-17", SOL, ("chatgpt-4o-latest",)),
    ("2026-03-26", SOL, ("gpt-4-0125-preview", "gpt-4-turbo-preview", "gpt-4-0314")),
    ("2026-07-23", SOL, ("gpt-5-chat-latest", "gpt-5.1-chat-latest")),
    ("2026-08-10", SOL, ("gpt-5.2-chat-latest", "gpt-5.3-chat-latest")),
    ("2026-09-28", TERRA, ("gpt-3.5-turbo-1106",)),
    ("2026-10-23", SOL, ("gpt-4", "gpt-4-0613", "gpt-4-1106-preview", "gpt-4-turbo", "gpt-4-turbo-2024-04-09")),
    ("2026-10-23", SOL, ("gpt-4o-2024-05-13", "o1", "o1-2024-12-17", "o3-mini", "o3-mini-2025-01-31")),
    ("2026-10-23", TERRA, ("gpt-3.5-turbo", "gpt-3.5-turbo-0125", "o4-mini", "o4-mini-2025-04-16")),
    ("2026-10-23", LUNA, ("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14")),
    ("2026-12-11", SOL, ("gpt-5", "gpt-5-2025-08-07", "o3", "o3-2025-04-16")),
    ("2026-12-11", TERRA, ("gpt-5-mini", "gpt-5-mini-2025-08-07")),
    ("2026-12-11", LUNA, ("gpt-5-nano", "gpt-5-nano-2025-08-07")),
    ("2027-01-14", SIX_LUNA, ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20")),
    ("2027-01-14", SIX_LUNA, ("gpt-4o-mini", "gpt-4o-mini-2024-07-18")),
    (
        *("2027-01-14", SIX_LUNA),
        ("gpt-4.1", "gpt-4.1-2025-04-14", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
    ),
    ("2027-04-01", SOL, ("gpt-5.1", "gpt-5.1-2025-11-13")),
)
"""The day, what OpenAI says to use instead, and the models that end."""

RETIRED: Final = {name: (day, new) for day, new, names in ENDS for name in names}

NO_ANSWERS: Final = (
    *("text-embedding-", "text-moderation-", "omni-moderation-", "whisper-", "tts-", "dall-e-", "gpt-image-"),
    *("davinci-002", "babbage-002", "gpt-3.5-turbo-instruct"),
)
"""How names begin of models that never answered threads: ``unsupported_model`` (assistants-wire §9.4)."""

MODES: Final = ("off", "suggest", "auto")


@frozen
class Policy:
    """What becomes of retired models. `mode` None is the default: `auto` for those that are gone, a word in the log for
    those that will be, and only where the upstream is OpenAI's own. `own` are replacements that always hold."""

    mode: str | None = None
    own: Mapping[str, str] = field(factory=dict)

    @classmethod
    def of(cls, setting: str | None) -> Policy:
        """``off``, ``suggest``, ``auto`` or the path of a file. Raises ConfigurationError."""
        if setting is None or setting in MODES:
            return cls(setting)
        return cls("auto", _read(Path(setting)))

    def applies(self, profile: str) -> bool:
        """Whether names mean OpenAI's models there: elsewhere they are the operator's own."""
        return self.mode is not None or profile == "openai"


@frozen
class Resolution:
    """What is asked for a model: `model` itself or another; `note` is what to tell people, `is_replaced` whether the
    answer differs from what was asked for; `refused` names the error of the old service."""

    model: str
    note: str | None = None
    refused: str | None = None

    def is_replaced(self, asked: str) -> bool:
        return self.model != asked


def resolve(model: str, at: float, policy: Policy, profile: str) -> Resolution:
    """The model to ask at this time (Unix seconds)."""
    if model in policy.own:
        new = policy.own[model]
        return Resolution(new, f"{model} runs as {new}, as the setting `models` says")
    if not policy.applies(profile):
        return Resolution(model)
    if base(model).startswith(NO_ANSWERS):
        return Resolution(model, refused="unsupported_model")
    day, new = RETIRED.get(base(model), ("", ""))
    if not day:
        return Resolution(model)
    new = _living(new, at)
    if _day(at) < day:
        return Resolution(model, f"{model} ends on {day}; {new} replaces it (setting `models`)")
    if policy.mode == "off":
        return Resolution(model, refused="unknown_model")
    if policy.mode == "suggest":
        return Resolution(model, f"{model} ended on {day}; {new} replaces it, if the setting `models` is auto")
    return Resolution(new, f"{model} ended on {day} and runs as {new} (setting `models`)")


def base(model: str) -> str:
    """The model's own name: without a provider before it, of a fine-tuned one that of the model it was made of."""
    name = model.rpartition("/")[2]
    return name.split(":")[1] if name.startswith("ft:") else name


def _living(model: str, at: float) -> str:
    while model in RETIRED and _day(at) >= RETIRED[model][0]:
        model = RETIRED[model][1]
    return model


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).date().isoformat()


def _read(path: Path) -> dict[str, str]:
    """``{"old": "new"}`` of a JSON file, at its top or under `models`."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"The setting `models` is off, suggest, auto, or a JSON file of names; {path} cannot be read: {error}"
        raise ConfigurationError(message) from error
    table = found.get("models", found) if isinstance(found, dict) else None
    if not isinstance(table, dict) or not all(isinstance(new, str) and new for new in table.values()):
        raise ConfigurationError(f'{path}: expected an object of names, {{"old": "new"}}.')
    return dict(table)
