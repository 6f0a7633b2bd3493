"""The main fuse, per phase, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, GroupBound
from ohmstead.core.reason import Limit
from ohmstead.core.settings import Settings
from ohmstead.core.site import Site

PHASE_LIMITS = (Limit.FUSE_L1, Limit.FUSE_L2, Limit.FUSE_L3)


def fuse(cycle: Cycle) -> Iterator[Bound]:
    """No phase carries more than its fuse, or the lower limit of the settings, less their margin."""
    limit_w = fuse_limit_w(cycle.site, cycle.settings)
    for phase, by in enumerate(PHASE_LIMITS):
        yield GroupBound(
            by=by,
            phase=phase,
            base_w=cycle.phases_uncontrolled_w[phase],
            in_base_w=cycle.in_base_w,
            low_w=-limit_w,
            high_w=limit_w,
        )


def fuse_limit_w(site: Site, settings: Settings) -> float:
    """What one phase of the connection may carry, W."""
    grid = site.grid
    limit_a = min(grid.fuse_a, settings.phase_limit_a) if settings.phase_limit_a > 0.0 else grid.fuse_a
    return (limit_a - settings.fuse_margin_a) * grid.voltage_v
