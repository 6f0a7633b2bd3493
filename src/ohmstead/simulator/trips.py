"""When the car is away, and how far it goes: a commuter's week."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import DayCache
from ohmstead.simulator.timeline import utc


@dataclass(frozen=True, kw_only=True, slots=True)
class Trip:
    """Away in [depart, back), seconds since 1970; the battery gives ``energy_kwh`` meanwhile."""

    depart_s: float
    back_s: float
    energy_kwh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class TripPattern:
    """Habits; hours are local, spreads are the half width of an even distribution."""

    work_depart_h: float = 7.5
    work_back_h: float = 17.25
    work_spread_h: float = 0.4
    work_km: float = 42.0
    home_office_share: float = 0.08
    saturday_share: float = 0.7
    sunday_share: float = 0.5
    weekend_km: tuple[float, float] = (15.0, 130.0)
    kwh_per_km: float = 0.18


class TripSchedule:
    """Trips of a seed: at most one per local day, never over midnight."""

    def __init__(self, seed: int, timezone: ZoneInfo, pattern: TripPattern) -> None:
        self._noise = Noise(seed, "trips")
        self._timezone = timezone
        self._pattern = pattern
        self._days = DayCache(self._make_day, size=64)

    def _make_day(self, ordinal: int) -> Trip | None:
        day = date.fromordinal(ordinal)
        p = self._pattern
        u = [self._noise.uniform(ordinal * 8 + i) for i in range(4)]
        if day.weekday() < 5:
            if u[0] < p.home_office_share:
                return None
            depart = p.work_depart_h + 0.5 * p.work_spread_h * (2.0 * u[1] - 1.0)
            back = p.work_back_h + 2.0 * p.work_spread_h * (2.0 * u[2] - 1.0)
            km = p.work_km * (0.85 + 0.3 * u[3])
        else:
            if u[0] >= (p.saturday_share if day.weekday() == 5 else p.sunday_share):
                return None
            depart = 9.0 + 3.0 * u[1]
            back = 14.5 + 5.0 * u[2]
            low, high = p.weekend_km
            km = low + (high - low) * u[3] ** 2
        return Trip(
            depart_s=self._moment(day, depart), back_s=self._moment(day, back), energy_kwh=km * p.kwh_per_km
        )

    def _moment(self, day: date, hour: float) -> float:
        minutes = round(hour * 60.0)
        return datetime.combine(day, time(minutes // 60, minutes % 60), self._timezone).timestamp()

    def around(self, now_s: float) -> tuple[Trip, Trip]:
        """The trip that departed last (it may still go on), and the one that departs next."""
        trips = self.between(now_s - 11 * 86400.0, now_s + 11 * 86400.0)
        i = bisect_right([t.depart_s for t in trips], now_s)
        return trips[i - 1], trips[i]

    def between(self, start_s: float, end_s: float) -> list[Trip]:
        """Trips that depart in [start, end), in order."""
        first = utc(start_s).astimezone(self._timezone).toordinal()
        last = utc(end_s).astimezone(self._timezone).toordinal()
        found = (self._days[ordinal] for ordinal in range(first, last + 1))
        return [t for t in found if t is not None and start_s <= t.depart_s < end_s]
