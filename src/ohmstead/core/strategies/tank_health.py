"""Hot water that must be warm, and the legionella cycle that nothing disables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import HotWaterTank
from ohmstead.core.state import TankState

COMFORT_HYSTERESIS_K = 3.0
EARLY_DAYS = 0.5
"""A due disinfection may be moved this much ahead into a cheaper hour."""


def tank_health(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Heat at full power below the comfort floor, and once per interval to the disinfection temperature."""
    del desk
    for tank in cycle.all(HotWaterTank):
        state, memory = cycle.state_of(tank.id), cycle.memory.of(tank.id)
        if not isinstance(state, TankState) or state.temperature_c.value is None:
            continue
        temperature_c = state.temperature_c.value
        full_w = cycle.full_w(tank.id)
        if memory.sanitised_at is None or temperature_c >= tank.legionella_c:
            memory.sanitised_at = cycle.now
        due_at = memory.sanitised_at + timedelta(days=tank.legionella_every_days)
        if cycle.now >= due_at or _cheapest_before(cycle, due_at):
            yield Proposal(
                asset=tank.id,
                power_w=full_w,
                reason=Reason(
                    rule=Rule.LEGIONELLA,
                    params={"temperature_c": temperature_c, "target_c": tank.legionella_c},
                ),
            )
        floor_c = tank.min_c + (COMFORT_HYSTERESIS_K if memory.latched else 0.0)
        memory.latched = temperature_c < floor_c
        if memory.latched:
            yield Proposal(
                asset=tank.id,
                power_w=full_w,
                reason=Reason(
                    rule=Rule.TANK_COMFORT,
                    params={"temperature_c": temperature_c, "target_c": tank.min_c + COMFORT_HYSTERESIS_K},
                ),
            )


def _cheapest_before(cycle: Cycle, due_at: datetime) -> bool:
    """Now is the cheapest slot of those that remain in the window before the due time."""
    if cycle.tariff is None or cycle.price is None:
        return False
    if cycle.now < due_at - timedelta(days=EARLY_DAYS):
        return False
    left = cycle.tariff.between(cycle.now, due_at)
    return min(left, key=lambda s: s.import_eur_per_kwh).start == cycle.price.start if left else False
