"""What a Responses server can do, as data."""

from __future__ import annotations

from attrs import frozen


@frozen
class Profile:
    """One kind of server. Abilities are True, False, or None: not known, so it is tried."""

    name: str = "generic"
    background: bool | None = None
    containers: bool | None = None
    input_tokens: bool | None = None
    vector_stores: bool | None = None
