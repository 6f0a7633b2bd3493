"""What the previous plan wanted, on the steps of the new one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ohmstead.core.site import AssetId
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.program import Ints, Program


def previous_power_kw(inputs: Inputs, asset: AssetId) -> tuple[Series, NDArray[np.bool_]]:
    """Planned power of an asset at the middle of each step, and where the old plan says one."""
    n = inputs.n
    power, there = np.zeros(n), np.zeros(n, dtype=bool)
    plan = inputs.request.previous
    if plan is None:
        return power, there
    for i in range(n):
        middle = inputs.steps.edge(i) + (inputs.steps.edge(i + 1) - inputs.steps.edge(i)) / 2
        slot = plan.at(middle)
        if slot is None:
            break
        if asset in slot.assets:
            power[i] = slot.assets[asset].power_w / 1000.0
            there[i] = True
    return power, there


def price_change(program: Program, inputs: Inputs, *, asset: AssetId, column: Ints) -> None:
    """Put a small price on leaving the previous plan's power in the current slot.

    ``column`` is the asset's power in step 0, kW; shape [1] or empty.
    """
    power, there = previous_power_kw(inputs, asset)
    if len(column) == 0 or not there[0]:
        return
    cost = inputs.settings.changing_eur_per_kwh * inputs.hours[:1]
    up, down = program.columns(1, cost=cost), program.columns(1, cost=cost)
    row = program.equal(1, power[:1])
    program.entries(row, column, 1.0)
    program.entries(row, up, -1.0)
    program.entries(row, down, 1.0)
