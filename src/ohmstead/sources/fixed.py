"""One price at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.sources.prices import WholesalePrice

_AHEAD = timedelta(days=7)


class FixedPriceProvider:
    """The same price, all included, from yesterday until a week from now."""

    def __init__(self, *, eur_per_kwh: float) -> None:
        """Give the price in €/kWh."""
        self.name = "fixed"
        self.is_spot = False
        self._eur_per_kwh = eur_per_kwh

    async def fetch(self, now: datetime) -> tuple[WholesalePrice, ...]:
        """One slot around ``now``; never fails."""
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        start, end = midnight - timedelta(days=1), midnight + _AHEAD
        return (WholesalePrice(start=start, end=end, eur_per_kwh=self._eur_per_kwh),)
