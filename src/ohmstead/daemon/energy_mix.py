"""What a kWh was worth and where it came from, remembered for the cost of charging sessions."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from ohmstead.core.record import CycleRecord
from ohmstead.core.state import AssetState, PvState
from ohmstead.ocpp.central.accounting import EnergyMix

KEPT = timedelta(days=2)
"""Chargers that were offline tell their meter values later."""
EACH = timedelta(seconds=60)
FITS = timedelta(minutes=5)


def mix_of(record: CycleRecord) -> EnergyMix | None:
    """The mix of one cycle; ``None`` where the meter or the price is not known.

    What the house takes is spread evenly over everything in it: a share of each kWh is bought, the rest
    is its own (sun and battery). Own energy is worth what feeding it in would have paid.
    """
    grid_w = record.state.grid.power_w.value
    price = next((slot for slot in record.prices if slot.start <= record.at < slot.end), None)
    if grid_w is None or price is None:
        return None
    generated_w = sum(-_sources_w(asset) for asset in record.state.assets.values())
    taken_w = grid_w + generated_w
    bought = min(1.0, max(0.0, grid_w) / taken_w) if taken_w > 0 else 0.0
    return EnergyMix(
        eur_per_kwh=bought * price.import_eur_per_kwh + (1 - bought) * price.export_eur_per_kwh,
        solar_share=1 - bought,
    )


def _sources_w(asset: AssetState) -> float:
    """What a source gives, negative; other assets give nothing."""
    power_w = asset.power_w.or_(0.0)
    return min(0.0, power_w) if isinstance(asset, PvState) or power_w < 0 else 0.0


class MixHistory:
    """The mixes of the last two days; a :class:`~ohmstead.daemon.loop.CycleListener`."""

    def __init__(self) -> None:
        self._mixes: deque[tuple[datetime, EnergyMix]] = deque()

    def cycle(self, record: CycleRecord) -> None:
        """Remember one a minute."""
        if self._mixes and timedelta(0) <= record.at - self._mixes[-1][0] < EACH:
            return
        found = mix_of(record)
        if found is None:
            return
        self._mixes.append((record.at, found))
        while self._mixes[0][0] < record.at - KEPT:
            self._mixes.popleft()

    def at(self, when: datetime) -> EnergyMix | None:
        """The mix at a time; ``None`` where nobody looked then."""
        for at, mix in reversed(self._mixes):
            if at <= when:
                return mix if when - at <= FITS else None
        return None
