"""Trouble that lasts is said once, and its end too."""

from __future__ import annotations

import pytest

from bridge.hands.trouble import Trouble

GONE, FULL = OSError("gone"), OSError("full")
IS_GONE, IS_FULL, IS_OVER = (
    "it fails, and is tried again in silence: OSError: gone",
    "it fails, and is tried again in silence: OSError: full",
    "it fails no more",
)


@pytest.mark.parametrize(
    ("course", "said"),
    [
        ([None, None], []),
        ([GONE, GONE, GONE], [IS_GONE]),
        ([GONE, None, None], [IS_GONE, IS_OVER]),
        ([GONE, FULL, FULL, None], [IS_GONE, IS_FULL, IS_OVER]),
        ([GONE, None, GONE], [IS_GONE, IS_OVER, IS_GONE]),
    ],
)
def test_what_is_said(course, said, caplog):
    trouble = Trouble("it fails")
    for error in course:
        trouble.is_over() if error is None else trouble.happened(error)
    assert [record.getMessage() for record in caplog.records] == said
