"""Runs the radiator house through winter weeks under several regulators and counts what a person feels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ohmstead.heating.room_controller import Settings
from ohmstead.simulator.radiator_house import ROOMS, RadiatorRoom, RadiatorRoomSpec
from ohmstead.simulator.radiator_rules import FixedTime, Learned, PlainHysteresis, RoomRule
from ohmstead.simulator.radiator_weather import DAY_S, WEEK_S, Weather, WinterWeeks

COMFORT_BAND_K = 0.3
RECOMMENDED_HYSTERESIS_K = 0.2
STEP_S = 10.0
LOOK_S = 30.0
"""The host's watchdog."""
RUN_IN_S = 2 * DAY_S
"""For learning; the same for every regulator, and not counted."""
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
REGULATORS = ("learned", "hysteresis", "fixed_time")


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomReport:
    """A room over the counted weeks; errors in K are the air's temperature − the wanted one."""

    room: str
    within_0_3: float
    """Share of the time, 0..1, with the air within ±0.3 K of the target."""
    measured_within_0_3: float
    """The same by the sensor's reports."""
    min_error_k: float
    max_error_k: float
    cycles_per_day: float
    energy_kwh: float
    """Heat out of the heating water."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialReport:
    """A regulator over the counted weeks: ``rooms``, and over them mean, extremes, most cycles, total."""

    regulator: str
    weather: Weather
    weeks: float
    hysteresis_k: float
    seed: int
    within_0_3: float
    measured_within_0_3: float
    min_error_k: float
    max_error_k: float
    cycles_per_day: float
    energy_kwh: float
    rooms: tuple[RoomReport, ...]


def simulate(
    *,
    weather: Weather,
    weeks: float = 1.0,
    hysteresis_k: float = RECOMMENDED_HYSTERESIS_K,
    seed: int = 1,
    rooms: tuple[RadiatorRoomSpec, ...] = ROOMS,
    regulators: tuple[str, ...] = REGULATORS,
) -> tuple[TrialReport, ...]:
    """The same weeks under each regulator, after two days of run-in.

    Raises:
        ValueError: an unknown regulator, or no time.
    """
    if weeks <= 0:
        raise ValueError(f"weeks: found {weeks:g}, allowed: above 0")
    world = WinterWeeks(weather=weather, seed=seed)
    reports = []
    for name in regulators:
        parts = tuple(
            run_room(spec, world, make_rule(name, hysteresis_k), seconds=weeks * WEEK_S) for spec in rooms
        )
        reports.append(
            TrialReport(
                regulator=name,
                weather=weather,
                weeks=weeks,
                hysteresis_k=hysteresis_k,
                seed=seed,
                within_0_3=sum(p.within_0_3 for p in parts) / len(parts),
                measured_within_0_3=sum(p.measured_within_0_3 for p in parts) / len(parts),
                min_error_k=min(p.min_error_k for p in parts),
                max_error_k=max(p.max_error_k for p in parts),
                cycles_per_day=max(p.cycles_per_day for p in parts),
                energy_kwh=sum(p.energy_kwh for p in parts),
                rooms=parts,
            )
        )
    return tuple(reports)


def make_rule(name: str, hysteresis_k: float) -> RoomRule:
    """A regulator by its name in `REGULATORS`."""
    makers: dict[str, Callable[[], RoomRule]] = {
        "learned": lambda: Learned(settings=Settings(name="room", hysteresis_k=hysteresis_k)),
        "hysteresis": lambda: PlainHysteresis(hysteresis_k=hysteresis_k),
        "fixed_time": lambda: FixedTime(hysteresis_k=hysteresis_k),
    }
    if name not in makers:
        raise ValueError(f"regulator: found {name!r}, allowed: {', '.join(REGULATORS)}")
    return makers[name]()


def run_room(spec: RadiatorRoomSpec, world: WinterWeeks, rule: RoomRule, *, seconds: float) -> RoomReport:
    """One room under one regulator; the run-in comes before ``seconds``."""
    room = RadiatorRoom.settled(spec, world.outdoor_c(0.0))
    counted = inside = measured_inside = 0
    low_k, high_k = 0.0, 0.0
    opened = heat_kwh = 0.0
    reported_at, looked_s = MONDAY, 0.0
    outdoor_c = sun_w_m2 = people_w = 0.0
    target_c = spec.target_c
    steps = round((RUN_IN_S + seconds) / STEP_S)
    run_in = round(RUN_IN_S / STEP_S)
    for i in range(steps):
        now_s = (i + 1) * STEP_S
        if i % 6 == 0:
            outdoor_c, sun_w_m2 = world.outdoor_c(now_s), world.sun_w_m2(now_s)
            people_w = world.people_w(spec.name, now_s)
        if i == run_in:
            opened, heat_kwh = room.valve.opened, room.heat.heat_kwh
        reported = room.move(now_s, STEP_S, outdoor_c=outdoor_c, sun_w_m2=sun_w_m2, people_w=people_w)
        if reported or now_s - looked_s >= LOOK_S:
            now = MONDAY + timedelta(seconds=now_s)
            reported_at = now if reported else reported_at
            target_c, looked_s = world.target_c(spec.target_c, now_s), now_s
            rule.step(room, target_c, now, reported_at)
        if i >= run_in:
            error_k = room.heat.air_c - target_c
            counted += 1
            inside += abs(error_k) <= COMFORT_BAND_K
            measured_inside += abs(room.sensor.reported_c - target_c) <= COMFORT_BAND_K + 1e-6
            low_k, high_k = min(low_k, error_k), max(high_k, error_k)
    days = seconds / DAY_S
    return RoomReport(
        room=spec.name,
        within_0_3=inside / counted,
        measured_within_0_3=measured_inside / counted,
        min_error_k=low_k,
        max_error_k=high_k,
        cycles_per_day=(room.valve.opened - opened) / days,
        energy_kwh=room.heat.heat_kwh - heat_kwh,
    )
