"""Meter values: what a reading looks like on the wire, when samples are due (OCPP 1.6 §3.16, §7.31-7.45)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from ohmstead.ocpp.charge_point.configuration import PHASED, PHASES
from ohmstead.ocpp.times import write_time

MeterValue = dict[str, Any]


class Context(StrEnum):
    """Why a sample was taken."""

    BEGIN = "Transaction.Begin"
    END = "Transaction.End"
    PERIODIC = "Sample.Periodic"
    CLOCK = "Sample.Clock"
    TRIGGER = "Trigger"


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterReading:
    """What the meter of a connector shows. Import is positive; ``currents_a`` per phase."""

    energy_wh: float
    power_w: float = 0.0
    currents_a: tuple[float, ...] = (0.0,)
    voltage_v: float = 230.0
    offered_a: float = 0.0
    offered_w: float = 0.0
    soc_percent: float | None = None
    temperature_c: float = 25.0
    frequency_hz: float = 50.0


_UNITS: Final = {
    "Energy.Active.Import.Register": "Wh",
    "Power.Active.Import": "W",
    "Power.Offered": "W",
    "Current.Import": "A",
    "Current.Offered": "A",
    "Voltage": "V",
    "SoC": "Percent",
    "Temperature": "Celsius",
    "Frequency": "Hertz",
}


def meter_value(
    reading: MeterReading, measurands: Iterable[str], *, at: datetime, context: Context
) -> MeterValue | None:
    """One MeterValue; ``None`` where none of the measurands has a value."""
    samples = [sample for name in measurands for sample in _samples(reading, name, context)]
    return {"timestamp": write_time(at), "sampledValue": samples} if samples else None


def aligned_interval(now: datetime, interval_s: int) -> tuple[datetime, datetime]:
    """[start, end) of the running interval; intervals count from 00:00:00 UTC, and end there at the latest.

    Raises:
        ValueError: an interval of 0 means that none is wanted.
    """
    if interval_s <= 0:
        raise ValueError("clock-aligned samples are off")
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    past = int((now - midnight).total_seconds() // interval_s)
    start = midnight + timedelta(seconds=past * interval_s)
    return start, min(start + timedelta(seconds=interval_s), midnight + timedelta(days=1))


def thin_out(values: Sequence[MeterValue], most: int) -> list[MeterValue]:
    """At most so many values for StopTransaction: first and last stay, the middle is thinned evenly."""
    if len(values) <= most or most < 2:
        return list(values[:most] if most < 2 else values)
    step = (len(values) - 1) / (most - 1)
    return [values[round(n * step)] for n in range(most)]


def _samples(reading: MeterReading, name: str, context: Context) -> list[dict[str, str]]:
    measurand, _, phase = _split_phase(name)
    rows = _values(reading, measurand)
    if phase:
        rows = [row for row in rows if row[1] == phase]
    samples = []
    for value, of_phase in rows:
        sample = {"value": value, "context": context.value, "measurand": measurand}
        if of_phase:
            sample["phase"] = f"{of_phase}-N" if measurand == "Voltage" else of_phase
        sample["unit"] = _UNITS[measurand]
        samples.append(sample)
    return samples


def _split_phase(name: str) -> tuple[str, str, str]:
    head, dot, tail = name.rpartition(".")
    return (head, dot, tail) if tail in PHASES and head in PHASED else (name, "", "")


def _values(reading: MeterReading, measurand: str) -> list[tuple[str, str]]:
    """(value, phase) of a measurand; no phase: of all together."""
    phases = list(zip(PHASES, reading.currents_a, strict=False))
    match measurand:
        case "Energy.Active.Import.Register":
            return [(str(int(reading.energy_wh)), "")]
        case "Power.Active.Import":
            return [(f"{reading.power_w:.1f}", "")]
        case "Current.Import":
            return [(f"{current:.2f}", phase) for phase, current in phases]
        case "Voltage":
            return [(f"{reading.voltage_v:.1f}", phase) for phase, _ in phases]
        case "Current.Offered":
            return [(f"{reading.offered_a:.1f}", "")]
        case "Power.Offered":
            return [(f"{reading.offered_w:.0f}", "")]
        case "SoC":
            return [] if reading.soc_percent is None else [(f"{reading.soc_percent:.1f}", "")]
        case "Temperature":
            return [(f"{reading.temperature_c:.1f}", "")]
        case "Frequency":
            return [(f"{reading.frequency_hz:.2f}", "")]
    return []
