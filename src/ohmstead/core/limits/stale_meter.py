"""Flying blind: what is allowed while the grid meter is silent."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, Narrowing
from ohmstead.core.reason import Limit
from ohmstead.core.site import Battery, ChargePoint


def stale_meter(cycle: Cycle) -> Iterator[Bound]:
    """Without a fresh meter a vehicle charges at the minimum at most, the battery rests, nothing rises."""
    if cycle.meter_fresh:
        return
    for asset_id, asset in cycle.controllables.items():
        flex = cycle.flexibilities.get(asset_id)
        if flex is None:
            continue
        told_w = cycle.memory.of(asset_id).commanded_w or 0.0
        present_w = max(cycle.present_w[asset_id], told_w)
        if isinstance(asset, Battery):
            yield Narrowing(asset=asset_id, low_w=0.0, high_w=0.0, by=Limit.STALE_METER)
        elif isinstance(asset, ChargePoint):
            smallest_w = flex.bounds.at_least(1.0)
            running = present_w > 1.0 and smallest_w is not None
            yield Narrowing(
                asset=asset_id,
                high_w=smallest_w if running and smallest_w is not None else 0.0,
                by=Limit.STALE_METER,
            )
        else:
            yield Narrowing(asset=asset_id, high_w=max(0.0, present_w), by=Limit.STALE_METER)
