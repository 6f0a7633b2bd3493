"""What a device could do right now, before any limit of the house: the base of its bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ohmstead.core.bounds import EPSILON_W, ZERO, Bounds, Span
from ohmstead.core.reason import Limit
from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    HeatPump,
    HotWaterTank,
    Phases,
)
from ohmstead.core.state import AssetState, BatteryState, ChargePointState

Controllable = Battery | ChargePoint | HotWaterTank | HeatPump
"""The assets whose power the dispatcher sets; flexible loads and PV are only shed or curtailed."""

PhaseShares = tuple[float, float, float]
"""Share of an asset's power on L1, L2, L3; a limit takes each by itself, so they may sum to more than 1."""

SHARES: dict[Phases, PhaseShares] = {
    Phases.ALL: (1 / 3, 1 / 3, 1 / 3),
    Phases.L1: (1.0, 0.0, 0.0),
    Phases.L2: (0.0, 1.0, 0.0),
    Phases.L3: (0.0, 0.0, 1.0),
    Phases.UNKNOWN: (1.0, 1.0, 1.0),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Flexibility:
    """What one controllable device admits now.

    Args:
        bounds: its admissible powers.
        shares: phase shares per span of ``bounds`` by its upper end: the first entry whose power
            is not below the asked one counts.
        step_w: changes smaller than this are not worth a command.
        reaction_s: how long it may take to follow a command.
        min_on_s: shortest time to run once started.
        min_off_s: shortest time to stand once stopped.
        max_starts_per_h: how often it may start within any hour; ``None``: as often as it likes.
    """

    asset: AssetId
    bounds: Bounds
    shares: tuple[tuple[float, PhaseShares], ...]
    step_w: float = 50.0
    reaction_s: float = 10.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0
    max_starts_per_h: int | None = None

    @property
    def phase_unknown(self) -> bool:
        """Whether it is on one phase and nobody knows on which."""
        return sum(self.shares[-1][1]) > 1.5

    def top_of_stage_w(self, power_w: float) -> float:
        """The most that can be taken without closing another relay: one more stage, more phases."""
        tops = [high for _, high in self.bounds.spans] + [up_to for up_to, _ in self.shares]
        return min((top for top in tops if top >= power_w - EPSILON_W), default=self.bounds.high_w)

    def shares_at(self, power_w: float) -> PhaseShares:
        """How a power spreads over the phases."""
        for up_to_w, shares in self.shares:
            if power_w <= up_to_w:
                return shares
        return self.shares[-1][1]


def is_controllable(asset: Asset) -> bool:
    """Whether the dispatcher sets this asset's power."""
    return isinstance(asset, Controllable)


def flexibility(asset: Controllable, state: AssetState) -> Flexibility | None:
    """What an asset admits in a state; ``None`` where it cannot be commanded (offline, faulty, unlike it)."""
    if not state.online or state.fault is not None or not isinstance(state, _STATE[type(asset)]):
        return None
    describe: Callable[..., Flexibility] = _DESCRIBE[type(asset)]
    return describe(asset, state)


def _even(phases: Phases) -> tuple[tuple[float, PhaseShares], ...]:
    return ((float("inf"), SHARES[phases]),)


def _battery(asset: Battery, state: BatteryState) -> Flexibility:
    low, high = -asset.max_discharge_w, asset.max_charge_w
    by_low = by_high = None
    soc = state.soc.value
    if soc is None:
        low = high = 0.0
        by_low = by_high = Limit.DEVICE
    else:
        if soc >= asset.max_soc:
            high, by_high = 0.0, Limit.FULL
        if soc <= 0.0:
            low, by_low = 0.0, Limit.DEVICE
    return Flexibility(
        asset=asset.id,
        bounds=Bounds(spans=((low, high),), low_by=by_low, high_by=by_high),
        shares=_even(asset.phases),
        step_w=25.0,
        reaction_s=5.0,
    )


def charge_spans(asset: ChargePoint) -> tuple[Span, ...]:
    """The charging powers that a charge point can signal, W, without 0."""
    one = (asset.min_a * asset.voltage_v, asset.max_a * asset.voltage_v)
    if asset.phases is not Phases.ALL:
        return (one,)
    three = (3 * one[0], 3 * one[1])
    if not asset.phase_switching:
        return (three,)
    return (one, three) if one[1] < three[0] else ((one[0], three[1]),)


def three_phase_min_w(asset: ChargePoint) -> float:
    """From here on a charger that can change its phases uses three, W."""
    return 3 * asset.min_a * asset.voltage_v


def one_phase_max_w(asset: ChargePoint) -> float:
    """The most that a charger that can change its phases takes on one, W."""
    return min(asset.max_a * asset.voltage_v, three_phase_min_w(asset) - 1.0)


def _charge_point(asset: ChargePoint, state: ChargePointState) -> Flexibility:
    spans = charge_spans(asset)
    shares: tuple[tuple[float, PhaseShares], ...] = _even(asset.phases)
    if asset.phase_switching and asset.phases is Phases.ALL:
        shares = ((one_phase_max_w(asset), SHARES[Phases.L1]), *shares)
    bounds = Bounds(spans=((0.0, 0.0), *spans))
    if not state.connected:
        bounds = Bounds(spans=ZERO.spans, high_by=Limit.DEVICE)
    elif state.soc.value is not None and state.soc.value >= 1.0:
        bounds = Bounds(spans=ZERO.spans, high_by=Limit.FULL)
    return Flexibility(
        asset=asset.id,
        bounds=bounds,
        shares=shares,
        step_w=0.25 * asset.voltage_v * (3 if asset.phases is Phases.ALL else 1),
        reaction_s=asset.reaction_s,
        min_on_s=asset.min_on_s,
        min_off_s=asset.min_off_s,
    )


def _tank(asset: HotWaterTank, state: AssetState) -> Flexibility:
    del state
    if asset.stages_w:
        spans: tuple[Span, ...] = ((0.0, 0.0), *((w, w) for w in sorted(asset.stages_w) if w > 0))
    elif asset.min_w > 0:
        spans = ((0.0, 0.0), (asset.min_w, asset.max_w))
    else:
        spans = ((0.0, asset.max_w),)
    return Flexibility(
        asset=asset.id,
        bounds=Bounds(spans=spans),
        shares=_even(asset.phases),
        step_w=50.0,
        reaction_s=5.0,
        min_on_s=asset.min_on_s,
        min_off_s=asset.min_off_s,
    )


def _heat_pump(asset: HeatPump, state: AssetState) -> Flexibility:
    del state
    return Flexibility(
        asset=asset.id,
        bounds=Bounds(spans=((0.0, 0.0), (asset.min_w, asset.max_w))),
        shares=_even(asset.phases),
        max_starts_per_h=asset.max_starts_per_h,
        step_w=100.0,
        reaction_s=60.0,
        min_on_s=asset.min_on_s,
        min_off_s=asset.min_off_s,
    )


_STATE: dict[type[Controllable], type[AssetState]] = {
    Battery: BatteryState,
    ChargePoint: ChargePointState,
    HotWaterTank: AssetState,
    HeatPump: AssetState,
}

_DESCRIBE: dict[type[Controllable], Callable[..., Flexibility]] = {
    Battery: _battery,
    ChargePoint: _charge_point,
    HotWaterTank: _tank,
    HeatPump: _heat_pump,
}
