"""How well the heating regulators keep rooms warm, beside plain rules over the same winter weeks.

Simulated, so every run gives the same figures; three to four minutes of one core.
"""

from __future__ import annotations

from ohmstead.heating.room_controller import Settings
from ohmstead.simulator.floor_trial import FloorReport, simulate_floors
from ohmstead.simulator.radiator_house import other_houses
from ohmstead.simulator.radiator_trial import RECOMMENDED_HYSTERESIS_K, TrialReport, simulate
from ohmstead.simulator.radiator_weather import Weather

WEEKS = 4.0
OTHER_WEEKS = 1.0
FLOOR_WEEKS = 2.0
DEFAULT_HYSTERESIS_K = Settings(name="").hysteresis_k
NAMES = {"learned": "**learned**", "hysteresis": "hysteresis", "fixed_time": "fixed time"}


def table() -> str:
    """Radiators by weather and hysteresis, the regulator in other houses, and the floors."""
    return "\n\n".join([_radiators(), _other_houses(), _floors()])


def _radiators() -> str:
    lines = [
        (
            "| weeks | hysteresis | regulator | within ±0.3 K | worst room | by the sensor | lowest K "
            "| highest K | cycles/day | heat kWh |"
        ),
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for weather in Weather:
        for hysteresis_k in (RECOMMENDED_HYSTERESIS_K, DEFAULT_HYSTERESIS_K):
            reports = simulate(weather=weather, weeks=WEEKS, hysteresis_k=hysteresis_k)
            lines += [f"| {weather} | {hysteresis_k:g} K | {_radiator_row(r)} |" for r in reports]
    return "\n".join(lines)


def _radiator_row(r: TrialReport) -> str:
    worst = min(room.within_0_3 for room in r.rooms)
    return (
        f"{NAMES[r.regulator]} | {r.within_0_3:.1%} | {worst:.1%} | {r.measured_within_0_3:.1%} "
        f"| {r.min_error_k:+.2f} | {r.max_error_k:+.2f} | {r.cycles_per_day:.0f} | {r.energy_kwh:.0f}"
    )


def _other_houses() -> str:
    lines = [
        (
            "| another house, 0.2 K | weeks | learned | hysteresis | fixed time | lowest K | highest K "
            "| cycles/day |"
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, rooms in other_houses().items():
        for weather in (Weather.MILD, Weather.COLD):
            reports = simulate(weather=weather, weeks=OTHER_WEEKS, rooms=rooms)
            ours, shares = reports[0], " | ".join(f"{r.within_0_3:.1%}" for r in reports)
            lines.append(
                f"| {name} | {weather} | {shares} | {ours.min_error_k:+.2f} | {ours.max_error_k:+.2f} "
                f"| {ours.cycles_per_day:.0f} |"
            )
    return "\n".join(lines)


def _floors() -> str:
    lines = [
        (
            "| floors, weeks | regulator | within ±0.3 K | ±1 K | lowest K | starts/day | GF h/day "
            "| FF h/day | DHW h/day | quota met | kWh | starts in the off window | both open h |"
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for weather in Weather:
        reports = simulate_floors(weather=weather, weeks=FLOOR_WEEKS)
        lines += [f"| {weather} | {_floor_row(r)} |" for r in reports]
    return "\n".join(lines)


def _floor_row(r: FloorReport) -> str:
    hours = " | ".join(f"{r.minutes_per_day[name] / 60.0:.1f}" for name in ("GF", "FF", "DHW"))
    return (
        f"{r.regulator.replace('_', ' ')} | {r.within_0_3:.0%} | {r.within_1_0:.0%} | {r.min_error_k:+.1f} "
        f"| {r.pump_starts_per_day:.1f} | {hours} | {r.quota_met_days:.0%} | {r.electric_kwh:.0f} "
        f"| {r.starts_in_off_window} | {r.both_floors_open_s / 3600.0:.0f}"
    )
