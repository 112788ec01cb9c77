"""The upstream of a candidate's own."""

from __future__ import annotations

import os
from typing import Final

from bridge import profiles
from bridge.candidates import Candidate
from bridge.errors import ConfigurationError
from bridge.upstream import Upstream
from bridge.upstream.named import named

NO_KEY: Final = "none"
"""Sent where nobody named a key: servers of one's own take anything."""


def own_upstream(candidate: Candidate) -> Upstream:
    """Raises ConfigurationError where the variable that holds its key is not set."""
    assert candidate.upstream is not None
    profile = profiles.named(candidate.profile) if candidate.profile else profiles.guess(candidate.upstream)
    return named(candidate.upstream, profile, key_of(candidate))


def key_of(candidate: Candidate) -> str:
    if candidate.api_key_env is None:
        return NO_KEY
    key = os.environ.get(candidate.api_key_env)
    if not key:
        raise ConfigurationError(f"[[shadow]] {candidate.name}: the variable {candidate.api_key_env} is not set.")
    return key
