"""The process image: everything measured, frozen once per control cycle.

A value that is missing is ``None`` with a quality that says why; it is never 0 and never an
exception.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ohmstead.core.site import AssetId


class Quality(StrEnum):
    """How far a value can be trusted."""

    GOOD = "good"
    STALE = "stale"
    """The last value is older than it may be."""
    MISSING = "missing"
    """There was never a value, or the device is gone."""
    INVALID = "invalid"
    """The device said something that cannot be (NaN, out of range)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One measured value, in the unit that the field holding it is named after."""

    value: float | None
    at: datetime | None = None
    quality: Quality = Quality.GOOD

    def __post_init__(self) -> None:
        """NaN and infinity become a missing value of quality INVALID."""
        if self.value is not None and not math.isfinite(self.value):
            object.__setattr__(self, "value", None)
            object.__setattr__(self, "quality", Quality.INVALID)

    @property
    def good(self) -> bool:
        """There is a value and it is fresh."""
        return self.quality is Quality.GOOD and self.value is not None

    def or_(self, default: float) -> float:
        """The value, or a default where there is none."""
        return default if self.value is None else self.value


MISSING = Reading(value=None, quality=Quality.MISSING)


@dataclass(frozen=True, kw_only=True, slots=True)
class GridState:
    """The meter at the connection. Import is positive."""

    power_w: Reading = MISSING
    phases_w: tuple[float, float, float] | None = None
    """Per phase, where the meter tells; else ``None``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetState:
    """What is known of one asset now. ``power_w`` in load convention."""

    id: AssetId
    power_w: Reading = MISSING
    phases_w: tuple[float, float, float] | None = None
    online: bool = True
    fault: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PvState(AssetState):
    """Photovoltaics; ``power_w`` ≤ 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadState(AssetState):
    """A household or flexible load."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryState(AssetState):
    """``soc`` as a share 0..1."""

    soc: Reading = MISSING


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargePointState(AssetState):
    """A charging station and the vehicle on its cable."""

    connected: bool = False
    charging: bool = False
    soc: Reading = MISSING
    """Of the vehicle, where it is known."""
    session_kwh: float = 0.0
    """Taken from the grid since the cable was plugged in."""
    departure: datetime | None = None
    """When the vehicle is to be at its target SoC; ``None`` where nobody said."""
    target_soc: float | None = None
    """Wish for this session; ``None``: the configured one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TankState(AssetState):
    """A hot-water tank, as its sensor in the upper third sees it."""

    temperature_c: Reading = MISSING


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatPumpState(AssetState):
    """A heat pump; ``supply_c`` is the temperature of the heating water."""

    running: bool = False
    supply_c: Reading = MISSING
    thermal_w: Reading = MISSING
    sg_ready: bool = False
    """It regulates itself and takes the four states of SG Ready instead of a power."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomState(AssetState):
    """A room; its electrical power is always 0."""

    temperature_c: Reading = MISSING
    target_c: float | None = None
    """What the people want now; ``None``: the configured target."""
    window_open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteState:
    """The frozen process image of one cycle.

    The household's own power is not metered in most homes; hosts that do not know it leave the
    asset out of ``assets`` and :meth:`residual_w` gives it.
    """

    at: datetime
    grid: GridState = field(default_factory=GridState)
    assets: Mapping[AssetId, AssetState] = field(default_factory=dict)
    outdoor_c: Reading = MISSING
    operator_limited: bool = False
    """The grid operator asks for its limit now."""

    def residual_w(self) -> float | None:
        """Power of everything that is behind the meter but not measured by itself, W."""
        if self.grid.power_w.value is None:
            return None
        return self.grid.power_w.value - sum(a.power_w.or_(0.0) for a in self.assets.values())
