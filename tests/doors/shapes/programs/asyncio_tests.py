"""Tests as users write them with pytest-asyncio: a loop for each function, one client for all. Not collected here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from common import aassistant_of, aconverse

from bridge import AsyncOpenAI

client = AsyncOpenAI()


@pytest_asyncio.fixture
async def assistant_id() -> AsyncIterator[str]:
    yield await aassistant_of(client)


@pytest.mark.asyncio
@pytest.mark.parametrize("number", range(3))
async def test_a_conversation(assistant_id: Any, number: int) -> None:
    assert await aconverse(client, assistant_id, str(number), number)


@pytest.mark.asyncio
async def test_the_last(assistant_id: Any) -> None:
    async with client:
        assert await aconverse(client, assistant_id, "last")
