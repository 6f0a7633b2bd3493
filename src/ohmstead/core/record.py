"""One cycle, whole: what was seen, what was decided and why. It can be replayed bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ohmstead.core.dispatch import Conflict
from ohmstead.core.memory import Memory
from ohmstead.core.plan import PlanSlot
from ohmstead.core.reason import Setpoint
from ohmstead.core.state import SiteState
from ohmstead.core.tariff import PriceSlot


@dataclass(frozen=True, kw_only=True, slots=True)
class CycleRecord:
    """The inputs and the outcome of one control cycle.

    Args:
        memory: what the core remembered *before* the cycle.
        slot: the plan's slot that was followed, if any.
        prices: the known price slots that the rules could look at.
        left_w: what the dispatcher expected to flow to the grid afterwards.
        held: the setpoints in force, where this is no whole cycle but only lowers them at a reading of the
            meter (:mod:`ohmstead.core.protect`); ``None``: a whole cycle.
    """

    at: datetime
    state: SiteState
    memory: Memory
    slot: PlanSlot | None
    plan_id: str | None
    tariff_name: str
    prices: tuple[PriceSlot, ...]
    setpoints: tuple[Setpoint, ...]
    conflicts: tuple[Conflict, ...]
    left_w: float
    held: tuple[Setpoint, ...] | None = None
