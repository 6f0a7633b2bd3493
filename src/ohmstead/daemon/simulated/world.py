"""The demo's world: the house that is managed, and its twin that nobody manages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ohmstead.core.site import Site
from ohmstead.daemon.ledger import mean_price_eur_per_kwh, stored_kwh
from ohmstead.daemon.simulated.tariffs import RetailFormula, known_tariff
from ohmstead.simulator.house import House
from ohmstead.simulator.house_devices import CHARGER
from ohmstead.simulator.scenario import demo_house

MANAGED_STATE = "simulated_house"
BASELINE_STATE = "simulated_baseline"


@dataclass(kw_only=True, slots=True)
class World:
    """Two houses of one seed in the same weather, with the same people; they move together."""

    seed: int
    formula: RetailFormula
    managed: House
    baseline: House
    start: datetime
    _import_kwh: float = 0.0
    _export_kwh: float = 0.0

    @classmethod
    def new(cls, *, seed: int, start: datetime | None, formula: RetailFormula) -> World:
        """A world at its beginning."""
        managed = demo_house(seed=seed, start=start)
        baseline = demo_house(seed=seed, start=managed.now)
        return cls(seed=seed, formula=formula, managed=managed, baseline=baseline, start=managed.now)

    @property
    def site(self) -> Site:
        """The managed house, as the engine is told about it."""
        return self.managed.site

    def advance(self, seconds: float) -> None:
        """Let time pass for both houses."""
        self.managed.step(seconds)
        self.baseline.step(seconds)

    def baseline_flows(self) -> tuple[tuple[float, float], float]:
        """What the unmanaged house did since last asked, and how our stores compare with its own.

        Returns:
            Its import and export, kWh; what our stores hold more than its stores, EUR.
        """
        totals = self.baseline.totals
        flows = (totals.import_kwh - self._import_kwh, totals.export_kwh - self._export_kwh)
        self._import_kwh, self._export_kwh = totals.import_kwh, totals.export_kwh
        ours, theirs = house_stored_kwh(self.managed), house_stored_kwh(self.baseline)
        tariff = known_tariff(self.formula, self.managed.now)
        return flows, (ours - theirs) * mean_price_eur_per_kwh(tariff, self.managed.now)

    def states(self) -> dict[str, bytes]:
        """Both houses, to be stored with a minute."""
        return {
            MANAGED_STATE: json.dumps(self.managed.snapshot()).encode(),
            BASELINE_STATE: json.dumps(self.baseline.snapshot()).encode(),
        }

    def restore(self, managed: bytes, baseline: bytes) -> None:
        """Go on from stored states.

        Raises:
            DataError: they are of another seed or version.
        """
        self.managed.restore(_plain(managed))
        self.baseline.restore(_plain(baseline))
        totals = self.baseline.totals
        self._import_kwh, self._export_kwh = totals.import_kwh, totals.export_kwh


def house_stored_kwh(house: House) -> float:
    """What the stores of a simulated house hold, its car included wherever that is, kWh."""
    socs = {CHARGER: house.devices.charger.soc}
    return stored_kwh(house.site, house.read(), socs)


def _plain(blob: bytes) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(blob)
    return data
