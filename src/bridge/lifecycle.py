"""Models that OpenAI retired or will: when, what replaces them, and what a setting makes of that.

Days and names: the docstrings of `openai.types.shared.ChatModel` and of the response events (openai 3.57.0); those of
gpt-4.5-preview, gpt-4-1106-vision-preview, gpt-5.1-codex-mini, gpt-5.2-codex and gpt-5.3-codex: OpenAI's deprecations
page. Replacements: that page, in the newest copy that could be read of each entry: May 2026 (a mirror on GitHub) for
what ended before October 2026, October 2026 (dev.to, "Every OpenAI model shutdown date until January 2027") for what
ended in that month and for o3, o3-pro and gpt-5-pro, November 2026 (developers.openai.com) for gpt-5 and later. Two
rules where the page does not decide: of two replacements it names, the one that thinks as little as the model that
ends; where none could be read, the newest of the same size, and `is_chosen` says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Final

from attrs import field, frozen


@frozen
class Ending:
    """Models that end on `day` (ISO date, UTC), and what is asked from then on. `is_chosen`: by us, for want of a
    source."""

    day: str
    models: tuple[str, ...]
    replacement: str
    is_chosen: bool = False


ENDINGS: Final = (
    Ending("2024-09-13", ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-16k-0613"), "gpt-3.5-turbo"),
    Ending("2024-09-13", ("gpt-3.5-turbo-16k",), "gpt-3.5-turbo", is_chosen=True),
    Ending("2024-12-06", ("gpt-4-vision-preview", "gpt-4-1106-vision-preview"), "gpt-4o"),
    Ending("2025-06-06", ("gpt-4-32k", "gpt-4-32k-0314", "gpt-4-32k-0613"), "gpt-4o"),
    Ending("2025-07-14", ("gpt-4.5-preview", "gpt-4.5-preview-2025-02-27"), "gpt-4.1"),
    Ending("2025-07-28", ("o1-preview", "o1-preview-2024-09-12"), "o3"),
    Ending("2025-10-27", ("o1-mini", "o1-mini-2024-09-12"), "o4-mini"),
    Ending("2026-02-12", ("codex-mini-latest",), "gpt-5.4-mini", is_chosen=True),
    Ending("2026-02-17", ("chatgpt-4o-latest",), "gpt-5.1-chat-latest"),
    Ending("2026-03-26", ("gpt-4-0314", "gpt-4-0125-preview", "gpt-4-turbo-preview"), "gpt-4.1"),
    Ending("2026-07-23", ("gpt-5-chat-latest", "gpt-5.1-chat-latest"), "gpt-5.5"),
    Ending("2026-07-23", ("gpt-5-codex", "gpt-5.1-codex", "gpt-5.1-codex-max", "gpt-5.2-codex"), "gpt-5.5"),
    Ending("2026-07-23", ("gpt-5.1-codex-mini",), "gpt-5.4-mini"),
    Ending("2026-08-10", ("gpt-5.2-chat-latest", "gpt-5.3-chat-latest"), "gpt-5.5"),
    Ending("2026-09-28", ("gpt-3.5-turbo-1106",), "gpt-5.4-mini"),
    Ending("2026-10-23", ("gpt-3.5-turbo", "gpt-3.5-turbo-0125"), "gpt-5.6-terra"),
    Ending("2026-10-23", ("gpt-4", "gpt-4-0613", "gpt-4-1106-preview"), "gpt-5.6-sol"),
    Ending("2026-10-23", ("gpt-4-turbo", "gpt-4-turbo-2024-04-09", "gpt-4o-2024-05-13"), "gpt-5.6-sol"),
    Ending("2026-10-23", ("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14"), "gpt-5.6-luna"),
    Ending("2026-10-23", ("o1", "o1-2024-12-17", "o1-pro", "o1-pro-2025-03-19"), "gpt-5.6-sol"),
    Ending("2026-10-23", ("o3-mini", "o3-mini-2025-01-31"), "gpt-5.6-sol"),
    Ending("2026-10-23", ("o4-mini", "o4-mini-2025-04-16"), "gpt-5.6-terra"),
    Ending("2026-12-11", ("o3", "o3-2025-04-16", "o3-pro", "o3-pro-2025-06-10"), "gpt-5.6-sol"),
    Ending("2026-12-11", ("gpt-5-pro", "gpt-5-pro-2025-10-06"), "gpt-5.6-sol"),
    Ending("2026-12-11", ("gpt-5", "gpt-5-2025-08-07"), "gpt-6.1-sol"),
    Ending("2026-12-11", ("gpt-5-mini", "gpt-5-mini-2025-08-07"), "gpt-6.1-terra"),
    Ending("2026-12-11", ("gpt-5-nano", "gpt-5-nano-2025-08-07"), "gpt-6-luna", is_chosen=True),
    Ending("2027-01-14", ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"), "gpt-6-luna"),
    Ending("2027-01-14", ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"), "gpt-6-luna"),
    Ending("2027-01-14", ("gpt-4.1", "gpt-4.1-2025-04-14"), "gpt-6-luna"),
    Ending("2027-01-14", ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"), "gpt-6-luna"),
    Ending("2027-04-01", ("gpt-5.1", "gpt-5.1-2025-11-13", "gpt-5.3-codex"), "gpt-6.1-sol", is_chosen=True),
    Ending("2027-04-01", ("gpt-5.4-nano", "gpt-5.4-nano-2026-03-17"), "gpt-6-luna", is_chosen=True),
)

BY_MODEL: Final = {model: ending for ending in ENDINGS for model in ending.models}

NO_ANSWERS: Final = re.compile(
    r"(^|-)(audio|dall-e|embedding|image|moderation|realtime|search-preview|sora|transcribe|tts|whisper)(-|$)"
    r"|^(davinci-002|babbage-002|gpt-3\.5-turbo-instruct)"
)
"""Names of models that never answered threads: ``unsupported_model`` (assistants-wire §9.4)."""

MODES: Final = ("off", "suggest", "auto")


@frozen
class Policy:
    """What becomes of retired models. `mode` None is the default: `auto` for those that are gone, a word in the log for
    those that will be, and only where the upstream is OpenAI's own. `own` are replacements that always hold."""

    mode: str | None = None
    own: Mapping[str, str] = field(factory=dict)

    def applies(self, profile: str) -> bool:
        """Whether names mean OpenAI's models there: elsewhere they are the operator's own."""
        return self.mode is not None or profile == "openai"


