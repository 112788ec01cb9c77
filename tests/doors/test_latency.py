"""No door makes a caller wait for nothing. The fastest of several calls counts, so a busy machine does not matter."""

from __future__ import annotations

import time
from pathlib import Path

import openai
import pytest

from doors.served import gateway

pytestmark = pytest.mark.slow
DELAYED_ACK = 0.040
"""Seconds a kernel may hold back an acknowledgement, and Nagle's algorithm the next packet with it."""


def test_a_small_call_over_the_gateway_is_not_held_back(tmp_path: Path) -> None:
    with (
        gateway("scripted", tmp_path / "bridge.db") as url,
        openai.OpenAI(api_key="sk-test", base_url=url) as client,
    ):
        thread = client.beta.threads.create()
        took = []
        for _ in range(20):
            begin = time.perf_counter()
            client.beta.threads.retrieve(thread.id)
            took.append(time.perf_counter() - begin)
    assert min(took) < DELAYED_ACK / 2
