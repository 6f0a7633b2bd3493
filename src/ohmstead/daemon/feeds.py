"""Prices and weather kept at hand: asked for in the background, served to the loop without waiting."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from ohmstead.core.state import MISSING, Reading
from ohmstead.core.tariff import Tariff
from ohmstead.daemon.clock import Clock
from ohmstead.daemon.config.sections import Config, WeatherProviderName
from ohmstead.daemon.tariff_source import tariff_source
from ohmstead.errors import DataError, SourceError
from ohmstead.sources import CachedProvider, HttpClient, SourceStatus, WeatherForecast, weather_provider
from ohmstead.sources.tempo import TempoProvider
from ohmstead.web.schema import WarningInfo

T = TypeVar("T")

_QUERY = re.compile(r"\?\S*?(?=:\s)")
"""Of a URL in an error: long, and of no use to the people who read the warning."""

ASK_EVERY_S = 60.0
"""The providers decide themselves when a server is asked again."""
FIRST_ANSWER_S = 3.0
"""The first cycle waits this long for prices and weather; it can do without."""


class Feed(Generic[T]):
    """The newest answer of one source.

    Args:
        code: of its warnings.
        title: how people call it, at the start of a sentence.
        fetch: gives the newest answer; raises ``SourceError`` or ``DataError`` where there is none.
        status: how old the answer is and why asking failed; ``None`` for a source that cannot fail.
    """

    def __init__(
        self,
        *,
        code: str,
        title: str,
        fetch: Callable[[datetime], Awaitable[T]],
        status: Callable[[datetime], SourceStatus] | None = None,
    ) -> None:
        """See the class."""
        self.value: T | None = None
        """The last good answer; ``None`` until there is one."""
        self.asked = asyncio.Event()
        """Set once the source has answered or failed for the first time."""
        self._code = code
        self._title = title
        self._fetch = fetch
        self._status = status
        self._error: str | None = None

    async def refresh(self, now: datetime) -> None:
        """Ask once; a failure keeps what there is."""
        try:
            self.value = await self._fetch(now)
            self._error = None
        except (SourceError, DataError) as error:
            self._error = str(error)  # the source itself has logged it
        self.asked.set()

    async def run(self, clock: Clock, every_s: float = ASK_EVERY_S) -> None:
        """Ask again and again until cancelled."""
        while True:
            await self.refresh(clock.now())
            await asyncio.sleep(every_s)

    def warning(self, now: datetime) -> WarningInfo | None:
        """What the people should know about this source."""
        if self.value is None:
            return None if self._error is None else self._warning(f"missing: {self._error}")
        status = None if self._status is None else self._status(now)
        if status is None or status.age_s is None or not (status.stale or status.error):
            return None
        age = age_in_words(status.age_s)
        why = "" if status.error is None else f": {status.error}"
        return self._warning(f"out of date, fetched {age} ago{why}" if status.stale else f"{age} old{why}")

    def _warning(self, words: str) -> WarningInfo:
        return WarningInfo(code=self._code, message=f"{self._title} {_QUERY.sub('', words)}")


class HomeFeeds:
    """The sources of a configured home."""

    def __init__(self, config: Config, http: HttpClient, cache_dir: Path) -> None:
        """Nothing is asked yet; see :meth:`running`.

        Raises:
            ConfigError: the settings of a source contradict each other.
        """
        site = config.site
        source = tariff_source(config.tariff, timezone=site.timezone, http=http, cache_dir=cache_dir)
        self.tariff: Feed[Tariff] = Feed(
            code="prices", title="The prices are", fetch=source.fetch, status=_status_of(source.provider)
        )
        self.weather: Feed[WeatherForecast] | None = None
        if config.weather.provider is not WeatherProviderName.NONE:
            options = {
                "latitude_deg": site.latitude_deg,
                "longitude_deg": site.longitude_deg,
                "interval_s": config.weather.interval_s,
                "url": config.weather.url,
            }
            provider = weather_provider(
                config.weather.provider.value, options, http=http, cache_dir=cache_dir
            )
            self.weather = Feed(
                code="weather",
                title="The weather forecast is",
                fetch=provider.fetch,
                status=_status_of(provider),
            )

    @contextlib.asynccontextmanager
    async def running(self, clock: Clock, first_answer_s: float = FIRST_ANSWER_S) -> AsyncIterator[None]:
        """Ask in the background; begins once every source was asked, or after ``first_answer_s``."""
        tasks = [asyncio.create_task(feed.run(clock)) for feed in self._feeds()]
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(first_answer_s):
                    for feed in self._feeds():
                        await feed.asked.wait()
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def tariff_now(self, _now: datetime) -> Tariff | None:
        """The prices known now."""
        return self.tariff.value

    def forecast(self) -> WeatherForecast | None:
        """The newest weather forecast."""
        return None if self.weather is None else self.weather.value

    def outdoor_c(self, now: datetime) -> Reading:
        """The outdoor temperature that the forecast has for this hour."""
        forecast = self.forecast()
        slot = None if forecast is None else forecast.at(now)
        if slot is None or slot.outdoor_c is None:
            return MISSING
        return Reading(value=slot.outdoor_c, at=now)

    def warnings(self, now: datetime) -> list[WarningInfo]:
        """What the people should know about prices and weather."""
        found = (feed.warning(now) for feed in self._feeds())
        return [warning for warning in found if warning is not None]

    def _feeds(self) -> list[Feed[Tariff] | Feed[WeatherForecast]]:
        return [self.tariff] if self.weather is None else [self.tariff, self.weather]


def _status_of(provider: object) -> Callable[[datetime], SourceStatus] | None:
    return provider.status if isinstance(provider, CachedProvider | TempoProvider) else None


def age_in_words(age_s: float) -> str:
    """A time as people say it: ``40 min``, ``5 h``, ``3 days``."""
    minutes = max(0.0, age_s) / 60.0
    if minutes < 90.0:
        return f"{minutes:.0f} min"
    hours = minutes / 60.0
    return f"{hours:.0f} h" if hours < 48.0 else f"{hours / 24.0:.0f} days"
