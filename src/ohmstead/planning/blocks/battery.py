"""A house battery: charge and discharge with their losses, wear, reserve, and its worth at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ohmstead.core.site import AssetId, Battery
from ohmstead.core.state import BatteryState
from ohmstead.planning.blocks.base import AssetResult, BatteryResult, PowerTerm, all_steps
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.previous import previous_power_kw
from ohmstead.planning.program import Floats, Ints, Program
from ohmstead.planning.solve import Solution

END_SEGMENTS = ((0.4, 1.0), (0.3, 0.9), (0.3, 0.75))
"""Share of the usable capacity → share of the usual price: the last kWh in store is the one that
is needed least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryBlock:
    """Columns and rows of one battery, shape [steps] each."""

    asset: Battery
    inputs: Inputs
    start_kwh: float
    charge: Ints
    discharge: Ints
    energy: Ints
    dynamics: Ints
    terms: list[PowerTerm]

    def read(self, solution: Solution) -> dict[AssetId, AssetResult]:
        """Power, energy and value; one kWh at the grid side brings its efficiency into the cells."""
        cell_value = -solution.prices(self.dynamics)
        power = solution.values(self.charge) - solution.values(self.discharge)
        energy = np.concatenate([[self.start_kwh], solution.values(self.energy)])
        reserve, full = _bounds_kwh(self.asset)
        result = AssetResult(
            power_kw=power,
            value_eur_per_kwh=cell_value * self.asset.charge_efficiency,
            energy_kwh=energy,
            battery=BatteryResult(
                cell_value_eur_per_kwh=cell_value,
                reserve_kwh=reserve,
                full_kwh=full,
                charge_efficiency=self.asset.charge_efficiency,
                discharge_efficiency=self.asset.discharge_efficiency,
                wear_eur_per_kwh=self.asset.wear_eur_per_kwh,
                grid_charging=self.asset.grid_charging,
            ),
        )
        return {self.asset.id: result}


def add_battery(program: Program, inputs: Inputs, asset: Battery) -> BatteryBlock | None:
    """Add one battery; ``None`` where its SoC is unknown or it cannot be reached."""
    state = inputs.request.state.assets.get(asset.id)
    if not isinstance(state, BatteryState) or not state.online or state.soc.value is None:
        return None
    n, hours = inputs.n, inputs.hours
    reserve, full = _bounds_kwh(asset)
    start = min(1.0, max(0.0, state.soc.value)) * asset.capacity_kwh
    charge_kw = np.full(n, asset.max_charge_w / 1000.0)
    if not asset.grid_charging:
        charge_kw = np.minimum(charge_kw, inputs.surplus_kw())
    discharge_kw = np.full(n, asset.max_discharge_w / 1000.0)
    early = inputs.settings.early_eur_per_kwh_h * inputs.steps.hours_from_now()
    charge = program.columns(n, upper=charge_kw, cost=early * hours)
    discharge = program.columns(n, upper=discharge_kw, cost=asset.wear_eur_per_kwh * hours)
    # Nothing goes below the reserve; a battery that is below already at least stays where it is.
    energy = program.columns(n, lower=min(reserve, start), upper=max(full, start))

    dynamics = program.equal(n, np.where(all_steps(n) == 0, start, 0.0))
    program.entries(dynamics, energy, 1.0)
    program.entries(dynamics[1:], energy[:-1], -1.0)
    program.entries(dynamics, charge, -asset.charge_efficiency * hours)
    program.entries(dynamics, discharge, hours / asset.discharge_efficiency)

    cost = inputs.settings.penalties.reserve_eur_per_kwh_h * hours
    below = program.rows(n, lower=reserve)
    program.entries(below, energy, 1.0)
    program.entries(below, program.columns(n, upper=reserve, cost=cost), 1.0)

    block = BatteryBlock(
        asset=asset,
        inputs=inputs,
        start_kwh=start,
        charge=charge,
        discharge=discharge,
        energy=energy,
        dynamics=dynamics,
        terms=[
            _term(asset, charge, charge_kw, n, 1.0),
            _term(asset, discharge, discharge_kw, n, -1.0),
        ],
    )
    _one_way(program, block, charge_kw, discharge_kw)
    _worth_at_end(program, inputs, block, reserve, full)
    return block


def _one_way(program: Program, block: BatteryBlock, charge_kw: Floats, discharge_kw: Floats) -> None:
    """Binaries where burning energy in the battery's losses could pay: negative prices, or a sun
    that neither fits through the connection nor can be curtailed.
    """
    inputs = block.inputs
    grid = inputs.request.site.grid
    may_leave_kw = np.inf if grid.max_export_w is None else grid.max_export_w / 1000.0
    burning = (np.minimum(inputs.import_price, inputs.export_price) < 0.0) | (
        inputs.surplus_kw() > may_leave_kw
    )
    at = np.flatnonzero(burning & (charge_kw > 0.0))[: 2 * inputs.settings.battery_binary_steps]
    if len(at) == 0:
        return
    charging = program.columns(len(at), upper=1.0, integer=True)
    rows = program.rows(len(at), upper=0.0)
    program.entries(rows, block.charge[at], 1.0)
    program.entries(rows, charging, -charge_kw[at])
    rows = program.rows(len(at), upper=discharge_kw[at])
    program.entries(rows, block.discharge[at], 1.0)
    program.entries(rows, charging, discharge_kw[at])
    power, there = previous_power_kw(inputs, block.asset.id)
    known = there[at]
    program.hint(charging[known], (power[at][known] > 0.0).astype(float))


def _worth_at_end(program: Program, inputs: Inputs, block: BatteryBlock, reserve: float, full: float) -> None:
    """Credit what is left at the end, in segments of falling worth; the reserve counts in full."""
    asset = block.asset
    unit = max(0.0, inputs.usual_price() * asset.discharge_efficiency - asset.wear_eur_per_kwh)
    sizes = np.array([reserve, *((full - reserve) * share for share, _ in END_SEGMENTS)])
    worth = np.array([1.0, *(w for _, w in END_SEGMENTS)])
    segments = program.columns(len(sizes), upper=sizes, cost=-unit * worth)
    row = program.rows(1, upper=0.0)
    program.entries(np.repeat(row, len(sizes)), segments, 1.0)
    program.entries(row, block.energy[-1:], -1.0)


def _bounds_kwh(asset: Battery) -> tuple[float, float]:
    full = asset.max_soc * asset.capacity_kwh
    return min(asset.reserve_soc * asset.capacity_kwh, full), full


def _term(asset: Battery, columns: Ints, upper_kw: Floats, n: int, sign: float) -> PowerTerm:
    return PowerTerm(
        asset=asset.id,
        phases=asset.phases,
        steps=all_steps(n),
        columns=columns,
        upper_kw=upper_kw,
        coefficient=sign,
    )
