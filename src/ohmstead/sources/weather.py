"""The weather forecast as the planner takes it, whoever made it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ohmstead.errors import DataError


@dataclass(frozen=True, kw_only=True, slots=True)
class WeatherSlot:
    """Means over a time [start, end), aware UTC; ``None`` where the provider has no value.

    Args:
        start, end: the time.
        outdoor_c: air temperature 2 m above ground.
        cloud_cover: share of the sky, 0..1.
        ghi_w_m2: global irradiance on the horizontal.
        dni_w_m2: direct irradiance on a plane that faces the sun.
        dhi_w_m2: diffuse irradiance on the horizontal.
        wind_m_s: wind 10 m above ground.
    """

    start: datetime
    end: datetime
    outdoor_c: float | None = None
    cloud_cover: float | None = None
    ghi_w_m2: float | None = None
    dni_w_m2: float | None = None
    dhi_w_m2: float | None = None
    wind_m_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WeatherForecast:
    """An ordered run of slots without overlap, as issued at ``issued_at`` by ``provider``."""

    provider: str
    issued_at: datetime
    slots: tuple[WeatherSlot, ...]

    def at(self, when: datetime) -> WeatherSlot | None:
        """The slot that covers a moment, or ``None``."""
        i = bisect_right(self.slots, when, key=lambda slot: slot.start) - 1
        return self.slots[i] if i >= 0 and when < self.slots[i].end else None


def checked(forecast: WeatherForecast, source: str) -> WeatherForecast:
    """The forecast itself, if it can be used.

    Raises:
        DataError: it has no slot, a time without time zone, or slots out of order.
    """
    times = [t for slot in forecast.slots for t in (slot.start, slot.end)]
    if not times:
        raise DataError(f"{source}: the forecast has no slot")
    if any(t.tzinfo is None for t in times):
        raise DataError(f"{source}: the forecast has times without time zone")
    if times != sorted(times):
        raise DataError(f"{source}: the slots of the forecast overlap or are out of order")
    return forecast


class WeatherProvider(Protocol):
    """Where the weather comes from."""

    @property
    def name(self) -> str:
        """Which provider and place: as ``open-meteo 48.20 16.40``."""
        ...

    async def fetch(self, now: datetime) -> WeatherForecast:
        """The newest forecast.

        Raises:
            SourceError: the server could not be used.
            DataError: its answer could not be used.
        """
        ...
