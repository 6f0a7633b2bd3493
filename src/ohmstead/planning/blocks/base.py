"""What a block is to the planner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ohmstead.core.site import AssetId, Phases
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.program import Floats, Ints
from ohmstead.planning.solve import Solution


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerTerm:
    """Columns whose power flows into an asset: ``coefficient · x`` kW in the given steps.

    ``upper_kw`` bounds ``|coefficient · x|``; it tells which limits can bind at all.
    """

    asset: AssetId
    phases: Phases
    steps: Ints
    columns: Ints
    upper_kw: Floats
    coefficient: float = 1.0
    controllable_load: bool = True
    """It counts towards the grid operator's limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetResult:
    """One asset's part of the solution; arrays have the shape [steps].

    ``power_kw`` in load convention. ``energy_kwh`` holds the stored energy at the *edges*
    (shape [steps + 1]); NaN where there is none (no vehicle). ``value_eur_per_kwh`` is what one
    more kWh at the grid side saves later, NaN where the asset cannot take any.
    """

    power_kw: Series
    value_eur_per_kwh: Series
    energy_kwh: Series | None = None
    battery: BatteryResult | None = None
    high_kwh: Series | None = None
    """Most that the store can hold."""
    low_kwh: Series | None = None
    """Least that it must hold, where there is such a floor."""
    takes_surplus: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryResult:
    """What the band of a battery is derived from."""

    cell_value_eur_per_kwh: Series
    reserve_kwh: float
    full_kwh: float
    charge_efficiency: float
    discharge_efficiency: float
    wear_eur_per_kwh: float
    grid_charging: bool


class Block(Protocol):
    """An asset, or assets that belong together, inside the program."""

    @property
    def terms(self) -> list[PowerTerm]:
        """The powers that enter the balance."""
        ...

    def read(self, solution: Solution) -> dict[AssetId, AssetResult]:
        """This block's assets in a solution."""
        ...


def all_steps(n: int) -> Ints:
    """Indices 0 … n−1."""
    return np.arange(n)
