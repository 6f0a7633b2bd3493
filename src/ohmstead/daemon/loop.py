"""The control loop: sense, decide, act, write down. One screen; everything else is wired in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol

import structlog

from ohmstead.core.engine import Engine
from ohmstead.core.record import CycleRecord
from ohmstead.core.state import MISSING, Reading
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.clock import Clock
from ohmstead.daemon.protection import Protection
from ohmstead.daemon.sensing import Senses

log = structlog.get_logger(__name__)

STOP_GRACE_S = 1.0
"""A cycle under way when the loop is to stop may take this long to end by itself."""


class CycleListener(Protocol):
    """Somebody who is told of every cycle: the history, the live view, the planner.

    A record with ``held`` is of the protection between two cycles.
    """

    def cycle(self, record: CycleRecord) -> None:
        """Take note; must not block."""
        ...


class ControlLoop:
    """Runs an engine on devices and a clock until it is told to stop."""

    def __init__(
        self,
        *,
        engine: Engine,
        senses: Senses,
        actuators: Actuators,
        clock: Clock,
        listeners: tuple[CycleListener, ...] = (),
        outdoor_c: Callable[[datetime], Reading] | None = None,
        operator_limited: Callable[[datetime], bool] | None = None,
    ) -> None:
        self.engine = engine
        self.senses = senses
        self.actuators = actuators
        self.clock = clock
        self._listeners = listeners
        self._outdoor_c = outdoor_c or (lambda _: MISSING)
        self._operator_limited = operator_limited or (lambda _: False)
        self.protection = Protection(
            engine=engine,
            senses=senses,
            actuators=actuators,
            clock=clock,
            operator_limited=self._operator_limited,
            tell=self._tell,
        )
        self._deciding = False
        self._later: list[CycleRecord] = []
        self.cycles = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Cycle until ``stop`` is set, then leave every device in its safe state."""
        try:
            while not stop.is_set():
                await _unless(stop, self.protection.during(self.cycle()), grace_s=STOP_GRACE_S)
                await _unless(stop, self.protection.rest_until(self.engine.next_wakeup(self.clock.now())))
        finally:
            await self.actuators.release()

    async def cycle(self) -> CycleRecord:
        """One cycle: image → decision → commands → listeners."""
        now = self.clock.now()
        self.engine.observe(
            await self.senses.image(now, self._outdoor_c(now), limited=self._operator_limited(now))
        )
        record, self._deciding = self.engine.step(self.clock.now()), True
        for asset in await self.actuators.apply(record.setpoints):
            self.engine.failed(asset)
        self.cycles += 1
        later, self._later, self._deciding = self._later, [], False
        for told in (record, *later):
            self._tell(told)
        return record

    def _tell(self, record: CycleRecord) -> None:
        """Tell the listeners, in the order of the decisions."""
        if self._deciding:
            self._later.append(record)
            return
        for listener in self._listeners:
            listener.cycle(record)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, object], *, grace_s: float = 0.0) -> None:
    """Do something; once ``stop`` is set it is given up after ``grace_s``."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and grace_s > 0.0:
            await asyncio.wait({working}, timeout=grace_s)
        if working.done():
            working.result()
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
