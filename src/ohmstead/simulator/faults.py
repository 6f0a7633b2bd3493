"""Things that go wrong, on a schedule or on call."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ohmstead.simulator.timeline import utc

METER = "meter"
"""The target that means the meter at the grid connection."""


class FaultKind(StrEnum):
    """What can go wrong."""

    OFFLINE = "offline"
    """The device does not answer; it goes on doing what it did."""
    STUCK = "stuck"
    """It answers and stays at the power it has, as far as physics lets it."""
    SLOW = "slow"
    """It reacts ``factor`` times as slowly."""
    METER_GAP = "meter_gap"
    """The meter repeats its last sample."""
    POWER_CUT = "power_cut"
    """No mains: every power is 0, nothing answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault in [start, end), seconds since 1970; ``end_s`` is infinite until it is cleared."""

    kind: FaultKind
    target: str
    start_s: float
    end_s: float = math.inf
    factor: float = 6.0


class FaultBoard:
    """All faults of a house, past and to come."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._faults: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._faults)

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults in force now."""
        now_s = self._now_s()
        return tuple(f for f in self._faults if f.start_s <= now_s < f.end_s)

    def inject(
        self,
        kind: FaultKind,
        target: str = METER,
        *,
        start: datetime | None = None,
        duration_s: float | None = None,
        factor: float = 6.0,
    ) -> Fault:
        """Let something go wrong, from ``start`` (now) for ``duration_s`` (until cleared).

        ``target`` is an asset's id, or :data:`METER`; a power cut and a meter gap have no other.

        Raises:
            ValueError: the duration is not positive, or the factor is below 1.
        """
        if duration_s is not None and duration_s <= 0.0:
            raise ValueError(f"a fault lasts longer than {duration_s} s")
        if factor < 1.0:
            raise ValueError(f"a slow device has a factor of at least 1, not {factor}")
        start_s = self._now_s() if start is None else start.timestamp()
        end_s = math.inf if duration_s is None else start_s + duration_s
        fault = Fault(kind=FaultKind(kind), target=target, start_s=start_s, end_s=end_s, factor=factor)
        self._faults.append(fault)
        return fault

    def clear(self, target: str | None = None) -> None:
        """End every fault of a target, or all of them, now; forget those to come."""
        self._faults = [f for f in self._faults if target is not None and f.target != target]

    def find(self, kind: FaultKind, target: str = METER) -> Fault | None:
        """The fault of that kind that is in force now."""
        if not self._faults:
            return None
        now_s = self._now_s()
        for f in self._faults:
            if f.kind is kind and f.target == target and f.start_s <= now_s < f.end_s:
                return f
        return None

    def next_change_s(self) -> float:
        """When the next fault begins or ends; infinite if none does."""
        now_s = self._now_s()
        edges = (edge for f in self._faults for edge in (f.start_s, f.end_s))
        return min((edge for edge in edges if edge > now_s), default=math.inf)

    def describe(self) -> list[str]:
        """The faults in force, for people to read."""
        return [f"{f.target}: {f.kind.value} since {utc(f.start_s):%Y-%m-%d %H:%M:%SZ}" for f in self.active]

    def snapshot(self) -> list[list[Any]]:
        """State as plain data."""
        return [
            [f.kind.value, f.target, f.start_s, None if f.end_s == math.inf else f.end_s, f.factor]
            for f in self._faults
        ]

    def restore(self, state: list[list[Any]]) -> None:
        """Take back what :meth:`snapshot` gave."""
        self._faults = [
            Fault(
                kind=FaultKind(kind),
                target=target,
                start_s=start,
                end_s=math.inf if end is None else end,
                factor=factor,
            )
            for kind, target, start, end, factor in state
        ]
