"""One control cycle as one function: image, memory, prices and plan in; setpoints with reasons out."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from ohmstead.core.contacts import contacts, regulates_itself
from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Conflict, Desk
from ohmstead.core.estimate import estimate
from ohmstead.core.flexibility import SHARES, Controllable, Flexibility, flexibility, is_controllable
from ohmstead.core.limits.fuse import fuse_limit_w
from ohmstead.core.limits.locks import HOUR_S
from ohmstead.core.memory import RUNNING_W, AssetMemory, Memory
from ohmstead.core.obedience import count, ignores, retry_s, watch
from ohmstead.core.order import LIMITS, STRATEGIES
from ohmstead.core.phase_watch import as_used, doubt_phases, over, watch_phases
from ohmstead.core.plan import PlanSlot
from ohmstead.core.reason import Reason, Setpoint
from ohmstead.core.settings import Settings
from ohmstead.core.site import AssetId, ChargePoint, Phases, Site
from ohmstead.core.state import GridState, SiteState
from ohmstead.core.tariff import Tariff

REPEAT_S = 300.0
"""A command is repeated after this time even where nothing changed: devices forget."""
MAX_CLOCK_STEP_BACK_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The outcome of one cycle and the memory for the next."""

    setpoints: tuple[Setpoint, ...]
    conflicts: tuple[Conflict, ...]
    left_w: float
    memory: Memory


def decide(
    *,
    now: datetime,
    site: Site,
    settings: Settings,
    state: SiteState,
    memory: Memory,
    tariff: Tariff | None,
    slot: PlanSlot | None,
) -> Decision:
    """Decide one cycle. Pure: the same arguments give the same decision, bit for bit."""
    back_s = 0.0 if memory.at is None else (memory.at - now).total_seconds()
    memory = memory.rebased(now) if back_s > MAX_CLOCK_STEP_BACK_S else memory.copy()
    cycle = see(now, site, memory.tuning.over(settings), state, memory, tariff, slot)
    desk = Desk(cycle, (bound for limit in LIMITS for bound in limit(cycle)))
    for strategy in STRATEGIES:
        for proposal in strategy(cycle, desk):
            desk.commit(proposal)
    setpoints = tuple(commands(cycle, desk))
    memory.at = now
    if cycle.meter_fresh:
        memory.uncontrolled_w = cycle.uncontrolled_w
        memory.phases_uncontrolled_w = cycle.phases_uncontrolled_w
    return Decision(setpoints=setpoints, conflicts=tuple(desk.conflicts), left_w=desk.left_w, memory=memory)


def see(
    now: datetime,
    site: Site,
    settings: Settings,
    state: SiteState,
    memory: Memory,
    tariff: Tariff | None = None,
    slot: PlanSlot | None = None,
    *,
    meter_only: bool = False,
) -> Cycle:
    """What limits and strategies look at.

    Args:
        meter_only: only the grid meter was read since the cycle before: devices have told nothing new.
    """
    controllables: dict[AssetId, Controllable] = {
        a.id: a for a in site.assets if isinstance(a, Controllable) and is_controllable(a)
    }
    meter = state.grid.power_w
    age_s = 0.0 if meter.at is None else (now - meter.at).total_seconds()
    fresh = meter.good and abs(age_s) <= settings.meter_max_age_s
    grid = state.grid if fresh else GridState()
    overloaded = over(grid.phases_w, fuse_limit_w(site, settings))
    if not meter_only:
        watch_phases(site, state, grid, memory, overloaded=overloaded)
    elif overloaded:
        doubt_phases(site, memory)
    flexibilities = {}
    for asset_id, asset in controllables.items():
        known = state.assets.get(asset_id)
        if known is None:
            continue
        flex = flexibility(as_used(asset, memory) if isinstance(asset, ChargePoint) else asset, known)
        if flex is not None:
            flexibilities[asset_id] = flex
            if not meter_only:
                watch(memory.of(asset_id), flex, known.power_w, now)
    seen = estimate(site, state, grid, flexibilities, memory, now, by_phase=overloaded)
    told = {a: memory.of(a) for a in flexibilities}
    return Cycle(
        now=now,
        site=site,
        settings=settings,
        state=state,
        tariff=tariff,
        price=None if tariff is None else tariff.at(now),
        slot=slot,
        memory=memory,
        flexibilities=flexibilities,
        controllables=controllables,
        present_w=seen.present_w,
        uncontrolled_w=seen.uncontrolled_w or 0.0,
        phases_uncontrolled_w=seen.phases_uncontrolled_w,
        in_base_w=seen.in_base_w,
        at_most_w={a: m.at_most_w for a, m in told.items() if m.at_most_w is not None},
        at_least_w={a: m.at_least_w for a, m in told.items() if m.at_least_w is not None},
        meter_fresh=fresh,
    )


