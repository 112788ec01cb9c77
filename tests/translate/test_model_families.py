"""What is known of models by name."""

from __future__ import annotations

import pytest

from bridge import model_families


@pytest.mark.parametrize(
    ("model", "reasons", "window"),
    [
        ("gpt-4o", False, 128_000),
        ("gpt-4o-mini-2024-07-18", False, 128_000),
        ("chatgpt-4o-latest", False, 128_000),
        ("gpt-4.1-nano", False, 1_047_576),
        ("gpt-4", False, 8_192),
        ("gpt-4-0613", False, 8_192),
        ("gpt-4-32k-0613", False, 32_768),
        ("gpt-4-turbo-preview", False, 128_000),
        ("gpt-4-1106-preview", False, 128_000),
        ("gpt-3.5-turbo-0125", False, 16_385),
        ("gpt-35-turbo", False, 16_385),
        ("gpt-5", True, 400_000),
        ("gpt-5.1-codex", True, 400_000),
        ("gpt-5-chat-latest", False, 128_000),
        ("gpt-5.1-chat-latest", False, 128_000),
        ("gpt-5.3-codex", True, 400_000),
        ("gpt-5.4-mini-2026-03-17", True, 400_000),
        ("gpt-5.5", True, 1_050_000),
        ("gpt-5.6-sol", True, 1_050_000),
        ("gpt-6-luna", True, 1_050_000),
        ("gpt-6.1-terra", True, 1_050_000),
        ("o1", True, 200_000),
        ("o1-mini", True, 128_000),
        ("o3-mini", True, 200_000),
        ("o4-mini-2025-04-16", True, 200_000),
        ("openai/gpt-4o", False, 128_000),
        ("ft:gpt-4o-mini-2024-07-18:org::abc", False, 128_000),
        ("GPT-4o", False, 128_000),
        ("gpt-45", None, model_families.DEFAULT_WINDOW),
        ("o30", None, model_families.DEFAULT_WINDOW),
        ("my-deployment", None, model_families.DEFAULT_WINDOW),
        ("", None, model_families.DEFAULT_WINDOW),
    ],
)
def test_families(model: str, reasons: bool | None, window: int) -> None:
    assert model_families.reasons(model) is reasons
    assert model_families.window(model) == window
