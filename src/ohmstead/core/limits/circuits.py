"""Fused sub-distributions, per phase."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.estimate import finite
from ohmstead.core.flexibility import SHARES, PhaseShares
from ohmstead.core.groups import Bound, GroupBound
from ohmstead.core.reason import Limit
from ohmstead.core.site import Phases, Room


def circuits(cycle: Cycle) -> Iterator[Bound]:
    """No phase of a circuit carries more than its fuse; what is only measured there counts as base."""
    grid = cycle.site.grid
    for circuit in cycle.site.circuits:
        limit_w = (circuit.fuse_a - cycle.settings.fuse_margin_a) * grid.voltage_v
        base = [0.0, 0.0, 0.0]
        for asset_id in circuit.assets:
            if asset_id in cycle.flexibilities:
                continue
            asset, state = cycle.site.asset(asset_id), cycle.state_of(asset_id)
            if isinstance(asset, Room) or state is None:
                continue
            own = state.phases_w
            if own is None or not finite(own):
                own = _as_wired(asset.phases, state.power_w.or_(0.0))
            base = [b + w for b, w in zip(base, own, strict=True)]
        for phase in range(3):
            yield GroupBound(
                by=Limit.CIRCUIT,
                members=frozenset(circuit.assets),
                phase=phase,
                base_w=base[phase],
                low_w=-limit_w,
                high_w=limit_w,
            )


def _as_wired(phases: Phases, power_w: float) -> PhaseShares:
    """Power per phase, W; on an unknown one it loads each of them and relieves none."""
    if phases is Phases.UNKNOWN:
        power_w = max(0.0, power_w)
    s1, s2, s3 = SHARES[phases]
    return (power_w * s1, power_w * s2, power_w * s3)
