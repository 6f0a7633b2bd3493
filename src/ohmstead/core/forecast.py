"""What the coming hours are expected to bring, as data on one even grid of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ohmstead.core.site import AssetId

QUARTER_S = 900


def quarter_start(when: datetime) -> datetime:
    """Start of the quarter hour that contains a moment (UTC)."""
    over = timedelta(minutes=when.minute % 15, seconds=when.second, microseconds=when.microsecond)
    return when - over


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleSession:
    """One expected stay of a vehicle at a charge point, [arrive, depart). SoC as shares 0..1."""

    asset: AssetId
    arrive: datetime
    depart: datetime
    arrive_soc: float
    target_soc: float

    def __post_init__(self) -> None:
        if self.depart <= self.arrive:
            raise ValueError(f"session of {self.asset}: departure {self.depart} is not after {self.arrive}")
        for name, soc in (("arrive_soc", self.arrive_soc), ("target_soc", self.target_soc)):
            if not 0.0 <= soc <= 1.0:
                raise ValueError(f"session of {self.asset}: {name} is {soc}, allowed is 0..1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Expected means per step; step ``i`` is [start + i·step_s, start + (i+1)·step_s).

    ``load_w``, ``pv_w``, ``outdoor_c`` and ``hot_water_w`` have the same length; the optional
    series are empty or have that length too. Load convention: ``load_w`` ≥ 0, ``pv_w`` ≤ 0.

    Args:
        made_at: when it was made.
        start: start of the quarter hour that contains ``made_at``.
        load_w: what the household takes, without the assets that are planned.
        pv_w: what the generators could give, before any curtailment.
        hot_water_w: heat drawn from the tank, thermal.
        solar_gain_w: sun through the windows into the heated rooms, thermal, all rooms together.
        internal_gain_w: people and appliances, thermal, all rooms together.
        sessions: stays of vehicles that are still to come (or running, where the charge point
            does not know its departure).
        load_low_w: the 10 % quantile of the load; ``load_high_w`` the 90 % one.
        pv_low_w: the 10 % quantile of ``pv_w`` as a signed number, so the *stronger* sun;
            ``pv_high_w`` the 90 % one, the weaker sun.

    Raises:
        ValueError: lengths differ, a value is not finite or has the wrong sign, or ``start`` is
            not the start of a quarter hour.
    """

    made_at: datetime
    start: datetime
    step_s: int = QUARTER_S
    load_w: tuple[float, ...]
    pv_w: tuple[float, ...]
    outdoor_c: tuple[float, ...]
    hot_water_w: tuple[float, ...]
    solar_gain_w: tuple[float, ...] = ()
    internal_gain_w: tuple[float, ...] = ()
    sessions: tuple[VehicleSession, ...] = ()
    load_low_w: tuple[float, ...] = ()
    load_high_w: tuple[float, ...] = ()
    pv_low_w: tuple[float, ...] = ()
    pv_high_w: tuple[float, ...] = ()
    sources: tuple[str, ...] = field(default=())
    """Where the series come from, for people to read."""

    def __post_init__(self) -> None:
        if self.start != quarter_start(self.start):
            raise ValueError(f"start {self.start} is not the start of a quarter hour")
        n = len(self.load_w)
        if n == 0 or self.step_s <= 0:
            raise ValueError("a forecast has at least one step of a positive length")
        for name in ("load_w", "pv_w", "outdoor_c", "hot_water_w"):
            self._check(name, n, may_be_empty=False)
        for name in ("solar_gain_w", "internal_gain_w", "load_low_w", "load_high_w", "pv_low_w", "pv_high_w"):
            self._check(name, n, may_be_empty=True)
        if min(self.load_w) < 0.0 or min(self.hot_water_w) < 0.0:
            raise ValueError("load_w and hot_water_w are ≥ 0")
        if max(self.pv_w) > 0.0:
            raise ValueError("pv_w is ≤ 0 (load convention)")

    def _check(self, name: str, n: int, *, may_be_empty: bool) -> None:
        values: tuple[float, ...] = getattr(self, name)
        if len(values) != n and not (may_be_empty and not values):
            raise ValueError(f"{name} has {len(values)} steps, load_w has {n}")
        for i, value in enumerate(values):
            if not math.isfinite(value):
                raise ValueError(f"{name}[{i}] is {value}")

    @property
    def end(self) -> datetime:
        """End of the last step."""
        return self.start + timedelta(seconds=self.step_s * len(self.load_w))
