"""The four states of an SG-Ready heat pump, and the times that protect it.

Such a pump regulates itself; two contacts ask it to stand still, to go on as usual, to take more if it
can, or to run (Bundesverband Wärmepumpe, label SG Ready). What our rules give as a power is turned into
one of these here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from ohmstead.core.site import HeatPump

DAY_S = 86_400.0


class SgReady(StrEnum):
    """The states, by the label's numbers 1 to 4."""

    BLOCKED = "blocked"
    NORMAL = "normal"
    RECOMMENDED = "recommended"
    FORCED = "forced"

    @property
    def contacts(self) -> tuple[bool, bool]:
        """Contact 1 and contact 2, closed or not."""
        return {
            SgReady.BLOCKED: (True, False),
            SgReady.NORMAL: (False, False),
            SgReady.RECOMMENDED: (False, True),
            SgReady.FORCED: (True, True),
        }[self]

    @property
    def boosts(self) -> bool:
        """Whether it asks for more than usual."""
        return self in {SgReady.RECOMMENDED, SgReady.FORCED}


@dataclass(frozen=True, kw_only=True, slots=True)
class SgReadyTimes:
    """How long states last.

    Args:
        longest_block_s: then it goes on as usual; the label allows two hours.
        blocks_per_day: within any 24 hours.
        hold_s: a boost lasts at least so long before it goes on as usual.
        rest_s: from the end of a boost to the next.
    """

    longest_block_s: float = 7200.0
    blocks_per_day: int = 3
    hold_s: float = 600.0
    rest_s: float = 1200.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SgReadyMemory:
    """The state now, since when, the blocks of the last day, and the end of the last boost."""

    state: SgReady = SgReady.NORMAL
    since: datetime | None = None
    blocks: tuple[datetime, ...] = ()
    boosted_until: datetime | None = None

    def rebased(self, now: datetime) -> SgReadyMemory:
        """A copy in which no time lies in the future, for a clock that was set back."""
        return SgReadyMemory(
            state=self.state,
            since=None if self.since is None else min(self.since, now),
            blocks=tuple(min(at, now) for at in self.blocks),
            boosted_until=None if self.boosted_until is None else min(self.boosted_until, now),
        )


def wish_of(pump: HeatPump, power_w: float) -> SgReady:
    """The state that stands for a power, W.

    Nothing blocks it only where rooms are watched: a pump that nobody watches knows best when to rest.
    """
    if power_w <= 0.0:
        return SgReady.BLOCKED if pump.rooms else SgReady.NORMAL
    if power_w >= pump.max_w:
        return SgReady.FORCED
    return SgReady.RECOMMENDED if power_w >= (pump.min_w + pump.max_w) / 2.0 else SgReady.NORMAL


def next_state(
    memory: SgReadyMemory, wish: SgReady, now: datetime, times: SgReadyTimes | None = None
) -> SgReadyMemory:
    """The memory after a wish at a moment; call it every few seconds, also while the wish stays.

    A block is taken at once, whatever else is held: it may protect a fuse.
    """
    times = times or SgReadyTimes()
    state = _allowed(memory, wish, now, times)
    if state is memory.state:
        return memory if memory.since is not None else replace(memory, since=now)
    blocks = tuple(at for at in memory.blocks if 0.0 <= _s(at, now) < DAY_S)
    return SgReadyMemory(
        state=state,
        since=now,
        blocks=(*blocks, now) if state is SgReady.BLOCKED else blocks,
        boosted_until=now if memory.state.boosts and not state.boosts else memory.boosted_until,
    )


def _allowed(memory: SgReadyMemory, wish: SgReady, now: datetime, times: SgReadyTimes) -> SgReady:
    in_state_s = DAY_S if memory.since is None else max(0.0, _s(memory.since, now))
    if wish is SgReady.BLOCKED:
        if memory.state is SgReady.BLOCKED:
            return wish if in_state_s < times.longest_block_s else SgReady.NORMAL
        lately = [at for at in memory.blocks if 0.0 <= _s(at, now) < DAY_S]
        rested = not lately or _s(lately[-1], now) >= 2.0 * times.longest_block_s
        return wish if len(lately) < times.blocks_per_day and rested else SgReady.NORMAL
    if wish.boosts and not memory.state.boosts:
        ended = memory.boosted_until
        return wish if ended is None or _s(ended, now) >= times.rest_s else SgReady.NORMAL
    if wish is SgReady.NORMAL and memory.state.boosts and in_state_s < times.hold_s:
        return memory.state
    return wish


def _s(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds()
