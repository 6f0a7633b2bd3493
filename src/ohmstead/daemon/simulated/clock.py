"""The demo's time: it moves the simulated houses along, at a speed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

LONGEST_STEP_S = 10.0


class SimulatedClock:
    """A clock that advances by stepping houses, in pace with real time × speed.

    Args:
        start: simulated time to start from.
        speed: simulated seconds per real second.
        advance: moves the simulated world by some seconds.
        followers: told after each step how many seconds have passed; the next step waits for them.
    """

    def __init__(
        self,
        start: datetime,
        speed: float,
        advance: Callable[[float], None],
        followers: Sequence[Callable[[float], Awaitable[None]]] = (),
    ) -> None:
        self._now = start
        self._followers = followers
        self._advance = advance
        self.speed = speed
        self._real_start: float | None = None
        self._start = start

    def now(self) -> datetime:
        """Aware UTC, simulated."""
        return self._now

    async def sleep_until(self, when: datetime) -> None:
        """Step the world up to a moment, no faster than the speed allows.

        A machine too slow for the speed falls behind; lost time is not caught up in a burst.
        """
        loop = asyncio.get_running_loop()
        if self._real_start is None:
            self._real_start = loop.time()
        while (left_s := (when - self._now).total_seconds()) > 0:
            step_s = min(LONGEST_STEP_S, left_s)
            self._advance(step_s)
            self._now += timedelta(seconds=step_s)
            for passed in self._followers:
                await passed(step_s)
        due = self._real_start + (self._now - self._start).total_seconds() / self.speed
        wait_s = due - loop.time()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        else:
            if wait_s < -1.0:
                self._real_start -= wait_s + 1.0
            await asyncio.sleep(0)
