"""Why: every setpoint carries its reason as data; hosts render it into sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import AssetId


class Rule(StrEnum):
    """The strategy that decided."""

    IDLE = "idle"
    """No strategy wanted anything of the asset."""
    MANUAL = "manual"
    LEGIONELLA = "legionella"
    TANK_COMFORT = "tank_comfort"
    ROOM_COMFORT = "room_comfort"
    FROST = "frost"
    VEHICLE_MIN_SOC = "vehicle_min_soc"
    BATTERY_MIN_SOC = "battery_min_soc"
    CHARGE_NOW = "charge_now"
    DEADLINE = "deadline"
    MIN_CURRENT = "min_current"
    PLAN_BUDGET = "plan_budget"
    CHEAP_HOURS = "cheap_hours"
    SURPLUS = "surplus"
    PEAK_SHAVING = "peak_shaving"
    SELF_CONSUMPTION = "self_consumption"
    HOLD = "hold"
    """The plan keeps the battery as it is: its energy is worth more later."""
    SHED = "shed"
    ALLOWED = "allowed"
    """A flexible load or a generator runs as it likes."""
    CURTAIL = "curtail"


class Limit(StrEnum):
    """What cut a wish down, or forced a power that nobody asked for."""

    DEVICE = "device"
    FUSE_L1 = "fuse_l1"
    FUSE_L2 = "fuse_l2"
    FUSE_L3 = "fuse_l3"
    CIRCUIT = "circuit"
    GRID_IMPORT = "grid_import"
    GRID_EXPORT = "grid_export"
    OPERATOR = "operator"
    RESERVE = "reserve"
    FULL = "full"
    MIN_ON = "min_on"
    MIN_OFF = "min_off"
    STARTS = "starts"
    STALE_METER = "stale_meter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why an asset gets the power it gets.

    Args:
        rule: the strategy that decided.
        params: figures for the sentence; each name carries its unit.
        limit: the limit that bound the result, if one did.
        without_limit_w: what the power would be without that limit.
        review_at: when the decision is looked at again, where that is known.
    """

    rule: Rule
    params: Mapping[str, float | str] = field(default_factory=dict)
    limit: Limit | None = None
    without_limit_w: float | None = None
    review_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A strategy's wish for one asset: a total power, load convention, and why.

    ``bought_w`` is the part that is meant to come from the grid: the battery does not serve it.
    """

    asset: AssetId
    power_w: float
    reason: Reason
    bought_w: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Setpoint:
    """What an asset is told, W, load convention; never without a reason and never NaN.

    ``send`` is False where the change is too small or repeats what the device already follows.
    ``nominal_w`` is what a charger must be told to get ``power_w`` out of a vehicle that uses fewer
    phases than the charger has; ``None``: the power itself.
    ``sg_ready`` is what a heat pump with such contacts is told instead of a power.

    Raises:
        ValueError: the power is not finite.
    """

    asset: AssetId
    power_w: float
    reason: Reason
    send: bool = True
    nominal_w: float | None = None
    sg_ready: SgReady | None = None

    @property
    def told_w(self) -> float:
        """What goes to the device, W."""
        return self.power_w if self.nominal_w is None else self.nominal_w

    def __post_init__(self) -> None:
        if not math.isfinite(self.power_w):
            raise ValueError(f"setpoint of {self.asset} is not finite: {self.power_w}")