@frozen
class Resolution:
    """What is asked for a model: `model` itself or another; `note` is what to tell people; `refused` names the error of
    the old service (errors.py)."""

    model: str
    note: str | None = None
    refused: str | None = None

    def is_replaced(self, asked: str) -> bool:
        return self.model != asked


def resolve(model: str, at: float, policy: Policy, profile: str) -> Resolution:
    """The model to ask at this time (Unix seconds) of a server of this profile (its name)."""
    if model in policy.own:
        new = policy.own[model]
        return Resolution(new, f"{model} runs as {new} (setting `models`)")
    if not policy.applies(profile):
        return Resolution(model)
    if NO_ANSWERS.search(base(model)):
        return Resolution(model, refused="unsupported_model")
    ending = BY_MODEL.get(base(model))
    return Resolution(model) if ending is None else _ended(model, ending, at, policy.mode)


def _ended(model: str, ending: Ending, at: float, mode: str | None) -> Resolution:
    """Of a model whose end is known: it may be to come."""
    day, today = ending.day, _day(at)
    new = _living(ending.replacement, max(day, today))
    if today < day:
        return Resolution(model, f"{model} ends on {day}; {new} replaces it (setting `models`)")
    if mode == "off":
        return Resolution(model, refused="unknown_model")
    if mode == "suggest":
        return Resolution(model, f"{model} ended on {day}; {new} replaces it, if the setting `models` is auto")
    return Resolution(new, f"{model} ended on {day} and runs as {new} (setting `models`)")


def base(model: str) -> str:
    """The model's own name: without a provider before it, of a fine-tuned one that of the model it was made of."""
    name = model.rpartition("/")[2]
    return name.split(":")[1] if name.startswith("ft:") else name


def _living(model: str, day: str) -> str:
    """The model, or the first of its replacements that has not ended on this day."""
    while model in BY_MODEL and day >= BY_MODEL[model].day:
        model = BY_MODEL[model].replacement
    return model


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).date().isoformat()
