"""The upstream of a candidate's own."""

from __future__ import annotations

import os
from typing import Final

from bridge import profiles
from bridge.candidates import Candidate
from bridge.errors import ConfigurationError
from bridge.upstream import Upstream

NO_KEY: Final = "none"
"""Sent where nobody named a key: servers of one's own take anything."""


def own_upstream(candidate: Candidate) -> Upstream:
    """Raises ConfigurationError where the variable that holds its key is not set."""
    assert candidate.upstream is not None
    profile = profiles.named(candidate.profile) if candidate.profile else profiles.guess(candidate.upstream)
    if candidate.upstream.partition(":")[0] == "scripted":
        from bridge.upstream.scripted import ScriptedUpstream

        return ScriptedUpstream.from_setting(candidate.upstream, profile=profile)
    from bridge.upstream.openai import OpenAIUpstream
    from bridge.upstream.plain import PlainAsyncOpenAI, PlainOpenAI

    url, key = candidate.upstream, key_of(candidate)
    return OpenAIUpstream(
        url,
        lambda: PlainOpenAI(base_url=url, api_key=key),
        lambda: PlainAsyncOpenAI(base_url=url, api_key=key),
        profile=profile,
    )


def key_of(candidate: Candidate) -> str:
    if candidate.api_key_env is None:
        return NO_KEY
    key = os.environ.get(candidate.api_key_env)
    if not key:
        raise ConfigurationError(f"[[shadow]] {candidate.name}: the variable {candidate.api_key_env} is not set.")
    return key
