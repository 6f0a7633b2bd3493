"""A provider that remembers: it asks no more often than it must, and serves what it has meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from ohmstead.errors import DataError, SourceError
from ohmstead.sources.cache_file import CacheFile

log = structlog.get_logger(__name__)

T = TypeVar("T")

_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=30)


class Refreshable(Protocol[T]):
    """A provider that knows how long its answers are good."""

    @property
    def name(self) -> str:
        """Which provider; kept values of another one are not used."""
        ...

    async def fetch(self, now: datetime) -> T:
        """Ask once."""
        ...

    def due_at(self, value: T, fetched_at: datetime, /) -> datetime:
        """When asking again can bring something new."""
        ...

    def is_stale(self, value: T, fetched_at: datetime, now: datetime, /) -> bool:
        """Whether the value should be marked as old."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceStatus:
    """How a source is doing.

    Args:
        provider: its name.
        fetched_at: when the value that is served came from the server; ``None``: there is none.
        age_s: how old it is.
        stale: there is no value, or an old one.
        error: why the last question failed; ``None``: it did not.
        next_ask_at: not before that the server is asked again.
    """

    provider: str
    fetched_at: datetime | None
    age_s: float | None
    stale: bool
    error: str | None
    next_ask_at: datetime | None


class CachedProvider(Generic[T]):
    """Serves the last good answer, across failures of the server and restarts.

    After a failure it pauses a minute, then twice as long each time, up to half an hour.

    Args:
        provider: whom to ask.
        path: the cache file.
        kind: type of the value: ``tuple[WholesalePrice, ...]`` or ``WeatherForecast``.
        check: gives a value from the file back, or raises ``DataError`` where it cannot be used.
        is_spot: passed on for prices.
    """

    def __init__(
        self,
        provider: Refreshable[T],
        path: Path,
        *,
        kind: type[T],
        check: Callable[[T, str], T],
        is_spot: bool = False,
    ) -> None:
        """See the class."""
        self.name = provider.name
        self.is_spot = is_spot
        self._provider = provider
        self._file = CacheFile(path, kind=kind, provider=provider.name, check=check)
        self._lock = asyncio.Lock()
        self._loaded = False
        self._kept: tuple[T, datetime] | None = None
        self._error: str | None = None
        self._pause = _FIRST_PAUSE
        self._next_ask_at: datetime | None = None

    async def fetch(self, now: datetime) -> T:
        """The newest value there is; :meth:`status` tells its age.

        Raises:
            SourceError: there is none, and the server could not be used or is not asked again yet.
            DataError: there is none, and the server's answer could not be used.
        """
        async with self._lock:
            if not self._loaded:
                self._kept = await asyncio.to_thread(self._file.read)
                self._loaded = True
            if self._is_due(now):
                await self._ask(now)
            if self._kept is None:
                raise SourceError(f"{self._error}; asked again at {self._next_ask_at}")
            return self._kept[0]

    def status(self, now: datetime) -> SourceStatus:
        """How the source is doing."""
        if self._kept is None:
            fetched_at, age_s, stale = None, None, True
        else:
            value, fetched_at = self._kept
            age_s = (now - fetched_at).total_seconds()
            stale = self._provider.is_stale(value, fetched_at, now)
        return SourceStatus(
            provider=self.name,
            fetched_at=fetched_at,
            age_s=age_s,
            stale=stale,
            error=self._error,
            next_ask_at=self._due_at(),
        )

    def _due_at(self) -> datetime | None:
        if self._next_ask_at is not None or self._kept is None:
            return self._next_ask_at
        value, fetched_at = self._kept
        return self._provider.due_at(value, fetched_at)

    def _is_due(self, now: datetime) -> bool:
        due_at = self._due_at()
        if due_at is None or now >= due_at:
            return True
        # A clock that was ahead when it asked must not keep us from asking for years.
        if self._kept is not None and self._kept[1] > now + _LONGEST_PAUSE:
            return self._error is None or due_at - now > _LONGEST_PAUSE
        return False

    async def _ask(self, now: datetime) -> None:
        try:
            value = await self._provider.fetch(now)
        except (SourceError, DataError) as error:
            self._error = str(error)
            self._next_ask_at = now + self._pause
            log.warning(
                "source_failed", provider=self.name, error=str(error), again_at=str(self._next_ask_at)
            )
            self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
            if self._kept is None and isinstance(error, DataError):
                raise
            return
        self._error, self._next_ask_at, self._pause = None, None, _FIRST_PAUSE
        self._kept = (value, now)
        await asyncio.to_thread(self._file.write, value, now)
