"""The home's power balance and what each thing took, cycle by cycle, with counters that survive a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from ohmstead.core.site import Asset, AssetId, Battery, PvSystem, Room, Site
from ohmstead.core.state import SiteState
from ohmstead.daemon.nymea.states import Seen, power_of
from ohmstead.nymea.power_log import KEPT_OF_THINGS, PowerLog, Powers, Sample, balance_of, counted_w
from ohmstead.nymea.site_values import PowerBalance, SampleRate

GRID = "grid"

Done = list[tuple[SampleRate, Sample]]


class Counters:
    """Books every process image.

    Args:
        tz: of the days.
        stored: what :meth:`to_data` gave before a restart.
    """

    def __init__(self, site: Site, tz: tzinfo, stored: Mapping[str, Any] | None = None) -> None:
        self._site = site
        self._powers: Powers = (0.0, 0.0, 0.0)
        stored = stored or {}
        self._balance = PowerLog(tz=tz, width=3, totals_kwh=_floats(stored.get("balance"), 4))
        metered: list[AssetId] = [GRID, *(a.id for a in site.assets if not isinstance(a, Room))]
        things = stored.get("things", {})
        self._things = {
            asset: PowerLog(tz=tz, width=1, kept=KEPT_OF_THINGS, totals_kwh=_floats(things.get(asset), 2))
            for asset in metered
        }
        self._things_w: dict[AssetId, float] = {}

    @property
    def balance(self) -> PowerBalance:
        """The flows now, and the totals."""
        return balance_of(self._powers, tuple(self._balance.totals_kwh))

    @property
    def energy_kwh(self) -> dict[AssetId, tuple[float, float]]:
        """What each asset consumed and produced."""
        return {
            asset: (round(log.totals_kwh[0], 4), round(log.totals_kwh[1], 4))
            for asset, log in self._things.items()
        }

    @property
    def powers_w(self) -> Mapping[AssetId, float]:
        """What each asset takes now, as far as it is known."""
        return self._things_w

    def book(self, state: SiteState) -> tuple[Done, list[tuple[AssetId, SampleRate, Sample]]]:
        """Take an image; the samples of the balance and of things that are complete with it."""
        seen = Seen(site=self._site, state=state)
        grid_w = state.grid.power_w.value
        powers_w = (
            grid_w or 0.0,
            min(0.0, self._sum_w(seen, PvSystem)),
            self._sum_w(seen, Battery),
        )
        # While the meter is silent nobody knows what came in: its last word goes on, as in the estimate.
        self._powers = powers_w if grid_w is not None else (self._powers[0], *powers_w[1:])
        done = self._balance.add(state.at, self._powers, counted_w(*self._powers))
        return done, self._book_things(seen, grid_w)

    def samples(
        self, rate: SampleRate, start: datetime | None, end: datetime | None
    ) -> list[tuple[datetime, PowerBalance]]:
        """Samples of the balance that end in [start, end]."""
        found = self._balance.samples(rate, start, end)
        return [(s.at, balance_of(s.powers_w, s.totals_kwh)) for s in found]

    def samples_of(
        self, asset: AssetId, rate: SampleRate, start: datetime | None, end: datetime | None
    ) -> Sequence[Sample]:
        """Samples of one asset that end in [start, end]."""
        log = self._things.get(asset)
        return [] if log is None else log.samples(rate, start, end)

    def to_data(self) -> dict[str, Any]:
        """The counters as plain data."""
        return {
            "balance": list(self._balance.totals_kwh),
            "things": {asset: list(log.totals_kwh) for asset, log in self._things.items()},
        }

    def _book_things(self, seen: Seen, grid_w: float | None) -> list[tuple[AssetId, SampleRate, Sample]]:
        found: list[tuple[AssetId, SampleRate, Sample]] = []
        self._things_w = {} if grid_w is None else {GRID: grid_w}
        for asset in self._site.assets:
            power_w = None if isinstance(asset, Room) else power_of(seen, asset)
            if power_w is not None:
                self._things_w[asset.id] = power_w
        for asset_id, log in self._things.items():
            power_w = self._things_w.get(asset_id, 0.0)
            done = log.add(seen.state.at, (power_w,), (max(0.0, power_w), max(0.0, -power_w)))
            found += [(asset_id, rate, sample) for rate, sample in done]
        return found

    def _sum_w(self, seen: Seen, kind: type[Asset]) -> float:
        return sum(power_of(seen, a) or 0.0 for a in self._site.assets if isinstance(a, kind))


def _floats(stored: object, count: int) -> list[float]:
    """Stored counters, or zeros where there are none that can be used."""
    if isinstance(stored, list) and len(stored) == count and all(isinstance(v, int | float) for v in stored):
        return [float(v) for v in stored]
    return [0.0] * count
