"""Between two cycles the meter is watched, and what is over a limit is lowered at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ohmstead.core.engine import Engine
from ohmstead.core.record import CycleRecord
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.clock import Clock
from ohmstead.daemon.sensing import Senses
from ohmstead.devices.base import Announcing

T = TypeVar("T")

TELEGRAM_S = 0.05
"""The values of one telegram, phase by phase, come within this time."""


class Protection:
    """Looks at the meter while the loop rests, and while a slow device holds a cycle up.

    Args:
        tell: is given the record of what was lowered.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        senses: Senses,
        actuators: Actuators,
        clock: Clock,
        operator_limited: Callable[[datetime], bool],
        tell: Callable[[CycleRecord], None],
    ) -> None:
        self._engine = engine
        self._senses = senses
        self._actuators = actuators
        self._operator_limited = operator_limited
        self._tell = tell
        self.clock = clock

    @property
    def _every_s(self) -> float:
        return self._engine.settings.protect_every_s

    async def look(self) -> CycleRecord | None:
        """Read the meter, and lower what is over a limit; the record of it where there was something."""
        grid, now = await self._senses.grid(), self.clock.now()
        record = self._engine.protect(now, grid, operator_limited=self._operator_limited(now))
        if record is not None:
            for asset in await self._actuators.apply(record.setpoints):
                self._engine.failed(asset)
            self._tell(record)
        return record

    async def rest_until(self, when: datetime) -> None:
        """Sleep until a moment with an eye on the meter; a clock that is set back ends it."""
        last = self.clock.now()
        while last <= (now := self.clock.now()) < when:
            last = now
            if self._every_s <= 0.0:
                await self.clock.sleep_until(when)
            elif isinstance(self._senses.meter, Announcing):
                await _first(self.clock.sleep_until(when), self._news(self._senses.meter))
            else:
                await self.clock.sleep_until(min(when, now + timedelta(seconds=self._every_s)))
            if self._every_s > 0.0 and self.clock.now() < when:
                await self.look()

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something that may take long, with an eye on the meter."""
        working, began = asyncio.ensure_future(work), self.clock.now()
        try:
            while not (await asyncio.wait({working}, timeout=self._every_s or None))[0]:
                # A simulated clock stands still meanwhile: then there is nothing new to see.
                if self.clock.now() > began:
                    await self.look()
            return working.result()
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _news(self, meter: Announcing) -> None:
        await meter.changed()
        await asyncio.sleep(TELEGRAM_S)


async def _first(*works: Coroutine[Any, Any, None]) -> None:
    """Return when one of several has ended; the others are given up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
