"""Clocks of a simulated house: one that jumps, one that runs beside the real one."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a host of a simulated house needs."""

    def now(self) -> datetime:
        """Simulated time, aware UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for a simulated time."""
        ...


class VirtualClock:
    """Time passes only when somebody sleeps or advances it."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Simulated time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Jump ahead.

        Raises:
            ValueError: backwards.
        """
        if seconds < 0.0:
            raise ValueError(f"time does not go back by {-seconds} s")
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Jump ahead, and let other tasks run."""
        self.advance(seconds)
        await asyncio.sleep(0)


class RealtimeClock:
    """Simulated time runs ``speed`` times as fast as real time."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        if speed <= 0.0:
            raise ValueError(f"speed is above 0, not {speed}")
        self._start = start
        self._speed = speed
        self._zero = time.monotonic()

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed <= 0.0:
            raise ValueError(f"speed is above 0, not {speed}")
        self._start, self._zero, self._speed = self.now(), time.monotonic(), speed

    def now(self) -> datetime:
        """Simulated time."""
        return self._start + timedelta(seconds=(time.monotonic() - self._zero) * self._speed)

    async def sleep(self, seconds: float) -> None:
        """Wait for a simulated time."""
        await asyncio.sleep(seconds / self._speed)
