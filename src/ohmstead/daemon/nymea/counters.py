"""The home's power balance and what each thing took, cycle by cycle, with counters that survive a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

import structlog

from ohmstead.core.site import Asset, AssetId, Battery, PvSystem, Room, Site
from ohmstead.core.state import SiteState
from ohmstead.daemon.journal import minute_of
from ohmstead.daemon.nymea.states import Seen, power_of
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.power_log import KEPT_OF_THINGS, Piece, PowerLog, Powers, Sample, balance_of, counted_w
from ohmstead.nymea.site_values import PowerBalance, SampleRate, ThingPowerEntry
from ohmstead.recorder import Recorder

log = structlog.get_logger(__name__)

GRID = "grid"
MINUTES, QUARTERS = timedelta(days=7), timedelta(days=161)
"""How far back the samples of the balance are filled from the history, at the two resolutions."""
MINUTES_OF_THINGS, QUARTERS_OF_THINGS = timedelta(days=1), timedelta(days=30)

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

    def seed(self, recorder: Recorder, now: datetime) -> None:
        """Fill the logs with the history up to the minute that runs, as far as they reach back.

        Raises:
            DataError: the history cannot be read.
        """
        pvs = [a.id for a in self._site.assets if isinstance(a, PvSystem)]
        batteries = [a.id for a in self._site.assets if isinstance(a, Battery)]
        balance = []
        for start, length, values in _past(recorder, [GRID, *pvs, *batteries], now, QUARTERS, MINUTES):
            if GRID in values:
                pv_w = min(0.0, sum(values.get(a, 0.0) for a in pvs))
                powers_w = (values[GRID], pv_w, sum(values.get(a, 0.0) for a in batteries))
                balance.append(Piece(start, start + length, powers_w, counted_w(*powers_w)))
        self._balance.seed(balance)
        things: dict[AssetId, list[Piece]] = {asset: [] for asset in self._things}
        for start, length, values in _past(
            recorder, list(things), now, QUARTERS_OF_THINGS, MINUTES_OF_THINGS
        ):
            for asset, power_w in values.items():
                counted = (max(0.0, power_w), max(0.0, -power_w))
                things[asset].append(Piece(start, start + length, (power_w,), counted))
        for asset, pieces in things.items():
            self._things[asset].seed(pieces)

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


def _past(
    recorder: Recorder, names: list[str], now: datetime, quarters: timedelta, minutes: timedelta
) -> Iterator[tuple[datetime, timedelta, dict[str, float]]]:
    """What was recorded: quarters of an hour, then minutes; (start, length, values) in order."""
    end = minute_of(now)
    edge = (end - minutes).replace(minute=0)
    for start, until, length in (
        (edge - quarters, edge, timedelta(minutes=15)),
        (edge, end, timedelta(minutes=1)),
    ):
        found: dict[datetime, dict[str, float]] = {}
        points = recorder.history(names, start, until, int(length.total_seconds()))
        for name, series in points.items():
            for at, value in series:
                found.setdefault(at, {})[name] = value
        for at in sorted(found):
            yield at, length, found[at]


def _floats(stored: object, count: int) -> list[float]:
    """Stored counters, or zeros where there are none that can be used."""
    if isinstance(stored, list) and len(stored) == count and all(isinstance(v, int | float) for v in stored):
        return [float(v) for v in stored]
    return [0.0] * count


def thing_entry(asset: AssetId, at: datetime, power_w: float, totals: Sequence[float]) -> ThingPowerEntry:
    """A sample of an asset as the port tells it."""
    return ThingPowerEntry(
        at=at,
        thing_id=id_of("thing", asset),
        power_w=round(power_w, 1),
        total_consumption_kwh=totals[0],
        total_production_kwh=totals[1],
    )


def stored_data(stored: bytes | None) -> Mapping[str, Any]:
    """Stored counters; such that cannot be read begin anew, with a warning."""
    if stored is None:
        return {}
    try:
        data = json.loads(stored)
    except ValueError as error:
        log.warning("state_not_resumed", kind="nymea", error=str(error))
        return {}
    return data if isinstance(data, dict) else {}
