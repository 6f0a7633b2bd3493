"""How a person wants one charge point to charge: mode, deadline, repetition.

The value is kept in :class:`~ohmstead.core.memory.Memory`. Before each cycle the engine works it into
the process image (:func:`applied`), so that rules, planner and replay see one departure and one
target, wherever these came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from ohmstead.core.site import AssetId
from ohmstead.core.state import ChargePointState
from ohmstead.core.units import IEC61851_MIN_A

DAYS_OF_A_WEEK = 7
HIGHEST_A = 80.0
"""Largest current that mode 3 charging can signal (IEC 61851-1, annex A)."""


class ChargingMode(StrEnum):
    """What may be bought for a vehicle. Its minimum SoC is charged in every mode."""

    NORMAL = "normal"
    """At once, with all that the limits allow."""
    ECO = "eco"
    """Surplus only."""
    ECO_WITH_TARGET_TIME = "eco_with_target_time"
    """Surplus, and what is missing until the deadline, in the cheapest hours before it."""
    ECO_WITH_MIN_CURRENT = "eco_with_min_current"
    """Surplus, but never less than the minimum current."""
    ECO_MIN_WITH_TARGET_TIME = "eco_min_with_target_time"
    """Minimum current and deadline."""

    @property
    def has_deadline(self) -> bool:
        """Whether the mode aims at a target SoC by a time."""
        return self in {ChargingMode.ECO_WITH_TARGET_TIME, ChargingMode.ECO_MIN_WITH_TARGET_TIME}

    @property
    def has_min_current(self) -> bool:
        """Whether the vehicle never gets less than the minimum current."""
        return self in {ChargingMode.ECO_WITH_MIN_CURRENT, ChargingMode.ECO_MIN_WITH_TARGET_TIME}

    @property
    def without_deadline(self) -> ChargingMode:
        """What remains of the mode when its deadline is over."""
        if self is ChargingMode.ECO_WITH_TARGET_TIME:
            return ChargingMode.ECO
        return ChargingMode.ECO_WITH_MIN_CURRENT if self.has_min_current else self


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingInfo:
    """What a person wants of one charge point.

    Args:
        charge_point: the asset that it is for.
        mode: see :class:`ChargingMode`.
        end_at: the first deadline, aware; its local time of day is that of all later ones. Modes
            without a deadline keep it for when the mode changes back.
        repeat_days: ISO weekdays, Monday 1 … Sunday 7, on which the deadline comes again; empty: once.
        target_soc: share to reach by the deadline, 0..1.
        min_current_a: per phase, for the modes with a minimum current; the charge point's own minimum
            counts where it is higher.
        spot_market: also charge in the cheapest slots of each local day, as much as ``daily_spot_share``.
        daily_spot_share: share of the vehicle's battery to charge there per day, 0..1.
        assigned_car: id of the vehicle that is charged there, where somebody said so.

    Raises:
        ValueError: a value is out of range, or a mode with a deadline has none.
    """

    charge_point: AssetId
    mode: ChargingMode = ChargingMode.ECO
    end_at: datetime | None = None
    repeat_days: tuple[int, ...] = ()
    target_soc: float = 0.8
    min_current_a: float = IEC61851_MIN_A
    spot_market: bool = False
    daily_spot_share: float = 0.0
    assigned_car: str | None = None

    def __post_init__(self) -> None:
        for name in ("target_soc", "daily_spot_share"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name}: found {value}, allowed: 0 to 1")
        if not IEC61851_MIN_A <= self.min_current_a <= HIGHEST_A:
            raise ValueError(
                f"min_current_a: found {self.min_current_a}, allowed: {IEC61851_MIN_A:g} to 80 A"
            )
        if any(not 1 <= day <= DAYS_OF_A_WEEK for day in self.repeat_days):
            raise ValueError(
                f"repeat_days: found {list(self.repeat_days)}, allowed: 1 (Monday) to 7 (Sunday)"
            )
        object.__setattr__(self, "repeat_days", tuple(sorted(set(self.repeat_days))))
        if self.end_at is not None and self.end_at.tzinfo is None:
            raise ValueError(f"end_at: found {self.end_at}, which has no time zone")
        if self.mode.has_deadline and self.end_at is None:
            raise ValueError(f"end_at: missing; mode {self.mode.value} needs it")


def next_deadline(info: ChargingInfo, now: datetime, tz: tzinfo) -> datetime | None:
    """The deadline that lies ahead, UTC-comparable; ``None`` where the mode has none or it is over.

    A repeated deadline comes at the same local time of day. Where the clocks skip that time it is as
    much later (RFC 5545, 3.3.5); where they repeat it, the first of the two counts.
    """
    if not info.mode.has_deadline or info.end_at is None:
        return None
    if info.end_at > now:
        return info.end_at
    if not info.repeat_days:
        return None
    wall = info.end_at.astimezone(tz).time()
    today = now.astimezone(tz).date()
    for ahead in range(DAYS_OF_A_WEEK + 1):
        day = today + timedelta(days=ahead)
        if day.isoweekday() not in info.repeat_days:
            continue
        found = _at_wall_time(datetime.combine(day, wall), tz, like=info.end_at)
        if found > now:
            return found
    return None


def with_end_time(info: ChargingInfo, end_time: time, now: datetime, tz: tzinfo) -> ChargingInfo:
    """The old form of a deadline, a time of day, as the next moment at which it is that time.

    Done once: an info that has a deadline already stays as it is.
    """
    if info.end_at is not None:
        return info
    today = now.astimezone(tz).date()
    found = _at_wall_time(datetime.combine(today, end_time), tz, like=now)
    if found <= now:
        found = _at_wall_time(datetime.combine(today + timedelta(days=1), end_time), tz, like=now)
    return replace(info, end_at=found)


def lapsed(info: ChargingInfo, now: datetime, tz: tzinfo) -> ChargingInfo:
    """The info without a deadline that is over and does not come again; else the info itself."""
    if not info.mode.has_deadline or next_deadline(info, now, tz) is not None:
        return info
    return replace(info, mode=info.mode.without_deadline, end_at=None)


def applied(
    info: ChargingInfo | None, state: ChargePointState, now: datetime, tz: tzinfo
) -> ChargePointState:
    """What the charge point reports, with the person's deadline and target in place of its own.

    A mode without a deadline takes the departure away as well, and asks for no energy but surplus.
    """
    if info is None:
        return state
    deadline = next_deadline(info, now, tz)
    without_deadline = 1.0 if info.mode is ChargingMode.NORMAL else 0.0
    target_soc = without_deadline if deadline is None else info.target_soc
    if state.departure == deadline and state.target_soc == target_soc:
        return state
    return replace(state, departure=deadline, target_soc=target_soc)


def local_day(now: datetime, tz: tzinfo) -> tuple[datetime, datetime]:
    """The local day [start, end) that contains a moment, in the moment's own time zone: 23 to 25 h."""
    today = now.astimezone(tz).date()
    start = datetime.combine(today, time(0), tz)
    end = datetime.combine(today + timedelta(days=1), time(0), tz)
    return start.astimezone(now.tzinfo), end.astimezone(now.tzinfo)


def _at_wall_time(wall: datetime, tz: tzinfo, *, like: datetime) -> datetime:
    """A local wall time as a moment, in the time zone that another moment is written in."""
    return wall.replace(tzinfo=tz, fold=0).astimezone(like.tzinfo)
