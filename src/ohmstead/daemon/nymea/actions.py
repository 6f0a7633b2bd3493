"""What an action on a thing means: a power by hand, or its end.

Pure: the host gives the command to the engine, where every limit binds it like any other wish.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ohmstead.core.site import Asset, ChargePoint, FlexibleLoad, HeatPump, HotWaterTank
from ohmstead.daemon.nymea.classes import AUTOMATIC
from ohmstead.daemon.nymea.states import Wish, phases_of
from ohmstead.nymea.site_values import ThingError


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be done with an asset.

    Args:
        power_w: the power by hand; ``None`` with ``withdraw``: the engine decides again.
        wish: what is remembered of a charger besides.
    """

    power_w: float | None = None
    withdraw: bool = False
    wish: Wish | None = None


def asked(asset: Asset, action: str, value: Any, *, wish: Wish, running_w: float) -> Asked | ThingError:
    """The meaning of an action; its value fits the type and range of the state already.

    Args:
        wish: what was set on the charger before.
        running_w: what the asset is told now, W.
    """
    if action == AUTOMATIC:
        return Asked(withdraw=True)
    match asset:
        case ChargePoint():
            return _charger(asset, action, value, wish, running_w)
        case HotWaterTank():
            share = float(value) / 100 if action == "percentage" else float(value)
            return Asked(power_w=share * asset.max_w)
        case FlexibleLoad():
            return Asked(power_w=asset.max_w if value else 0.0)
        case HeatPump():
            return _heat_pump(asset, value)
    return ThingError.UNSUPPORTED_FEATURE


def _charger(point: ChargePoint, action: str, value: Any, wish: Wish, running_w: float) -> Asked | ThingError:
    if action == "power" and not value:
        return Asked(power_w=0.0)
    if action == "maxChargingCurrent":
        if not point.min_a <= value <= point.max_a:
            return ThingError.INVALID_PARAMETER
        wish = replace(wish, current_a=float(value))
    elif action == "desiredPhaseCount":
        wish = replace(wish, phase_count=int(value))
    if action != "power" and running_w <= 0.0:
        # It is remembered for the next start; setting a current does not start anything.
        return Asked(wish=wish)
    return Asked(power_w=_charging_w(point, wish), wish=wish)


def _charging_w(point: ChargePoint, wish: Wish) -> float:
    phases = min(wish.phase_count or phases_of(point), phases_of(point))
    current_a = point.max_a if wish.current_a is None else wish.current_a
    return phases * current_a * point.voltage_v


def _heat_pump(pump: HeatPump, mode: Any) -> Asked:
    """``Standard`` is the neutral state: the engine decides. ``Low`` is the least that it can run at."""
    match mode:
        case "Off":
            return Asked(power_w=0.0)
        case "Low":
            return Asked(power_w=pump.min_w)
        case "High":
            return Asked(power_w=pump.max_w)
    return Asked(withdraw=True)
