"""Weeks in the floor house: the heat orchestrator beside a plain rule by the clock, measured alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from ohmstead.heating.heat_orchestrator import Floor, Settings
from ohmstead.simulator.floor_home import WARSAW, FloorHome
from ohmstead.simulator.floor_house import FloorHouse, outdoor_course

OFF_C = Settings().room_off_setpoint
QUOTA_MIN = Settings().dhw_min_run_hours * 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorReport:
    """How a run went. Shares 0..1; errors in K against the user's wish, over the second part of the run."""

    regulator: str
    weather: str
    weeks: float
    within_0_3: float
    within_1_0: float
    min_error_k: float
    max_error_k: float
    pump_starts_per_day: float
    floor_switches_per_day: float
    pump_hours_per_day: float
    electric_kwh: float
    heat_kwh: float
    quota_met_days: float
    """Share of whole days on which the pump ran for the quota."""
    both_floors_open_s: float
    starts_in_off_window: int


class Regulator(Protocol):
    """Somebody who runs the house."""

    def run(self, duration: timedelta) -> None:
        """Let time pass."""
        ...

    def wish(self, room: str, value_c: float) -> None:
        """A person wants another temperature."""
        ...


class Orchestrated:
    """The heat orchestrator with its shipped settings."""

    name = "orchestrator"

    def __init__(self, house: FloorHouse) -> None:
        self.home = FloorHome(house, settings=Settings())
        self.run = self.home.run

    def wish(self, room: str, value_c: float) -> None:
        """Edit the room's helper."""
        self.home.edit(f"user_sp_{room}", value_c)


class FixedTurns:
    """The plain rule: each floor has every other hour, the pump follows it with 0.3 K of hysteresis.

    It knows no off window, no minimum times and no quota, and opens all rooms of the floor.
    """

    name = "fixed_turns"

    def __init__(self, house: FloorHouse) -> None:
        self.house = house
        self.wished = {room: r.spec.user_c for room, r in house.rooms.items()}

    def wish(self, room: str, value_c: float) -> None:
        """Take it with the next minute."""
        self.wished[room] = value_c

    def run(self, duration: timedelta) -> None:
        """Switch once, then let time pass."""
        house = self.house
        turn = Floor.GF if house.now.astimezone(WARSAW).hour % 2 == 0 else Floor.FF
        lacks = []
        for room, r in house.rooms.items():
            setpoint = self.wished[room] if r.spec.floor is turn else OFF_C
            if r.setpoint_c != setpoint:
                house.set_temperature(room, setpoint)
            if r.spec.floor is turn:
                lacks.append(self.wished[room] - round(r.air_c, 1))
        if max(lacks) > 0.3 and not house.pump_on:
            house.turn_on()
        elif max(lacks) <= 0.0 and house.pump_on:
            house.press_off()
        house.advance(house.now + duration)


def simulate_floors(
    *, weeks: float = 4.0, weather: str = "mild", seed: int = 1, start: datetime | None = None
) -> tuple[FloorReport, ...]:
    """Run the floor house once with each regulator, and measure; the orchestrator comes first.

    The first week (half of a shorter run) is left out of the comfort figures: the screed starts cold.

    Raises:
        ValueError: an unknown weather, or no time at all.
    """
    if weeks <= 0.0:
        raise ValueError(f"a simulation lasts longer than {weeks} weeks")
    begun = start or datetime(2026, 1, 5, 5, 0, tzinfo=UTC)
    reports = []
    for kind in (Orchestrated, FixedTurns):
        house = FloorHouse(begun, outdoor_course(weather, begun), seed=seed)
        regulator: Regulator = kind(house)
        meter = _Meter(
            house, regulator, setback=weather == "setback", quiet=timedelta(weeks=min(1.0, weeks / 2))
        )
        for _ in range(round(weeks * 7 * 1440)):
            regulator.run(timedelta(minutes=1))
            meter.look()
        reports.append(meter.report(regulator=kind.name, weather=weather, weeks=weeks))
    return tuple(reports)


class _Meter:
    """Looks at the house once a minute."""

    def __init__(self, house: FloorHouse, regulator: Regulator, *, setback: bool, quiet: timedelta) -> None:
        self.house, self.regulator, self.setback = house, regulator, setback
        self.begun = house.now
        self.from_ = self.begun + quiet
        self.samples = self.near = self.close = 0
        self.low_k, self.high_k = float("inf"), float("-inf")
        self.both_min = self.window_starts = self.switches = 0
        self.day_min: dict[date, int] = {}
        self.was_on = house.pump_on
        self.floor: Floor | None = None
        self.wished = {room: r.spec.user_c for room, r in house.rooms.items()}

    def look(self) -> None:
        house, local = self.house, self.house.now.astimezone(WARSAW)
        if self.setback and (local.hour, local.minute) in {(22, 0), (6, 0)}:
            drop = 2.0 if local.hour == 22 else 0.0
            for room, r in house.rooms.items():
                self.wished[room] = r.spec.user_c - drop
                self.regulator.wish(room, self.wished[room])
        day = local.date()
        self.day_min[day] = self.day_min.get(day, 0) + house.pump_on
        if house.pump_on and not self.was_on and 1 <= local.hour < 6:
            self.window_starts += 1
        self.was_on = house.pump_on
        opened = {r.spec.floor for r in house.rooms.values() if r.setpoint_c > OFF_C}
        self.both_min += len(opened) > 1
        if len(opened) == 1:
            floor = opened.pop()
            self.switches += self.floor not in {None, floor}
            self.floor = floor
        if house.now >= self.from_:
            self._compare()

    def _compare(self) -> None:
        for room, r in self.house.rooms.items():
            error = r.air_c - self.wished[room]
            self.samples += 1
            self.near += abs(error) <= 0.3
            self.close += abs(error) <= 1.0
            self.low_k, self.high_k = min(self.low_k, error), max(self.high_k, error)

    def report(self, *, regulator: str, weather: str, weeks: float) -> FloorReport:
        house = self.house
        days = (house.now - self.begun).total_seconds() / 86400.0
        whole = [minutes for _, minutes in sorted(self.day_min.items())][1:-1]
        return FloorReport(
            regulator=regulator,
            weather=weather,
            weeks=weeks,
            within_0_3=self.near / self.samples,
            within_1_0=self.close / self.samples,
            min_error_k=self.low_k,
            max_error_k=self.high_k,
            pump_starts_per_day=house.starts / days,
            floor_switches_per_day=self.switches / days,
            pump_hours_per_day=sum(self.day_min.values()) / 60.0 / days,
            electric_kwh=house.electric_kwh,
            heat_kwh=house.heat_kwh,
            quota_met_days=sum(m >= QUOTA_MIN for m in whole) / len(whole) if whole else 1.0,
            both_floors_open_s=60.0 * self.both_min,
            starts_in_off_window=self.window_starts,
        )
