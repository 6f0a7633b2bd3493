"""The main fuse, per phase, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, GroupBound
from ohmstead.core.reason import Limit

PHASE_LIMITS = (Limit.FUSE_L1, Limit.FUSE_L2, Limit.FUSE_L3)


def fuse(cycle: Cycle) -> Iterator[Bound]:
    """No phase carries more than its fuse, or the lower limit of the settings, less their margin."""
    grid, settings = cycle.site.grid, cycle.settings
    limit_a = min(grid.fuse_a, settings.phase_limit_a) if settings.phase_limit_a > 0.0 else grid.fuse_a
    limit_w = (limit_a - settings.fuse_margin_a) * grid.voltage_v
    for phase, by in enumerate(PHASE_LIMITS):
        yield GroupBound(
            by=by,
            phase=phase,
            base_w=cycle.phases_uncontrolled_w[phase],
            in_base_w=cycle.in_base_w,
            low_w=-limit_w,
            high_w=limit_w,
        )
