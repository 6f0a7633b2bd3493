"""The plan's budget: what an asset may import in this slot.

Measured surplus replaces planned surplus: where the sun gives less than forecast, the asset gets
less, and never imports what was not planned. Whether a battery serves what is missing is not
decided here but by its own band. A plan below an asset's smallest power is kept by running at the
smallest power until the slot's energy is delivered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ohmstead.core.charging_info import ChargingMode
from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.memory import RUNNING_W
from ohmstead.core.plan import AssetSlot, PlanSlot
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import AssetId, Battery
from ohmstead.core.units import energy_kwh

NOTHING_W = 20.0
CARRIED = 0.9
"""A wish counts as carried if import budget and sun give this share of it."""
LONGEST_STEP_S = 120.0
"""After a longer pause between two cycles nobody knows what an asset took meanwhile."""


def plan_budget(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Planned power, as far as the import budget and the measured surplus carry it."""
    slot = cycle.slot
    if slot is None:
        return
    batteries = {b.id for b in cycle.all(Battery)}
    imported_w = 0.0
    for asset_id, wish in sorted(slot.assets.items(), key=lambda item: -item[1].value_eur_per_kwh):
        if asset_id not in cycle.flexibilities or asset_id in batteries:
            continue
        _count(cycle, asset_id, slot)
        if not _may_buy(cycle, asset_id):
            wish = replace(wish, import_w=0.0)  # noqa: PLW2901 - the wish as far as it is allowed
        if wish.power_w < NOTHING_W:
            continue
        surplus_w = max(0.0, desk.surplus_w + imported_w)
        smallest_w = desk.bounds(asset_id).at_least(1.0) or 0.0
        power_w = wish.import_w + min(max(0.0, wish.power_w - wish.import_w), surplus_w)
        if power_w < smallest_w:
            power_w = _at_the_smallest(cycle, asset_id, wish, power_w, surplus_w, smallest_w)
        if power_w < NOTHING_W:
            continue
        imported_w += wish.import_w
        yield Proposal(
            asset=asset_id,
            power_w=power_w,
            reason=Reason(
                rule=Rule.PLAN_BUDGET,
                params={
                    "import_w": wish.import_w,
                    "price_eur_per_kwh": slot.import_eur_per_kwh,
                    "value_eur_per_kwh": wish.value_eur_per_kwh,
                },
                review_at=slot.end,
            ),
        )


def _may_buy(cycle: Cycle, asset: AssetId) -> bool:
    """Whether a plan may buy for an asset: not for a vehicle whose owner wants surplus only."""
    mode = cycle.charging_mode(asset)
    return mode is None or mode is ChargingMode.NORMAL or mode.has_deadline


def _count(cycle: Cycle, asset: AssetId, slot: PlanSlot) -> None:
    """Add what the asset took since the last cycle to this slot's account."""
    memory = cycle.memory.of(asset)
    if memory.budget_slot != slot.start:
        memory.budget_slot, memory.budget_kwh = slot.start, 0.0
        return
    step_s = cycle.since_s(cycle.memory.at)
    if step_s <= LONGEST_STEP_S:
        memory.budget_kwh += energy_kwh(max(0.0, cycle.present_w[asset]), step_s)


def _at_the_smallest(
    cycle: Cycle, asset: AssetId, wish: AssetSlot, power_w: float, surplus_w: float, smallest_w: float
) -> float:
    """The smallest power or nothing, so that the slot's energy comes out right without flutter."""
    assert cycle.slot is not None  # noqa: S101 - asked by the caller
    memory, flex = cycle.memory.of(asset), cycle.flexibilities[asset]
    running = (memory.commanded_w or 0.0) > RUNNING_W
    tolerance = cycle.settings.acquisition_tolerance
    enough_w = smallest_w * (1.0 - tolerance) * (0.5 if running else 1.0)
    carried = power_w >= CARRIED * wish.power_w or wish.import_w + surplus_w >= enough_w
    if not carried:
        return 0.0
    if wish.power_w >= smallest_w:
        return smallest_w
    due_kwh = energy_kwh(wish.power_w, (cycle.slot.end - cycle.slot.start).total_seconds())
    pulse_kwh = 0.0 if running else energy_kwh(smallest_w, flex.min_on_s) / 2.0
    return smallest_w if memory.budget_kwh + pulse_kwh < due_kwh else 0.0
