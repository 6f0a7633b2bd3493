"""What nobody controls, estimated from readings that were not taken at the same moment.

A meter lags and so does a charger. The grid reading may contain any power that a device had in the
last seconds, and one that it was told and may have taken already. Of all these mixtures the one is
taken that leaves the uncontrolled power closest to what it was: households change less between two
cycles than a charger does. Without this the loop would hunt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ohmstead.core.flexibility import SHARES, Flexibility, PhaseShares
from ohmstead.core.memory import AssetMemory, Memory
from ohmstead.core.site import AssetId, PvSystem, Site
from ohmstead.core.state import GridState, SiteState

METER_DELAY_S = 5.0
"""Longest usual delay of a meter reading."""

SETTLED_W = 60.0
"""A device within this of its command has followed it."""

Recent = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Powers at the moment of the grid reading, W; fields as in :class:`~ohmstead.core.cycle.Cycle`."""

    present_w: Mapping[AssetId, float]
    uncontrolled_w: float | None
    phases_uncontrolled_w: PhaseShares
    in_base_w: Mapping[AssetId, float] = field(default_factory=dict)


def estimate(
    site: Site,
    state: SiteState,
    grid: GridState,
    flexibilities: Mapping[AssetId, Flexibility],
    memory: Memory,
    now: datetime,
    *,
    by_phase: bool = False,
) -> Estimate:
    """Split the grid reading into what is controlled and what is not.

    Args:
        grid: the reading to trust; one without a value where the meter is silent.
        by_phase: trust what is known of the assets' phases, to tell at once whose a sudden rise is.
    """
    spans = {
        a: _span(memory.assets.get(a), state.assets[a].power_w.value, flex, now)
        for a, flex in flexibilities.items()
    }
    present = {a: span.latest_w for a, span in spans.items()}

    grid_w = grid.power_w.value
    if grid_w is None:
        last = memory.uncontrolled_w
        phases = memory.phases_uncontrolled_w or _worst(site, state, last)
        return Estimate(present_w=present, uncontrolled_w=last, phases_uncontrolled_w=phases)

    width_w = sum(s.high_w - s.low_w for s in spans.values())
    if memory.uncontrolled_w is not None and width_w > 0.0:
        share = _share_by_phase(state, grid, flexibilities, memory, spans) if by_phase else None
        if share is None:
            low_w = sum(s.low_w for s in spans.values())
            share = (grid_w - memory.uncontrolled_w - low_w) / width_w
        share = min(1.0, max(0.0, share))
        present = {a: s.low_w + share * (s.high_w - s.low_w) for a, s in spans.items()}

    uncontrolled_w = grid_w - sum(present.values())
    if not finite(grid.phases_w):
        return Estimate(
            present_w=present,
            uncontrolled_w=uncontrolled_w,
            phases_uncontrolled_w=_worst(site, state, uncontrolled_w),
        )
    assert grid.phases_w is not None  # noqa: S101 - finite
    l1, l2, l3 = grid.phases_w
    in_base: dict[AssetId, float] = {}
    for asset_id, power_w in present.items():
        if flexibilities[asset_id].phase_unknown:
            in_base[asset_id] = power_w
            continue
        own = _own_phases(state, flexibilities[asset_id], asset_id, power_w)
        l1, l2, l3 = l1 - own[0], l2 - own[1], l3 - own[2]
    return Estimate(
        present_w=present,
        uncontrolled_w=uncontrolled_w,
        phases_uncontrolled_w=(l1, l2, l3),
        in_base_w=in_base,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Span:
    """What the grid reading may contain of one asset, and what it takes by its own newest reading."""

    low_w: float
    high_w: float
    latest_w: float


def _span(memory: AssetMemory | None, measured_w: float | None, flex: Flexibility, now: datetime) -> _Span:
    if memory is None:
        latest_w = 0.0 if measured_w is None else measured_w
        return _Span(low_w=latest_w, high_w=latest_w, latest_w=latest_w)
    told_w = memory.commanded_w
    latest_w = (told_w or 0.0) if measured_w is None else measured_w
    seen = [latest_w, *_in_meter_w(memory.recent, now)]
    if told_w is not None and memory.commanded_at is not None:
        age_s = (now - memory.commanded_at).total_seconds()
        # A vehicle that tapers does not follow upwards: a rise at the meter is somebody else's.
        follows_w = told_w if memory.at_most_w is None else min(told_w, max(memory.at_most_w, latest_w))
        if 0 <= age_s <= flex.reaction_s + METER_DELAY_S and abs(follows_w - latest_w) > SETTLED_W:
            seen.append(follows_w)
    return _Span(low_w=min(seen), high_w=max(seen), latest_w=latest_w)


def _in_meter_w(recent: Recent, now: datetime) -> Iterator[float]:
    """What was measured and the grid reading may still contain: it held until the next measurement."""
    ends = [*(at for at, _ in recent[1:]), now]
    for (_, power_w), end in zip(recent, ends, strict=False):
        if (now - end).total_seconds() <= METER_DELAY_S:
            yield power_w


def _share_by_phase(
    state: SiteState,
    grid: GridState,
    flexibilities: Mapping[AssetId, Flexibility],
    memory: Memory,
    spans: Mapping[AssetId, _Span],
) -> float | None:
    """Where in their spans assets are, 0..1, so that the phases change least: the weighted median.

    A load that somebody switches on is on one phase mostly, a charger on all three: the sum alone could
    not tell them apart. ``None`` where phases are not metered, or an asset is on an unknown one.
    """
    before, now = memory.phases_uncontrolled_w, grid.phases_w
    if before is None or now is None or not finite(now):
        return None
    low, width = list(before), [0.0, 0.0, 0.0]
    for asset_id, span in spans.items():
        flex = flexibilities[asset_id]
        moves = span.high_w > span.low_w
        if flex.phase_unknown:
            if moves:
                return None
            continue
        least = _own_phases(state, flex, asset_id, span.low_w)
        most = _own_phases(state, flex, asset_id, span.high_w) if moves else least
        for i in range(3):
            low[i] += least[i]
            width[i] += most[i] - least[i]
    shares = sorted(((now[i] - low[i]) / width[i], abs(width[i])) for i in range(3) if width[i] != 0.0)
    half, passed = sum(weight for _, weight in shares) / 2.0, 0.0
    for share, weight in shares:
        passed += weight
        if passed >= half:
            return share
    return None


def finite(phases_w: PhaseShares | None) -> bool:
    """Whether there are powers per phase and each is a number."""
    return phases_w is not None and all(math.isfinite(w) for w in phases_w)


def _own_phases(state: SiteState, flex: Flexibility, asset_id: AssetId, power_w: float) -> PhaseShares:
    """What an asset takes per phase: as metered where it is, scaled to the estimate; else as wired."""
    metered = state.assets[asset_id].phases_w
    total_w = sum(metered) if metered is not None else 0.0
    if metered is not None and finite(metered) and abs(total_w) > SETTLED_W:
        scale = power_w / total_w
        return (metered[0] * scale, metered[1] * scale, metered[2] * scale)
    s1, s2, s3 = flex.shares_at(power_w)
    return (power_w * s1, power_w * s2, power_w * s3)


def _worst(site: Site, state: SiteState, uncontrolled_w: float | None) -> PhaseShares:
    """Without meters per phase: what the household takes may be on any one of them.

    The sun is known apart from it and relieves each phase only by the part that it feeds there.
    """
    if uncontrolled_w is None:
        return (0.0, 0.0, 0.0)
    sun = [0.0, 0.0, 0.0]
    sun_w = 0.0
    for pv in site.assets:
        known = state.assets.get(pv.id)
        if not isinstance(pv, PvSystem) or known is None or known.power_w.value is None:
            continue
        shares = SHARES[pv.phases]
        if sum(shares) > 1.5:
            shares = (0.0, 0.0, 0.0)
        power_w = min(0.0, known.power_w.value)
        sun_w += power_w
        sun = [s + power_w * share for s, share in zip(sun, shares, strict=True)]
    household_w = max(0.0, uncontrolled_w - sun_w)
    return (
        max(0.0, household_w + sun[0]),
        max(0.0, household_w + sun[1]),
        max(0.0, household_w + sun[2]),
    )
