"""Two prices, the dear one on the 22 days a year that are announced the evening before (option EJP).

A peak day runs from 07:00 to 01:00 of the next day, between 1 November and 31 March. The option has been
closed to new customers since 1998.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from pathlib import Path

from ohmstead.sources.local_time import local_midnight, runs, zone
from ohmstead.sources.prices import WholesalePrice
from ohmstead.sources.tempo_days import read_dates

PEAK_STARTS, PEAK_ENDS = time(7), time(1)
_AHEAD_DAYS = 2


class EjpProvider:
    """Prices from yesterday to the end of tomorrow. A day that the table does not name is a normal one.

    Args:
        normal_eur_per_kwh, peak_eur_per_kwh: all included.
        days_file: the peak days, one date per line; it is read again when prices are asked for.

    Raises:
        DataError: the table cannot be used.
    """

    def __init__(
        self,
        *,
        normal_eur_per_kwh: float,
        peak_eur_per_kwh: float,
        days_file: Path,
        timezone: str = "Europe/Paris",
    ) -> None:
        """See the class."""
        self.name = "ejp"
        self.is_spot = False
        self._normal_eur_per_kwh = normal_eur_per_kwh
        self._peak_eur_per_kwh = peak_eur_per_kwh
        self._days_file = days_file
        self._zone = zone(timezone)
        read_dates(days_file)

    def prices(
        self, start: datetime, end: datetime, peak_days: AbstractSet[date]
    ) -> tuple[WholesalePrice, ...]:
        """The prices of [start, end), pure; one slot from each change to the next."""

        def price(local: datetime) -> float:
            after_midnight = local.time() < PEAK_ENDS
            day = local.date() - timedelta(days=1) if after_midnight else local.date()
            peak = day in peak_days and (after_midnight or local.time() >= PEAK_STARTS)
            return self._peak_eur_per_kwh if peak else self._normal_eur_per_kwh

        found = runs(start, end, self._zone, switches=(PEAK_STARTS, PEAK_ENDS), value=price)
        return tuple(WholesalePrice(start=a, end=b, eur_per_kwh=eur) for a, b, eur in found)

    async def fetch(self, now: datetime) -> tuple[WholesalePrice, ...]:
        """The prices around ``now``.

        Raises:
            DataError: the table has changed and cannot be used.
        """
        today = now.astimezone(self._zone).date()
        start = local_midnight(today - timedelta(days=1), self._zone)
        end = local_midnight(today + timedelta(days=_AHEAD_DAYS), self._zone)
        return self.prices(start, end, read_dates(self._days_file))
