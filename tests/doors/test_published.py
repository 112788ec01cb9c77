"""openai-python's own tests of the Assistants API pass against the gateway (docs/conformance.md has the numbers).

What is changed in their requests stands in doors/published/asked.py, what is there before each one in states.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.routes import ROUTES
from bridge.testing import serve_scripted
from doors.environments import ROOT
from doors.published.asked import REWRITES, Rewrite
from doors.published.proxy import proxy
from doors.published.states import SCRIPT, STATES
from doors.published.suite import EDITIONS, FILES, LEFT_OUT, Edition, calling, run
from doors.served import gateway

OLDEST = EDITIONS[-1]
CONFORMANCE = ROOT / "docs" / "conformance.md"
editions = pytest.mark.parametrize("edition", EDITIONS, ids=lambda edition: edition.version)


@pytest.fixture(scope="module")
def gateway_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        serve_scripted(SCRIPT) as served,
        gateway(served.url, tmp_path_factory.mktemp("published") / "bridge.db") as url,
    ):
        yield url


@pytest.mark.slow
@pytest.mark.matrix
@editions
def test_all_pass(edition: Edition, gateway_url: str, tmp_path: Path) -> None:
    """Each at its first try: more requests than tests would be retries of what the gateway failed at."""
    with proxy(gateway_url) as between:
        outcome = run(edition, between.url, tmp_path / "report.xml")
    assert (outcome.failed, outcome.skipped) == ([], []), outcome.output
    assert len(outcome.passed) == edition.passed
    assert Counter(each.status for each in between.exchanges) == {200: edition.asked}
    assert {each.asked.operation for each in between.exchanges} == STATES.keys()
    alone = [name for name in outcome.passed if "::test_path_params_" in name]
    assert len(alone) == edition.passed - edition.asked


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.name)
def test_every_rewrite_is_needed(rewrite: Rewrite, gateway_url: str, tmp_path: Path) -> None:
    """Without it just those tests fail that it is for, and the gateway refuses what they send."""
    others = tuple(each for each in REWRITES if each is not rewrite)
    only = "with_all_params or submit_tool_outputs"
    with proxy(gateway_url, others) as between:
        outcome = run(OLDEST, between.url, tmp_path / "report.xml", only=only)
    concerned = [each for each in between.exchanges if rewrite.concerns(each.asked)]
    assert concerned and [each for each in between.exchanges if each.status != 200] == concerned
    assert {each.status for each in concerned} == {400}
    assert len(outcome.failed) == len(concerned), outcome.output


@pytest.mark.slow
@pytest.mark.matrix
@editions
def test_no_other_file_asks_a_server(edition: Edition, gateway_url: str, tmp_path: Path) -> None:
    left_out = sorted(calling(edition) - set(FILES))
    with proxy(gateway_url) as between:
        outcome = run(edition, between.url, tmp_path / "report.xml", files=left_out)
    assert outcome.passed + outcome.failed and between.exchanges == [], outcome.output


@pytest.mark.slow
@pytest.mark.matrix
def test_the_files_left_out_are_those_of_the_table() -> None:
    assert LEFT_OUT.keys() == set().union(*map(calling, EDITIONS)) - set(FILES)


def test_every_endpoint_is_asked() -> None:
    """`test_all_pass` holds that each of these was."""
    assert STATES.keys() == {(route.method, route.path) for route in ROUTES if not route.path.startswith("/files")}


def test_the_paper_has_the_numbers() -> None:
    paper = CONFORMANCE.read_text("utf-8")
    rows = re.findall(r"^\| ([\d.]+) \| (\d+) \| (\d+) \|", paper, re.MULTILINE)
    assert rows == [(each.version, str(each.passed), str(each.asked)) for each in EDITIONS]
    assert all(f"- {each.why}" in paper for each in REWRITES)
    assert all(f"`{file}`" in paper for file in LEFT_OUT)