def commands(cycle: Cycle, desk: Desk, among: Container[AssetId] | None = None) -> list[Setpoint]:
    """Turn what was committed into commands, and remember them; ``among`` some assets only."""
    out = []
    given = [(a, w, desk.reason_of(a)) for a, w in desk.committed_w.items()]
    given += [(a, w, desk.reasons[a]) for a, w in desk.outside_w.items()]
    for asset_id, power_w, reason in given:
        if among is not None and asset_id not in among:
            continue
        memory = cycle.memory.of(asset_id)
        flex = cycle.flexibilities.get(asset_id)
        measured_w = cycle.state.assets[asset_id].power_w.value
        reaction_s = 10.0 if flex is None else flex.reaction_s
        step_w = 50.0 if flex is None else flex.step_w
        asked_before = memory.sg_ready
        sg_ready = contacts(cycle, desk, asset_id, power_w, reason)
        own = sg_ready is not None and regulates_itself(memory)
        ignored = flex is not None and not own and ignores(memory, measured_w)
        repeat_s = reaction_s + retry_s(memory) if ignored else max(REPEAT_S, reaction_s + retry_s(memory))
        send = _worth_sending(cycle, memory, power_w, reason, step_w, repeat_s)
        send = send or (sg_ready is not None and (asked_before is None or asked_before.state is not sg_ready))
        if own:
            memory.ignored = 0
        elif send or memory.at_least_w is None:
            count(memory, waited_s=cycle.since_s(memory.commanded_at), reaction_s=reaction_s)
        if send:
            _remember(cycle, memory, flex, power_w, reason, measured_w or 0.0, repeat_s)
        else:
            memory.rule = reason.rule
        nominal_w = _as_if_all_phases(cycle, flex, power_w)
        out.append(
            Setpoint(
                asset=asset_id,
                power_w=power_w,
                reason=reason,
                send=send,
                nominal_w=nominal_w,
                sg_ready=sg_ready,
            )
        )
    return out


def _as_if_all_phases(cycle: Cycle, flex: Flexibility | None, power_w: float) -> float | None:
    """What a three-phase charger is told where its vehicle uses one phase: chargers divide by three."""
    asset = None if flex is None else cycle.controllables[flex.asset]
    if flex is None or not isinstance(asset, ChargePoint) or asset.phases is not Phases.ALL:
        return None
    if asset.phase_switching or flex.shares_at(power_w) == SHARES[Phases.ALL]:
        return None
    return 3.0 * power_w


def _worth_sending(
    cycle: Cycle, memory: AssetMemory, power_w: float, reason: Reason, step_w: float, repeat_s: float
) -> bool:
    """Whether a power differs enough from the last command, or the command needs repeating."""
    last_w = memory.commanded_w
    if last_w is None:
        return True
    if abs(power_w - last_w) >= step_w or (power_w == 0.0) != (last_w == 0.0):
        return True
    if power_w < last_w and reason.limit is not None:
        return True
    return cycle.since_s(memory.commanded_at) >= repeat_s


def _remember(
    cycle: Cycle,
    memory: AssetMemory,
    flex: Flexibility | None,
    power_w: float,
    reason: Reason,
    measured_w: float,
    repeat_s: float,
) -> None:
    last_w = measured_w if memory.commanded_w is None else memory.commanded_w
    was_on, is_on = last_w > RUNNING_W, power_w > RUNNING_W
    if memory.commanded_w is None or was_on != is_on:
        memory.on_since = cycle.now if is_on else None
        if is_on and flex is not None and flex.max_starts_per_h is not None:
            memory.starts = (*(at for at in memory.starts if cycle.since_s(at) < HOUR_S), cycle.now)
        memory.off_since = cycle.now if was_on and not is_on else None
    if not is_on:
        memory.stepped_down_at = None
    elif was_on and flex is not None and flex.top_of_stage_w(power_w) < flex.top_of_stage_w(last_w):
        memory.stepped_down_at = cycle.now
    changed = memory.commanded_w is None or abs(power_w - memory.commanded_w) > 1e-9
    if changed or cycle.since_s(memory.commanded_at) >= repeat_s:
        memory.commanded_at = cycle.now
    memory.commanded_w = power_w
    memory.rule = reason.rule
