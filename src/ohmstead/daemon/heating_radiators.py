"""Runs the room regulator on one radiator room: map in, step, map out, wait for what comes first."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog

from ohmstead.daemon.clock import Clock
from ohmstead.daemon.config.heating import RadiatorRoom
from ohmstead.daemon.heating_store import HeatingStore
from ohmstead.daemon.heating_wait import Alarm
from ohmstead.devices.heating import RadiatorPlant
from ohmstead.errors import DeviceError
from ohmstead.heating.room_controller import (
    TRV_OFF_C,
    TRV_ON_C,
    Command,
    Cycle,
    Inputs,
    LastCycle,
    Learning,
    Level,
    Memory,
    RoomController,
    Settings,
    State,
    Step,
    Trv,
)

log = structlog.get_logger(__name__)

STATE = "heating.radiators."
WATCHDOG_S = 30.0
CYCLES_KEPT = 10


class RadiatorHost:
    """One radiator room of a home."""

    def __init__(
        self,
        settings: RadiatorRoom,
        plant: RadiatorPlant,
        *,
        clock: Clock,
        store: HeatingStore,
        dry_run: bool = False,
    ) -> None:
        """Take up what was learned; a cycle under way when the last run ended is dropped."""
        self.settings = settings
        self.plant = plant
        self._clock = clock
        self._store = store
        self._dry_run = dry_run
        self._key = STATE + settings.id
        stored = store.load(self._key) or {}
        self.controller = RoomController.resume(regulator_settings(settings), self._memory(stored))
        self.cycles = _past(stored.get("cycles"))
        """The last cycles that ended, newest first."""
        self.inputs: Inputs = plant.inputs()
        self.last: Step | None = None
        self._alarm = Alarm(clock)
        plant.watch(self._alarm.ring)

    def _memory(self, stored: dict[str, Any]) -> Memory:
        if not isinstance(stored.get("memory"), dict):
            return Memory()
        try:
            return Memory.from_dict(stored["memory"])
        except ValueError as error:
            log.warning("state_not_resumed", kind=self._key, error=str(error))
            return Memory()

    async def run(self) -> None:
        """Regulate until cancelled."""
        while True:
            await self.plant.refresh(self._clock.now())
            done = await self.step()
            watchdog = self._clock.now() + timedelta(seconds=WATCHDOG_S)
            await self._alarm.wait(watchdog if done.wake_at is None else min(watchdog, done.wake_at))

    async def step(self) -> Step:
        """One step: look, decide, act, remember."""
        now = self._clock.now()
        self.inputs = self.plant.inputs()
        self.last = done = self.controller.step(self.inputs, now)
        for line in done.log:
            (log.warning if line.level is Level.WARNING else log.info)(line.text)
        self._note_cycle(self.controller.memory.last_cycle)
        if done.changed:
            self._remember()
        # Valves are told side by side: one that does not answer must not hold up another.
        await asyncio.gather(*(self._send(command) for command in done.commands))
        return done

    def reset_learning(self) -> Learning | None:
        """Forget what was learned; what that was."""
        before = self.controller.reset_learning()
        log.info(f"TRV [{self.controller.settings.name}]: learned parameters reset")
        self._remember()
        self._alarm.ring()
        return before

    def _remember(self) -> None:
        cycles = [_plain(cycle) for cycle in self.cycles]
        self._store.put(self._key, {"memory": self.controller.memory.to_dict(), "cycles": cycles})

    async def release(self) -> None:
        """Leave driven valves to their own control at what people want; shut while airing or in error.

        A valve that was left at 35 °C would heat for as long as nobody regulates.
        """
        target_c = self.inputs.target_c
        if self.controller.memory.state in (State.VENT, State.ERROR) or target_c is None:
            target_c = TRV_OFF_C
        for trv in self.inputs.trvs:
            if trv.enabled and trv.available and self.last is not None:
                await self._send(Command(trv_id=trv.id, on=False, temperature_c=_within(trv, target_c)))

    async def _send(self, command: Command) -> None:
        if self._dry_run:
            log.info("dry_run", room=self.settings.id, command=str(command))
            return
        try:
            await self.plant.send(command)
        except DeviceError as error:  # seen, and repeated, when the valve is read back
            log.warning("command_failed", room=self.settings.id, valve=command.trv_id, error=str(error))

    def _note_cycle(self, ended: LastCycle | None) -> None:
        if ended is not None and (not self.cycles or self.cycles[0] != ended):
            self.cycles = (ended, *self.cycles)[:CYCLES_KEPT]

    @property
    def cycle(self) -> Cycle | None:
        """The heating cycle under way."""
        return self.controller.memory.cycle


def regulator_settings(room: RadiatorRoom) -> Settings:
    """The regulator's own settings."""
    return Settings(
        name=room.name or room.id,
        hysteresis_k=room.hysteresis_k,
        learning_cycles=room.learning_cycles,
        cooldown_s=room.cooldown_s,
        min_heating_s=room.min_heating_s,
        max_heating_s=room.max_heating_s,
        max_valid_overshoot_k=room.max_valid_overshoot_k,
        desired_overshoot_k=room.desired_overshoot_k,
        window_open_delay_s=room.window_open_delay_s,
        sensor_silence_s=room.sensor_silence_s,
    )


def _within(trv: Trv, temperature_c: float) -> float:
    low = TRV_OFF_C if trv.min_c is None else trv.min_c
    high = TRV_ON_C if trv.max_c is None else trv.max_c
    return min(high, max(low, temperature_c))


def _plain(cycle: LastCycle) -> dict[str, Any]:
    return {
        "ended_at": cycle.ended_at.isoformat(),
        "duration_s": cycle.duration_s,
        "overshoot_k": cycle.overshoot_k,
        "invalid": None if cycle.invalid is None else cycle.invalid.value,
    }


def _past(stored: Any) -> tuple[LastCycle, ...]:
    """The stored cycles; what cannot be read is left out, it is only shown."""
    found = []
    for one in stored if isinstance(stored, list) else ():
        # The memory's own reader knows the format; a cycle that it refuses is not worth more.
        try:
            ended_at = datetime.fromisoformat(one["ended_at"])
            memory = Memory.from_dict({**Memory().to_dict(), "last_cycle": one})
        except (KeyError, TypeError, ValueError):
            continue
        if memory.last_cycle is not None and ended_at.tzinfo is not None:
            found.append(memory.last_cycle)
    return tuple(found[:CYCLES_KEPT])
