"""Heat stores that are full: a tank at its maximum, rooms at the top of their comfort band."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, Narrowing
from ohmstead.core.reason import Limit
from ohmstead.core.site import HeatPump, HotWaterTank
from ohmstead.core.state import TankState

TANK_HYSTERESIS_K = 3.0
ROOM_HYSTERESIS_K = 0.3


def warm_enough(cycle: Cycle) -> Iterator[Bound]:
    """Full stores take no more until they have cooled by a hysteresis."""
    for tank in cycle.all(HotWaterTank):
        state, memory = cycle.state_of(tank.id), cycle.memory.of(tank.id)
        temperature_c = state.temperature_c.value if isinstance(state, TankState) else None
        if temperature_c is None:
            continue
        memory.full = temperature_c >= tank.max_c - (TANK_HYSTERESIS_K if memory.full else 0.0)
        if memory.full:
            yield Narrowing(asset=tank.id, high_w=0.0, by=Limit.FULL)
    for pump in cycle.all(HeatPump):
        coldest, memory = cycle.coldest_room(pump), cycle.memory.of(pump.id)
        if coldest is None:
            continue
        temperature_c, target_c, room = coldest
        top_c = target_c + room.high_k
        memory.full = temperature_c >= top_c - (ROOM_HYSTERESIS_K if memory.full else 0.0)
        if memory.full:
            yield Narrowing(asset=pump.id, high_w=0.0, by=Limit.FULL)
