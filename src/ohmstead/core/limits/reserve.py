"""The battery's reserve for a power cut."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, Narrowing
from ohmstead.core.reason import Limit
from ohmstead.core.site import Battery
from ohmstead.core.state import BatteryState


def reserve(cycle: Cycle) -> Iterator[Bound]:
    """At or below its reserve a battery does not discharge."""
    for battery in cycle.all(Battery):
        state = cycle.state_of(battery.id)
        if not isinstance(state, BatteryState) or state.soc.value is None:
            continue
        if state.soc.value <= battery.reserve_soc:
            yield Narrowing(asset=battery.id, low_w=0.0, by=Limit.RESERVE)
