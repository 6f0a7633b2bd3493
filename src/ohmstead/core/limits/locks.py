"""Minimum running and standing times, of compressors above all."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, Narrowing
from ohmstead.core.reason import Limit

HOUR_S = 3600.0


def locks(cycle: Cycle) -> Iterator[Bound]:
    """What was started runs on for its minimum time, what was stopped stands for its minimum time.

    That holds for a relay stage, and for the phases of a charger that can change them, by itself.
    """
    for asset_id, flex in cycle.flexibilities.items():
        memory = cycle.memory.assets.get(asset_id)
        if memory is None:
            continue
        smallest_w = flex.bounds.at_least(1.0)
        if memory.on_since is not None and cycle.since_s(memory.on_since) < flex.min_on_s:
            if smallest_w is not None:
                yield Narrowing(asset=asset_id, low_w=smallest_w, by=Limit.MIN_ON)
        elif memory.off_since is not None and cycle.since_s(memory.off_since) < flex.min_off_s:
            yield Narrowing(asset=asset_id, high_w=0.0, by=Limit.MIN_OFF)
        elif memory.on_since is None and flex.max_starts_per_h is not None:
            lately = sum(1 for at in memory.starts if cycle.since_s(at) < HOUR_S)
            if lately >= flex.max_starts_per_h:
                yield Narrowing(asset=asset_id, high_w=0.0, by=Limit.STARTS)
        if memory.commanded_w is not None and cycle.since_s(memory.stepped_down_at) < flex.min_off_s:
            top_w = flex.top_of_stage_w(memory.commanded_w)
            yield Narrowing(asset=asset_id, high_w=top_w, by=Limit.MIN_OFF)
