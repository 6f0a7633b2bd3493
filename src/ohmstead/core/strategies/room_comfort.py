"""Rooms that must be warm: the floor of the comfort band, and frost."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import HeatPump

PLANNED_SLACK_K = 0.1
"""With a plan the thermostat waits this much longer: the plan aims at the edge of the band itself."""

LEAST_BAND_K = 0.3
"""Full power is reached no less than this far below: a band of zero width is allowed."""


def room_comfort(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Run the heat pump while its coldest room is below the band; harder, the colder it is.

    Without a plan this is the whole heating: on at the lower edge, off as far above the target.
    """
    for pump in cycle.all(HeatPump):
        coldest, memory = cycle.coldest_room(pump), cycle.memory.of(pump.id)
        if coldest is None:
            continue
        temperature_c, target_c, room = coldest
        planned = cycle.planned(pump.id) is not None
        on_below_c = target_c - room.low_k - (PLANNED_SLACK_K if planned else 0.0)
        off_above_c = target_c - room.low_k + PLANNED_SLACK_K if planned else target_c + room.low_k
        memory.latched = temperature_c < (off_above_c if memory.latched else on_below_c)
        outdoor_c = cycle.state.outdoor_c.value
        frost = outdoor_c is not None and outdoor_c < pump.frost_c and temperature_c < target_c
        blocked_s = cycle.since_s(memory.off_since) if memory.off_since is not None else 0.0
        overdue = blocked_s > pump.max_off_s and temperature_c < target_c and not planned
        if not (memory.latched or frost or overdue):
            continue
        share = min(1.0, max(0.0, (off_above_c - temperature_c) / max(LEAST_BAND_K, 3.0 * room.low_k)))
        yield Proposal(
            asset=pump.id,
            power_w=pump.min_w + share * (pump.max_w - pump.min_w),
            reason=Reason(
                rule=Rule.ROOM_COMFORT if memory.latched else Rule.FROST,
                params={"room": room.name, "temperature_c": temperature_c, "target_c": target_c},
            ),
        )
    del desk
