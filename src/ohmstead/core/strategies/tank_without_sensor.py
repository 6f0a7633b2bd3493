"""Hot water where nobody measures its temperature: full about once a day, and hot once a week.

Such a heater has its own thermostat, which must be set to the disinfection temperature. It is full when
it is switched on and takes nothing any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.memory import RUNNING_W, AssetMemory
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import HotWaterTank
from ohmstead.core.state import AssetState, TankState
from ohmstead.core.strategies.cheap_hours import FLAT, chosen
from ohmstead.core.units import WATER_KWH_PER_L_K

FULL_AFTER_S = 180.0
"""Switched on and without current for so long, its thermostat has opened."""
TAKES_NOTHING = 0.05
"""Less than this share of what it is told is nothing."""
EVERY = timedelta(hours=30)
"""Full again by then at the latest: a day, and some hours to stay in the same cheap ones."""
NOT_BEFORE = timedelta(hours=12)
"""A tank that was full is not filled again before."""
COLD_WATER_C = 10.0


def tank_without_sensor(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Fill in the cheapest hours, or when it is due at the latest; disinfect when that is due."""
    for tank in cycle.all(HotWaterTank):
        state, memory = cycle.state_of(tank.id), cycle.memory.of(tank.id)
        temperature_c = state.temperature_c.value if isinstance(state, TankState) else None
        if temperature_c is not None:
            memory.silent_since = None
            if temperature_c >= tank.target_c or memory.full_at is None:
                memory.full_at = cycle.now
            continue
        _watch(cycle, tank, state, memory)
        assert memory.full_at is not None  # noqa: S101 - set while watching
        assert memory.sanitised_at is not None  # noqa: S101 - set while watching
        reason = _reason(cycle, tank, memory)
        if reason is not None:
            full_w = cycle.full_w(tank.id)
            yield Proposal(
                asset=tank.id, power_w=full_w, bought_w=desk.to_buy_w(tank.id, full_w), reason=reason
            )


def _reason(cycle: Cycle, tank: HotWaterTank, memory: AssetMemory) -> Reason | None:
    """Why it must heat now; ``None`` where it need not."""
    full_at, sanitised_at = memory.full_at or cycle.now, memory.sanitised_at or cycle.now
    if cycle.now >= sanitised_at + timedelta(days=tank.legionella_every_days):
        return Reason(rule=Rule.LEGIONELLA)
    due_at = full_at + EVERY
    if cycle.now >= due_at:
        return Reason(rule=Rule.TANK_COMFORT)
    if cycle.tariff is None or cycle.price is None or cycle.now < full_at + NOT_BEFORE:
        return None
    slots = cycle.tariff.between(cycle.now, due_at)
    prices = [s.import_eur_per_kwh for s in slots]
    if max(prices) - min(prices) <= FLAT * abs(sum(prices) / len(prices)):
        return None
    if not chosen(cycle.now, due_at, slots, cycle.settings.cheap_tank_hours * 3600.0):
        return None
    params = {"price_eur_per_kwh": cycle.price.import_eur_per_kwh}
    return Reason(rule=Rule.CHEAP_HOURS, params=params, review_at=cycle.price.end)


def _watch(cycle: Cycle, tank: HotWaterTank, state: AssetState | None, memory: AssetMemory) -> None:
    """Note when its thermostat has opened. One without a meter is full after the time that filling takes."""
    memory.full_at = memory.full_at or cycle.now
    memory.sanitised_at = memory.sanitised_at or cycle.now
    told_w = memory.commanded_w or 0.0
    if told_w <= RUNNING_W:
        memory.silent_since = None
        return
    measured_w = None if state is None else state.power_w.value
    if measured_w is None:
        filling_kwh = tank.volume_l * (tank.legionella_c - COLD_WATER_C) * WATER_KWH_PER_L_K
        full = cycle.since_s(memory.on_since) >= filling_kwh * 3.6e6 / told_w
    elif measured_w > TAKES_NOTHING * told_w:
        memory.silent_since = None
        return
    else:
        memory.silent_since = memory.silent_since or cycle.now
        full = cycle.since_s(memory.silent_since) >= FULL_AFTER_S
    if full:
        memory.full_at = memory.sanitised_at = cycle.now
