"""What a charger measured, out of MeterValues and of a transaction's data (OCPP 1.6, 7.38 SampledValue).

Everything is optional in the wild: units are left out or misspelt, values are empty, phases come
without a sum or the sum without phases. What cannot be read or cannot be is left out, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from ohmstead.ocpp.central.times import plausible_time

PerPhase = tuple[float | None, float | None, float | None]

REGISTER = "Energy.Active.Import.Register"
MAX_SAMPLES = 1000
"""Of one message; a longer one holds what a home never measures."""


class MeterSample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One moment of one connector. ``None`` where the charger did not say.

    ``power_w`` is positive into the vehicle. ``energy_wh`` is the register, which never runs backwards
    but for a change of the meter.
    """

    at: datetime | None
    context: str = "Sample.Periodic"
    energy_wh: float | None = None
    power_w: float | None = None
    phases_w: PerPhase | None = None
    phases_a: PerPhase | None = None
    current_a: float | None = None
    """Told without a phase."""
    phases_v: PerPhase | None = None
    voltage_v: float | None = None
    offered_a: float | None = None
    offered_w: float | None = None
    soc: float | None = None
    """Share 0..1."""
    temperature_c: float | None = None
    frequency_hz: float | None = None
    others: Mapping[str, float] = msgspec.field(default_factory=dict)
    """What else was measured, by measurand, in its SI unit."""


_FACTORS: Mapping[str, float] = {
    "": 1.0,
    "wh": 1.0,
    "kwh": 1e3,
    "varh": 1.0,
    "kvarh": 1e3,
    "w": 1.0,
    "kw": 1e3,
    "va": 1.0,
    "kva": 1e3,
    "var": 1.0,
    "kvar": 1e3,
    "a": 1.0,
    "v": 1.0,
    "percent": 1.0,
    "%": 1.0,
    "hertz": 1.0,
    "hz": 1.0,
    "celsius": 1.0,
    "celcius": 1.0,
    "c": 1.0,
    "k": 1.0,
    "fahrenheit": 1.0,
}
_RANGES: Mapping[str, tuple[float, float]] = {
    "Energy.Active.Import.Register": (0.0, 1e12),
    "Power.Active.Import": (-1e6, 1e6),
    "Power.Active.Export": (-1e6, 1e6),
    "Power.Offered": (0.0, 1e6),
    "Current.Import": (-2e3, 2e3),
    "Current.Offered": (0.0, 2e3),
    "Voltage": (0.0, 1.5e3),
    "SoC": (0.0, 100.0),
    "Frequency": (0.0, 100.0),
    "Temperature": (-60.0, 200.0),
}
_ANY = (-1e12, 1e12)
_PHASES: Mapping[str, int] = {"L1": 0, "L1-N": 0, "L2": 1, "L2-N": 1, "L3": 2, "L3-N": 2}
_UNUSABLE = -1
"""Neutral, and voltages between phases: no phase of ours."""

BEST_RANK = 2
_RANKS: Mapping[str, int] = {"Outlet": BEST_RANK, "Cable": 1, "Inlet": 1}
"""Where several places of one thing are measured, the outlet counts; a vehicle tells its SoC only."""


def parse_meter_values(entries: object) -> tuple[MeterSample, ...]:
    """The moments of a ``meterValue`` or ``transactionData`` list, in its order. Never raises."""
    if not isinstance(entries, list):
        return ()
    found = []
    for entry in entries[:MAX_SAMPLES]:
        if isinstance(entry, dict):
            sampled = entry.get("sampledValue")
            found.append(
                _sample(plausible_time(entry.get("timestamp")), sampled if isinstance(sampled, list) else ())
            )
    return tuple(found)


