"""The page of a scan in a real browser: filters, the hash, themes, print, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("libcst", reason="the extra `tools` is missing")

from bridge.scan.findings import Scan
from bridge.scan.report import html
from bridge.scan.rules import RULES
from diff.chromium import Page, chromium
from scan.scan_samples import every_rule, hostile

pytestmark = [pytest.mark.slow, pytest.mark.matrix, pytest.mark.needs("chromium")]

SHOWN: Final = "document.querySelectorAll('.finding:not([hidden])').length"
ALL: Final = len(RULES)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def tab(browser: Page) -> Iterator[Page]:
    """At the end nothing was asked of the network, alerted or thrown."""
    browser.media()
    for noted in (browser.requests, browser.dialogs, browser.errors):
        noted.clear()
    yield browser
    assert (browser.dialogs, browser.errors) == ([], [])
    assert [url for url in browser.requests if not url.startswith(("file:", "about:"))] == []


def written(folder: Path, scan: Scan) -> Path:
    path = folder / "scan.html"
    path.write_bytes(b"".join(html.page(scan)))
    return path


def counted(**wanted: str) -> int:
    rules = RULES.values()
    if "rung" in wanted:
        return sum(wanted["rung"] in rule.rungs for rule in rules)
    return sum(rule.severity in wanted["severity"] for rule in rules)


FILTERS: Final = [
    ("", ALL),
    ("#?rung=share", counted(rung="share")),
    ("#?rung=run&rule=call", 1),
    ("#?severity=breaking", counted(severity="breaking")),
    ("#?severity=breaking,notice", counted(severity="breaking,notice")),
    ("#?severity=", 0),
    ("#?q=APP.PY", len(range(0, ALL, 3))),
    ("#?q=nowhere", 0),
    ("#?rung=nonsense", ALL),
    ("#<img src=x>", ALL),
]


@pytest.mark.parametrize(("fragment", "count"), FILTERS)
def test_the_hash_filters(tab: Page, tmp_path: Path, fragment: str, count: int) -> None:
    tab.open(written(tmp_path, every_rule()), fragment)
    assert tab.eval(SHOWN) == count
    assert tab.eval("document.getElementById('count').textContent") == f"{count} of {ALL} findings"
    files = (
        "[...document.querySelectorAll('.file:not([hidden])')].every((x) => x.querySelector('.finding:not([hidden])'))"
    )
    assert tab.eval(files)


def test_controls_filter_and_write_the_hash(tab: Page, tmp_path: Path) -> None:
    tab.open(written(tmp_path, every_rule()))
    tab.eval("document.querySelector('#severity input[value=info]').click()")
    assert tab.eval("location.hash") == "#?severity=breaking%2Cnotice"
    assert tab.eval(SHOWN) == counted(severity="breaking,notice")
    tab.eval("document.getElementById('reset').click()")
    assert tab.eval(SHOWN) == ALL and tab.eval("location.hash") == ""


def test_the_ladder_leads_to_its_findings(tab: Page, tmp_path: Path) -> None:
    tab.open(written(tmp_path, every_rule()))
    tab.eval("document.querySelector('a[href=\"#?rung=share\"]').click()")
    tab.until(f"{SHOWN} === {counted(rung='share')}")


def test_themes_and_print(tab: Page, tmp_path: Path) -> None:
    tab.open(written(tmp_path, every_rule()))
    ground = "getComputedStyle(document.body).backgroundColor"
    light = tab.eval(ground)
    tab.media(scheme="dark")
    assert tab.eval(ground) != light
    tab.eval("document.getElementById('theme').click()")
    assert tab.eval(ground) == light  # light is chosen, whatever the system says
    tab.media("print")
    assert tab.eval("getComputedStyle(document.getElementById('filters')).display") == "none"


def test_hostile_text_is_shown_and_does_nothing(tab: Page, tmp_path: Path) -> None:
    tab.open(written(tmp_path, hostile()))
    assert tab.eval("document.querySelectorAll('main img').length") == 0
    assert "<img src=x" in tab.eval("document.querySelector('.finding').textContent")


def test_it_fits_a_narrow_window(tab: Page, tmp_path: Path) -> None:
    tab.size(420, 900)
    tab.open(written(tmp_path, every_rule()))
    assert tab.eval("document.documentElement.scrollWidth") <= 420
    tab.size(1280, 900)
