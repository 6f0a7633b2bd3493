"""Day-ahead prices from aWATTar, for Austria and Germany.

https://www.awattar.at/services/api: no key is needed, fair use is expected. The prices of the next day
appear around 14:00 local time, after the day-ahead auction.
"""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta

import structlog

from ohmstead.errors import ConfigError, SourceError
from ohmstead.sources.awattar_wire import parse_marketdata
from ohmstead.sources.http_client import HttpClient
from ohmstead.sources.local_time import local_midnight, zone
from ohmstead.sources.prices import WholesalePrice, gaps

log = structlog.get_logger(__name__)

URLS = {"at": "https://api.awattar.at/v1/marketdata", "de": "https://api.awattar.de/v1/marketdata"}
ZONES = {"at": "Europe/Vienna", "de": "Europe/Berlin"}
PUBLISHED_AT = time(14, 0)
_ASK_AGAIN = timedelta(minutes=15)
_STALE_AFTER = timedelta(hours=36)


class AwattarProvider:
    """Prices from ``past_days`` ago (for price forecasts) to the end of what is published.

    Args:
        http: asks the server.
        country: ``at`` or ``de``.
        url: another server with the same interface.
        past_days: how many days before today to ask for.
        spread_s: after 14:00 the first question waits up to this long, so that homes do not all
            ask in the same second.

    Raises:
        ConfigError: another country.
    """

    def __init__(
        self,
        *,
        http: HttpClient,
        country: str,
        url: str | None = None,
        past_days: int = 28,
        spread_s: float = 300.0,
    ) -> None:
        """See the class."""
        if country not in URLS:
            raise ConfigError(f"awattar: country {country!r}, allowed are {', '.join(URLS)}")
        self.name = f"awattar-{country}"
        self.is_spot = True
        self._http = http
        self._url = url or URLS[country]
        self._zone = zone(ZONES[country])
        self._past_days = past_days
        self._spread = timedelta(seconds=random.uniform(0, spread_s))

    async def fetch(self, now: datetime) -> tuple[WholesalePrice, ...]:
        """Ask the server once; the question is the same all day long.

        Raises:
            SourceError: the server could not be used, or had no prices.
            DataError: its answer could not be used.
        """
        today = now.astimezone(self._zone).date()
        start = local_midnight(today - timedelta(days=self._past_days), self._zone)
        end = local_midnight(today + timedelta(days=2), self._zone)
        answer = await self._http.get(self._url, {"start": _ms(start), "end": _ms(end)})
        prices = parse_marketdata(answer.body, answer.url)
        if not prices:
            raise SourceError(f"{answer.url}: the list of prices is empty")
        for gap_start, gap_end in gaps(prices):
            log.warning("prices_missing", provider=self.name, start=str(gap_start), end=str(gap_end))
        return prices

    def due_at(self, prices: tuple[WholesalePrice, ...], fetched_at: datetime) -> datetime:
        """When asking again can bring something new: after the next publication."""
        local = fetched_at.astimezone(self._zone)
        published = datetime.combine(local.date(), PUBLISHED_AT, self._zone)
        covered_until = prices[-1].end
        if covered_until >= local_midnight(local.date() + timedelta(days=2), self._zone):
            tomorrow = local.date() + timedelta(days=1)
            return datetime.combine(tomorrow, PUBLISHED_AT, self._zone) + self._spread
        has_today = covered_until >= local_midnight(local.date() + timedelta(days=1), self._zone)
        if local < published and has_today:
            return published + self._spread
        return fetched_at + _ASK_AGAIN

    def is_stale(self, prices: tuple[WholesalePrice, ...], fetched_at: datetime, now: datetime) -> bool:
        """The prices end before now, or nobody could refresh them for a day and a half."""
        return prices[-1].end <= now or now - fetched_at > _STALE_AFTER


def _ms(when: datetime) -> int:
    return round(when.timestamp() * 1000)
