"""docs/translate.md says what is so."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import bridge.translate

PAGE = Path(__file__).parents[2] / "docs" / "translate.md"


def test_examples_run() -> None:
    """All examples of the page in one session, as a reader would type them."""
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S))
    assert examples.count(">>> ") > 30
    said: list[str] = []
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0)
    results = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert results.failed == 0, "".join(said)


def test_the_table_names_what_exists() -> None:
    named = re.findall(r"`(tools|formats|messages|steps|history|runs|events)\.(\w+)", PAGE.read_text("utf-8"))
    assert len(named) > 12
    for module, name in named:
        if (module, name) != ("messages", "list"):
            assert hasattr(getattr(bridge.translate, module), name), f"{module}.{name}"


def test_all_is_what_the_docstring_lists() -> None:
    listed = re.findall(r"  (\w+) +(?:=>|<=) ", bridge.translate.__doc__ or "")
    modules = set(bridge.translate.__all__) - {"Untranslatable", "facts"}
    assert set(listed) == modules
