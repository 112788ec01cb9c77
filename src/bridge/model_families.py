"""What is known of models by their family name: whether they reason, and how much they can read.

Names are matched by prefix, longest first, after a provider (``openai/…``) or fine-tune (``ft:…``) prefix is taken off.
"""

from __future__ import annotations

from typing import Final

DEFAULT_WINDOW: Final = 128_000
"""Tokens assumed for a model of no known family: what most models served today can read at least."""

REASONS: Final[dict[str, bool]] = {
    "codex-mini": True,
    "o1": True,
    "o3": True,
    "o4": True,
    "gpt-5": True,
    "gpt-6": True,
    "gpt-5-chat": False,
    "gpt-5.1-chat": False,
    "gpt-5.2-chat": False,
    "gpt-oss": True,
    "gpt-4": False,
    "gpt-3.5": False,
    "gpt-35": False,  # as Azure spells it
    "chatgpt-4o": False,
}
"""Family → whether its models write reasoning items. Asking the others for encrypted reasoning
is a 400 (responses-mapping §19)."""

WINDOWS: Final[dict[str, int]] = {
    "codex-mini": 200_000,
    "o1": 200_000,
    "o1-mini": 128_000,
    "o1-preview": 128_000,
    "o3": 200_000,
    "o4-mini": 200_000,
    "gpt-5": 400_000,
    "gpt-5-chat": 128_000,
    "gpt-5.1-chat": 128_000,
    "gpt-5.2-chat": 128_000,
    "gpt-5.4": 1_050_000,
    "gpt-5.4-mini": 400_000,
    "gpt-5.4-nano": 400_000,
    "gpt-5.5": 1_050_000,
    "gpt-5.6": 1_050_000,
    "gpt-6": 1_050_000,
    "gpt-oss": 131_072,
    "gpt-4.5": 128_000,
    "gpt-4.1": 1_047_576,
    "gpt-4o": 128_000,
    "chatgpt-4o": 128_000,
    "gpt-4-turbo": 128_000,
    "gpt-4-1106": 128_000,
    "gpt-4-0125": 128_000,
    "gpt-4-vision": 128_000,
    "gpt-4-32k": 32_768,
    "gpt-4": 8_192,
    "gpt-3.5-turbo": 16_385,
    "gpt-35-turbo": 16_385,
    "gpt-3.5-turbo-instruct": 4_096,
}
"""Family → context window in tokens, prompt and answer together. Those since gpt-5.4: developers.openai.com
(/api/docs/models/compare.md, …/gpt-5.4-nano, …/gpt-6.1-terra) and vercel.com/ai-gateway/models, November 2026."""


def reasons(model: str) -> bool | None:
    """Whether the model writes reasoning items; None for a family nobody told us of (try it and learn from a 400)."""
    family = _family(model, REASONS)
    return None if family is None else REASONS[family]


def window(model: str) -> int:
    """The model's context window in tokens."""
    family = _family(model, WINDOWS)
    return DEFAULT_WINDOW if family is None else WINDOWS[family]


def _family(model: str, table: dict[str, bool] | dict[str, int]) -> str | None:
    name = model.rpartition("/")[2].removeprefix("ft:").lower()
    fitting = [family for family in table if _belongs(name, family)]
    return max(fitting, key=len, default=None)


def _belongs(name: str, family: str) -> bool:
    """``gpt-4`` is a family of ``gpt-4-0613``, ``gpt-4.1`` and ``gpt-4o`` (longer rows win), not of ``gpt-45``."""
    rest = name.removeprefix(family)
    return name.startswith(family) and not rest[:1].isdigit()
