"""Models that are named when something is made: refused, replaced, or soon to be (lifecycle.py)."""

from __future__ import annotations

from bridge import errors, lifecycle
from bridge.engine.effects import Flow, warn
from bridge.engine.flows import Context


def check(context: Context, model: str, at: float) -> Flow[None]:
    """Objects keep the name as it was given. A model that is another's by now is told as lost, one that will be in the
    log alone. Raises APIError in the old words where the setting says that it must exist."""
    found = lifecycle.resolve(model, at, context.options.models, context.profile.name)
    if found.refused == "unknown_model":
        raise errors.unknown_model(model)
    if found.refused == "unsupported_model":
        raise errors.unsupported_model(model)
    if found.note is not None:
        yield from warn("model" if found.is_replaced(model) else None, found.note)
