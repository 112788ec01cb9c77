"""Profiles are data: what they say of servers (upstreams.md, responses-mapping §16), and how they are found."""

from __future__ import annotations

import pytest

from bridge import profiles
from bridge.engine.abilities import ESSENTIAL
from bridge.errors import ConfigurationError
from bridge.profiles import PROFILES
from bridge.settings import Settings

GUESSED = [
    ("https://api.openai.com/v1", "openai"),
    ("https://eu.api.openai.com/v1", "openai"),
    ("https://API.OpenAI.com/v1/", "openai"),
    ("https://mine.openai.azure.com/openai/v1/", "azure"),
    ("https://mine.services.ai.azure.com/openai/v1", "azure"),
    ("https://openrouter.ai/api/v1", "generic"),
    ("https://proxy.example/api.openai.com/v1", "generic"),
    ("https://api.openai.com.evil.example/v1", "generic"),
    ("https://notapi.openai.com/v1", "generic"),
    ("http://localhost:8000/v1", "generic"),
    ("scripted", "scripted"),
    ("scripted:mine.yaml", "scripted"),
    ("", "generic"),
]


@pytest.mark.parametrize(("base_url", "name"), GUESSED)
def test_guessed_from_the_base_url(base_url: str, name: str) -> None:
    assert profiles.guess(base_url).name == name


def test_a_generic_server_is_denied_nothing() -> None:
    assert set(profiles.GENERIC.abilities().values()) == {None}
    assert all(profiles.GENERIC.takes(field) for field in ("store", "metadata", "text", "anything"))


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_agree_with_themselves(name: str) -> None:
    profile = PROFILES[name]
    assert profile.name == name
    assert all(profile.takes(field) for field in ESSENTIAL)
    for field, ability in profiles.FIELDS.items():
        if profile.fields is not None:
            assert (field in profile.fields) == (getattr(profile, ability) is not False), field


DIFFERENCES = [
    ("openai", "background", True),
    ("ogx", "background", False),
    ("ogx", "file_search", True),
    ("ogx", "code_interpreter", False),
    ("vllm", "encrypted_reasoning", False),
    ("vllm", "previous_ids", None),
    ("litellm", "conversations", False),
    ("transformers", "streams_unasked", True),
    ("azure", "containers", None),
    ("scripted", "code_interpreter", True),
]


@pytest.mark.parametrize(("name", "ability", "value"), DIFFERENCES)
def test_what_servers_can_do(name: str, ability: str, value: bool | None) -> None:
    assert PROFILES[name].abilities()[ability] is value


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"no profile 'llama'\. There are: openai, azure, vllm, ogx, litellm"):
        Settings.from_environment(environment={"BRIDGE_PROFILE": "llama"})


def test_the_setting_comes_before_the_guess() -> None:
    assert Settings().profile_of("https://api.openai.com/v1").name == "openai"
    settings = Settings.from_environment(environment={"BRIDGE_PROFILE": "generic"})
    assert settings.profile_of("https://api.openai.com/v1").name == "generic"
