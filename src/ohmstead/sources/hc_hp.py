"""Two prices by the time of day: heures creuses and heures pleines, as French contracts have them.

Each meter has its own off-peak hours, eight a day, in one to three windows; since November 2025 they
may differ between summer (April to October) and winter (decision CRE 2025-78, TURPE 7).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmstead.errors import ConfigError
from ohmstead.sources.local_time import DailyWindow, YearDay, local_midnight, runs, zone
from ohmstead.sources.prices import WholesalePrice

_BACK = timedelta(days=1)
_AHEAD_DAYS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class OffPeakSeason:
    """Off-peak windows from a day of the year on, until the next season starts."""

    start: YearDay
    windows: tuple[DailyWindow, ...]


class StaticHcHpProvider:
    """Prices, all included, from yesterday until a week from now.

    Args:
        hp_eur_per_kwh: at peak times.
        hc_eur_per_kwh: at off-peak times.
        seasons: one starting on any day is valid all year.
        timezone: whose wall clock the windows mean.

    Raises:
        ConfigError: no season, two seasons that start on the same day, or an unknown time zone.
    """

    def __init__(
        self,
        *,
        hp_eur_per_kwh: float,
        hc_eur_per_kwh: float,
        seasons: tuple[OffPeakSeason, ...],
        timezone: str = "Europe/Paris",
    ) -> None:
        """See the class."""
        self.name = "static_hc_hp"
        self.is_spot = False
        if not seasons:
            raise ConfigError("static_hc_hp: no off-peak hours are given")
        self._seasons = tuple(sorted(seasons, key=lambda s: s.start))
        self._starts = [s.start for s in self._seasons]
        if len(set(self._starts)) != len(self._starts):
            raise ConfigError("static_hc_hp: two seasons start on the same day")
        self._hp_eur_per_kwh = hp_eur_per_kwh
        self._hc_eur_per_kwh = hc_eur_per_kwh
        self._zone = zone(timezone)
        self._switches = {t for s in seasons for w in s.windows for t in (w.start, w.end)}

    def is_off_peak(self, local: datetime) -> bool:
        """Whether a local time is off-peak. Its own date tells the season, also after midnight."""
        # Index −1 is the last season of the year before.
        season = self._seasons[bisect_right(self._starts, YearDay.of(local.date())) - 1]
        return any(window.contains(local.time()) for window in season.windows)

    def prices(self, start: datetime, end: datetime) -> tuple[WholesalePrice, ...]:
        """The prices of [start, end), pure; one slot from each change to the next."""
        found = runs(start, end, self._zone, switches=self._switches, value=self.is_off_peak)
        return tuple(
            WholesalePrice(start=a, end=b, eur_per_kwh=self._hc_eur_per_kwh if hc else self._hp_eur_per_kwh)
            for a, b, hc in found
        )

    async def fetch(self, now: datetime) -> tuple[WholesalePrice, ...]:
        """The prices around ``now``; never fails."""
        today = now.astimezone(self._zone).date()
        start = local_midnight(today - _BACK, self._zone)
        return self.prices(start, local_midnight(today + timedelta(days=_AHEAD_DAYS), self._zone))
