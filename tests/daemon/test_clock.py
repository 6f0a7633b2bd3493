"""The wall clock, when somebody sets it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from ohmstead.daemon.clock import WallClock


class SetBack(WallClock):
    """It is set back by an hour once it was looked at."""

    def __init__(self) -> None:
        self.looks = 0

    def now(self) -> datetime:
        self.looks += 1
        return super().now() - timedelta(hours=self.looks > 1)


async def test_a_clock_set_back_does_not_make_the_loop_sleep_on() -> None:
    clock = SetBack()
    async with asyncio.timeout(60.0):
        await clock.sleep_until(datetime.now(UTC) + timedelta(seconds=0.02))


async def test_what_is_past_is_not_waited_for() -> None:
    async with asyncio.timeout(60.0):
        await WallClock().sleep_until(datetime.now(UTC) - timedelta(days=1))
    assert WallClock().now().tzinfo is UTC
