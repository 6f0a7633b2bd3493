"""What the contract with the grid allows over all phases."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, GroupBound
from ohmstead.core.reason import Limit


def grid_contract(cycle: Cycle) -> Iterator[Bound]:
    """Import and export stay within the contract, where it says something."""
    grid = cycle.site.grid
    if grid.max_import_w is not None:
        yield GroupBound(
            by=Limit.GRID_IMPORT,
            base_w=cycle.uncontrolled_w,
            low_w=-float("inf"),
            high_w=grid.max_import_w,
        )
    if grid.max_export_w is not None:
        yield GroupBound(
            by=Limit.GRID_EXPORT,
            base_w=cycle.uncontrolled_w,
            low_w=-grid.max_export_w,
            high_w=float("inf"),
        )
