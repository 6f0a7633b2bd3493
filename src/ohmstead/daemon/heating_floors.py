"""Runs the heat orchestrator on two floors: map in, step, map out, wait for what comes first.

The orchestrator was written for a host whose settings and counters live in helper entities. Here the
settings come from the configuration, and the rest is kept with its memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from ohmstead.daemon.clock import Clock
from ohmstead.daemon.config.heating import FloorHeating
from ohmstead.daemon.heating_store import HeatingStore
from ohmstead.daemon.heating_wait import Alarm
from ohmstead.devices.heating import FloorPlant
from ohmstead.errors import DeviceError
from ohmstead.heating.heat_orchestrator import (
    USER_MIN_C,
    Command,
    Config,
    Inputs,
    Memory,
    Notify,
    Outcome,
    PumpOff,
    PumpOn,
    SetSetpoint,
    Settings,
    Status,
    WriteHelper,
    begin,
    memory_from_plain,
    step,
    to_plain,
)

log = structlog.get_logger(__name__)

STATE = "heating.floors"
AGAIN_S = 1.0
"""After a refused command the machine is asked at once what to do."""
NOTE_KEPT = timedelta(hours=1)


class FloorHost:
    """Two floors of a home."""

    def __init__(
        self,
        settings: FloorHeating,
        plant: FloorPlant,
        *,
        clock: Clock,
        zone: ZoneInfo,
        store: HeatingStore,
        dry_run: bool = False,
    ) -> None:
        """Take up where the last run left off."""
        self.settings = settings
        self.plant = plant
        self._clock = clock
        self._zone = zone
        self._store = store
        self._dry_run = dry_run
        self.config = Config(
            rooms={room.id: room.floor for room in settings.rooms},
            tz=zone,
            clamp_rooms=settings.clamp_rooms,
            satisfied_offset_k=settings.satisfied_offset_k,
            cap_only_when_contended=settings.cap_only_when_contended,
            enable_offset_k=settings.enable_offset_k,
        )
        self.snapshot = plant.snapshot()
        self.status: Status | None = None
        self._failed: set[str] = set()
        self._note: tuple[datetime, str] | None = None
        self._alarm = Alarm(clock)
        stored = store.load(STATE) or {}
        self._targets = {room.id: room.target_c for room in settings.rooms}
        self.helpers = self._helpers(stored)
        self.memory = begin(self.config, self.helpers, clock.now(), _memory(stored.get("memory")))
        self._take_targets(stored.get("targets"))
        self.memory.seeded |= {*asdict(settings.settings), *(f"priority_{r}" for r in self.config.rooms)}
        plant.watch(self._alarm.ring)

    def _helpers(self, stored: Mapping[str, Any]) -> dict[str, object]:
        """Settings of the configuration; counters and wishes as they were, or as nobody ever set them."""
        helpers: dict[str, object] = {
            "pump_on_minutes_today": 0.0,
            "pump_starts_today": 0.0,
            "heat_state": "",
            "active_floor": "",
            "active_rooms": "",
            "state_since": "",
            "last_pump_on": "",
            "last_pump_off": "",
        }
        for room in self.config.rooms:
            helpers |= {f"user_sp_{room}": USER_MIN_C, f"heating_minutes_{room}": 0.0}
        kept = stored.get("helpers")
        if isinstance(kept, dict):
            helpers |= {name: value for name, value in kept.items() if name in helpers}
        for name, value in asdict(self.settings.settings).items():
            helpers[name] = value.isoformat() if isinstance(value, time) else value
        return helpers | {f"priority_{room.id}": room.priority for room in self.settings.rooms}

    def _take_targets(self, before: Any) -> None:
        """A target that was changed in the configuration counts as set by a person."""
        for room, target_c in self._targets.items():
            if target_c is None or (isinstance(before, dict) and before.get(room) == target_c):
                continue
            known, name = self.memory.rooms[room], f"user_sp_{room}"
            known.user_c = known.user_helper_c = self.helpers[name] = target_c
            self.memory.seeded.add(name)

    async def run(self) -> None:
        """Regulate until cancelled."""
        tick = timedelta(seconds=self.config.tick_s)
        next_tick = self._clock.now()
        while True:
            now = self._clock.now()
            # A clock that was set back must not stop the ticks.
            is_tick = now >= next_tick or next_tick - now > tick
            if is_tick:
                next_tick = now + tick
                await self.plant.refresh(now)
            outcome = await self.step(tick=is_tick)
            wake_at = next_tick if outcome.wake_at is None else min(next_tick, outcome.wake_at)
            if self._failed:
                wake_at = min(wake_at, self._clock.now() + timedelta(seconds=AGAIN_S))
            await self._alarm.wait(wake_at)

    async def step(self, *, tick: bool) -> Outcome:
        """One step: look, decide, act, remember."""
        now = self._clock.now()
        self.snapshot = self.plant.snapshot()
        inputs = Inputs(
            pump_on=self.snapshot.pump_on,
            outdoor_c=self.snapshot.outdoor_c,
            rooms=self.snapshot.rooms,
            helpers=self.helpers,
            tick=tick,
            changes=self.plant.take_changes(),
            failed=tuple(self._failed),
        )
        self._failed.clear()
        outcome = step(self.config, inputs, now, self.memory)
        self.memory, self.status = outcome.memory, outcome.status
        for line in outcome.log:
            (log.warning if line.warning else log.info)(line.text)
        for command in outcome.commands:
            await self._carry_out(command, now)
        if tick or outcome.commands or inputs.changes:
            self._remember()
        return outcome

    @property
    def note(self) -> str | None:
        """What the people were told within the last hour."""
        if self._note is None or self._clock.now() - self._note[0] > NOTE_KEPT:
            return None
        return self._note[1]

    @property
    def limits(self) -> Settings:
        """The settings in force."""
        return self.settings.settings

    async def _carry_out(self, command: Command, now: datetime) -> None:
        if isinstance(command, WriteHelper):
            value = command.value
            self.helpers[command.name] = self._shown(value) if isinstance(value, datetime) else value
            return
        if isinstance(command, Notify):
            self._note = (now, command.text)
        if self._dry_run:
            log.info("dry_run", command=str(command))
            return
        try:
            match command:
                case SetSetpoint(room, setpoint_c):
                    await self.plant.set_setpoint(room, setpoint_c)
                case PumpOn():
                    await self.plant.switch_pump_on()
                case PumpOff():
                    await self.plant.press_pump_off()
                case Notify(text):
                    await self.plant.notify(text)
        except DeviceError as error:
            log.warning("command_failed", command=type(command).__name__, error=str(error))
            if isinstance(command, SetSetpoint):
                self._failed.add(command.room)

    def _shown(self, at: datetime) -> str:
        """A moment as a date-and-time helper shows it."""
        return at.astimezone(self._zone).replace(tzinfo=None, microsecond=0).isoformat(" ")

    def _remember(self) -> None:
        kept = {name: value for name, value in self.helpers.items() if not hasattr(self.limits, name)}
        data = {"memory": to_plain(self.memory), "helpers": kept, "targets": self._targets}
        self._store.put(STATE, data)


def _memory(stored: Any) -> Memory | None:
    if not isinstance(stored, dict):
        return None
    try:
        return memory_from_plain(stored)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("state_not_resumed", kind=STATE, error=repr(error))
        return None
