"""Watches every charge point for the phases that its vehicle uses, cycle by cycle."""

from __future__ import annotations

from dataclasses import replace

from ohmstead.core.estimate import finite
from ohmstead.core.memory import Memory
from ohmstead.core.phases import NOTHING, SINGLE, PhasePowers, doubted, effective, observed, without_others
from ohmstead.core.site import AssetId, ChargePoint, Load, Phases, Room, Site
from ohmstead.core.state import ChargePointState, GridState, SiteState


def over(phases_w: PhasePowers | None, limit_w: float) -> bool:
    """Whether a metered phase carries more than a power, W, in either direction."""
    return phases_w is not None and finite(phases_w) and any(abs(w) > limit_w for w in phases_w)


def watch_phases(site: Site, state: SiteState, grid: GridState, memory: Memory, *, overloaded: bool) -> None:
    """Write down what this image tells of the phases of charge points that are not on a known one.

    Args:
        grid: the reading to trust; without phases only the chargers' own meters count.
        overloaded: a phase of the connection carries more than it may: a finding is doubted.
    """
    points = [a for a in site.assets if isinstance(a, ChargePoint) and a.phases not in SINGLE]
    if not points:
        return
    house = grid.phases_w if finite(grid.phases_w) else None
    powers = None if house is None else _by_wiring(site, state, memory)
    for point in points:
        seen, known = state.assets.get(point.id), memory.of(point.id)
        if not isinstance(seen, ChargePointState) or not seen.online or seen.power_w.value is None:
            continue
        if not seen.connected and point.phases is Phases.ALL:
            known.phases = None
            continue
        rest = None
        if house is not None and powers is not None:
            own = as_used(point, memory).phases
            others = {**powers, own: powers.get(own, 0.0) - seen.power_w.value}
            rest = without_others(house, others)
        evidence = observed(
            known.phases or NOTHING,
            now=state.at,
            power_w=seen.power_w.value,
            own_phases_w=seen.phases_w if finite(seen.phases_w) else None,
            house_phases_w=rest,
        )
        known.phases = doubted(evidence) if overloaded else evidence


def doubt_phases(site: Site, memory: Memory) -> None:
    """Doubt what was found: a phase is over its limit."""
    for point in site.assets:
        known = memory.assets.get(point.id) if isinstance(point, ChargePoint) else None
        if known is not None and known.phases is not None:
            known.phases = doubted(known.phases)


def as_used(point: ChargePoint, memory: Memory) -> ChargePoint:
    """A charge point with the phases that its vehicle really uses, where they are known.

    One that can switch its phases keeps both: fewer may be its own doing.
    """
    known = memory.assets.get(point.id)
    if known is None or known.phases is None or point.phase_switching:
        return point
    phases = effective(point.phases, known.phases)
    return point if phases is point.phases else replace(point, phases=phases)


def phases_used(site: Site, memory: Memory) -> dict[AssetId, Phases]:
    """The phases that vehicles really use, of charge points where these are not simply all that are wired."""
    used = {a.id: (a, as_used(a, memory)) for a in site.assets if isinstance(a, ChargePoint)}
    return {asset: point.phases for asset, (wired, point) in used.items() if point is not wired}


def _by_wiring(site: Site, state: SiteState, memory: Memory) -> dict[Phases, float]:
    """What all metered assets of each wiring take together, W."""
    out: dict[Phases, float] = {}
    for asset in site.assets:
        seen = state.assets.get(asset.id)
        if isinstance(asset, Room | Load) or seen is None or seen.power_w.value is None:
            continue
        wiring = as_used(asset, memory).phases if isinstance(asset, ChargePoint) else asset.phases
        out[wiring] = out.get(wiring, 0.0) + seen.power_w.value
    return out
