"""From the price of energy to what a kWh costs and brings at this meter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.errors import ConfigError
from ohmstead.sources.local_time import DailyWindow, YearDay, runs, zone
from ohmstead.sources.prices import PriceProvider, WholesalePrice

NEW_YEAR = YearDay(month=1, day=1)
NEW_YEARS_EVE = YearDay(month=12, day=31)


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedFeedIn:
    """The same for every exported kWh."""

    eur_per_kwh: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SpotFeedIn:
    """The spot price × ``factor`` − ``fee_eur_per_kwh``; negative means the house pays."""

    factor: float = 1.0
    fee_eur_per_kwh: float = 0.0


FeedIn = FixedFeedIn | SpotFeedIn


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFee:
    """A network fee for a time of day, on the days ``first``..``last`` of each year (both included)."""

    window: DailyWindow
    eur_per_kwh: float
    first: YearDay = NEW_YEAR
    last: YearDay = NEW_YEARS_EVE

    def applies(self, local: datetime) -> bool:
        """Whether it is due at a local time."""
        day = YearDay.of(local.date())
        in_season = (
            self.first <= day <= self.last
            if self.first <= self.last
            else day >= self.first or day <= self.last
        )
        return in_season and self.window.contains(local.time())


@dataclass(frozen=True, kw_only=True, slots=True)
class RetailTariff:
    """The formula of a contract.

    import = (spot × ``spot_factor`` + ``surcharge_eur_per_kwh`` + network fee) × (1 + ``vat``)

    Args:
        name: shown to people.
        timezone: whose wall clock the network fees mean.
        surcharge_eur_per_kwh: of the supplier and the state, without VAT.
        network_eur_per_kwh: network fee without VAT, where no window applies.
        network_fees: the first that applies counts.
        vat: share, 0.2 is 20 %. Not on exports.
        feed_in: what an exported kWh brings.

    Raises:
        ConfigError: unknown time zone, or a VAT that is no share.
    """

    name: str = "tariff"
    timezone: str = "UTC"
    spot_factor: float = 1.0
    surcharge_eur_per_kwh: float = 0.0
    network_eur_per_kwh: float = 0.0
    network_fees: tuple[NetworkFee, ...] = ()
    vat: float = 0.0
    feed_in: FeedIn = field(default_factory=FixedFeedIn)

    def __post_init__(self) -> None:
        zone(self.timezone)
        if not 0.0 <= self.vat < 1.0:
            raise ConfigError(f"{self.name}: vat {self.vat}: allowed is a share from 0 to 1, 20 % is 0.2")

    def tariff(self, prices: Sequence[WholesalePrice]) -> Tariff:
        """Import and export prices; a slot is cut where the network fee changes inside it."""
        return Tariff(name=self.name, slots=[slot for price in prices for slot in self._slots(price)])

    def _slots(self, price: WholesalePrice) -> Iterator[PriceSlot]:
        export = self._export_eur_per_kwh(price.eur_per_kwh)
        for start, end, network in self._network_runs(price.start, price.end):
            net = price.eur_per_kwh * self.spot_factor + self.surcharge_eur_per_kwh + network
            yield PriceSlot(
                start=start, end=end, import_eur_per_kwh=net * (1 + self.vat), export_eur_per_kwh=export
            )

    def _network_runs(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, float]]:
        if not self.network_fees:
            yield start, end, self.network_eur_per_kwh
            return
        switches: set[time] = {t for fee in self.network_fees for t in (fee.window.start, fee.window.end)}
        yield from runs(start, end, zone(self.timezone), switches=switches, value=self._network_eur_per_kwh)

    def _network_eur_per_kwh(self, local: datetime) -> float:
        for fee in self.network_fees:
            if fee.applies(local):
                return fee.eur_per_kwh
        return self.network_eur_per_kwh

    def _export_eur_per_kwh(self, spot_eur_per_kwh: float) -> float:
        match self.feed_in:
            case FixedFeedIn(eur_per_kwh=fixed):
                return fixed
            case SpotFeedIn(factor=factor, fee_eur_per_kwh=fee):
                return spot_eur_per_kwh * factor - fee


class TariffSource:
    """A provider of prices and the formula of a contract: what the daemon asks for its tariff.

    Raises:
        ConfigError: the feed-in follows the spot price, and the provider has none.
    """

    def __init__(self, provider: PriceProvider, retail: RetailTariff) -> None:
        """See the class."""
        if isinstance(retail.feed_in, SpotFeedIn) and not provider.is_spot:
            raise ConfigError(
                f"{retail.name}: feed-in by the spot price needs a spot provider (awattar), "
                f"found {provider.name}; give a fixed feed-in"
            )
        self.provider = provider
        self.retail = retail

    async def fetch(self, now: datetime) -> Tariff:
        """Import and export prices around ``now``.

        Raises:
            SourceError: there are no prices, new or kept.
            DataError: the server's answer cannot be used and none is kept.
        """
        return self.retail.tariff(await self.provider.fetch(now))
