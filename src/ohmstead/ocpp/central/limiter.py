"""Hosts :mod:`~ohmstead.ocpp.central.limit_control` for one connector: keeps sending until it holds."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime

import structlog

from ohmstead.errors import DataError, DeviceError, DeviceOffline
from ohmstead.ocpp.central.authorization import REMOTE_TAG
from ohmstead.ocpp.central.charger import Charger
from ohmstead.ocpp.central.commands import CompositeSchedule
from ohmstead.ocpp.central.limit_control import Action, LimitControl, LimitMemory, Situation, Step
from ohmstead.ocpp.central.limit_profile import Abilities, Wiring, limit_profile, profile_id_of
from ohmstead.ocpp.central.measured import power_of_sample
from ohmstead.ocpp.central.onboarding import onboard
from ohmstead.ocpp.central.quirks import LADDER
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.clock import Clock
from ohmstead.ocpp.session import Cause
from ohmstead.ocpp.smart_charging import Purpose, RateUnit
from ohmstead.ocpp.transport import CallFailed

log = structlog.get_logger(__name__)

CHECKED_S = 60
FORGETS = frozenset({"connected", "BootNotification"})
"""After these it is not known what the charger holds."""
LOOKS = frozenset({"MeterValues", "StatusNotification", "StartTransaction", "StopTransaction"})


class Limiter:
    """The limit of one connector, from :meth:`start` to :meth:`close`."""

    def __init__(
        self,
        central: CentralSystem,
        identity: str,
        wiring: Wiring,
        *,
        settle_s: float = 20.0,
        sample_s: int | None = 10,
        remote_start: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Nothing is sent before a target is set.

        Args:
            settle_s: how long vehicle and meter may take to follow a limit.
            sample_s: how often the charger is to measure; ``None``: as it does already.
            remote_start: begin a transaction where a vehicle waits and may charge.
        """
        self.identity = identity
        self.wiring = wiring
        self.sample_s = sample_s
        self._central = central
        self._clock = clock or central.clock
        self._commands = central.commands(identity)
        self._control = LimitControl(
            wiring=wiring, abilities=Abilities(), settle_s=settle_s, remote_start=remote_start
        )
        self._memory = LimitMemory()
        self._purposes: set[Purpose] = set()
        """In which kinds of profile the charger holds limits of ours."""
        self._onboarded = False
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._unwatch = central.watch(identity, self._told)
        self._task: asyncio.Task[None] | None = None

    @property
    def memory(self) -> LimitMemory:
        """What is known now."""
        return self._memory

    def start(self) -> None:
        """Begin; needs a running event loop."""
        name = f"limit {self.identity}/{self.wiring.connector}"
        self._task = asyncio.get_running_loop().create_task(self._run(), name=name)

    async def close(self) -> None:
        """Stop; the charger keeps its last limit."""
        self._unwatch()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def apply(self, power_w: float, *, wait_s: float = 2.0) -> None:
        """Set a new target, W, and wait a little for the charger to accept it.

        A charger that has not answered by then is asked on in the background: whoever controls a house
        must not wait for it.

        Raises:
            DeviceOffline: it is not connected; the target is sent as soon as it is.
            DeviceError: it refuses its limit, or ignores it.
        """
        self._memory = self._control.want(self._memory, power_w)
        self._wake.set()
        if not self._central.connected(self.identity):
            raise DeviceOffline(f"charger {self.identity!r} is not connected")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while not self._memory.settled and self._memory.retry_at is None:
                    self._news.clear()
                    await self._news.wait()
        if self._memory.unruly or (self._memory.words is not None and not self._memory.settled):
            raise DeviceError(f"charger {self.identity!r} {self._memory.words}")

    async def free(self) -> None:
        """Take our limits away: the charger may do what it could without us.

        Raises:
            DeviceOffline: it is not connected.
            DeviceError: it refused, or did not answer.
        """
        self._memory = LimitMemory()
        for purpose in LADDER:
            profile_id = profile_id_of(self.wiring.connector, purpose)
            await self._commands.clear_charging_profile(profile_id=profile_id)

    def _told(self, _charger: Charger, action: str) -> None:
        """Something came from the charger."""
        if action in FORGETS:
            self._onboarded = False
            self._memory = self._control.forgotten(self._memory)
        elif action == "StartTransaction" and not self._memory.settled:
            self._memory = replace(self._memory, retry_at=None)
        if action in FORGETS or action in LOOKS:
            self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._turn()
            except DataError as error:
                log.error("limit_failed", charger=self.identity, error=str(error))  # noqa: TRY400 - expected
            if self._wake.is_set():
                continue
            now = self._clock.now()
            pause_s = (self._control.due_at(self._memory, now) - now).total_seconds()
            alarm = self._clock.call_later(max(0.01, pause_s), self._wake.set)
            try:
                await self._wake.wait()
            finally:
                alarm.cancel()

    async def _turn(self) -> None:
        """Everything that is to be done now."""
        while True:
            charger = self._central.chargers.get(self.identity)
            if charger is None or not charger.adopted or not self._central.connected(self.identity):
                return
            if not self._onboarded and not await self._onboard(charger):
                return
            now, situation = self._clock.now(), self._situation(charger)
            self._note(self._control.measured(self._memory, now, situation))
            step = self._control.next_step(self._memory, now, situation)
            if step is None:
                return
            await self._do(step, situation)

    async def _onboard(self, charger: Charger) -> bool:
        self._onboarded = True
        try:
            abilities = await onboard(self._commands, charger, self.wiring.connector, self.sample_s)
        except DeviceError as error:
            log.debug("ocpp_not_onboarded", charger=self.identity, error=str(error))
            self._onboarded = False
            return False
        if abilities != self._control.abilities:
            self._control = replace(self._control, abilities=abilities)
            self._memory = replace(self._memory, way=0, refused_ways=0)
        return True

    def _situation(self, charger: Charger) -> Situation:
        connector = charger.connector(self.wiring.connector)
        running = self._central.store.running(self.identity, self.wiring.connector)
        sample = connector.sample
        return Situation(
            online=True,
            transaction_id=running[-1].id if running else None,
            waiting=connector.waiting and not running,
            measured_w=None if sample is None else power_of_sample(sample, self.wiring),
            measured_at=connector.power_at,
        )

    async def _do(self, step: Step, situation: Situation) -> None:
        try:
            if step.action is Action.CHECK:
                schedule = await self._commands.get_composite_schedule(self.wiring.connector, CHECKED_S)
                allowed_w = None if schedule is None else self._allowed_w(schedule)
                self._note(self._control.checked(self._memory, allowed_w, self._clock.now()))
                return
            status = await self._tell(step, situation)
        except DeviceError as error:
            refused = isinstance(error, CallFailed) and error.cause is Cause.REFUSED
            now = self._clock.now()
            self._note(self._control.failed(self._memory, step, str(error), now, refused=refused))
            return
        now, transaction_id = self._clock.now(), situation.transaction_id
        self._note(self._control.answered(self._memory, step, status, now, transaction_id))
        if step.way is not None and status == "Accepted":
            await self._clear_others(step.way.purpose)

    async def _clear_others(self, purpose: Purpose) -> None:
        """Take away what was set in another way before: the lowest of all profiles would go on counting.

        A TxDefaultProfile stays behind a TxProfile, for the next transaction.
        """
        others = self._purposes - {purpose} - ({Purpose.TX_DEFAULT} if purpose is Purpose.TX else set())
        self._purposes = self._purposes - others | {purpose}
        for other in others:
            try:
                profile_id = profile_id_of(self.wiring.connector, other)
                await self._commands.clear_charging_profile(profile_id=profile_id)
            except DeviceError as error:
                log.debug("ocpp_not_cleared", charger=self.identity, error=str(error))

    async def _tell(self, step: Step, situation: Situation) -> str:
        match step.action:
            case Action.START:
                connector = self.wiring.connector
                return await self._commands.remote_start_transaction(REMOTE_TAG, connector_id=connector)
            case Action.STOP:
                assert situation.transaction_id is not None  # noqa: S101 - there is no step without
                return await self._commands.remote_stop_transaction(situation.transaction_id)
            case _:
                assert step.way is not None  # noqa: S101 - part of a SET
                connector, profile = limit_profile(
                    step.share,
                    step.way,
                    self.wiring,
                    self._clock.now(),
                    number_phases=self._control.abilities.number_phases,
                    transaction_id=situation.transaction_id,
                )
                return await self._commands.set_charging_profile(connector, profile)

    def _allowed_w(self, schedule: CompositeSchedule) -> float | None:
        """What the charger's own schedule allows now."""
        if not schedule.periods:
            return None
        start: datetime | None = schedule.start
        passed_s = 0.0 if start is None else max(0.0, (self._clock.now() - start).total_seconds())
        period = [p for p in schedule.periods if p.start_s <= passed_s or p is schedule.periods[0]][-1]
        if schedule.unit is RateUnit.W:
            return period.limit
        phases = min(period.phases or self.wiring.phases, self.wiring.phases)
        return period.limit * phases * self.wiring.voltage_v

    def _note(self, memory: LimitMemory) -> None:
        if memory == self._memory:
            return
        if memory.words != self._memory.words and memory.words is not None:
            log.warning("limit_not_kept", charger=self.identity, words=memory.words)
        self._memory = memory
        self._news.set()
