"""A server to ask, and a client that does not wait long between two attempts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from ohmstead.sources import HttpClient
from tests.sources.server import Server, running


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(timeout_s=0.5, total_s=2.0, attempts=2, pause_s=0.01) as client:
        yield client
