"""A share of the vehicle's battery per day, in the cheapest slots of the local day."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.charging_info import ChargingInfo
from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import ChargePoint
from ohmstead.core.strategies.cheap_hours import chosen
from ohmstead.core.units import energy_kwh

LONGEST_STEP_S = 120.0
"""After a longer pause between two cycles nobody knows what a vehicle took meanwhile."""
NOT_WORTH_KWH = 0.05


def spot_market(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Full power in the cheapest slots left of this day until its share is taken; ties: the earliest."""
    if cycle.price is None or cycle.tariff is None or cycle.memory.day_end is None:
        return
    for point in cycle.points_by_deadline():
        info = cycle.memory.charging.get(point.id)
        if info is None or not info.spot_market:
            continue
        left_kwh = _left_kwh(cycle, point, info)
        full_w = cycle.full_w(point.id)
        if left_kwh < NOT_WORTH_KWH or full_w <= 0.0:
            continue
        end = cycle.memory.day_end
        slots = cycle.tariff.between(cycle.now, end)
        if not chosen(cycle.now, end, slots, left_kwh * 3.6e6 / full_w, earliest=True):
            continue
        yield Proposal(
            asset=point.id,
            power_w=full_w,
            bought_w=desk.to_buy_w(point.id, full_w),
            reason=Reason(
                rule=Rule.CHEAP_HOURS,
                params={"price_eur_per_kwh": cycle.price.import_eur_per_kwh, "need_kwh": left_kwh},
                review_at=cycle.price.end,
            ),
        )


def _left_kwh(cycle: Cycle, point: ChargePoint, info: ChargingInfo) -> float:
    """What of today's share is still to be taken from the grid, kWh at the plug."""
    memory = cycle.memory.of(point.id)
    if memory.spot_day != cycle.memory.day_start:
        memory.spot_day, memory.spot_kwh = cycle.memory.day_start, 0.0
    elif memory.rule is Rule.CHEAP_HOURS:
        step_s = cycle.since_s(cycle.memory.at)
        if step_s <= LONGEST_STEP_S:
            memory.spot_kwh += energy_kwh(max(0.0, cycle.present_w[point.id]), step_s)
    share_kwh = info.daily_spot_share * point.vehicle_capacity_kwh / point.efficiency
    return share_kwh - memory.spot_kwh
