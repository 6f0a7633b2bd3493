"""The modes with a minimum current: a vehicle never gets less, whatever the sun does."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule


def min_current(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """The minimum current of the person, or of the charge point where that is higher."""
    for point in cycle.points_by_deadline():
        info = cycle.memory.charging.get(point.id)
        full_w = cycle.full_w(point.id)
        if info is None or not info.mode.has_min_current or full_w <= 0.0:
            continue
        current_a = min(max(info.min_current_a, point.min_a), point.max_a)
        smallest_w = cycle.flexibilities[point.id].bounds.at_least(1.0) or full_w
        power_w = min(current_a * smallest_w / point.min_a, full_w)
        yield Proposal(
            asset=point.id,
            power_w=power_w,
            bought_w=desk.to_buy_w(point.id, power_w),
            reason=Reason(rule=Rule.MIN_CURRENT, params={"current_a": current_a}),
        )
