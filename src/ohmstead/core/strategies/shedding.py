"""Flexible loads: they run as they like until a limit is in danger, or energy would be bought for them."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.bounds import EPSILON_W
from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.flexibility import SHARES
from ohmstead.core.memory import RUNNING_W
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import Battery, FlexibleLoad


def shedding(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Shed in order while a group is over its limit; allow again when there is room for the whole load.

    A load that avoids import is shed for what would be bought as well. A modulating load takes as much
    less as is needed, and as much more as there is room for.
    """
    overloads = desk.overloads()
    relieved_w = [0.0] * len(overloads)
    free_w = _free_w(cycle, desk)
    for load in sorted(cycle.all(FlexibleLoad), key=lambda item: item.shed_order):
        state = cycle.state_of(load.id)
        if state is None or not state.online:
            continue
        shares = dict(zip((0, 1, 2), SHARES[load.phases], strict=True)) | {None: 1.0}
        running_w = max(0.0, state.power_w.or_(0.0))
        over = [
            i
            for i, group in enumerate(overloads)
            if desk.overload_of(group) > relieved_w[i]
            and shares[group.phase] > 0
            and (group.members is None or load.id in group.members)
        ]
        excesses = [
            (desk.overload_of(overloads[i]) - relieved_w[i]) / shares[overloads[i].phase] for i in over
        ]
        excess_w, missing_w = max(excesses, default=0.0), max(0.0, -free_w) if load.avoid_import else 0.0
        room_w = min(desk.headroom_w(load.id, shares), free_w if load.avoid_import else float("inf"))
        rule = _modulated_w if load.modulating else _switched_w
        power_w = rule(cycle, load, running_w, room_w, excess_w, missing_w)
        if power_w is None:
            yield Proposal(asset=load.id, power_w=load.max_w, reason=Reason(rule=Rule.ALLOWED))
            continue
        shed_w = max(0.0, running_w - power_w)
        for i in over:
            relieved_w[i] += shed_w * shares[overloads[i].phase]
        free_w += shed_w
        for_want = missing_w > excess_w
        params = {"shed_w": shed_w, "missing_w": missing_w} if for_want else {}
        yield Proposal(asset=load.id, power_w=power_w, reason=Reason(rule=Rule.SHED, params=params))


def _free_w(cycle: Cycle, desk: Desk) -> float:
    """What is left before anything must be bought, W: the surplus, and what batteries could still give."""
    spare_w = sum(desk.committed_w[b.id] - desk.fit(b.id, -float("inf"))[0] for b in cycle.all(Battery))
    return desk.surplus_w + max(0.0, spare_w)


def _modulated_w(
    cycle: Cycle, load: FlexibleLoad, running_w: float, room_w: float, excess_w: float, missing_w: float
) -> float | None:
    """What a load that can take less may take; ``None``: as much as it likes."""
    need_w = max(excess_w, missing_w)
    if need_w > EPSILON_W:
        return max(0.0, running_w - need_w) if running_w > 0.0 else None
    if cycle.memory.of(load.id).rule is Rule.SHED and running_w + room_w < load.max_w:
        return running_w + max(0.0, room_w)
    return None


def _switched_w(
    cycle: Cycle, load: FlexibleLoad, running_w: float, room_w: float, excess_w: float, missing_w: float
) -> float | None:
    """0 for a load that must be off, ``None`` for one that may run."""
    memory = cycle.memory.of(load.id)
    if memory.commanded_w == 0.0:
        waiting = cycle.since_s(memory.off_since) < load.min_off_s
        return 0.0 if waiting or room_w < load.max_w else None
    needed = excess_w > 0.0 or missing_w > cycle.settings.balance_deadband_w
    return 0.0 if needed and running_w > RUNNING_W else None
