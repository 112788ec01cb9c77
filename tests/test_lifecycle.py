"""Retired models: what is asked in their place, when, and who is told (lifecycle.py)."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from bridge import lifecycle
from bridge.errors import ConfigurationError
from bridge.lifecycle import Policy, resolve

OWN = Policy("auto", {"my-model": "your-model"})


def at(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp()


GONE = "2026-11-25"

ASKED = [
    # model, day, mode, profile => asked, told, refused
    ("gpt-4-turbo", GONE, None, "openai", "gpt-5.6-sol", True, None),
    ("gpt-4-turbo", "2026-10-22", None, "openai", "gpt-4-turbo", True, None),
    ("gpt-4-turbo", "2026-10-23", None, "openai", "gpt-5.6-sol", True, None),
    ("gpt-3.5-turbo-1106", GONE, None, "openai", "gpt-5.6-terra", True, None),
    ("gpt-4.1-nano", GONE, None, "openai", "gpt-5.6-luna", True, None),
    ("openai/gpt-4", GONE, None, "openai", "gpt-5.6-sol", True, None),
    ("ft:gpt-3.5-turbo-0125:acme::abc", GONE, None, "openai", "gpt-5.6-terra", True, None),
    ("gpt-4o", GONE, None, "openai", "gpt-4o", True, None),
    ("gpt-4o", "2027-01-14", None, "openai", "gpt-6-luna", True, None),
    ("gpt-5.6-sol", GONE, None, "openai", "gpt-5.6-sol", False, None),
    ("gpt-4-turbo", GONE, None, "generic", "gpt-4-turbo", False, None),
    ("gpt-4-turbo", GONE, None, "azure", "gpt-4-turbo", False, None),
    ("gpt-4-turbo", GONE, "auto", "vllm", "gpt-5.6-sol", True, None),
    ("gpt-4-turbo", GONE, "suggest", "openai", "gpt-4-turbo", True, None),
    ("gpt-4-turbo", GONE, "off", "openai", "gpt-4-turbo", False, "unknown_model"),
    ("gpt-4o", GONE, "off", "openai", "gpt-4o", True, None),
    ("text-embedding-3-small", GONE, None, "openai", "text-embedding-3-small", False, "unsupported_model"),
    ("text-embedding-3-small", GONE, None, "generic", "text-embedding-3-small", False, None),
]


@pytest.mark.parametrize(("model", "day", "mode", "profile", "asked", "is_told", "refused"), ASKED)
def test_what_is_asked(
    model: str, day: str, mode: str | None, profile: str, asked: str, is_told: bool, refused: str | None
) -> None:
    found = resolve(model, at(day), Policy(mode), profile)
    assert (found.model, found.note is not None, found.refused) == (asked, is_told, refused)
    if found.note is not None:
        assert model in found.note and "`models`" in found.note


def test_names_of_one_s_own_come_first() -> None:
    assert resolve("my-model", 0, OWN, "vllm").model == "your-model"
    assert resolve("gpt-4", at(GONE), OWN, "vllm").model == "gpt-5.6-sol"


def test_what_ends_leads_to_what_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(lifecycle.RETIRED, "gpt-5.6-sol", ("2030-01-01", "gpt-9"))
    assert resolve("gpt-4", at("2029-12-31"), Policy(), "openai").model == "gpt-5.6-sol"
    assert resolve("gpt-4", at("2030-01-01"), Policy(), "openai").model == "gpt-9"


@pytest.mark.parametrize("text", ["[]", '{"a": 1}', '{"models": ["a"]}', "not json"])
def test_a_file_that_is_none_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"names\.json"):
        Policy.of(str(file))


def test_days_are_days_and_nobody_replaces_himself() -> None:
    for day, new, names in lifecycle.ENDS:
        assert datetime.fromisoformat(day)
        assert new not in names


def test_the_page_is_made_from_the_table() -> None:
    root = Path(__file__).resolve().parents[1]
    page = (root / "docs" / "models.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| 20")]
    assert rows == [
        f"| {day} | {', '.join(f'`{name}`' for name in names)} | `{new}` |" for day, new, names in lifecycle.ENDS
    ], "make docs"
