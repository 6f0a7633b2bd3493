"""The tariffs that the simulated house can live under, made from real day-ahead prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.simulator.scenario import wholesale_prices

MARKET_ZONE = ZoneInfo("Europe/Vienna")
PUBLISHED_HOUR = 13
"""Day-ahead prices of tomorrow are public from 13:00 local time (EPEX SPOT, SDAC)."""
DAYS_BACK = 28


@dataclass(frozen=True, kw_only=True, slots=True)
class RetailFormula:
    """What a household pays and gets, out of the spot price, EUR/kWh."""

    name: str
    title: str
    import_of: Callable[[float], float]
    export_of: Callable[[float], float]

    def slot(self, start: datetime, end: datetime, spot: float, *, known: bool = True) -> PriceSlot:
        """One price slot."""
        return PriceSlot(
            start=start,
            end=end,
            import_eur_per_kwh=self.import_of(spot),
            export_eur_per_kwh=self.export_of(spot),
            known=known,
        )


def _spot_import(spot: float) -> float:
    """Spot, 1.5 ct supplier, 9 ct network and levies, 20 % VAT."""
    return (spot + 0.015 + 0.09) * 1.2


FORMULAS: Mapping[str, RetailFormula] = {
    f.name: f
    for f in (
        RetailFormula(
            name="dynamic",
            title="Dynamic import, fixed feed-in",
            import_of=_spot_import,
            export_of=lambda _: 0.07,
        ),
        RetailFormula(
            name="spot_feed_in",
            title="Dynamic import, spot feed-in",
            import_of=_spot_import,
            export_of=lambda spot: spot - 0.012,
        ),
        RetailFormula(
            name="fixed",
            title="Fixed import and feed-in",
            import_of=lambda _: 0.30,
            export_of=lambda _: 0.08,
        ),
    )
}


def published_until(now: datetime) -> datetime:
    """End of the prices that are public at a moment: midnight of today or, after 13:00, of tomorrow."""
    local = now.astimezone(MARKET_ZONE)
    days = 2 if local.hour >= PUBLISHED_HOUR else 1
    midnight = (local + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC)


def known_tariff(formula: RetailFormula, now: datetime) -> Tariff:
    """The prices that a household knows at a moment, with yesterday's."""
    since = (now - timedelta(days=1)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return _tariff(formula.name, since, published_until(now))


def price_history(formula: RetailFormula, now: datetime) -> tuple[PriceSlot, ...]:
    """The prices of the last weeks, for forecasting those not yet published."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple(_tariff(formula.name, day - timedelta(days=DAYS_BACK), day).slots)


def all_prices(formula: RetailFormula, start: datetime, end: datetime) -> Tariff:
    """Every price of a time, published or not: for settling and for perfect foresight."""
    return _tariff(formula.name, start, end)


@lru_cache(maxsize=16)
def _tariff(name: str, start: datetime, end: datetime) -> Tariff:
    formula = FORMULAS[name]
    slots = (formula.slot(a, b, spot) for a, b, spot in wholesale_prices(start, end))
    return Tariff(name=name, slots=slots)
