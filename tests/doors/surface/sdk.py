"""What the installed SDK can do that the oldest supported ones (from 1.21.0) cannot, read off its own code."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

import openai
import pytest
from openai.pagination import SyncCursorPage
from openai.resources.beta.threads import Messages
from openai.resources.beta.threads.runs import Runs, Steps

_POLL: Final = inspect.getsource(Runs.poll)
DELETES_MESSAGES: Final = hasattr(Messages, "delete")
POLLS_UNTIL_INCOMPLETE: Final = "terminal_states" not in _POLL or '"incomplete"' in _POLL
IN_BETA: Final = find_spec("openai.resources.vector_stores") is None
INCLUDES_RESULTS: Final = "include" in inspect.signature(Steps.list).parameters
READS_HAS_MORE: Final = "has_more" in inspect.getsource(SyncCursorPage)


def needs(can: bool, what: str) -> pytest.MarkDecorator:
    """Skips where the SDK itself lacks `what`: there is nothing of ours to test then."""
    return pytest.mark.skipif(not can, reason=f"openai {openai.__version__} has no {what}")


def keywords(method: Callable[..., Any], **given: Any) -> dict[str, Any]:
    """As keywords where the method knows them, else the way a program passes them to an older SDK."""
    known = inspect.signature(method).parameters
    unknown = {name: value for name, value in given.items() if name not in known}
    return {name: value for name, value in given.items() if name in known} | (
        {"extra_body": unknown} if unknown else {}
    )


def vector_stores(client: Any) -> Any:
    """Where the SDK has them: below `beta` until 1.66."""
    return client.beta.vector_stores if IN_BETA else client.vector_stores
