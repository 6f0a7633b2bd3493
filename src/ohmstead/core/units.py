"""Units and conversions used everywhere.

Names carry their unit: ``_w`` watt, ``_kwh`` kilowatt-hour, ``_a`` ampere, ``_v`` volt,
``_c`` degree Celsius, ``_s`` second, ``_eur_per_kwh``. SoC is a share, 0..1.
"""

from __future__ import annotations

from datetime import timedelta

NOMINAL_VOLTAGE_V = 230.0
"""Phase to neutral, IEC 60038."""

IEC61851_MIN_A = 6.0
"""Smallest charging current that mode 3 charging can signal (IEC 61851-1, annex A)."""

PHASES = 3

WATER_KWH_PER_L_K = 4186.0 / 3.6e6
"""Heat to warm one litre of water by one kelvin, kWh/(l·K)."""


def energy_kwh(power_w: float, duration_s: float) -> float:
    """Energy of a constant power over a time: W × s → kWh."""
    return power_w * duration_s / 3.6e6


def mean_power_w(energy_kwh_: float, duration_s: float) -> float:
    """Mean power that moves an energy in a time: kWh / s → W; 0 for an empty time."""
    return energy_kwh_ * 3.6e6 / duration_s if duration_s > 0 else 0.0


def seconds(duration: timedelta) -> float:
    """A timedelta in seconds."""
    return duration.total_seconds()
