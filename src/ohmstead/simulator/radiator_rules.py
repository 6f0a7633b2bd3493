"""Regulators for a radiator room: the learning one, and two to compare it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean, median
from typing import Protocol

from ohmstead.heating.room_controller import (
    TRV_MODE,
    TRV_OFF_C,
    Inputs,
    LearnedCycle,
    LogLine,
    RoomController,
    Settings,
    Trv,
    Window,
    setpoint_c,
)
from ohmstead.simulator.radiator_house import RadiatorRoom


class RoomRule(Protocol):
    """Looks at a room as a host sees it, and commands its valve."""

    def step(self, room: RadiatorRoom, target_c: float, now: datetime, reported_at: datetime) -> None:
        """``reported_at``: the sensor's last report."""
        ...


@dataclass(slots=True)
class Learned:
    """The room controller of this project."""

    settings: Settings
    controller: RoomController = field(init=False)
    log: list[tuple[datetime, LogLine]] = field(default_factory=list)
    window_changed_at: datetime | None = None

    def __post_init__(self) -> None:
        self.controller = RoomController(self.settings)

    def step(self, room: RadiatorRoom, target_c: float, now: datetime, reported_at: datetime) -> None:
        """One pass of the state machine, its commands to the valve."""
        valve = room.valve
        trv = Trv(
            id="trv",
            mode=valve.mode,
            setpoint_c=valve.setpoint_c,
            min_c=valve.spec.min_c,
            max_c=valve.spec.max_c,
        )
        inputs = Inputs(
            temperature_c=room.sensor.reported_c,
            target_c=target_c,
            temperature_at=reported_at,
            trvs=(trv,),
            windows=(Window(id="window", open=room.window_open, changed_at=self.window_changed_at),),
        )
        step = self.controller.step(inputs, now)
        for command in step.commands:
            valve.ask(command.mode, command.temperature_c)
        self.log += [(now, line) for line in step.log]


def _command(room: RadiatorRoom, *, on: bool) -> None:
    spec = room.valve.spec
    wanted_c = setpoint_c(Trv(id="trv", min_c=spec.min_c, max_c=spec.max_c), on=on)
    if room.valve.setpoint_c != wanted_c or room.valve.mode != TRV_MODE:
        room.valve.ask(TRV_MODE, max(wanted_c, TRV_OFF_C))


@dataclass(slots=True)
class PlainHysteresis:
    """On at target − hysteresis, off at the target: a thermostat without memory."""

    hysteresis_k: float
    on: bool = False

    def step(self, room: RadiatorRoom, target_c: float, now: datetime, reported_at: datetime) -> None:
        """Compare and command."""
        del now, reported_at
        if room.sensor.reported_c <= target_c - self.hysteresis_k + 1e-6:
            self.on = True
        elif room.sensor.reported_c >= target_c - 1e-6:
            self.on = False
        _command(room, on=self.on)


@dataclass(slots=True)
class FixedTime:
    """The learned time taken literally: learned like the room controller's, but the same for every cycle.

    Ten cycles to the target, then always ``avg_duration − time_offset`` of the last ten, whatever the room
    asks for; the target does not stop it, and the cooldown always lasts 20 minutes.
    """

    hysteresis_k: float
    learning_cycles: int = 10
    cooldown_s: float = 1200.0
    desired_overshoot_k: float = 0.1
    cycles: list[LearnedCycle] = field(default_factory=list)
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    start_c: float = 0.0
    peak_c: float = 0.0

    def step(self, room: RadiatorRoom, target_c: float, now: datetime, reported_at: datetime) -> None:
        """Compare, count and command."""
        del reported_at
        measured_c = room.sensor.reported_c
        if self.started_at is not None and self.stopped_at is not None:
            self.peak_c = max(self.peak_c, measured_c)
            if (now - self.stopped_at).total_seconds() >= self.cooldown_s:
                self._learn(target_c, (self.stopped_at - self.started_at).total_seconds())
                self.started_at = self.stopped_at = None
        if self.started_at is None and measured_c <= target_c - self.hysteresis_k + 1e-6:
            self.started_at, self.start_c = now, measured_c
        if self.started_at is not None and self.stopped_at is None:
            elapsed_s = (now - self.started_at).total_seconds()
            learned_s = self._time_s()
            reached = measured_c >= target_c - 1e-6 if learned_s is None else elapsed_s >= learned_s
            if reached or elapsed_s >= 7200.0:
                self.stopped_at, self.peak_c = now, measured_c
        _command(room, on=self.started_at is not None and self.stopped_at is None)

    def _learn(self, target_c: float, duration_s: float) -> None:
        rise_k, overshoot_k = target_c - self.start_c, self.peak_c - target_c
        if rise_k + overshoot_k >= 0.05 and overshoot_k <= 3.0 and 180.0 <= duration_s < 7200.0:
            self.cycles.append(LearnedCycle(duration_s=duration_s, rise_k=rise_k, overshoot_k=overshoot_k))

    def _time_s(self) -> float | None:
        if len(self.cycles) < self.learning_cycles:
            return None
        cycles = self.cycles[-self.learning_cycles :]
        avg_s = fmean(c.duration_s for c in cycles)
        rise_k = fmean(c.rise_k for c in cycles)
        offset_s = avg_s - median(c.s_per_k for c in cycles) * (rise_k + self.desired_overshoot_k)
        # Not shorter than a cycle that counts, or it would never learn again.
        return max(180.0, avg_s - max(-0.5 * avg_s, min(0.5 * avg_s, offset_s)))
