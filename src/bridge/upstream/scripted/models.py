"""What a model's name says about it, as far as the checks need it (responses-mapping §19)."""

from __future__ import annotations

import re

PLAIN = re.compile(r"(chatgpt|gpt-3\.5|gpt-4|gpt-5(\.\d)?-chat)")
REASONING = re.compile(r"(o\d|gpt-[56]|codex)")


def is_plain(model: str) -> bool:
    """Known not to reason: encrypted reasoning is refused."""
    return PLAIN.match(base(model)) is not None


def is_reasoning(model: str) -> bool:
    """Known to reason: temperature and top_p are refused. A name nobody knows is neither plain nor reasoning."""
    return not is_plain(model) and REASONING.match(base(model)) is not None


def base(model: str) -> str:
    """The model a fine-tuned one was made of: ``ft:gpt-4o:acme::x1`` → ``gpt-4o``."""
    return model.split(":")[1] if model.startswith("ft:") and ":" in model[3:] else model
