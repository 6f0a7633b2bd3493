"""What the house takes, and how much of it is shed on a lease. Pure, like :mod:`ohmstead.agents.storage`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ohmstead.agents.storage import Applied, LimitedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class ShedCommand:
    """A power to go without until a moment, W ≥ 0."""

    id: str | None
    shed_w: float
    until_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What is wanted, W ≥ 0: ``flexible_w`` may be shed, ``critical_w`` never."""

    critical_w: float = 0.0
    flexible_w: float = 0.0
    command: ShedCommand | None = None
    measured_at_s: float | None = None

    @property
    def shed_w(self) -> float:
        """What is shed now: no more than is flexible."""
        return 0.0 if self.command is None else min(self.command.shed_w, self.flexible_w)

    @property
    def power_w(self) -> float:
        """What is really taken now."""
        return self.critical_w + self.flexible_w - self.shed_w


def advance(demand: Demand, now_s: float) -> Demand:
    """Let time pass: a lease that is over sheds nothing."""
    if demand.command is not None and now_s >= demand.command.until_s:
        return replace(demand, command=None)
    return demand


def measure(
    demand: Demand, now_s: float, *, critical_w: float | None = None, flexible_w: float | None = None
) -> Demand:
    """Take a measurement of what is wanted, as if nothing were shed."""
    now = advance(demand, now_s)
    return replace(
        now,
        critical_w=now.critical_w if critical_w is None else critical_w,
        flexible_w=now.flexible_w if flexible_w is None else flexible_w,
        measured_at_s=now_s,
    )


def shed(
    demand: Demand, now_s: float, *, shed_w: float, valid_for_s: float, command_id: str | None = None
) -> tuple[Demand, Applied]:
    """Go without some of the flexible load, 0 for none."""
    now = advance(demand, now_s)
    limited = shed_w > now.flexible_w
    applied = Applied(
        requested_w=shed_w,
        applied_w=min(shed_w, now.flexible_w),
        limited_by=LimitedBy.FLEXIBLE_LOAD if limited else None,
    )
    command = ShedCommand(id=command_id, shed_w=shed_w, until_s=now_s + valid_for_s)
    return replace(now, command=command), applied
