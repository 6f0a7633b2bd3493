"""What makes a thing of a nymea box take a power."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ohmstead.core.flexibility import three_phase_min_w
from ohmstead.core.sg_ready import SgReady, wish_of
from ohmstead.core.site import Asset, ChargePoint, HeatPump, HotWaterTank, Phases
from ohmstead.errors import DeviceError
from ohmstead.nymea.box import BoxThing

Order = tuple[str, Any]
"""An action by its name, and the value of its parameter."""


SG_READY = "sgReadyMode"
"""The state of a ``smartgridheatpump``, and the action of the same name."""
SG_READY_MODES: Mapping[SgReady, str] = {
    SgReady.BLOCKED: "Off",
    SgReady.NORMAL: "Standard",
    SgReady.RECOMMENDED: "High",
    SgReady.FORCED: "High",
}
"""nymea has one mode for both boosts; the pump's wiring decides which of them it is."""


def orders(asset: Asset, thing: BoxThing, power_w: float) -> list[Order]:
    """What makes a thing take a power, in the order in which it is to be told: phases, current, then power.

    Raises:
        DeviceError: the thing has nothing that could do it.
    """
    actions = thing.box_class.actions
    match asset:
        case ChargePoint():
            return _charging(asset, thing, power_w)
        case HeatPump() if SG_READY in actions:
            return [(SG_READY, SG_READY_MODES[wish_of(asset, power_w)])]
        case HotWaterTank() if "percentage" in actions and asset.max_w > 0:
            share = min(1.0, max(0.0, power_w / asset.max_w))
            switch: list[Order] = [("power", power_w > 0.0)] if "power" in actions else []
            return [("percentage", round(100 * share)), *switch]
    if "power" not in actions:
        raise DeviceError(f"{asset.id}: {thing.name!r} has no action that switches it")
    return [("power", power_w > 0.0)]


def _charging(point: ChargePoint, thing: BoxThing, power_w: float) -> list[Order]:
    actions = thing.box_class.actions
    if power_w <= 0.0:
        return [("power", False)]
    phases = 3 if point.phases is Phases.ALL else 1
    found: list[Order] = []
    if "desiredPhaseCount" in actions and point.phase_switching:
        phases = phases if power_w >= three_phase_min_w(point) else 1
        found.append(("desiredPhaseCount", phases))
    low_a, high_a = (_limit(limit) for limit in thing.ranges.get("maxChargingCurrent", (None, None)))
    current_a = power_w / (phases * point.voltage_v)
    # Never more than was allowed: a whole number of tenths below, and off where that is too little.
    current_a = math.floor(10 * min(current_a, point.max_a, high_a or point.max_a) + 1e-6) / 10
    if current_a < max(point.min_a, low_a or 0.0) - 1e-6:
        return [("power", False)]
    if "maxChargingCurrent" in actions:
        found.append(("maxChargingCurrent", current_a))
    return [*found, ("power", True)]


def _limit(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
