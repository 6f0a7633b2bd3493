"""The sections of a configuration that are not part of the core's ``Site`` or another room's settings.

Like the core's classes they are plain facts; the models that check a file are made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ohmstead.core.settings import Settings
from ohmstead.core.site import AssetId, Site
from ohmstead.daemon.config.heating import HeatingSettings, HomeAssistantSettings
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.daemon.tier import Tier
from ohmstead.devices.adapter import AdapterOptions
from ohmstead.errors import ConfigError
from ohmstead.ocpp.central.settings import CentralSettings
from ohmstead.planning.request import PlannerSettings
from ohmstead.sources.hc_hp import OffPeakSeason
from ohmstead.sources.local_time import DailyWindow

SHORTEST_TOKEN = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedIn:
    """What the house receives for a kWh: a fixed price, or a share of the spot price less a fee."""

    fixed_eur_per_kwh: float | None = None
    """The same at any time. Not together with ``spot_factor``."""
    spot_factor: float | None = None
    """Share of the spot price; only with a spot tariff."""
    spot_fee_eur_per_kwh: float = 0.0
    """Taken off the spot price."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFee:
    """A network fee for a time of day."""

    window: DailyWindow
    """Local time, as ``"10:00-16:00"``; the first that fits counts."""
    eur_per_kwh: float
    """In that time instead of ``network_eur_per_kwh``; without VAT."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedTariff:
    """The same price at any time."""

    import_eur_per_kwh: float
    """All included."""
    feed_in: FeedIn = FeedIn()


@dataclass(frozen=True, kw_only=True, slots=True)
class OffPeakTariff:
    """Two prices by the time of day (heures creuses, heures pleines)."""

    hp_eur_per_kwh: float
    """At peak times, all included."""
    hc_eur_per_kwh: float
    """At off-peak times, all included."""
    hc_windows: tuple[DailyWindow, ...] = ()
    """Off-peak hours in local time, as ``["22:00-06:00"]``, where they are the same all year."""
    seasons: tuple[OffPeakSeason, ...] = ()
    """Instead of ``hc_windows``, where they change over the year; each season lasts until the next."""
    feed_in: FeedIn = FeedIn()


@dataclass(frozen=True, kw_only=True, slots=True)
class TempoTariff:
    """Six prices by the colour of the day (Tempo): HC from 22:00 to 06:00, a day begins at 06:00.

    A day whose colour is not known has the dearest price that it can have.
    """

    blue_hc_eur_per_kwh: float
    """All included, as the others."""
    blue_hp_eur_per_kwh: float
    white_hc_eur_per_kwh: float
    white_hp_eur_per_kwh: float
    red_hc_eur_per_kwh: float
    red_hp_eur_per_kwh: float
    days_file: Path | None = None
    """A table of colours, one `2026-01-15 red` per line; it counts more than the server."""
    ask_server: bool = True
    """Ask for the colours of today and tomorrow (api-couleur-tempo.fr)."""
    url: str | None = None
    """Another server with the same interface."""
    feed_in: FeedIn = FeedIn()


@dataclass(frozen=True, kw_only=True, slots=True)
class EjpTariff:
    """Two prices, the dear one on announced days from 07:00 to 01:00 (EJP)."""

    normal_eur_per_kwh: float
    """All included."""
    peak_eur_per_kwh: float
    """On peak days (heures de pointe mobile), all included."""
    days_file: Path
    """The peak days, one `2026-01-15` per line; read again when it changes."""
    feed_in: FeedIn = FeedIn()


class SpotCountry(StrEnum):
    """Where aWATTar sells."""

    AT = "at"
    DE = "de"


@dataclass(frozen=True, kw_only=True, slots=True)
class SpotTariff:
    """The day-ahead price plus what the supplier, the network and the state add.

    import price = (spot + ``surcharge_eur_per_kwh`` + network fee) × (1 + ``vat``)
    """

    country: SpotCountry
    """Market area."""
    surcharge_eur_per_kwh: float = 0.0
    """Added by the supplier and by levies; without VAT."""
    network_eur_per_kwh: float = 0.0
    """Network fee; without VAT."""
    network_windows: tuple[NetworkFee, ...] = ()
    """Network fees that depend on the time of day."""
    vat: float = 0.0
    """Value-added tax as a share: 0.2 is 20 %."""
    feed_in: FeedIn = FeedIn()
    url: str | None = None
    """Another server with the same interface."""


TariffSettings = FixedTariff | OffPeakTariff | TempoTariff | EjpTariff | SpotTariff

TARIFFS: Mapping[str, type[TariffSettings]] = {
    "fixed": FixedTariff,
    "static_hc_hp": OffPeakTariff,
    "tempo": TempoTariff,
    "ejp": EjpTariff,
    "awattar": SpotTariff,
}
"""The classes behind ``tariff.provider``."""


class WeatherProviderName(StrEnum):
    """Where the weather comes from."""

    OPEN_METEO = "open_meteo"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class WeatherSettings:
    """The weather forecast."""

    provider: WeatherProviderName = WeatherProviderName.OPEN_METEO
    """Without one the sun of the last days is expected again."""
    interval_s: float = 3600.0
    """A new forecast this often."""
    url: str | None = None
    """Another server with the same interface."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TierSettings:
    """Which modules run: `community`, `auto` or `predict`."""

    file: Path = Path("/etc/powersync/tier.conf")
    """A file with `tier = community | auto | predict`; read again when it changes."""
    default: Tier = Tier.PREDICT
    """Where there is no such file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecorderSettings:
    """The history."""

    path: Path = Path("ohmstead.db")
    """The database file, relative to the folder of the configuration."""
    minutes_kept_days: int = 60
    """Minute values are kept this long; quarter-hours for ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebSettings:
    """Dashboard and API."""

    host: str = "127.0.0.1"
    """Address to listen on. Other computers can reach it at ``0.0.0.0``, which needs a ``token_file``."""
    port: int = 8080
    """0 takes a free one, which is told at the start."""
    token_file: Path | None = None
    """File whose first line is the access token, at least 16 characters; relative to the configuration."""

    def token(self) -> str | None:
        """The access token, or ``None`` where none is configured. Never keep or log it.

        Raises:
            ConfigError: the file cannot be read or holds no token.
        """
        if self.token_file is None:
            return None
        try:
            lines = self.token_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.token_file}: the token cannot be read ({error})") from error
        token = lines[0].strip() if lines else ""
        if len(token) < SHORTEST_TOKEN:
            raise ConfigError(
                f"{self.token_file}: the first line has {len(token)} characters; "
                f"a token has at least {SHORTEST_TOKEN} (`openssl rand -hex 16` makes one)"
            )
        return token


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSettings:
    """The log, on standard error."""

    level: LogLevel = LogLevel.INFO
    format: LogFormat = LogFormat.TEXT


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceSettings:
    """How a device or the meter is reached; ``options`` are of the adapter's own model."""

    adapter: str
    options: AdapterOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A whole configuration, checked.

    ``devices`` has one entry per asset but the household's; ``planner`` is ``None`` where the rules
    are to run alone. Paths are absolute. Nothing secret is in here, only paths to it.
    """

    file: Path
    site: Site
    meter: DeviceSettings
    devices: Mapping[AssetId, DeviceSettings]
    tariff: TariffSettings
    weather: WeatherSettings
    strategy: Settings
    planner: PlannerSettings | None
    home_assistant: HomeAssistantSettings | None = None
    ocpp: CentralSettings | None = None
    """``None``: no section, and no device is reached by it."""
    tier: TierSettings = TierSettings()
    heating: HeatingSettings = field(default_factory=HeatingSettings)
    recorder: RecorderSettings
    web: WebSettings
    nymea: NymeaSettings
    log: LogSettings
