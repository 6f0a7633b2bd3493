"""The order of limits and strategies. It is written here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.groups import Bound
from ohmstead.core.limits.circuits import circuits
from ohmstead.core.limits.fuse import fuse
from ohmstead.core.limits.grid_contract import grid_contract
from ohmstead.core.limits.locks import locks
from ohmstead.core.limits.operator import operator
from ohmstead.core.limits.reserve import reserve
from ohmstead.core.limits.stale_meter import stale_meter
from ohmstead.core.limits.stored_energy import stored_energy
from ohmstead.core.limits.warm_enough import warm_enough
from ohmstead.core.reason import Proposal, Rule
from ohmstead.core.strategies.charge_now import charge_now
from ohmstead.core.strategies.cheap_hours import cheap_hours
from ohmstead.core.strategies.curtailment import curtailment
from ohmstead.core.strategies.deadline import deadline
from ohmstead.core.strategies.manual import manual
from ohmstead.core.strategies.min_current import min_current
from ohmstead.core.strategies.minimum_soc import minimum_soc
from ohmstead.core.strategies.peak_shaving import peak_shaving
from ohmstead.core.strategies.plan_budget import plan_budget
from ohmstead.core.strategies.room_comfort import room_comfort
from ohmstead.core.strategies.self_consumption import self_consumption
from ohmstead.core.strategies.shedding import shedding
from ohmstead.core.strategies.spot_market import spot_market
from ohmstead.core.strategies.surplus import surplus
from ohmstead.core.strategies.tank_health import tank_health
from ohmstead.core.strategies.tank_without_sensor import tank_without_sensor

LIMITS: tuple[Callable[[Cycle], Iterator[Bound]], ...] = (
    fuse,
    circuits,
    grid_contract,
    operator,
    reserve,
    stored_energy,
    warm_enough,
    stale_meter,
    locks,
)
"""Where two contradict each other, the earlier one wins and the conflict is recorded."""

STRATEGIES: tuple[Callable[[Cycle, Desk], Iterator[Proposal]], ...] = (
    manual,
    tank_health,
    tank_without_sensor,
    room_comfort,
    minimum_soc,
    charge_now,
    deadline,
    min_current,
    plan_budget,
    cheap_hours,
    spot_market,
    surplus,
    peak_shaving,
    self_consumption,
    shedding,
    curtailment,
)
"""What an earlier one was given, a later one cannot take back."""

RELIEF: tuple[Callable[[Cycle, Desk], Iterator[Proposal]], ...] = (peak_shaving, shedding)
"""What helps between two cycles where a limit is exceeded although everything else was cut."""

RANK: dict[Rule, int] = {rule: rank for rank, rule in enumerate(Rule)}
"""Who is cut last between two cycles: rules are listed in the order of the strategies that use them."""
