"""What the judges share."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.upstream.scripted import upstream as noted_module
from judges.notes import noting


@pytest.fixture
def noted_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which this test's own requests are noted, whatever the session does."""
    file = tmp_path / "noted.jsonl"
    monkeypatch.setenv(noting.VARIABLE, str(file))
    monkeypatch.setattr(noting, "_seen", set())
    for owner, name in ((noted_module.ScriptedUpstream, "_chosen"), (noted_module.Endpoints, "answer")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # as it was, afterwards
    noting.wrap(noted_module)
    return file
