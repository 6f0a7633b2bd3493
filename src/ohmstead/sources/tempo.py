"""Six prices by colour of the day and time of day: the French option Tempo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec
import structlog

from ohmstead.errors import DataError, SourceError
from ohmstead.sources.cached import CachedProvider, SourceStatus
from ohmstead.sources.http_client import HttpClient
from ohmstead.sources.local_time import local_midnight, runs, zone
from ohmstead.sources.prices import WholesalePrice
from ohmstead.sources.tempo_days import DAY_START_HOUR, Colour, read_days, tempo_day, worst_colour

log = structlog.get_logger(__name__)

URL = "https://www.api-couleur-tempo.fr/api/jourTempo"
TIMEZONE = "Europe/Paris"
HC_STARTS, HP_STARTS = time(22), time(DAY_START_HOUR)
PUBLISHED_AT = time(11)
"""Tomorrow's colour is known by then (RTE publishes it in the morning)."""
_ASK_AGAIN = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class ColourPrices:
    """Prices of a colour, all included: HC from 22:00 to 06:00, HP from 06:00 to 22:00."""

    hc_eur_per_kwh: float
    hp_eur_per_kwh: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ColouredDay:
    """A day that begins at 06:00, and its colour."""

    day: date
    colour: Colour


class TempoProvider:
    """Prices from yesterday to the end of tomorrow's Tempo day.

    A day whose colour nobody knows has the dearest price that it can have: what is charged before it is
    never too late.

    Args:
        prices: by colour.
        days_file: a table of colours; it counts more than the server and is read again when it changes.
        server: asks for the colours; ``None``: the table alone.

    Raises:
        DataError: the table cannot be used.
    """

    def __init__(
        self,
        *,
        prices: Mapping[Colour, ColourPrices],
        days_file: Path | None = None,
        server: CachedProvider[tuple[ColouredDay, ...]] | None = None,
        timezone: str = TIMEZONE,
    ) -> None:
        """See the class."""
        self.name = "tempo"
        self.is_spot = False
        self._by_colour = dict(prices)
        self._zone = zone(timezone)
        self._server = server
        self._days_file = days_file
        self._table: dict[date, Colour] = {} if days_file is None else read_days(days_file)

    def status(self, now: datetime) -> SourceStatus:
        """How the server of the colours is doing; without one there is nothing that can fail."""
        if self._server is None:
            return SourceStatus(
                provider=self.name, fetched_at=None, age_s=None, stale=False, error=None, next_ask_at=None
            )
        return self._server.status(now)

    def prices(
        self, start: datetime, end: datetime, colours: Mapping[date, Colour]
    ) -> tuple[WholesalePrice, ...]:
        """The prices of [start, end), pure; one slot from each change to the next."""

        def price(local: datetime) -> float:
            day = tempo_day(local)
            by_time = self._by_colour[colours.get(day) or worst_colour(day, colours)]
            off_peak = local.time() >= HC_STARTS or local.time() < HP_STARTS
            return by_time.hc_eur_per_kwh if off_peak else by_time.hp_eur_per_kwh

        found = runs(start, end, self._zone, switches=(HC_STARTS, HP_STARTS), value=price)
        return tuple(WholesalePrice(start=a, end=b, eur_per_kwh=eur) for a, b, eur in found)

    async def fetch(self, now: datetime) -> tuple[WholesalePrice, ...]:
        """The prices around ``now``; where the server fails, with the colours that are known.

        Raises:
            DataError: the table has changed and cannot be used.
        """
        if self._days_file is not None:
            self._table = read_days(self._days_file)
        today = now.astimezone(self._zone).date()
        start = local_midnight(today - timedelta(days=1), self._zone)
        end = datetime.combine(today + timedelta(days=2), HP_STARTS, self._zone)
        return self.prices(start, end, {**await self._asked(now), **self._table})

    async def _asked(self, now: datetime) -> dict[date, Colour]:
        if self._server is None:
            return {}
        try:
            return {d.day: d.colour for d in await self._server.fetch(now)}
        except (SourceError, DataError) as error:
            log.warning("tempo_colours_unknown", error=str(error))
            return {}


class _Answer(msgspec.Struct, frozen=True):
    """``codeJour``: 0 not known yet, 1 blue, 2 white, 3 red."""

    dateJour: date  # noqa: N815 - as the server writes it
    codeJour: int  # noqa: N815 - as the server writes it


CODES: Mapping[int, Colour] = {1: Colour.BLUE, 2: Colour.WHITE, 3: Colour.RED}


class TempoServer:
    """The colours of yesterday, today and tomorrow from api-couleur-tempo.fr or one like it.

    Args:
        http: asks the server.
        url: answers ``URL/2026-01-15`` with ``{"dateJour": "2026-01-15", "codeJour": 3}``.
    """

    def __init__(self, *, http: HttpClient, url: str | None = None, timezone: str = TIMEZONE) -> None:
        """See the class."""
        self.name = "tempo-days"
        self._http = http
        self._url = (url or URL).rstrip("/")
        self._zone = zone(timezone)

    async def fetch(self, now: datetime) -> tuple[ColouredDay, ...]:
        """Ask for three days; one that is not known yet is left out.

        Raises:
            SourceError: the server could not be used.
            DataError: its answer could not be used.
        """
        today = now.astimezone(self._zone).date()
        out: list[ColouredDay] = []
        for offset in (-1, 0, 1):
            day = today + timedelta(days=offset)
            answer = await self._http.get(f"{self._url}/{day.isoformat()}")
            colour = _colour(answer.body, answer.url, day)
            if colour is not None:
                out.append(ColouredDay(day=day, colour=colour))
        return tuple(out)

    def due_at(self, days: tuple[ColouredDay, ...], fetched_at: datetime) -> datetime:
        """When asking again can bring something new: when tomorrow's colour is published."""
        local = fetched_at.astimezone(self._zone)
        known = {d.day for d in days}
        if local.date() not in known:
            return fetched_at + _ASK_AGAIN
        if local.date() + timedelta(days=1) in known:
            tomorrow = local.date() + timedelta(days=1)
            return datetime.combine(tomorrow, PUBLISHED_AT, self._zone)
        published = datetime.combine(local.date(), PUBLISHED_AT, self._zone)
        return published if local < published else fetched_at + _ASK_AGAIN

    def is_stale(self, days: tuple[ColouredDay, ...], fetched_at: datetime, now: datetime) -> bool:
        """The day of now is not among those that are known."""
        del fetched_at
        return tempo_day(now.astimezone(self._zone)) not in {d.day for d in days}


def checked_days(days: tuple[ColouredDay, ...], source: str) -> tuple[ColouredDay, ...]:
    """Kept days as they are; there is nothing in them that their types do not check."""
    del source
    return days


def _colour(body: bytes, url: str, day: date) -> Colour | None:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{url}: {error}") from error
    if answer.dateJour != day:
        raise DataError(f"{url}: found the day {answer.dateJour}, asked for {day}")
    if answer.codeJour not in {0, *CODES}:
        raise DataError(f"{url}: codeJour: found {answer.codeJour}, allowed: 0 to 3")
    return CODES.get(answer.codeJour)
