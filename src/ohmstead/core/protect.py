"""Protection between two cycles: at a reading of the meter, what is over a limit is lowered at once.

The same limits and the same desk as in a cycle, with one wish for every asset: to go on as it is. What
that wish is cut by is lowered; nothing is ever raised here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ohmstead.core.cycle import Cycle
from ohmstead.core.decide import Decision, commands, see
from ohmstead.core.dispatch import Desk
from ohmstead.core.memory import Memory
from ohmstead.core.order import LIMITS, RANK, RELIEF
from ohmstead.core.reason import Proposal, Setpoint
from ohmstead.core.settings import Settings
from ohmstead.core.site import AssetId, Site
from ohmstead.core.state import SiteState

LOAD_STEP_W = 50.0
"""A flexible load that is to take this much less is told so."""


def protect(
    *,
    now: datetime,
    site: Site,
    settings: Settings,
    state: SiteState,
    memory: Memory,
    held: tuple[Setpoint, ...],
) -> Decision | None:
    """Lower the setpoints in force that are over a limit; ``None`` where none is. Pure.

    A stale meter is the next cycle's business, and so is a clock that was set back.

    Args:
        state: the image of the last cycle with the newest reading of the meter.
        held: the setpoints in force. All of them are in the decision; only what changes is to be sent.
    """
    if memory.at is None or now < memory.at:
        return None
    memory = memory.copy()
    cycle = see(now, site, memory.tuning.over(settings), state, memory, meter_only=True)
    if not cycle.meter_fresh:
        return None
    desk = Desk(cycle, (bound for limit in LIMITS for bound in limit(cycle)))
    by_deadline = {point.id: place for place, point in enumerate(cycle.points_by_deadline())}
    for setpoint in sorted(held, key=lambda s: (RANK[s.reason.rule], by_deadline.get(s.asset, 0))):
        if setpoint.asset in cycle.flexibilities:
            desk.commit(Proposal(asset=setpoint.asset, power_w=setpoint.power_w, reason=setpoint.reason))
    if desk.overloads():
        _relieve(cycle, desk)
    lowered = _lowered(cycle, desk, held)
    for setpoint in held:
        reason = desk.reasons.get(setpoint.asset)
        if setpoint.asset in lowered and reason is not None and reason.limit is not None:
            desk.reasons[setpoint.asset] = replace(reason, without_limit_w=_without_limit_w(setpoint))
    new = {s.asset: s for s in commands(cycle, desk, lowered) if s.send}
    if not new:
        return None
    memory.uncontrolled_w = cycle.uncontrolled_w
    memory.phases_uncontrolled_w = cycle.phases_uncontrolled_w
    return Decision(
        setpoints=tuple(new.get(s.asset) or replace(s, send=False) for s in held),
        conflicts=tuple(desk.conflicts),
        left_w=desk.left_w,
        memory=memory,
    )


def _relieve(cycle: Cycle, desk: Desk) -> None:
    """Let batteries discharge, and shed, against what is over a limit; wishes wait for the cycle."""
    desk.bought_w = max(0.0, -desk.left_w)
    for strategy in RELIEF:
        for proposal in strategy(cycle, desk):
            desk.commit(proposal)


def _lowered(cycle: Cycle, desk: Desk, held: Iterable[Setpoint]) -> set[AssetId]:
    """The assets that are to take, or to give, noticeably less than they were told."""
    out = set()
    for setpoint in held:
        flex = cycle.flexibilities.get(setpoint.asset)
        given_w = (desk.outside_w if flex is None else desk.committed_w).get(setpoint.asset)
        if given_w is None or given_w == setpoint.power_w:
            continue
        less = given_w < setpoint.power_w or setpoint.power_w < given_w <= 0.0
        step_w = LOAD_STEP_W if flex is None else flex.step_w
        if less and (given_w == 0.0 or abs(given_w - setpoint.power_w) >= step_w):
            out.add(setpoint.asset)
    return out


def _without_limit_w(setpoint: Setpoint) -> float:
    """What an asset would have had without any limit."""
    before_w = setpoint.reason.without_limit_w
    return setpoint.power_w if before_w is None else max(before_w, setpoint.power_w)
