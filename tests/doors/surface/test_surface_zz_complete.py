"""Nothing is left out: every public method of the five resources was called, through each door in each colour.

What a version has is read off the SDK itself. It only makes sense after the whole suite, hence the name.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import openai
import pytest

from doors.surface.places import Door

RESOURCES: Final = ("assistants", "threads", "threads.messages", "threads.runs", "threads.runs.steps")
WRAPPERS: Final = ("with_raw_response", "with_streaming_response")
HERE: Final = Path(__file__).parent


def methods() -> Iterator[str]:
    """The path below `client.beta` of every public method, wrapped ones too."""
    beta: Any = openai.OpenAI(api_key="none").beta
    for path in RESOURCES:
        resource = beta
        for name in path.split("."):
            resource = getattr(resource, name)
        for name, _ in inspect.getmembers(type(resource), inspect.isfunction):
            if not name.startswith("_"):
                yield f"{path}.{name}"
        for wrapper in WRAPPERS:
            for name in vars(getattr(resource, wrapper)):
                if not name.startswith("_"):
                    yield f"{path}.{wrapper}.{name}"


def test_the_sdk_has_the_methods_we_know() -> None:
    assert {"threads.runs.create_and_poll", "threads.runs.steps.with_raw_response.list"} <= set(methods())


def test_every_method_was_called(door: Door, request: pytest.FixtureRequest) -> None:
    ran = {item.path for item in request.session.items}
    options = request.config.option
    if (
        not set(HERE.glob("test_*.py")) <= ran
        or options.keyword
        or getattr(options, "lf", False)
        or _by_id(request.config.args)
    ):
        pytest.skip("only a part of the suite ran")
    assert sorted(set(methods()) - door.called) == []


def _by_id(args: list[str]) -> bool:
    return any("::" in arg for arg in args)
