"""Who is asked in a replay, said in words: the tape's own answers, a script, a Responses server, or another server of
the old API (docs/diff.md)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from bridge.diff.replay import conversation
from bridge.diff.replay.player import replay
from bridge.diff.replay.targets import ServerTarget, ServiceTarget
from bridge.diff.replay.upstream import TapeUpstream
from bridge.diff.tape import Tape
from bridge.errors import ConfigurationError
from bridge.service import Service
from bridge.settings import Settings
from bridge.store.memory import MemoryStore
from bridge.upstream import Upstream
from bridge.upstream.named import named

TAPE: Final = "tape"
KEY: Final = "OPENAI_API_KEY"


def replayed(
    tape: Tape,
    upstream: str = TAPE,
    target: str | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Tape:
    """The tape of the candidate. `upstream` is who answers bridge's Responses calls: `tape`, `scripted`,
    `scripted:FILE`, or a base URL; `target` is the base URL of a server that is asked instead of bridge. Servers are
    asked with the key in OPENAI_API_KEY. `progress` is told how many steps of how many are done.

    Raises ConfigurationError for what cannot work, before anything is asked."""
    if target is not None and upstream != TAPE:
        raise ConfigurationError("An upstream is bridge's, and bridge is not asked where a target is: say one of them.")
    played = TapeUpstream(conversation.read(tape)) if target is None and upstream == TAPE else None
    asked = ServerTarget(target, _key()) if target is not None else _service(played or _upstream(upstream))
    try:
        return replay(tape, asked, played, progress=progress)
    finally:
        asked.close()


def _service(upstream: Upstream) -> ServiceTarget:
    options = Settings.from_environment().options()
    return ServiceTarget(Service(MemoryStore(), upstream, options=options), _key())


def _upstream(setting: str) -> Upstream:
    settings = Settings.from_environment(upstream=setting)
    if not (settings.is_scripted or _key()):
        raise ConfigurationError(f"An upstream that is a URL needs the environment variable {KEY}.")
    return named(setting, settings.profile_of(setting))


def _key() -> str:
    return os.environ.get(KEY, "")
