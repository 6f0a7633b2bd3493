"""Getting a charger to keep a limit: sent, verified, sent again; pure, the host does what it says.

The newest target wins. A refusal leads to the next way of telling (unit, stack level, kind of profile);
when all are refused, or the charger does not answer, it is tried again with growing pauses. An accepted
limit counts as kept once the charger measures no more than it, or, without measurements, says so in
GetCompositeSchedule. A charger that ignores two commands in a row is *unruly*: a load that nobody
controls, until it is seen to keep a limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ohmstead.ocpp.central.limit_profile import (
    Abilities,
    Share,
    Way,
    Wiring,
    power_of,
    share_of,
    ways,
)
from ohmstead.ocpp.smart_charging import Purpose

LONGEST_PAUSE_S = 300.0
START_PAUSE_S = 120.0
"""Between two tries to begin a transaction; a vehicle may take a minute to answer."""
IGNORED_TWICE = 2
SURPLUS_W = 250.0
SURPLUS_SHARE = 0.08
"""A charger may take this much more than its limit: meters, voltage and its own steps differ."""


class Action(StrEnum):
    """What the host is to do."""

    SET = "set"
    """SetChargingProfile."""
    CHECK = "check"
    """GetCompositeSchedule."""
    START = "start"
    """RemoteStartTransaction."""
    STOP = "stop"
    """RemoteStopTransaction: the charger refuses or ignores a limit of 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing to do; ``way`` with ``SET``."""

    action: Action
    share: Share
    way: Way | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """The connector now.

    Args:
        measured_w: its newest power with the time it arrived; ``None`` where there is none.
        waiting: a vehicle is plugged in and no transaction runs.
    """

    online: bool
    transaction_id: int | None = None
    waiting: bool = False
    measured_w: float | None = None
    measured_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitMemory:
    """What is known between two steps; ``target`` is ``None`` as long as nobody asked for anything."""

    target: Share | None = None
    accepted: Share | None = None
    accepted_at: datetime | None = None
    accepted_for: int | None = None
    """The transaction that a TxProfile was set for."""
    way: int = 0
    refused_ways: int = 0
    failures: int = 0
    retry_at: datetime | None = None
    ignored: int = 0
    judged: bool = False
    checkable: bool = True
    started_at: datetime | None = None
    words: str | None = None
    """Why it does not work now."""

    @property
    def unruly(self) -> bool:
        """It ignored its last two commands."""
        return self.ignored >= IGNORED_TWICE

    @property
    def settled(self) -> bool:
        """The charger accepted what is wanted."""
        return self.target is not None and self.accepted == self.target


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitControl:
    """The rules for one connector.

    Args:
        settle_s: how long the vehicle and the meter may take to follow a limit.
        remote_start: begin a transaction as soon as a vehicle waits and the charger has accepted its
            limit, 0 too: many vehicles tell their SoC only then, and some chargers do not begin one later.
    """

    wiring: Wiring
    abilities: Abilities
    settle_s: float = 20.0
    remote_start: bool = False

    def want(self, memory: LimitMemory, power_w: float) -> LimitMemory:
        """A new target, W. It is tried at once, whatever was refused before."""
        target = share_of(power_w, self.wiring, whole_amps=self.abilities.whole_amps)
        if target == memory.target:
            return memory
        return replace(memory, target=target, retry_at=None, refused_ways=0)

    def forgotten(self, memory: LimitMemory) -> LimitMemory:
        """The charger was away or booted: what it holds is not known."""
        return replace(
            memory, accepted=None, accepted_at=None, retry_at=None, refused_ways=0, started_at=None
        )

    def next_step(self, memory: LimitMemory, now: datetime, situation: Situation) -> Step | None:
        """What to do now; ``None``: nothing. See :meth:`due_at` for when to look again."""
        target = memory.target
        if target is None or not situation.online or (memory.retry_at is not None and now < memory.retry_at):
            return None
        if self._pause_ignored(memory) and situation.transaction_id is not None:
            return Step(action=Action.STOP, share=target)
        way = self._ways[memory.way % len(self._ways)]
        if way.purpose is Purpose.TX:
            if situation.transaction_id is None:
                way = self._ways[0]
            elif memory.accepted_for != situation.transaction_id:
                return Step(action=Action.SET, share=target, way=way)
        if memory.accepted != target:
            if self._zero_refused(memory):
                if situation.transaction_id is None:
                    return None
                return Step(action=Action.STOP, share=target)
            return Step(action=Action.SET, share=target, way=way)
        if situation.waiting and self.remote_start and self._may_start(memory, now):
            return Step(action=Action.START, share=target)
        if not memory.judged and memory.checkable and self._unmeasured(memory, now, situation):
            return Step(action=Action.CHECK, share=target)
        return None

    def due_at(self, memory: LimitMemory, now: datetime) -> datetime:
        """When to look again at the latest."""
        soon = now + timedelta(seconds=max(1.0, self.settle_s / 4))
        return soon if memory.retry_at is None else min(max(memory.retry_at, now), soon)

    def answered(
        self, memory: LimitMemory, step: Step, status: str, now: datetime, transaction_id: int | None
    ) -> LimitMemory:
        """The charger's status to a step."""
        match step.action:
            case Action.START:
                return replace(memory, started_at=now)
            case Action.STOP if status == "Accepted":
                return replace(
                    memory, accepted=step.share, accepted_at=now, judged=True, ignored=0, words=None
                )
            case Action.SET if status == "Accepted":
                return self._accepted(memory, step, now, transaction_id)
            case Action.SET:
                return self._refused(memory, status, now)
            case _:
                return self._pause(replace(memory, words=f"answered {status}"), now)

    def failed(
        self, memory: LimitMemory, step: Step, words: str, now: datetime, *, refused: bool
    ) -> LimitMemory:
        """A step that got no status: ``refused`` by an error of the charger, else no answer."""
        if step.action is Action.CHECK:
            return replace(memory, checkable=False) if refused else self._pause(memory, now)
        if step.action is Action.START:
            return replace(memory, started_at=now)
        if refused and step.action is Action.SET:
            return self._refused(memory, words, now)
        return self._pause(replace(memory, words=words), now)

    def measured(self, memory: LimitMemory, now: datetime, situation: Situation) -> LimitMemory:
        """Judge an accepted limit by what is measured, once it had time to settle."""
        if (
            memory.accepted is None
            or memory.accepted_at is None
            or situation.measured_w is None
            or situation.measured_at is None
            or situation.measured_at < memory.accepted_at + timedelta(seconds=self.settle_s)
            or now < situation.measured_at
        ):
            return memory
        allowed_w = power_of(memory.accepted, self.wiring) * (1 + SURPLUS_SHARE) + SURPLUS_W
        if situation.measured_w <= allowed_w:
            if memory.judged and not memory.ignored:
                return memory
            return replace(memory, judged=True, ignored=0, failures=0, words=None)
        words = f"takes {situation.measured_w:.0f} W although its limit is {memory.accepted.current_a:g} A"
        return self._ignored(memory, words, now)

    def checked(self, memory: LimitMemory, power_w: float | None, now: datetime) -> LimitMemory:
        """Judge an accepted limit by the charger's own schedule; ``None``: it does not tell."""
        if power_w is None:
            return replace(memory, checkable=False)
        if memory.accepted is None:
            return memory
        allowed_w = power_of(memory.accepted, self.wiring) * (1 + SURPLUS_SHARE) + SURPLUS_W
        if power_w <= allowed_w:
            return replace(memory, judged=True, ignored=0, failures=0, words=None)
        return self._ignored(memory, f"allows {power_w:.0f} W by its own schedule", now)

    @property
    def _ways(self) -> tuple[Way, ...]:
        return ways(self.abilities)

    def _zero_refused(self, memory: LimitMemory) -> bool:
        """Every way to say 0 was refused: ending the transaction is what is left."""
        return (
            memory.target is not None
            and memory.target.current_a == 0
            and memory.refused_ways >= len(self._ways)
        )

    def _pause_ignored(self, memory: LimitMemory) -> bool:
        """It charges on although it was told twice to pause; a fuse may hang on it."""
        return memory.unruly and memory.target is not None and memory.target.current_a == 0

    def _accepted(
        self, memory: LimitMemory, step: Step, now: datetime, transaction_id: int | None
    ) -> LimitMemory:
        for_transaction = transaction_id if step.way and step.way.purpose is Purpose.TX else None
        return replace(
            memory,
            accepted=step.share,
            accepted_at=now,
            accepted_for=for_transaction,
            judged=False,
            refused_ways=0,
            retry_at=None,
            failures=memory.failures if memory.ignored else 0,
            words=memory.words if memory.ignored else None,
        )

    def _refused(self, memory: LimitMemory, status: str, now: datetime) -> LimitMemory:
        tried = memory.refused_ways + 1
        moved = replace(
            memory,
            way=(memory.way + 1) % len(self._ways),
            refused_ways=tried,
            words=f"refuses its limit: {status}",
        )
        if tried % len(self._ways) or self._zero_refused(moved):
            return moved
        return self._pause(moved, now)

    def _ignored(self, memory: LimitMemory, words: str, now: datetime) -> LimitMemory:
        """Send it again; from the second time on in another way."""
        ignored = memory.ignored + 1
        way = (memory.way + 1) % len(self._ways) if ignored >= IGNORED_TWICE else memory.way
        worse = replace(memory, ignored=ignored, way=way, accepted=None, accepted_at=None, words=words)
        return worse if ignored < IGNORED_TWICE else self._pause(worse, now)

    def _pause(self, memory: LimitMemory, now: datetime) -> LimitMemory:
        pause_s = min(LONGEST_PAUSE_S, self.settle_s / 4 * 2.0**memory.failures)
        return replace(
            memory, failures=min(memory.failures + 1, 16), retry_at=now + timedelta(seconds=pause_s)
        )

    def _may_start(self, memory: LimitMemory, now: datetime) -> bool:
        return (
            memory.started_at is None or (now - memory.started_at).total_seconds() >= 2 * LONGEST_PAUSE_S / 5
        )

    def _unmeasured(self, memory: LimitMemory, now: datetime, situation: Situation) -> bool:
        """It had time to settle, and no measurement tells."""
        if memory.accepted_at is None or now < memory.accepted_at + timedelta(seconds=self.settle_s):
            return False
        return situation.measured_at is None or situation.measured_at < memory.accepted_at
