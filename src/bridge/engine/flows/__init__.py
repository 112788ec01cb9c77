"""One generator per operation: each tells its story once, the drivers tell it sync and async (design §3).

Flows answer plain JSON in the REST form, or a Launch when a leg is to be started. They raise errors.APIError.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from bridge.profiles import Profile
from bridge.records import Change, Object, Run
from bridge.settings import Options


@frozen
class Context:
    """Who performs the operation: the process that would own a lease, the upstream and credential of the caller.

    `profile` is what that upstream can do, `options` what the settings say. `wait_until` is how long (Unix seconds) a
    poll may wait for news of a run; None answers at once. `revives`: what the store does not know may be made.
    """

    owner: str
    lease_seconds: float = 15.0
    upstream: str = ""
    fingerprint: str = ""
    wait_until: float | None = None
    profile: Profile = field(factory=Profile)
    options: Options = field(factory=Options)
    revives: bool = False


@frozen
class Launch:
    """A leg to be started: the run, what its stream tells first, and what a caller who does not stream is told."""

    run: Run
    opening: tuple[Change, ...]
    body: Object
    stream: bool = False
    include: Sequence[str] = ()
