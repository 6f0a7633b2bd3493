"""A clock for hosts that wait: time jumps to the next moment that somebody waits for."""

from __future__ import annotations

import asyncio
import heapq
from datetime import datetime, timedelta

SETTLE = 12
"""Turns of the event loop in which everything that is due gets done."""


class VirtualTime:
    """See :class:`ohmstead.daemon.clock.Clock`."""

    speed = 1.0

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._now

    def jump(self, to: datetime) -> None:
        """Somebody sets the clock. Who sleeps sleeps for as long as it looked before."""
        by, self._now = to - self._now, to
        self._waiting = [(when + by, count, future) for when, count, future in self._waiting]

    async def sleep_until(self, when: datetime) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (when, self._count, future))
        await future

    async def run(self, duration: timedelta) -> None:
        """Let time pass."""
        end = self._now + duration
        while True:
            for _ in range(SETTLE):
                await asyncio.sleep(0)
            while self._waiting and self._waiting[0][2].done():
                heapq.heappop(self._waiting)
            if not self._waiting or self._waiting[0][0] > end:
                break
            when, _, future = heapq.heappop(self._waiting)
            self._now = max(self._now, when)
            future.set_result(None)
        self._now = end
