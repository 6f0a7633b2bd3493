"""The grid operator's limit on controllable loads (§14a EnWG), while it asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, GroupBound
from ohmstead.core.reason import Limit
from ohmstead.core.site import Battery, ChargePoint, HeatPump


def operator(cycle: Cycle) -> Iterator[Bound]:
    """Chargers, heat pumps and charging batteries together stay below the operator's limit."""
    limit_w = cycle.site.grid.operator_limit_w
    if limit_w is None or not cycle.state.operator_limited:
        return
    members = frozenset(
        asset_id
        for asset_id, asset in cycle.controllables.items()
        if isinstance(asset, ChargePoint | HeatPump | Battery)
    )
    yield GroupBound(by=Limit.OPERATOR, members=members, base_w=0.0, low_w=-float("inf"), high_w=limit_w)
