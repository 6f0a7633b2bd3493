"""The parts of a running home put together, and taken down in the right order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from ohmstead.core.engine import Engine
from ohmstead.core.record import CycleRecord
from ohmstead.core.state import MISSING, Reading
from ohmstead.core.tariff import Tariff
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.bookkeeping import Bookkeeper, resume_minute
from ohmstead.daemon.clock import Clock
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.loop import ControlLoop, CycleListener
from ohmstead.daemon.planning_host import Outlook, PlanningHost
from ohmstead.daemon.sensing import Senses
from ohmstead.daemon.view import DaemonView
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import OhmsteadError
from ohmstead.planning.worker import PlannerProcess
from ohmstead.recorder import BufferedWriter, Recorder
from ohmstead.web.app import create_app
from ohmstead.web.ocpp_view import OcppView
from ohmstead.web.schema import WarningInfo
from ohmstead.web.server import serve

log = structlog.get_logger(__name__)

TARIFF_EVERY_S = 300.0
WRITE_OUT_S = 3.0
"""What a history that cannot be written now is given at the end."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What makes a home run; demo and real homes differ only in these.

    Args:
        tariff: the prices known at a moment; asked every few minutes, must not block.
        outlook: what to plan with; ``None``: rules only.
        baseline: see :class:`~ohmstead.daemon.bookkeeping.Bookkeeper`.
        more_states: other state to store with each minute.
        heating: rooms and floors, run by somebody else; for the web.
        more_listeners: others who are told of every cycle.
        more_values: other series to record, by name.
        ocpp: the central system of its chargers, for the API.
        plans_wanted: whether plans are made and followed now; may change while the home runs.
        more_warnings: shown with those that the service finds itself.
    """

    mode: Literal["demo", "run"]
    engine: Engine
    meter: Meter
    devices: Sequence[Device]
    clock: Clock
    ledger: Ledger
    recorder: Recorder
    tariff: Callable[[datetime], Tariff | None]
    outlook: Outlook | None = None
    outdoor_c: Callable[[datetime], Reading] = lambda _: MISSING
    operator_limited: Callable[[datetime], bool] = lambda _: False
    baseline: Callable[[], tuple[tuple[float, float], float]] | None = None
    more_states: Callable[[], Mapping[str, bytes]] | None = None
    more_values: Callable[[datetime], Mapping[str, float | None]] | None = None
    more_warnings: Callable[[], Sequence[WarningInfo]] = tuple
    more_listeners: Sequence[CycleListener] = ()
    heating: HeatingHost | None = None
    ocpp: OcppView | None = None
    plans_wanted: Callable[[], bool] = lambda: True
    dry_run: bool = False


class Service:
    """A running home: loop, planner, history and web, started and stopped together."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        engine = parts.engine
        for asset in engine.memory.assets:
            # What was commanded before a restart need not hold any more: it is sent again at once.
            engine.failed(asset)
        self._senses = Senses(parts.meter, parts.devices)
        self._actuators = Actuators(parts.devices, dry_run=parts.dry_run)
        self._writer = BufferedWriter(parts.recorder)
        self._planner = None if parts.outlook is None else PlannerProcess()
        self._planning: PlanningHost | None = None
        self._last_cycle_at: float | None = None
        self._tariff_at: datetime | None = None
        self.view = DaemonView(
            engine=engine,
            ledger=parts.ledger,
            recorder=parts.recorder,
            mode=parts.mode,
            speed=parts.clock.speed,
            health=self._health,
            warnings=self._warnings,
            plan_status=self._plan_status,
            heating=parts.heating,
        )
        self._books = Bookkeeper(
            engine=engine,
            ledger=parts.ledger,
            view=self.view,
            writer=self._writer,
            baseline=parts.baseline,
            more_states=parts.more_states,
            more_values=parts.more_values,
            begun=resume_minute(parts.recorder),
        )
        if parts.outlook is not None and self._planner is not None:
            self._planning = PlanningHost(
                engine, self._planner, parts.outlook, self._books.planned, parts.plans_wanted
            )
        listeners: list[CycleListener] = [self, self._books, self.view, *parts.more_listeners]
        if self._planning is not None:
            listeners.append(self._planning)
        self.loop = ControlLoop(
            engine=engine,
            senses=self._senses,
            actuators=self._actuators,
            clock=parts.clock,
            listeners=tuple(listeners),
            outdoor_c=parts.outdoor_c,
            operator_limited=parts.operator_limited,
        )

    def cycle(self, record: CycleRecord) -> None:
        """Note that the loop is alive, and keep the prices up to date."""
        if record.held is not None:
            return
        self._last_cycle_at = asyncio.get_running_loop().time()
        self._refresh_tariff(record.at)

    async def run(
        self,
        *,
        host: str,
        port: int,
        token: str | None = None,
        stop: asyncio.Event | None = None,
        ready: Callable[[str], None] | None = None,
    ) -> None:
        """Run until a signal (SIGTERM, SIGINT) or ``stop``; then leave every device in its safe state.

        Raises:
            ConfigError: the web port or host cannot be used; no device was touched then.
        """
        stop = stop or asyncio.Event()
        stop_on_signals(stop)
        self._refresh_tariff(self._parts.clock.now())
        listening = asyncio.Event()

        def started(url: str) -> None:
            listening.set()
            if ready is not None:
                ready(url)

        app = create_app(self.view, token=token, ocpp=self._parts.ocpp)
        web = asyncio.create_task(serve(app, host, port, ready=started))
        try:
            await _first(web, listening, stop)
            if listening.is_set():
                await self._control(web, stop)
            if web.done():
                web.result()
        finally:
            await self._close(web)

    async def _control(self, web: asyncio.Task[None], stop: asyncio.Event) -> None:
        """Run the loop until it is to stop, or the web has failed; it releases the devices."""
        control = asyncio.create_task(self.loop.run(stop))
        try:
            await asyncio.wait({web, control}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.set()
            await control

    async def _close(self, web: asyncio.Task[None]) -> None:
        if self._planning is not None:
            await self._planning.close()
        if self._planner is not None:
            await asyncio.to_thread(self._planner.close)
        self._books.close_minute()
        await asyncio.to_thread(self._writer.close, WRITE_OUT_S)
        web.cancel()
        with contextlib.suppress(asyncio.CancelledError, OhmsteadError):
            await web

    def _refresh_tariff(self, now: datetime) -> None:
        fresh = self._tariff_at is not None and 0 <= (now - self._tariff_at).total_seconds() < TARIFF_EVERY_S
        if fresh and self._parts.engine.tariff is not None:
            return
        self._tariff_at = now
        self._parts.engine.set_tariff(self._parts.tariff(now))

    def _plan_status(self) -> tuple[str, str | None]:
        if self._planning is None:
            return "off", None
        return self._planning.status, self._planning.trigger

    def _health(self) -> tuple[dict[str, str], float | None]:
        details = dict(self._senses.failing) | {
            f"{asset} (command)": words for asset, words in self._actuators.failing.items()
        }
        if self._parts.heating is not None:
            details |= self._parts.heating.failing()
        status = self._writer.status()
        if status.error is not None:
            details["recorder"] = f"{status.error} ({status.waiting} minutes waiting)"
        if self._last_cycle_at is None:
            return details, None
        return details, asyncio.get_running_loop().time() - self._last_cycle_at

    def _warnings(self) -> list[WarningInfo]:
        found = [
            WarningInfo(code="device", message=f"{name}: {words}")
            for name, words in {**self._senses.failing, **self._actuators.failing}.items()
        ]
        for asset in self._parts.engine.disobedient:
            words = "does not do as it is told; what it takes counts as a load that nobody controls"
            found.append(WarningInfo(code="device", message=f"{asset}: {words}"))
        status = self._writer.status()
        if status.error is not None:
            found.append(
                WarningInfo(code="recorder", message=f"The history cannot be written: {status.error}")
            )
        planning = self._planning
        if planning is not None and planning.status.startswith("no new plan"):
            found.append(WarningInfo(code="planner", message=f"Rules only for now, {planning.status}"))
        return [*found, *self._parts.more_warnings()]


async def _first(web: asyncio.Task[None], *events: asyncio.Event) -> None:
    """Return once the web has ended or one of the events is set."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait({web, *waits}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set an event on SIGTERM and SIGINT; where the loop cannot (Windows), they end the process as usual."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
