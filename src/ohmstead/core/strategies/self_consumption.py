"""The battery balances the rest, inside the energy band that the plan reserves."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.plan import AssetSlot
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import Battery
from ohmstead.core.state import BatteryState

APPROACH_S = 120.0
"""Near the edge of its band a battery slows down so that it arrives there in this time."""
NOTHING_W = 10.0


def self_consumption(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Charge from what is left, discharge into what is missing; with a plan only where that pays."""
    for battery in cycle.all(Battery):
        state = cycle.state_of(battery.id)
        if not isinstance(state, BatteryState) or state.soc.value is None:
            continue
        given_w = desk.committed_w[battery.id]
        balance_w = desk.surplus_w + given_w
        wish = cycle.planned(battery.id)
        if wish is None:
            if abs(balance_w) > cycle.settings.balance_deadband_w:
                yield Proposal(
                    asset=battery.id,
                    power_w=balance_w,
                    reason=Reason(rule=Rule.SELF_CONSUMPTION, params={"balance_w": balance_w}),
                )
            continue
        yield _planned(cycle, battery, state.soc.value * battery.capacity_kwh, balance_w, wish)


def _planned(
    cycle: Cycle, battery: Battery, energy_kwh: float, balance_w: float, wish: AssetSlot
) -> Proposal:
    """Follow the balance as far as the band allows, and the plan's own buying and selling beyond it."""
    top_kwh = battery.max_soc * battery.capacity_kwh
    high_kwh = top_kwh if wish.energy_high_kwh is None else min(top_kwh, wish.energy_high_kwh)
    low_kwh = wish.energy_low_kwh if wish.energy_low_kwh is not None else 0.0
    to_high_w = max(0.0, high_kwh - energy_kwh) / battery.charge_efficiency * 3.6e6 / APPROACH_S
    to_low_w = max(0.0, energy_kwh - low_kwh) * battery.discharge_efficiency * 3.6e6 / APPROACH_S
    bought_w = 0.0
    if wish.import_w > 0 and battery.grid_charging:
        wanted_w = max(0.0, balance_w) + wish.import_w
        bought_w = min(wish.import_w, max(0.0, to_high_w - max(0.0, balance_w)))
    else:
        wanted_w = balance_w - wish.export_w
    power_w = min(wanted_w, to_high_w) if wanted_w >= 0 else max(wanted_w, -to_low_w)
    held = abs(power_w - balance_w) > NOTHING_W and abs(power_w) < NOTHING_W
    if held:
        rule = Rule.HOLD
    elif bought_w > NOTHING_W or wish.export_w > NOTHING_W:
        rule = Rule.PLAN_BUDGET
    else:
        rule = Rule.SELF_CONSUMPTION
    assert cycle.slot is not None  # noqa: S101 - a wish comes out of a slot
    return Proposal(
        asset=battery.id,
        power_w=power_w,
        bought_w=bought_w,
        reason=Reason(
            rule=rule,
            params={
                "balance_w": balance_w,
                "price_eur_per_kwh": cycle.slot.export_eur_per_kwh
                if balance_w - wish.export_w > 0 and bought_w <= NOTHING_W
                else cycle.slot.import_eur_per_kwh,
                "value_eur_per_kwh": wish.value_eur_per_kwh,
            },
            review_at=cycle.slot.end,
        ),
    )
