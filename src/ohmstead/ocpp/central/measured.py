"""Power out of what a charger measures: told, or from currents and voltages."""

from __future__ import annotations

from ohmstead.ocpp.central.limit_profile import Wiring
from ohmstead.ocpp.central.meter_values import MeterSample

Phases = tuple[float, float, float]


def phases_of(sample: MeterSample, wiring: Wiring) -> Phases | None:
    """W on each phase, where the charger tells powers or currents per phase."""
    if sample.phases_w is not None:
        return _filled(sample.phases_w)
    if sample.phases_a is None:
        return None
    volts = sample.phases_v or (None, None, None)
    fallback_v = sample.voltage_v or wiring.voltage_v
    l1, l2, l3 = (
        None if a is None else a * (v if v else fallback_v)
        for a, v in zip(sample.phases_a, volts, strict=True)
    )
    return _filled((l1, l2, l3))


def power_of_sample(sample: MeterSample, wiring: Wiring) -> float | None:
    """W in total; ``None`` where neither powers nor currents are told."""
    if sample.power_w is not None:
        return sample.power_w
    phases = phases_of(sample, wiring)
    if phases is not None:
        return sum(phases)
    if sample.current_a is not None:
        return sample.current_a * (sample.voltage_v or wiring.voltage_v) * wiring.phases
    return None


def _filled(values: tuple[float | None, float | None, float | None]) -> Phases | None:
    """A phase that is not told carries nothing, where another one is told."""
    if all(value is None for value in values):
        return None
    l1, l2, l3 = (0.0 if value is None else value for value in values)
    return (l1, l2, l3)
