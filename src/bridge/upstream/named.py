"""The upstream that somebody names, where no client of a user's is at hand."""

from __future__ import annotations

from typing import Any

from bridge.profiles import Profile
from bridge.upstream import Upstream
from bridge.upstream.openai import OpenAIUpstream
from bridge.upstream.plain import PlainAsyncOpenAI, PlainOpenAI


def named(setting: str, profile: Profile, key: str | None = None) -> Upstream:
    """``scripted``, ``scripted:FILE``, or a base URL. Raises ConfigurationError for a script that cannot be read."""
    if setting.partition(":")[0] != "scripted":
        return at(setting, profile, key)
    from bridge.upstream.scripted import ScriptedUpstream

    return ScriptedUpstream.from_setting(setting, profile=profile)


def at(url: str, profile: Profile, key: str | None = None) -> OpenAIUpstream:
    """The server at a base URL. With a `key` nothing of the account that this process has is sent there; without one
    the SDK takes key, organisation and project from its own variables."""
    return OpenAIUpstream(
        url, lambda: _client(PlainOpenAI, url, key), lambda: _client(PlainAsyncOpenAI, url, key), profile=profile
    )


def _client(kind: Any, url: str, key: str | None) -> Any:
    if key is None:
        return kind(base_url=url)
    client = kind(base_url=url, api_key=key)
    client.organization = client.project = None
    return client
