"""A departure that has become binding: charge now, or the vehicle leaves without its energy."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.limits.fuse import fuse_limit_w
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.vehicle_need import VehicleNeed, vehicle_need

NOT_WORTH_KWH = 0.05
BEGUN = 2.0
"""Once begun, the margin counts this many times: a SoC that comes in steps must not switch it off again."""
HOUSEHOLD_W = 500.0
"""What the household is expected to take on each phase while vehicles charge."""


def deadline(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Full power once the time left is hardly longer than charging takes.

    Several vehicles share the connection: the earliest departure first, and each starts early enough for
    all that leave before it. A vehicle that is late makes those before it start with it.
    """
    waiting = list(_waiting(cycle))
    if not waiting:
        return
    capacity_w = _capacity_w(cycle)
    energy_kwh = together_w = 0.0
    first_idle = 0
    for i, (asset, full_w, need) in enumerate(waiting):
        assert need.departure is not None  # noqa: S101 - only those with a departure wait
        energy_kwh += need.grid_kwh
        together_w += _beside_w(cycle, asset, full_w, capacity_w - together_w)
        alone_s = need.grid_kwh * 3.6e6 / min(full_w, capacity_w)
        shared_s = energy_kwh * 3.6e6 / max(together_w, 1.0)
        begun = cycle.memory.of(asset).rule is Rule.DEADLINE
        margin_s = cycle.settings.deadline_margin_s * (BEGUN if begun else 1.0)
        left_s = (need.departure - cycle.now).total_seconds()
        if max(alone_s, shared_s) + margin_s < left_s:
            continue
        for due, due_w, due_need in waiting[first_idle : i + 1]:
            yield _now(desk, due, due_w, due_need)
        first_idle = i + 1


def _beside_w(cycle: Cycle, asset: str, full_w: float, room_w: float) -> float:
    """What a vehicle can take of what the others leave: nothing below its smallest power, W."""
    if room_w >= full_w:
        return full_w
    smallest_w = cycle.flexibilities[asset].bounds.at_least(1.0) or full_w
    return room_w if room_w >= smallest_w else 0.0


def _waiting(cycle: Cycle) -> Iterator[tuple[str, float, VehicleNeed]]:
    """Vehicles that need energy before a departure ahead: charger, full power, need."""
    for point in cycle.points_by_deadline():
        need = vehicle_need(point, cycle.state_of(point.id))
        full_w = cycle.full_w(point.id)
        if need is None or need.departure is None or need.grid_kwh < NOT_WORTH_KWH or full_w <= 0:
            continue
        if need.departure > cycle.now:
            yield point.id, full_w, need


def _capacity_w(cycle: Cycle) -> float:
    """What vehicles may take together beside a usual household, W."""
    phase_w = max(230.0, fuse_limit_w(cycle.site, cycle.settings) - HOUSEHOLD_W)
    contract_w = cycle.site.grid.max_import_w
    if contract_w is None:
        return 3.0 * phase_w
    return min(3.0 * phase_w, max(230.0, contract_w - 3.0 * HOUSEHOLD_W))


def _now(desk: Desk, asset: str, full_w: float, need: VehicleNeed) -> Proposal:
    assert need.departure is not None  # noqa: S101 - only those with a departure wait
    return Proposal(
        asset=asset,
        power_w=full_w,
        bought_w=desk.to_buy_w(asset, full_w),
        reason=Reason(
            rule=Rule.DEADLINE,
            params={
                "soc": need.soc,
                "target_soc": need.target_soc,
                "departure": need.departure.isoformat(),
            },
            review_at=need.departure,
        ),
    )
