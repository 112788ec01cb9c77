"""Paths of upstream calls: no id leads elsewhere."""

from __future__ import annotations

import httpx
import pytest

from bridge.engine.effects import Resume
from bridge.records import File
from bridge.upstream.openai import _resumed
from bridge.wire import downloads, paths

ODD = ["..", ".", "a/b", "a?b", "a#b", "%2e%2e", "é"]


def kept(container_id: str, source_id: str) -> File:
    return File("file_1", "thread_1", "run_1", 1, "a.png", container_id, source_id)


@pytest.mark.parametrize("id", ODD)
@pytest.mark.parametrize(
    "made",
    [
        lambda id: paths.of("containers", id, "files"),
        lambda id: downloads.source(kept(id, "x")),
        lambda id: downloads.source(kept("x", id)),
        lambda id: _resumed(Resume(id, None))[0] + "/",
    ],
    ids=["any", "container", "file", "response"],
)
def test_an_id_stays_one_part_of_its_path(made, id):
    sent = httpx.URL("http://up/v1" + made(id)).raw_path.decode()
    assert sent.count("/") == made("plain").count("/") + 1
    assert sent.startswith("/v1/") and "/../" not in sent and "?" not in sent and "#" not in sent
