"""The heating trials by the house's name, as rows that a table or a JSON document shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ohmstead.heating.heat_orchestrator import Settings as FloorSettings
from ohmstead.simulator.floor_trial import simulate_floors
from ohmstead.simulator.radiator_trial import RECOMMENDED_HYSTERESIS_K, simulate
from ohmstead.simulator.radiator_weather import Weather

HOUSES = ("radiators", "floors")
WEATHERS = tuple(Weather)
USUAL_HYSTERESIS_K = {
    "radiators": RECOMMENDED_HYSTERESIS_K,
    "floors": FloorSettings().heating_hyst_on,
}
_LINES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "radiators": (
        ("within ±0.3 K", "within_0_3", "{:.1%}"),
        ("by the sensor", "measured_within_0_3", "{:.1%}"),
        ("lowest, K", "min_error_k", "{:+.2f}"),
        ("highest, K", "max_error_k", "{:+.2f}"),
        ("valve cycles a day", "cycles_per_day", "{:.1f}"),
        ("heat, kWh", "energy_kwh", "{:.1f}"),
    ),
    "floors": (
        ("within ±0.3 K", "within_0_3", "{:.1%}"),
        ("within ±1 K", "within_1_0", "{:.1%}"),
        ("lowest, K", "min_error_k", "{:+.2f}"),
        ("highest, K", "max_error_k", "{:+.2f}"),
        ("pump starts a day", "pump_starts_per_day", "{:.1f}"),
        ("floor switches a day", "floor_switches_per_day", "{:.1f}"),
        ("GF, min a day", "minutes_per_day.GF", "{:.0f}"),
        ("FF, min a day", "minutes_per_day.FF", "{:.0f}"),
        ("DHW, min a day", "minutes_per_day.DHW", "{:.0f}"),
        ("days with DHW quota", "quota_met_days", "{:.0%}"),
        ("electricity, kWh", "electric_kwh", "{:.1f}"),
        ("starts in off window", "starts_in_off_window", "{:d}"),
        ("both floors open, h", "both_floors_open_s", "{:.0f}"),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatingTrial:
    """The same weeks under each regulator, the project's own first."""

    house: str
    hysteresis_k: float
    rows: list[dict[str, Any]]
    """One report a regulator, by the names of `RoomReport`'s and `FloorReport`'s figures."""

    def lines(self) -> list[list[str]]:
        """A table's lines: a figure's name, and the figure for each regulator."""
        return [
            [label, *(form.format(_figure(row, name)) for row in self.rows)]
            for label, name, form in _LINES[self.house]
        ]


def _figure(row: dict[str, Any], name: str) -> Any:
    head, _, key = name.partition(".")
    if head == "both_floors_open_s":
        return row[head] / 3600.0
    return row[head][key] if key else row[head]


def heating_trial(
    *, house: str, weather: Weather, weeks: float, hysteresis_k: float | None = None, seed: int = 1
) -> HeatingTrial:
    """Run a house of `HOUSES`; ``hysteresis_k`` in K below the target, the house's usual one by default.

    Raises:
        ValueError: an unknown house, or no time.
    """
    if house not in HOUSES:
        raise ValueError(f"house: found {house!r}, allowed: {', '.join(HOUSES)}")
    below_k = USUAL_HYSTERESIS_K[house] if hysteresis_k is None else hysteresis_k
    reports = (
        simulate(weather=weather, weeks=weeks, hysteresis_k=below_k, seed=seed)
        if house == "radiators"
        else simulate_floors(weather=weather, weeks=weeks, hysteresis_k=below_k, seed=seed)
    )
    return HeatingTrial(house=house, hysteresis_k=below_k, rows=[asdict(report) for report in reports])
