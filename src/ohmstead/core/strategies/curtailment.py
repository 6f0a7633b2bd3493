"""Generation that nobody may or wants to take: above the export limit, or where export costs money."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.estimate import METER_DELAY_S
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import PvSystem

REACTION_S = 10.0
"""How long an inverter may take to follow; until then, and the meter's delay, nothing is corrected."""


def curtailment(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Limit generation by what is exported too much; give it free as soon as nothing is."""
    pays = cycle.price is not None and cycle.price.export_eur_per_kwh < 0
    over_w = max(desk.export_over_w(), desk.left_w) if pays else desk.export_over_w()
    for pv in cycle.all(PvSystem):
        state = cycle.state_of(pv.id)
        if not pv.curtailable or state is None or not state.online:
            continue
        memory = cycle.memory.of(pv.id)
        limited = memory.rule is Rule.CURTAIL
        last_w = -pv.peak_w if memory.commanded_w is None else memory.commanded_w
        settling = limited and cycle.since_s(memory.commanded_at) <= REACTION_S + METER_DELAY_S
        target_w = last_w if settling else state.power_w.or_(last_w) + over_w
        if (limited or over_w > 0) and target_w > -pv.peak_w:
            yield Proposal(
                asset=pv.id,
                power_w=min(0.0, target_w),
                reason=Reason(rule=Rule.CURTAIL, params={"over_w": over_w}),
            )
            over_w = 0.0
        else:
            yield Proposal(asset=pv.id, power_w=-pv.peak_w, reason=Reason(rule=Rule.ALLOWED))
