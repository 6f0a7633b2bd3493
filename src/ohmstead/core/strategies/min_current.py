"""The modes with a minimum current: a vehicle never gets less, whatever the sun does."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import ChargePoint, Phases


def min_current(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """The minimum current of the person, or of the charge point where that is higher."""
    for point in cycle.points_by_deadline():
        info = cycle.memory.charging.get(point.id)
        full_w = cycle.full_w(point.id)
        if info is None or not info.mode.has_min_current or full_w <= 0.0:
            continue
        current_a = min(max(info.min_current_a, point.min_a), point.max_a)
        power_w = min(current_a * point.voltage_v * fewest_phases(point), full_w)
        yield Proposal(
            asset=point.id,
            power_w=power_w,
            bought_w=desk.to_buy_w(point.id, power_w),
            reason=Reason(rule=Rule.MIN_CURRENT, params={"current_a": current_a}),
        )


def fewest_phases(point: ChargePoint) -> int:
    """On how many phases it charges at its least."""
    return 3 if point.phases is Phases.ALL and not point.phase_switching else 1
