"""Where the hosts of this room get their time from: the machine, or a simulation.

Deadlines count in seconds of a monotonic clock; timestamps in messages are times of day.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer(Protocol):
    """A callback that is still to come."""

    def cancel(self) -> None:
        """It will not be called."""
        ...


class Clock(Protocol):
    """Time, and a way to be called when it has come."""

    def monotonic(self) -> float:
        """Seconds, never going back."""
        ...

    def now(self) -> datetime:
        """Time of day, aware UTC."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call once, in the event loop."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return when the time is over."""
        ...


class RealClock:
    """The machine's time."""

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def now(self) -> datetime:
        """Time of day, aware UTC."""
        return datetime.now(UTC)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call once, in the event loop."""
        return asyncio.get_running_loop().call_later(max(0.0, delay_s), callback)

    async def sleep(self, delay_s: float) -> None:
        """Return when the time is over."""
        await asyncio.sleep(delay_s)


class _Alarm:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """Time passes only in :meth:`advance`: a day of timers in as long as their callbacks take."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._alarms: list[tuple[float, int, _Alarm]] = []
        self._count = itertools.count()

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed_s

    def now(self) -> datetime:
        """Simulated time of day."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call once, when the time is advanced that far."""
        alarm = _Alarm(callback)
        heapq.heappush(self._alarms, (self._elapsed_s + max(0.0, delay_s), next(self._count), alarm))
        return alarm

    async def sleep(self, delay_s: float) -> None:
        """Return when the time is advanced that far."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not done.done():
                done.set_result(None)

        alarm = self.call_later(delay_s, wake)
        try:
            await done
        finally:
            alarm.cancel()

    def next_alarm_s(self) -> float | None:
        """Seconds until the next callback is due; ``None``: there is none."""
        while self._alarms and self._alarms[0][2].callback is None:
            heapq.heappop(self._alarms)
        return max(0.0, self._alarms[0][0] - self._elapsed_s) if self._alarms else None

    async def advance(self, seconds: float, *, settle: int = 5) -> None:
        """Let time pass, calling what comes due in order.

        Args:
            settle: rounds of the event loop after each callback, so that tasks can react.
        """
        end = self._elapsed_s + seconds
        while (due := self.next_alarm_s()) is not None and self._elapsed_s + due <= end:
            at, _, alarm = heapq.heappop(self._alarms)
            self._elapsed_s = max(self._elapsed_s, at)
            if alarm.callback is not None:
                alarm.callback()
            for _ in range(settle):
                await asyncio.sleep(0)
        self._elapsed_s = end
        await asyncio.sleep(0)
