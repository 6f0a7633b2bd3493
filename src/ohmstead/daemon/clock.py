"""The time that the loop runs on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where ``now`` comes from, and how the loop waits."""

    @property
    def speed(self) -> float:
        """Seconds of this clock per real second."""
        ...

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    async def sleep_until(self, when: datetime) -> None:
        """Return once this clock has reached a moment; at once if it is past."""
        ...


class WallClock:
    """The real time of the machine."""

    speed = 1.0

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, when: datetime) -> None:
        """Sleep as long as it looks now: a clock that is set back meanwhile must not stop the loop."""
        await asyncio.sleep(max(0.0, (when - self.now()).total_seconds()))
