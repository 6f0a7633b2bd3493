"""Wait for a moment of a clock, or for a change, whichever comes first."""

from __future__ import annotations

import asyncio
from datetime import datetime

from ohmstead.daemon.clock import Clock


class Alarm:
    """Rings at a moment, or when something changed; a ring that nobody waited for is not lost."""

    def __init__(self, clock: Clock) -> None:
        """Silent so far."""
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something changed."""
        self._rung.set()

    async def wait(self, until: datetime) -> None:
        """Return at ``until``, or as soon as it rings."""
        ringing = asyncio.ensure_future(self._rung.wait())
        sleeping = asyncio.ensure_future(self._clock.sleep_until(until))
        try:
            await asyncio.wait({ringing, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (ringing, sleeping):
                task.cancel()
            await asyncio.gather(ringing, sleeping, return_exceptions=True)
        self._rung.clear()
