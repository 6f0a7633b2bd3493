"""Weather forecasts from Open-Meteo.

https://open-meteo.com/en/docs: no key for non-commercial use (10 000 requests a day); the data are
CC BY 4.0.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ohmstead.sources.http_client import HttpClient
from ohmstead.sources.open_meteo_wire import PROVIDER, parse_forecast
from ohmstead.sources.weather import WeatherForecast

URL = "https://api.open-meteo.com/v1/forecast"
HOURLY = (
    "temperature_2m",
    "cloud_cover",
    "shortwave_radiation",
    "direct_normal_irradiance",
    "diffuse_radiation",
    "wind_speed_10m",
)
_STALE_AFTER = timedelta(hours=12)
_SHORTEST_INTERVAL_S = 900.0


class OpenMeteoProvider:
    """The forecast of yesterday to three days from now for one place.

    Args:
        http: asks the server.
        latitude_deg, longitude_deg: the place; two decimals (about 1 km) are sent.
        interval_s: a new forecast this often, at least 15 minutes.
        url: another server with the same interface.
    """

    def __init__(
        self,
        *,
        http: HttpClient,
        latitude_deg: float,
        longitude_deg: float,
        interval_s: float = 3600.0,
        url: str | None = None,
    ) -> None:
        """See the class."""
        self.name = f"{PROVIDER} {latitude_deg:.2f} {longitude_deg:.2f}"
        self._http = http
        self._url = url or URL
        self._interval = timedelta(seconds=max(interval_s, _SHORTEST_INTERVAL_S))
        self._params: dict[str, str | int | float] = {
            "latitude": f"{latitude_deg:.2f}",
            "longitude": f"{longitude_deg:.2f}",
            "hourly": ",".join(HOURLY),
            "timezone": "UTC",
            "past_days": 1,
            "forecast_days": 4,
        }

    async def fetch(self, now: datetime) -> WeatherForecast:
        """Ask the server once.

        Raises:
            SourceError: the server could not be used.
            DataError: its answer could not be used.
        """
        answer = await self._http.get(self._url, self._params)
        return parse_forecast(answer.body, answer.url, issued_at=now)

    def due_at(self, _forecast: WeatherForecast, fetched_at: datetime) -> datetime:
        """When a newer forecast is wanted."""
        return fetched_at + self._interval

    def is_stale(self, forecast: WeatherForecast, fetched_at: datetime, now: datetime) -> bool:
        """The forecast ends before now, or is older than half a day."""
        return forecast.slots[-1].end <= now or now - fetched_at > _STALE_AFTER
