"""How much a vehicle still needs, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ohmstead.core.site import ChargePoint
from ohmstead.core.state import AssetState, ChargePointState


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleNeed:
    """What is missing until departure. ``grid_kwh`` is counted at the plug, losses included."""

    soc: float
    target_soc: float
    grid_kwh: float
    departure: datetime | None


def vehicle_need(point: ChargePoint, state: AssetState | None) -> VehicleNeed | None:
    """The need of the vehicle on a charge point; ``None`` if there is none or nobody knows its SoC."""
    if not isinstance(state, ChargePointState) or not state.connected or state.soc.value is None:
        return None
    target = point.target_soc if state.target_soc is None else state.target_soc
    missing = max(0.0, target - state.soc.value)
    return VehicleNeed(
        soc=state.soc.value,
        target_soc=target,
        grid_kwh=missing * point.vehicle_capacity_kwh / point.efficiency,
        departure=state.departure,
    )
