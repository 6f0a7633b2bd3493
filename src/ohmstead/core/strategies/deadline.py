"""A departure that has become binding: charge now, or the vehicle leaves without its energy."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.vehicle_need import vehicle_need

NOT_WORTH_KWH = 0.05
BEGUN = 2.0
"""Once begun, the margin counts this many times: a SoC that comes in steps must not switch it off again."""


def deadline(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Full power once the time left is hardly longer than charging takes."""
    for point in cycle.points_by_deadline():
        need = vehicle_need(point, cycle.state_of(point.id))
        if need is None or need.departure is None or need.grid_kwh < NOT_WORTH_KWH:
            continue
        full_w = cycle.full_w(point.id)
        if full_w <= 0:
            continue
        needed_s = need.grid_kwh * 3.6e6 / full_w
        left_s = (need.departure - cycle.now).total_seconds()
        begun = cycle.memory.of(point.id).rule is Rule.DEADLINE
        margin_s = cycle.settings.deadline_margin_s * (BEGUN if begun else 1.0)
        if left_s > 0 and needed_s + margin_s >= left_s:
            yield Proposal(
                asset=point.id,
                power_w=full_w,
                bought_w=desk.to_buy_w(point.id, full_w),
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
