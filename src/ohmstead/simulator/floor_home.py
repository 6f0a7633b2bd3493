"""The floor house run by the heat orchestrator, with the helpers that Home Assistant would keep.

The host of the twin: it hears of every change at once, ticks every minute, carries commands out in
their order and can be killed and started again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ohmstead.heating.heat_orchestrator import (
    PRIORITY_RANGE,
    SETTING_RANGES,
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
from ohmstead.simulator.floor_house import FloorHouse

WARSAW = ZoneInfo("Europe/Warsaw")


def fresh_helpers(rooms: tuple[str, ...]) -> dict[str, object]:
    """The helpers as Home Assistant creates them: smallest numbers, midnight, empty texts."""
    values: dict[str, object] = {name: low for name, (low, _) in SETTING_RANGES.items()}
    values |= dict.fromkeys(("off_window_start", "off_window_end", "day_reset_time"), "00:00:00")
    values |= dict.fromkeys(("state_since", "last_pump_on", "last_pump_off"), "1970-01-01 00:00:00")
    values |= dict.fromkeys(("pump_on_minutes_today", "pump_starts_today"), 0.0)
    values |= dict.fromkeys(("heat_state", "active_floor", "active_rooms"), "unknown")
    for room in rooms:
        values |= {f"user_sp_{room}": 5.0, f"priority_{room}": PRIORITY_RANGE[0]}
        values[f"heating_minutes_{room}"] = 0.0
    return values


class FloorHome:
    """House, helpers and orchestrator together."""

    def __init__(
        self,
        house: FloorHouse,
        *,
        tz: tzinfo = WARSAW,
        settings: Settings | None = None,
        config: Config | None = None,
    ) -> None:
        self.house = house
        ids = tuple(house.rooms)
        self.config = config or Config(rooms={r: house.rooms[r].spec.floor for r in ids}, tz=tz)
        self.helpers = fresh_helpers(ids)
        if settings is not None:
            self.helpers |= {
                name: value.isoformat() if isinstance(value, time) else value
                for name, value in asdict(settings).items()
            }
            self.helpers |= {f"priority_{r}": house.rooms[r].spec.priority for r in ids}
        self.log: list[str] = []
        self.notes: list[str] = []
        self.status: Status | None = None
        self.observers: list[Callable[[Outcome], None]] = []
        self.memory: Memory = begin(self.config, self.helpers, house.now)
        if settings is not None:
            self.memory.seeded = {*asdict(settings), *(f"priority_{r}" for r in ids)}
        self._failed: list[str] = []
        self._next_tick = house.now
        self._wake_at: datetime | None = None
        self._stirred = False
        house.watch(self._stir)

    def _stir(self) -> None:
        self._stirred = True

    def run(self, duration: timedelta) -> None:
        """Let time pass, to the next tick at least."""
        end = self.house.now + duration
        while self.house.now < end:
            due = [self._next_tick, end]
            event = self.house.next_event()
            due += [t for t in (self._wake_at, event) if t is not None]
            self.house.advance(max(self.house.now, min(due)))
            if self.house.now >= self._next_tick:
                self._next_tick = self.house.now + timedelta(seconds=self.config.tick_s)
                self._step(tick=True)
            elif self._stirred or self._failed or (self._wake_at and self.house.now >= self._wake_at):
                self._step(tick=False)

    def restart(self, down: timedelta, *, lose_memory: bool = False) -> None:
        """Kill the host, let the house run alone, and start again from the helpers and the file."""
        stored = json.dumps(to_plain(self.memory))
        self.house.advance(self.house.now + down)
        self.house.take_changes()
        memory = None if lose_memory else memory_from_plain(json.loads(stored))
        if memory is None and all(n in self.helpers for n in SETTING_RANGES):
            self.log.append("[HOST] memory lost")
        self.memory = begin(self.config, self.helpers, self.house.now, memory)
        self._failed, self._wake_at, self._next_tick = [], None, self.house.now

    def edit(self, helper: str, value: object) -> None:
        """A person edits a helper."""
        self.helpers[helper] = value
        self._stirred = True

    def _step(self, *, tick: bool) -> None:
        house, self._stirred = self.house, False
        inputs = Inputs(
            pump_on=house.switch(),
            outdoor_c=house.outdoor_c,
            rooms={room: house.read(room) for room in house.rooms},
            helpers=self.helpers,
            tick=tick,
            changes=house.take_changes(),
            failed=tuple(self._failed),
        )
        self._failed = []
        outcome = step(self.config, inputs, house.now, self.memory)
        self.memory, self.status, self._wake_at = outcome.memory, outcome.status, outcome.wake_at
        for observer in self.observers:
            observer(outcome)
        self._carry_out(outcome)

    def _carry_out(self, outcome: Outcome) -> None:
        for command in outcome.commands:
            match command:
                case SetSetpoint(room, setpoint_c):
                    if not self.house.set_temperature(room, setpoint_c):
                        self._failed.append(room)
                case PumpOn():
                    self.house.turn_on()
                case PumpOff():
                    self.house.press_off()
                case WriteHelper(name, value):
                    self.helpers[name] = self._shown(value)
                case Notify(text):
                    self.notes.append(text)
        self.log += [f"{self.house.now:%Y-%m-%dT%H:%M:%SZ} {line.text}" for line in outcome.log]

    def _shown(self, value: float | str | datetime) -> object:
        if isinstance(value, datetime):
            local = value.astimezone(self.config.tz)
            return local.replace(tzinfo=None, microsecond=0).isoformat(" ")
        return value
