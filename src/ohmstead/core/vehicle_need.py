"""How much a vehicle still needs, and how long that takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ohmstead.core.site import ChargePoint
from ohmstead.core.state import AssetState, ChargePointState

UNKNOWN_SOC = 0.4
"""SoC on arrival of a vehicle that does not tell it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleNeed:
    """What is missing until departure. ``grid_kwh`` is counted at the plug, losses included."""

    soc: float
    target_soc: float
    grid_kwh: float
    departure: datetime | None


def vehicle_need(point: ChargePoint, state: AssetState | None) -> VehicleNeed | None:
    """The need of the vehicle on a charge point; ``None`` if there is none.

    A vehicle that does not tell its SoC is taken to have come with :data:`UNKNOWN_SOC`, and to have now
    what it was charged with since.
    """
    if not isinstance(state, ChargePointState) or not state.connected:
        return None
    soc = state.soc.value
    if soc is None:
        charged = max(0.0, state.session_kwh) * point.efficiency / point.vehicle_capacity_kwh
        soc = min(1.0, UNKNOWN_SOC + charged)
    target = point.target_soc if state.target_soc is None else state.target_soc
    missing = max(0.0, target - soc)
    return VehicleNeed(
        soc=soc,
        target_soc=target,
        grid_kwh=missing * point.vehicle_capacity_kwh / point.efficiency,
        departure=state.departure,
    )
