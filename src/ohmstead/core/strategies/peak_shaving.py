"""The battery as a helper in need: import peaks and groups over their limit."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import Battery


def peak_shaving(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Discharge what is above the peak that the owner wants to stay below, or above a fuse."""
    peak_w = cycle.site.grid.peak_shaving_w
    for battery in cycle.all(Battery):
        above_w = 0.0 if peak_w is None else -desk.left_w - peak_w
        excess_w = max(above_w, desk.overload_w(battery.id))
        if excess_w <= 0:
            continue
        yield Proposal(
            asset=battery.id,
            power_w=desk.committed_w[battery.id] - excess_w,
            reason=Reason(rule=Rule.PEAK_SHAVING, params={"excess_w": excess_w}),
        )
