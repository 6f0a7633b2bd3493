"""Prices and weather from elsewhere."""

from ohmstead.sources.cached import CachedProvider, SourceStatus
from ohmstead.sources.http_client import HttpClient
from ohmstead.sources.prices import PriceProvider, WholesalePrice
from ohmstead.sources.registry import price_provider, weather_provider
from ohmstead.sources.retail import FixedFeedIn, NetworkFee, RetailTariff, SpotFeedIn, TariffSource
from ohmstead.sources.weather import WeatherForecast, WeatherProvider, WeatherSlot

__all__ = [
    "CachedProvider",
    "FixedFeedIn",
    "HttpClient",
    "NetworkFee",
    "PriceProvider",
    "RetailTariff",
    "SourceStatus",
    "SpotFeedIn",
    "TariffSource",
    "WeatherForecast",
    "WeatherProvider",
    "WeatherSlot",
    "WholesalePrice",
    "price_provider",
    "weather_provider",
]
