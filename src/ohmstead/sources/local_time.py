"""Times of day and of the year in local time, and where they begin and end in UTC.

A contract says "off-peak from 22:30 to 06:30" and means the clock on the wall. The rule here is the
same: a moment belongs to a window when its local wall time does. So on the day the clocks change a
window may last an hour longer or shorter, and every moment belongs to exactly one price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ohmstead.errors import ConfigError

T = TypeVar("T")

_STEP = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class DailyWindow:
    """A time of day [start, end); it crosses midnight where ``end`` ≤ ``start`` (equal: all day)."""

    start: time
    end: time

    def contains(self, wall: time) -> bool:
        """Whether a wall time is in the window."""
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class YearDay:
    """A day of every year; 29 February counts as 1 March in years without it."""

    month: int
    day: int

    @classmethod
    def of(cls, when: date) -> YearDay:
        """The day of a date."""
        return cls(month=when.month, day=when.day)


def zone(name: str) -> ZoneInfo:
    """The time zone of that name.

    Raises:
        ConfigError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(f"timezone {name!r}: unknown; give a name as 'Europe/Vienna'") from error


def local_midnight(day: date, tz: tzinfo) -> datetime:
    """The first moment of a local day, UTC."""
    return datetime.combine(day, time(0), tz).astimezone(UTC)


def runs(
    start: datetime, end: datetime, tz: tzinfo, *, switches: Iterable[time], value: Callable[[datetime], T]
) -> Iterator[tuple[datetime, datetime, T]]:
    """Cut [start, end) into the longest runs over which ``value`` of the local time is the same.

    Args:
        start, end: aware.
        tz: the local time zone.
        switches: the wall times at which the value may change; it may also change at midnight.
        value: of an aware local time.

    Yields:
        (start, end, value) in UTC, in order, without gap or overlap.
    """
    cuts = sorted(_cuts(start.astimezone(UTC), end.astimezone(UTC), tz, {time(0), *switches}))
    run_start: datetime | None = None
    current: T | None = None
    for cut in cuts[:-1]:
        found = value(cut.astimezone(tz))
        if run_start is not None and current is not None and found != current:
            yield run_start, cut, current
        if run_start is None or found != current:
            run_start, current = cut, found
    if run_start is not None and current is not None:
        yield run_start, cuts[-1], current


def _cuts(start: datetime, end: datetime, tz: tzinfo, switches: set[time]) -> set[datetime]:
    """Every moment at which the value may change, with the ends themselves."""
    if end <= start:
        return set()
    cuts = {start, end}
    day = start.astimezone(tz).date() - timedelta(days=1)
    last = end.astimezone(tz).date() + timedelta(days=1)
    while day <= last:
        for wall in switches:
            local = datetime.combine(day, wall, tz)
            cuts.update(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        cuts.update(_clock_changes(day, tz))
        day += timedelta(days=1)
    return {cut for cut in cuts if start <= cut <= end}


def _clock_changes(day: date, tz: tzinfo) -> Iterator[datetime]:
    """The moments of a local day at which the clocks change; they do so on quarters of an hour."""
    at, end = local_midnight(day, tz), local_midnight(day + timedelta(days=1), tz)
    if at.astimezone(tz).utcoffset() == end.astimezone(tz).utcoffset():
        return
    while at < end:
        after = at + _STEP
        if at.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset():
            yield after
        at = after
