"""A vehicle at a charge point: which powers are possible and what reaches its battery."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.core.site import ChargePoint, Phases
from ohmstead.core.units import PHASES


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingRange:
    """0 or anything in [min_w, max_w] at the grid side."""

    min_w: float
    max_w: float


def charging_range(charge_point: ChargePoint) -> ChargingRange:
    """The powers of a charge point.

    IEC 61851-1 cannot signal less than 6 A per phase. With phase switching the range begins at
    one phase; the small hole between 1 × max and 3 × min is met by switching inside a step.
    """
    phases = PHASES if charge_point.phases is Phases.ALL else 1
    lowest = 1 if charge_point.phase_switching else phases
    return ChargingRange(
        min_w=charge_point.min_a * charge_point.voltage_v * lowest,
        max_w=charge_point.max_a * charge_point.voltage_v * phases,
    )


def grid_kwh(charge_point: ChargePoint, *, from_soc: float, to_soc: float) -> float:
    """Energy at the grid side that lifts the SoC, kWh; 0 where nothing is missing."""
    missing_kwh = max(0.0, to_soc - from_soc) * charge_point.vehicle_capacity_kwh
    return missing_kwh / charge_point.efficiency
