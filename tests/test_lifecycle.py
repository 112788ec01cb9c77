"""Retired models: what is asked in their place, when, and who is told (lifecycle.py)."""

from __future__ import annotations

import re
import runpy
from datetime import datetime, timezone
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from openai.types.beta.assistant_update_params import AssistantUpdateParams

from bridge import lifecycle, model_families
from bridge.errors import ConfigurationError
from bridge.lifecycle import Policy, resolve
from bridge.settings import Settings

ROOT = Path(__file__).resolve().parents[1]

OWN = Policy("auto", {"my-model": "your-model"})


def at(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp()


GONE = "2026-11-25"

ASKED = [
    # model, day, mode, profile => asked, told, refused
    ("gpt-4-turbo", GONE, None, "openai", "gpt-5.6-sol", True, None),
    ("gpt-4-turbo", "2026-10-22", None, "openai", "gpt-4-turbo", True, None),
    ("gpt-4-turbo", "2026-10-23", None, "openai", "gpt-5.6-sol", True, None),
    ("gpt-4.1-nano", GONE, None, "openai", "gpt-5.6-luna", True, None),
    ("openai/gpt-4", GONE, None, "openai", "gpt-5.6-sol", True, None),
    ("ft:gpt-3.5-turbo-0125:acme::abc", GONE, None, "openai", "gpt-5.6-terra", True, None),
    ("gpt-4o", GONE, None, "openai", "gpt-4o", True, None),
    ("gpt-4o", "2027-01-14", None, "openai", "gpt-6-luna", True, None),
    ("gpt-5.6-sol", GONE, None, "openai", "gpt-5.6-sol", False, None),
    ("my-own-model", GONE, None, "openai", "my-own-model", False, None),
    # a replacement that has ended is followed on, one that lives is not
    ("gpt-3.5-turbo-16k", "2024-09-13", None, "openai", "gpt-3.5-turbo", True, None),
    ("gpt-3.5-turbo-16k", GONE, None, "openai", "gpt-5.6-terra", True, None),
    ("chatgpt-4o-latest", "2026-02-17", None, "openai", "gpt-5.1-chat-latest", True, None),
    ("chatgpt-4o-latest", GONE, None, "openai", "gpt-5.5", True, None),
    ("gpt-4-32k", GONE, None, "openai", "gpt-4o", True, None),
    ("gpt-4-32k", "2027-01-14", None, "openai", "gpt-6-luna", True, None),
    # whose names they are
    ("gpt-4-turbo", GONE, None, "generic", "gpt-4-turbo", False, None),
    ("gpt-4-turbo", GONE, None, "azure", "gpt-4-turbo", False, None),
    ("gpt-4-turbo", GONE, None, "scripted", "gpt-4-turbo", False, None),
    # what the setting says
    ("gpt-4-turbo", GONE, "auto", "vllm", "gpt-5.6-sol", True, None),
    ("gpt-4-turbo", GONE, "suggest", "openai", "gpt-4-turbo", True, None),
    ("gpt-4-turbo", GONE, "off", "openai", "gpt-4-turbo", False, "unknown_model"),
    ("gpt-4-turbo", GONE, "off", "vllm", "gpt-4-turbo", False, "unknown_model"),
    ("gpt-4o", GONE, "off", "openai", "gpt-4o", True, None),
    # what never answered threads
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


@pytest.mark.parametrize("mode", [None, "suggest", "auto"])
@pytest.mark.parametrize("model", sorted(lifecycle.BY_MODEL))
def test_the_day_decides(model: str, mode: str | None) -> None:
    """Until its day a model is asked as it is, from then on what lives on that day; what is told names both."""
    ending = lifecycle.BY_MODEL[model]
    before = resolve(model, at(ending.day) - 1, Policy(mode), "openai")
    since = resolve(model, at(ending.day), Policy(mode), "openai")
    assert before.model == model and before.note is not None
    assert since.is_replaced(model) is (mode != "suggest")
    shown = before.note.partition("; ")[2].split()[0]
    assert shown in str(since.note) and (mode == "suggest" or since.model == shown)
    assert shown not in lifecycle.BY_MODEL or lifecycle.BY_MODEL[shown].day > ending.day


NEVER = ["whisper-1", "tts-1-hd", "dall-e-3", "gpt-image-1", "chatgpt-image-latest", "omni-moderation-latest"]
NEVER += ["gpt-4o-realtime-preview", "gpt-4o-audio-preview", "gpt-4o-mini-transcribe", "gpt-4o-search-preview"]
NEVER += ["gpt-3.5-turbo-instruct", "davinci-002", "babbage-002", "ft:davinci-002:acme::abc", "gpt-audio-mini"]


@pytest.mark.parametrize("mode", [None, "off", "suggest", "auto"])
def test_what_never_answered_threads_is_refused(mode: str | None) -> None:
    found = {model: resolve(model, at(GONE), Policy(mode), "openai").refused for model in NEVER}
    assert found == dict.fromkeys(NEVER, "unsupported_model")
    assert not any(lifecycle.NO_ANSWERS.search(model) for model in lifecycle.BY_MODEL)


def test_names_of_one_s_own_come_first() -> None:
    assert resolve("my-model", 0, OWN, "vllm").model == "your-model"
    assert resolve("gpt-4", at(GONE), OWN, "vllm").model == "gpt-5.6-sol"
    assert "my-model runs as your-model" in str(resolve("my-model", 0, OWN, "vllm").note)


# --- the table


def test_days_are_days_and_every_way_ends() -> None:
    assert [ending.day for ending in lifecycle.ENDINGS] == sorted(ending.day for ending in lifecycle.ENDINGS)
    assert len(lifecycle.BY_MODEL) == sum(len(ending.models) for ending in lifecycle.ENDINGS), "a model twice"
    last = at(lifecycle.ENDINGS[-1].day)
    for model, ending in lifecycle.BY_MODEL.items():
        assert datetime.fromisoformat(ending.day)
        new = resolve(model, last, Policy(), "openai").model
        assert new not in lifecycle.BY_MODEL and model_families.reasons(new) is not None


def announced() -> dict[str, str]:
    """What the installed openai package says: model → day."""
    import openai.types.shared.chat_model as chat_model

    text = " ".join(Path(chat_model.__file__).read_text(encoding="utf-8").split())
    entries = re.findall(r"- ((?:\"[^\"]+\",? ?)+): Announced shutdown date: (\d{4}-\d\d-\d\d)", text)
    return {model: day for models, day in entries for model in re.findall(r'"([^"]+)"', models)}


def test_days_are_those_of_the_sdk() -> None:
    """Where it names them, and for every model that it lists for assistants."""
    said = announced()
    if not said:
        pytest.skip("this version of openai names no days")
    literals = get_args(get_type_hints(AssistantUpdateParams)["model"])
    of_assistants = {model for literal in literals for model in get_args(literal)}
    assert len(of_assistants) > 40 and not of_assistants - lifecycle.BY_MODEL.keys()
    known = {model: day for model, day in said.items() if model in lifecycle.BY_MODEL}
    assert len(known) > 40 and known == {model: lifecycle.BY_MODEL[model].day for model in known}


def test_the_page_is_made_from_the_table() -> None:
    drawing = runpy.run_path(str(ROOT / "docs" / "draw_models.py"))
    assert (ROOT / "docs" / "models.md").read_text(encoding="utf-8") == drawing["page"](), "make docs"


# --- the setting

NAMES = Policy("auto", {"old": "new"})

FILES = [
    ("a.json", '{"old": "new"}', NAMES),
    ("a.json", '{"models": {"old": "new"}}', NAMES),
    ("a.toml", '[models]\nold = "new"', NAMES),
    ("a.toml", 'old = "new"', NAMES),
    ("names", "{}", Policy("auto")),
]


@pytest.mark.parametrize(("name", "text", "policy"), FILES)
def test_names_come_from_a_file(name: str, text: str, policy: Policy, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert Settings(models=str(tmp_path / name)).options().models == policy


@pytest.mark.parametrize("word", [None, "off", "suggest", "auto"])
def test_words(word: str | None) -> None:
    assert Settings(models=word).options().models == Policy(word)


WRONG = [("a.json", "[]"), ("a.json", '{"a": 1}'), ("a.json", '{"models": ["a"]}'), ("a.json", "not json")]
WRONG += [("a.toml", "not toml"), ("a.toml", "[models]\na = 1"), ("a.json", '{"a": ""}')]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_file_that_is_none_is_named(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=name.replace(".", r"\.")):
        Settings(models=str(tmp_path / name)).options()


def test_a_word_that_is_none_says_which_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"off, suggest, auto, or .*atuo cannot be read"):
        Settings(models="atuo").options()
