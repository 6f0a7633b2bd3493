"""What rooms remember: the newest value on the disk, also when the disk refuses for a while."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ohmstead.daemon.heating_store import HeatingStore
from ohmstead.recorder import Recorder


async def test_the_newest_value_is_written_and_found_again(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        store = HeatingStore(recorder)
        running = asyncio.create_task(store.run())
        for number in range(100):
            store.put("a", {"number": number})
            if number % 10 == 0:
                await asyncio.sleep(0.001)
        store.put("b", {"number": -1})
        store.close()
        await running
    with Recorder.open(tmp_path / "home.db") as recorder:
        again = HeatingStore(recorder)
        assert again.load("a") == {"number": 99}
        assert again.load("b") == {"number": -1}
        assert again.load("c") is None


@pytest.mark.slow
async def test_a_file_that_somebody_holds_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with Recorder.open(path) as recorder:
        store = HeatingStore(recorder)
        running = asyncio.create_task(store.run())
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            store.put("a", {"number": 1})
            await until(lambda: store.error is not None)
            store.put("a", {"number": 2})
            holder.execute("ROLLBACK")
        await until(lambda: store.error is None)
        assert store.load("a") == {"number": 2}
        store.close()
        await running


async def test_a_file_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    Recorder.open(path).close()
    with Recorder.open_readonly(path) as recorder:
        store = HeatingStore(recorder)
        running = asyncio.create_task(store.run())
        store.put("a", {"number": 1})
        await until(lambda: store.error is not None)
        assert "read only" in str(store.error)
        store.close()
        await running


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not look():  # noqa: ASYNC110 - the disk answers in its own time
            await asyncio.sleep(0.01)


def test_what_is_no_json_is_no_memory(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        recorder.save_state("a", b"\xff")
        recorder.save_state("b", b"[1]")

        async def load() -> None:
            store = HeatingStore(recorder)
            assert store.load("a") is None
            assert store.load("b") is None

        asyncio.run(load())
