"""What the two contacts of an SG-Ready heat pump ask for in a cycle, out of what the rules gave it.

It regulates itself: that nobody wants anything of it is no reason to block it. Blocked it is by hand, and
where lines or the grid have no room for it.
"""

from __future__ import annotations

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.memory import AssetMemory
from ohmstead.core.reason import Reason, Rule
from ohmstead.core.sg_ready import SgReady, SgReadyMemory, next_state, wish_of
from ohmstead.core.site import AssetId, HeatPump
from ohmstead.core.state import HeatPumpState


def contacts(cycle: Cycle, desk: Desk, asset_id: AssetId, power_w: float, reason: Reason) -> SgReady | None:
    """The state that an SG-Ready pump is asked for now; ``None`` for all that takes a power itself.

    Called once a cycle: blocks end and boosts are held although what the rules give stays the same.
    """
    pump, seen = cycle.controllables.get(asset_id), cycle.state_of(asset_id)
    if not isinstance(pump, HeatPump) or not isinstance(seen, HeatPumpState) or not seen.sg_ready:
        return None
    memory = cycle.memory.of(asset_id)
    before = memory.sg_ready or SgReadyMemory()
    memory.sg_ready = next_state(before, _wish(cycle, desk, pump, power_w, reason, before), cycle.now)
    return memory.sg_ready.state


def regulates_itself(memory: AssetMemory) -> bool:
    """Whether what a pump takes is its own matter now: only a block tells it what to take."""
    return memory.sg_ready is not None and memory.sg_ready.state is not SgReady.BLOCKED


def _wish(
    cycle: Cycle, desk: Desk, pump: HeatPump, power_w: float, reason: Reason, before: SgReadyMemory
) -> SgReady:
    if power_w > 0.0:
        return wish_of(pump, power_w)
    by_hand = reason.rule is Rule.MANUAL and not _freezes(cycle, pump)
    # Let go again it may take all that it can, and at once.
    needed_w = pump.max_w if before.state is SgReady.BLOCKED else pump.min_w
    return SgReady.BLOCKED if by_hand or _room_w(cycle, desk, pump) < needed_w else SgReady.NORMAL


def _room_w(cycle: Cycle, desk: Desk, pump: HeatPump) -> float:
    """What lines and the grid have left for it, with what it takes on its own."""
    shares: dict[int | None, float] = {None: 1.0}
    shares |= dict(enumerate(cycle.flexibilities[pump.id].shares_at(pump.max_w)))
    return desk.headroom_w(pump.id, shares) + cycle.at_least_w.get(pump.id, 0.0)


def _freezes(cycle: Cycle, pump: HeatPump) -> bool:
    outdoor_c = cycle.state.outdoor_c.value
    return outdoor_c is not None and outdoor_c < pump.frost_c