def number(text: object) -> float | None:
    """A number as chargers write it: text, with a comma too; ``None`` where it is none."""
    if isinstance(text, str):
        try:
            value = float(text)
        except ValueError:
            try:
                value = float(text.replace(",", "."))
            except ValueError:
                return None
    elif isinstance(text, int | float) and not isinstance(text, bool):
        value = float(text) if abs(text) < 1e18 else math.inf
    else:
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one kind of sampled value is to us.

    ``phase``: index, ``None`` without one. ``rank``: of its place, see :data:`_RANKS`. ``convert``: after
    the factor.
    """

    measurand: str
    phase: int | None
    rank: int
    factor: float
    convert: Callable[[float], float] | None
    low: float
    high: float


@lru_cache(maxsize=2048)
def _kind(measurand: str, unit: str, phase: str, location: str) -> _Kind | None:
    """A kind by the words of a sampled value; ``None`` for what cannot be used. A charger uses few kinds."""
    unit = unit.lower()
    factor = _FACTORS.get(unit)
    index = _PHASES.get(phase, _UNUSABLE) if phase else None
    rank = _RANKS.get(location, 0) if location else _RANKS["Outlet"]
    if factor is None or index == _UNUSABLE or (rank == 0 and measurand not in _ANYWHERE):
        return None
    low, high = _RANGES.get(measurand, _ANY)
    return _Kind(measurand, index, rank, factor, _conversion(measurand, unit), low, high)


def _conversion(measurand: str, unit: str) -> Callable[[float], float] | None:
    if measurand == "SoC":
        return _full
    return _TO_CELSIUS.get(unit) if measurand == "Temperature" else None


def _full(percent: float) -> float:
    """Some vehicles count a little beyond full."""
    return 100.0 if 100.0 < percent <= 105.0 else percent


_TO_CELSIUS: Mapping[str, Callable[[float], float]] = {
    "k": lambda kelvin: kelvin - 273.15,
    "fahrenheit": lambda fahrenheit: (fahrenheit - 32.0) / 1.8,
}


def _sample(at: datetime | None, sampled: Iterable[Any]) -> MeterSample:
    totals: dict[str, float] = {}
    phases: dict[str, list[float | None]] = {}
    lower: dict[tuple[str, int | None], int] = {}
    context = None
    for item in sampled:
        if not isinstance(item, dict) or item.get("format") == "SignedData":
            continue
        try:
            kind = _kind(
                item.get("measurand") or REGISTER,
                item.get("unit") or "",
                item.get("phase") or "",
                item.get("location") or "",
            )
        except (TypeError, AttributeError):  # no words
            continue
        value = number(item.get("value"))
        if kind is None or value is None:
            continue
        value *= kind.factor
        if kind.convert is not None:
            value = kind.convert(value)
        if not kind.low <= value <= kind.high:
            continue
        if context is None:
            context = item.get("context")
        if kind.rank == BEST_RANK:
            if lower:
                lower.pop((kind.measurand, kind.phase), None)
        elif _outranked(kind, totals, phases, lower):
            continue
        if kind.phase is None:
            totals[kind.measurand] = value
        else:
            phases.setdefault(kind.measurand, [None, None, None])[kind.phase] = value
    return _build(at, context if isinstance(context, str) else "Sample.Periodic", totals, phases)


def _outranked(
    kind: _Kind,
    totals: Mapping[str, float],
    phases: Mapping[str, list[float | None]],
    lower: dict[tuple[str, int | None], int],
) -> bool:
    """The same was measured at a better place already. ``lower``: ranks of what was not at the best."""
    key = (kind.measurand, kind.phase)
    if kind.phase is None:
        there = totals.get(kind.measurand)
    else:
        there = phases[kind.measurand][kind.phase] if kind.measurand in phases else None
    if there is not None and lower.get(key, BEST_RANK) > kind.rank:
        return True
    lower[key] = kind.rank
    return False


_ANYWHERE = ("SoC", "Temperature")
"""What counts wherever it is measured."""
_NAMED = frozenset(
    {
        "Energy.Active.Import.Register",
        "Power.Active.Import",
        "Power.Active.Export",
        "Power.Offered",
        "Current.Import",
        "Current.Offered",
        "Voltage",
        "SoC",
        "Temperature",
        "Frequency",
    }
)


def _build(
    at: datetime | None, context: str, totals: dict[str, float], phases: dict[str, list[float | None]]
) -> MeterSample:
    power_w, phases_w = _power(totals, phases)
    energy_wh = totals.get("Energy.Active.Import.Register")
    if energy_wh is None:
        energy_wh = _sum(phases.get("Energy.Active.Import.Register"))
    soc = totals.get("SoC")
    offered_a = totals.get("Current.Offered")
    if offered_a is None:
        offered_a = _largest(phases.get("Current.Offered"))
    return MeterSample(
        at=at,
        context=context,
        energy_wh=energy_wh,
        power_w=power_w,
        phases_w=phases_w,
        phases_a=_tuple(phases.get("Current.Import")),
        current_a=totals.get("Current.Import"),
        phases_v=_tuple(phases.get("Voltage")),
        voltage_v=totals.get("Voltage"),
        offered_a=offered_a,
        offered_w=totals.get("Power.Offered"),
        soc=None if soc is None else soc / 100.0,
        temperature_c=totals.get("Temperature"),
        frequency_hz=totals.get("Frequency"),
        others={name: value for name, value in totals.items() if name not in _NAMED},
    )


def _power(
    totals: Mapping[str, float], phases: Mapping[str, list[float | None]]
) -> tuple[float | None, PerPhase | None]:
    """Import less export; a vehicle that gives power back makes it negative."""
    taken = totals.get("Power.Active.Import")
    given = totals.get("Power.Active.Export")
    by_phase = phases.get("Power.Active.Import")
    if taken is None:
        taken = _sum(by_phase)
    if given is None:
        given = _sum(phases.get("Power.Active.Export"))
    if taken is None and given is None:
        return None, None
    per_phase = _tuple(by_phase) if not given else None
    return (taken or 0.0) - (given or 0.0), per_phase


def _sum(values: list[float | None] | None) -> float | None:
    known = [value for value in values or () if value is not None]
    return sum(known) if known else None


def _largest(values: list[float | None] | None) -> float | None:
    return max((value for value in values or () if value is not None), default=None)


def _tuple(values: list[float | None] | None) -> PerPhase | None:
    return None if values is None else (values[0], values[1], values[2])
