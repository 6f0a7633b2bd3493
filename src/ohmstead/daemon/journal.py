"""From cycles to minutes: means of everything measured, the decisions, and what a restart needs."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ohmstead.core.codec import to_data
from ohmstead.core.reason import Setpoint
from ohmstead.core.state import (
    AssetState,
    BatteryState,
    ChargePointState,
    HeatPumpState,
    RoomState,
    SiteState,
    TankState,
)
from ohmstead.core.tariff import PriceSlot
from ohmstead.daemon.ledger import Flow
from ohmstead.recorder.minute import DecisionRow, Minute

HOUSEHOLD = "household"


def minute_of(when: datetime) -> datetime:
    """Start of the minute that contains a moment."""
    return when.astimezone(UTC).replace(second=0, microsecond=0)


def values_of(
    state: SiteState, price: PriceSlot | None, metered: Collection[str] = ()
) -> dict[str, float | None]:
    """The series of one cycle by name: ``grid``, ``<asset>``, ``<asset>.soc``, ``<asset>.temperature_c`` …

    While an asset of ``metered`` does not answer, its power is somewhere in the residual; the
    household's is then unknown, so that forecasts do not learn a car as a kettle.
    """
    values: dict[str, float | None] = {
        "grid": state.grid.power_w.value,
        HOUSEHOLD: household_w(state) if all(_answers(state, m) for m in metered) else None,
        "outdoor_c": state.outdoor_c.value,
    }
    for asset_id, asset in state.assets.items():
        if not isinstance(asset, RoomState) and asset_id != HOUSEHOLD:
            values[asset_id] = asset.power_w.value
        values.update(_more(asset_id, asset))
    if price is not None:
        values["price.import"] = price.import_eur_per_kwh
        values["price.export"] = price.export_eur_per_kwh
    return values


def household_w(state: SiteState, load: str = HOUSEHOLD) -> float | None:
    """What the grid gives less all other assets, W: also what a meter of the household leaves out."""
    residual_w, own = state.residual_w(), state.assets.get(load)
    if residual_w is None or own is None:
        return residual_w
    return residual_w + own.power_w.or_(0.0)


def _answers(state: SiteState, asset_id: str) -> bool:
    known = state.assets.get(asset_id)
    return known is not None and known.online


def _more(asset_id: str, asset: AssetState) -> dict[str, float | None]:
    match asset:
        case BatteryState() | ChargePointState():
            return {f"{asset_id}.soc": asset.soc.value}
        case TankState() | RoomState():
            return {f"{asset_id}.temperature_c": asset.temperature_c.value}
        case HeatPumpState():
            return {f"{asset_id}.supply_c": asset.supply_c.value}
    return {}


@dataclass(slots=True)
class _Mean:
    total: float = 0.0
    weight: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenMinute:
    """What a minute has gathered so far: a daemon that restarts within it goes on with that.

    Args:
        start: of the minute.
        means: per series the sum of value × seconds, and the seconds.
        flow: energy and money booked in it.
    """

    start: datetime
    means: dict[str, tuple[float, float]]
    decisions: tuple[DecisionRow, ...]
    flow: Flow


@dataclass(slots=True)
class Journal:
    """Collects one minute after the other."""

    _start: datetime | None = None
    _means: dict[str, _Mean] = field(default_factory=dict)
    _decisions: list[DecisionRow] = field(default_factory=list)

    def due(self, now: datetime) -> bool:
        """The minute that is being collected is over (or the clock went back before it)."""
        return self._start is not None and minute_of(now) != self._start

    def add(self, now: datetime, duration_s: float, values: Mapping[str, float | None]) -> None:
        """Take the values that held for a stretch of time that ends now."""
        if self._start is None:
            self._start = minute_of(now)
        weight = max(duration_s, 1e-3)
        for name, value in values.items():
            if value is None or not math.isfinite(value):
                continue
            mean = self._means.setdefault(name, _Mean())
            mean.total += value * weight
            mean.weight += weight

    def decided(self, row: DecisionRow) -> None:
        """Keep a decision for the minute in which it was made."""
        self._decisions.append(row)

    def so_far(self, flow: Flow) -> OpenMinute | None:
        """The minute that is being collected; ``None`` if there is none."""
        if self._start is None:
            return None
        return OpenMinute(
            start=self._start,
            means={name: (mean.total, mean.weight) for name, mean in self._means.items()},
            decisions=tuple(self._decisions),
            flow=flow,
        )

    def resume(self, minute: OpenMinute) -> None:
        """Go on with a minute that was begun before."""
        self._start = minute.start
        self._means = {name: _Mean(total, weight) for name, (total, weight) in minute.means.items()}
        self._decisions = list(minute.decisions)

    def close(self, flow: Flow, states: Mapping[str, bytes]) -> Minute | None:
        """The minute that was collected; ``None`` if there is none."""
        if self._start is None:
            return None
        minute = Minute(
            start=self._start,
            values={n: m.total / m.weight for n, m in self._means.items() if m.weight > 0},
            import_kwh=flow.import_kwh,
            export_kwh=flow.export_kwh,
            import_eur=flow.import_eur,
            export_eur=flow.export_eur,
            baseline_eur=flow.baseline_eur,
            decisions=tuple(self._decisions),
            states=dict(states),
        )
        self._start, self._means, self._decisions = None, {}, []
        return minute


def decision_row(now: datetime, setpoint: Setpoint, previous_w: float | None) -> DecisionRow:
    """A setpoint and its reason as they go into the history."""
    reason = setpoint.reason
    return DecisionRow(
        at=now,
        asset=setpoint.asset,
        setpoint_w=setpoint.power_w,
        previous_w=previous_w,
        code=reason.rule.value,
        limit=None if reason.limit is None else reason.limit.value,
        detail=json.dumps(to_data(reason)),
        review_at=reason.review_at,
    )


def next_minute(when: datetime) -> datetime:
    """Start of the minute after the one that contains a moment."""
    return minute_of(when) + timedelta(minutes=1)
