"""When hot water is drawn, and how much heat that takes."""

from __future__ import annotations

from array import array
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import DAY_S, MINUTES, DayCache, MinuteSeries
from ohmstead.simulator.timeline import utc

PROFILE_M: tuple[tuple[int, int, float], ...] = (
    *((7, 0, 0.105), (7, 5, 1.4), (7, 30, 0.105), (8, 1, 0.105), (8, 15, 0.105), (8, 30, 0.105)),
    *((8, 45, 0.105), (9, 0, 0.105), (9, 30, 0.105), (10, 30, 0.105), (11, 30, 0.105), (11, 45, 0.105)),
    *((12, 45, 0.315), (14, 30, 0.105), (15, 30, 0.105), (16, 30, 0.105), (18, 0, 0.105)),
    *((18, 15, 0.105), (18, 30, 0.105), (19, 0, 0.105), (20, 30, 0.735), (21, 15, 0.105), (21, 30, 1.4)),
)
"""Local hour, minute and useful heat in kWh; 5.845 kWh a day.

Source: load profile M of EN 16147:2017 and of Regulation (EU) 812/2013, annex VII.
"""

_KWH_PER_MINUTE = 0.2
"""A shower: about 5.7 l of 40 °C a minute."""


class HotWaterDraws:
    """Profile M, scaled, moved about by a seed from day to day, an hour later at weekends."""

    def __init__(self, seed: int, timezone: ZoneInfo, scale: float = 1.0) -> None:
        self._noise = Noise(seed, "hot water")
        self._timezone = timezone
        self._scale = scale
        self._local_days = DayCache(self._make_local_day)
        self.series = MinuteSeries(self._make_utc_day)
        """Useful heat drawn, W."""

    def _make_local_day(self, ordinal: int) -> list[tuple[int, float]]:
        """(minute since 1970, useful kWh of that minute) of one local calendar day."""
        day = date.fromordinal(ordinal)
        weekend = day.weekday() >= 5
        demand = self._scale * (0.8 + 0.4 * self._noise.uniform(ordinal * 64))
        out: list[tuple[int, float]] = []
        for i, (hour, minute, kwh) in enumerate(PROFILE_M):
            n = ordinal * 64 + 1 + 2 * i
            drawn = kwh * demand * (0.7 + 0.6 * self._noise.uniform(n))
            shift = timedelta(minutes=round(20.0 * self._noise.signed(n + 1)) + (60 if weekend else 0))
            local = datetime.combine(day, time(hour, minute), self._timezone)
            first = round(local.timestamp() / 60.0 + shift.total_seconds() / 60.0)
            length = max(1, round(drawn / _KWH_PER_MINUTE))
            out.extend((first + m, drawn / length) for m in range(length))
        return out

    def _make_utc_day(self, day: int) -> array[float]:
        power = array("d", bytes(8 * MINUTES))
        first = day * MINUTES
        centre = utc(day * DAY_S).astimezone(self._timezone).toordinal()
        for ordinal in (centre - 1, centre, centre + 1):
            for minute, kwh in self._local_days[ordinal]:
                if first <= minute < first + MINUTES:
                    power[minute - first] += kwh * 60_000.0
        return power
