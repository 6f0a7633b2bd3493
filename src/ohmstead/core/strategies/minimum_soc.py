"""Energy that must be in store whatever it costs: the vehicle's minimum, the battery's reserve."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import Battery
from ohmstead.core.state import BatteryState, ChargePointState

RESERVE_SLACK = 0.03
"""Standby losses may eat this much of the reserve before it is refilled from the grid."""
GENTLE = 0.1
"""Share of the charging power used to refill the reserve."""


def minimum_soc(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Charge a vehicle below its minimum at once, and a battery that has sunk below its reserve.

    A battery that may not charge from the grid waits for the sun.
    """
    for point in cycle.points_by_deadline():
        state = cycle.state_of(point.id)
        if not isinstance(state, ChargePointState) or not state.connected or state.soc.value is None:
            continue
        if state.soc.value < point.min_soc:
            power_w = cycle.full_w(point.id)
            yield Proposal(
                asset=point.id,
                power_w=power_w,
                bought_w=desk.to_buy_w(point.id, power_w),
                reason=Reason(
                    rule=Rule.VEHICLE_MIN_SOC,
                    params={"soc": state.soc.value, "target_soc": point.min_soc},
                ),
            )
    for battery in cycle.all(Battery):
        state = cycle.state_of(battery.id)
        if not isinstance(state, BatteryState) or state.soc.value is None or not battery.grid_charging:
            continue
        memory = cycle.memory.of(battery.id)
        floor_soc = battery.reserve_soc - (0.0 if memory.latched else RESERVE_SLACK)
        memory.latched = state.soc.value < floor_soc
        if memory.latched:
            power_w = GENTLE * battery.max_charge_w
            yield Proposal(
                asset=battery.id,
                power_w=power_w,
                bought_w=desk.to_buy_w(battery.id, power_w),
                reason=Reason(
                    rule=Rule.BATTERY_MIN_SOC,
                    params={"soc": state.soc.value, "target_soc": battery.reserve_soc},
                ),
            )
