"""On which phases a vehicle really charges, inferred from metered powers.

A single-phase vehicle may sit on any phase of the house, whatever the charger calls it. Whenever the
charger's power goes from one steady level to another, the phase of the house that moves with it is its
own. A charger that meters its phases tells at least how many there are. What nobody knows stays unknown,
and limits take it as the worst case on every phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ohmstead.core.site import Phases

STEADY_W = 150.0
"""Within this a power counts as the same level."""
SETTLE_S = 12.0
"""A level counts once it has lasted longer than meter and charger lag."""
LARGEST_AGE_S = 180.0
"""Levels further apart than this say nothing: the household changed meanwhile."""
SMALLEST_STEP_W = 800.0
METERED_W = 500.0
USED_SHARE = 0.15
"""A phase that carries less than this share of the power is not used."""

PhasePowers = tuple[float, float, float]
SINGLE = (Phases.L1, Phases.L2, Phases.L3)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseEvidence:
    """What is known of one charge point so far.

    Args:
        found: the phases that its vehicle uses; ``None``: unknown.
        from_house: they were seen at the house connection, not only in the charger's own meter.
        power_w: the level that the charger's power is at.
        since: since when.
        level_w: the last level that lasted, with the house's phases then and when that was.
        doubted: there was an overload after it was found; it must be found once more.
        confirmed: it was found again after a doubt, and is not doubted any more.
    """

    found: Phases | None = None
    from_house: bool = False
    power_w: float = 0.0
    since: datetime | None = None
    level_w: float | None = None
    level_phases_w: PhasePowers = (0.0, 0.0, 0.0)
    level_at: datetime | None = None
    doubted: bool = False
    confirmed: bool = False


NOTHING = PhaseEvidence()


def observed(
    evidence: PhaseEvidence,
    *,
    now: datetime,
    power_w: float,
    own_phases_w: PhasePowers | None,
    house_phases_w: PhasePowers | None,
) -> PhaseEvidence:
    """The evidence after one more look.

    Args:
        power_w: what the charger takes.
        own_phases_w: the same per phase, where the charger tells.
        house_phases_w: at the connection, without what other controlled assets take there; ``None``
            where it is not metered.
    """
    evidence = _from_own_meter(evidence, power_w, own_phases_w)
    if house_phases_w is None:
        return replace(evidence, level_w=None)
    moved = abs(power_w - evidence.power_w) > STEADY_W
    if evidence.since is None or moved or now < evidence.since:
        return replace(evidence, power_w=power_w, since=now)
    if (now - evidence.since).total_seconds() < SETTLE_S:
        return evidence
    found = _moved_with(evidence, power_w, house_phases_w, now)
    if found is not None:
        evidence = replace(
            evidence,
            found=found,
            from_house=True,
            doubted=False,
            confirmed=evidence.doubted or (evidence.confirmed and evidence.found is found),
        )
    return replace(evidence, level_w=power_w, level_phases_w=house_phases_w, level_at=now)


def doubted(evidence: PhaseEvidence) -> PhaseEvidence:
    """The evidence after an overload that should not have been: once, the worst case holds again."""
    if evidence.confirmed or evidence.found is None or evidence.found is Phases.ALL:
        return evidence
    return replace(evidence, found=None, from_house=False, doubted=True)


def effective(wired: Phases, evidence: PhaseEvidence | None) -> Phases:
    """The phases that limits and rules may count on."""
    if evidence is None or evidence.found is None or wired in SINGLE:
        return wired
    if wired is Phases.UNKNOWN and evidence.found is Phases.ALL:
        return wired
    return evidence.found


def without_others(house_phases_w: PhasePowers, others: Mapping[Phases, float] | None) -> PhasePowers:
    """The house's phases without what assets of these wirings take, W."""
    if not others:
        return house_phases_w
    even = others.get(Phases.ALL, 0.0) / 3.0
    l1, l2, l3 = house_phases_w
    return (
        l1 - even - others.get(Phases.L1, 0.0),
        l2 - even - others.get(Phases.L2, 0.0),
        l3 - even - others.get(Phases.L3, 0.0),
    )


def _from_own_meter(
    evidence: PhaseEvidence, power_w: float, own_phases_w: PhasePowers | None
) -> PhaseEvidence:
    """How many phases are used, and which by the charger's own numbering where nothing better is known."""
    if own_phases_w is None or power_w < METERED_W or sum(own_phases_w) < METERED_W:
        return evidence
    total_w = sum(own_phases_w)
    used = [phase for phase, w in zip(SINGLE, own_phases_w, strict=True) if w > USED_SHARE * total_w]
    if len(used) == len(SINGLE):
        if evidence.found is Phases.ALL and not evidence.from_house:
            return evidence
        return replace(evidence, found=Phases.ALL, from_house=False)
    if len(used) != 1 or evidence.doubted:
        return evidence
    if evidence.found is used[0] or (evidence.from_house and evidence.found in SINGLE):
        return evidence
    return replace(evidence, found=used[0], from_house=False)


def _moved_with(
    evidence: PhaseEvidence, power_w: float, house_phases_w: PhasePowers, now: datetime
) -> Phases | None:
    """The phases of the house that moved as the charger did; ``None`` where it is not clear."""
    if evidence.level_w is None or evidence.level_at is None:
        return None
    step_w = power_w - evidence.level_w
    age_s = (now - evidence.level_at).total_seconds()
    if abs(step_w) < SMALLEST_STEP_W or not 0.0 <= age_s <= LARGEST_AGE_S:
        return None
    shares = [(b - a) / step_w for a, b in zip(evidence.level_phases_w, house_phases_w, strict=True)]
    for phase, share in zip(SINGLE, shares, strict=True):
        others = [s for p, s in zip(SINGLE, shares, strict=True) if p is not phase]
        if 0.75 <= share <= 1.25 and all(abs(s) <= 0.2 for s in others):
            return phase
    if all(abs(s - 1.0 / 3.0) <= 0.1 for s in shares):
        return Phases.ALL
    return None
