"""Weeks in the floor house: the heat orchestrator beside plain rules, measured alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ohmstead.heating.heat_orchestrator import Floor, Settings
from ohmstead.simulator.floor_home import WARSAW
from ohmstead.simulator.floor_house import FloorHouse, outdoor_course
from ohmstead.simulator.floor_rules import OFF_C, FloorRule, floor_rules

QUOTA_MIN = Settings().dhw_min_run_hours * 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorReport:
    """How a run went. Shares 0..1; errors in K against the user's wish, over the second part of the run."""

    regulator: str
    weather: str
    weeks: float
    hysteresis_k: float
    seed: int
    within_0_3: float
    within_1_0: float
    min_error_k: float
    max_error_k: float
    pump_starts_per_day: float
    floor_switches_per_day: float
    pump_hours_per_day: float
    minutes_per_day: dict[str, float]
    """Of the pump: ``GF``, ``FF`` with a valve of that floor open; ``DHW`` with none, for the boiler."""
    electric_kwh: float
    heat_kwh: float
    quota_met_days: float
    """Share of whole days on which the pump ran for the quota."""
    both_floors_open_s: float
    starts_in_off_window: int


def simulate_floors(
    *,
    weeks: float = 4.0,
    weather: str = "mild",
    seed: int = 1,
    hysteresis_k: float = Settings().heating_hyst_on,
    start: datetime | None = None,
    regulators: tuple[str, ...] = (),
) -> tuple[FloorReport, ...]:
    """Run the floor house once with each regulator of `floor_rules` (all by default), and measure.

    The first week (half of a shorter run) is left out of the comfort figures: the screed starts cold.

    Raises:
        ValueError: an unknown weather or regulator, or no time at all.
    """
    if weeks <= 0.0:
        raise ValueError(f"a simulation lasts longer than {weeks} weeks")
    begun = start or datetime(2026, 1, 5, 5, 0, tzinfo=UTC)
    rules = floor_rules(hysteresis_k)
    reports = []
    for name in regulators or tuple(rules):
        if name not in rules:
            raise ValueError(f"regulator: found {name!r}, allowed: {', '.join(rules)}")
        house = FloorHouse(begun, outdoor_course(weather, begun), seed=seed)
        regulator = rules[name](house)
        meter = _Meter(
            house, regulator, setback=weather == "setback", quiet=timedelta(weeks=min(1.0, weeks / 2))
        )
        for _ in range(round(weeks * 7 * 1440)):
            regulator.run(timedelta(minutes=1))
            meter.look()
        reports.append(
            meter.report(regulator=name, weather=weather, weeks=weeks, hysteresis_k=hysteresis_k, seed=seed)
        )
    return tuple(reports)


class _Meter:
    """Looks at the house once a minute."""

    def __init__(self, house: FloorHouse, regulator: FloorRule, *, setback: bool, quiet: timedelta) -> None:
        self.house, self.regulator, self.setback = house, regulator, setback
        self.begun = house.now
        self.from_ = self.begun + quiet
        self.samples = self.near = self.close = 0
        self.low_k, self.high_k = float("inf"), float("-inf")
        self.both_min = self.window_starts = self.switches = 0
        self.day_min: dict[date, int] = {}
        self.was_on = house.pump_on
        self.floor: Floor | None = None
        self.served_min = {"GF": 0, "FF": 0, "DHW": 0}
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
        if house.pump_on:
            served = {r.spec.floor.name for room, r in house.rooms.items() if house.valve_open(room)}
            for name in served or {"DHW"}:
                self.served_min[name] += 1
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

    def report(
        self, *, regulator: str, weather: str, weeks: float, hysteresis_k: float, seed: int
    ) -> FloorReport:
        house = self.house
        days = (house.now - self.begun).total_seconds() / 86400.0
        whole = [minutes for _, minutes in sorted(self.day_min.items())][1:-1]
        return FloorReport(
            regulator=regulator,
            weather=weather,
            weeks=weeks,
            hysteresis_k=hysteresis_k,
            seed=seed,
            within_0_3=self.near / self.samples,
            within_1_0=self.close / self.samples,
            min_error_k=self.low_k,
            max_error_k=self.high_k,
            pump_starts_per_day=house.starts / days,
            floor_switches_per_day=self.switches / days,
            pump_hours_per_day=sum(self.day_min.values()) / 60.0 / days,
            minutes_per_day={name: minutes / days for name, minutes in self.served_min.items()},
            electric_kwh=house.electric_kwh,
            heat_kwh=house.heat_kwh,
            quota_met_days=sum(m >= QUOTA_MIN for m in whole) / len(whole) if whole else 1.0,
            both_floors_open_s=60.0 * self.both_min,
            starts_in_off_window=self.window_starts,
        )
