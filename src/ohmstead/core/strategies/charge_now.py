"""The mode "normal": a vehicle charges at once, with all that the limits allow."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.charging_info import ChargingMode
from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule


def charge_now(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Full power for every vehicle whose owner chose so, bought where the sun does not reach."""
    for point in cycle.points_by_deadline():
        full_w = cycle.full_w(point.id)
        if cycle.charging_mode(point.id) is not ChargingMode.NORMAL or full_w <= 0.0:
            continue
        yield Proposal(
            asset=point.id,
            power_w=full_w,
            bought_w=desk.to_buy_w(point.id, full_w),
            reason=Reason(rule=Rule.CHARGE_NOW),
        )
