"""A hot-water tank: heat drawn, heat lost, a comfort floor, a maximum, thermal disinfection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ohmstead.core.site import AssetId, HotWaterTank
from ohmstead.core.state import TankState
from ohmstead.models.tank import COLD_WATER_C, SURROUNDINGS_C, capacity_kwh_per_k
from ohmstead.models.thermal import step_response
from ohmstead.planning.blocks.base import AssetResult, PowerTerm, all_steps
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.previous import price_change
from ohmstead.planning.program import Ints, Program
from ohmstead.planning.solve import Solution

_DISINFECTION_EVERY_H = 2.0
"""Spacing of the moments at which the disinfection may be reached: few binaries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TankBlock:
    """Columns and rows of one tank, shape [steps]; the state is its temperature."""

    asset: HotWaterTank
    inputs: Inputs
    start_c: float
    power: Ints
    temperature: Ints
    dynamics: Ints
    keep: Series
    gain_k_per_kw: Series
    terms: list[PowerTerm]

    def read(self, solution: Solution) -> dict[AssetId, AssetResult]:
        """Power, heat above cold water and value of one kWh put in."""
        capacity = capacity_kwh_per_k(self.asset)
        temperature = np.concatenate([[self.start_c], solution.values(self.temperature)])
        value = -solution.prices(self.dynamics) * self.gain_k_per_kw / self.inputs.hours
        n = self.inputs.n
        result = AssetResult(
            power_kw=solution.values(self.power),
            value_eur_per_kwh=value,
            energy_kwh=np.maximum(0.0, temperature - COLD_WATER_C) * capacity,
            high_kwh=np.full(n, (self.asset.max_c - COLD_WATER_C) * capacity),
            low_kwh=np.full(n, max(0.0, self.asset.min_c - COLD_WATER_C) * capacity),
        )
        return {self.asset.id: result}


def add_tank(program: Program, inputs: Inputs, asset: HotWaterTank) -> TankBlock | None:
    """Add one tank; ``None`` where its temperature is unknown or it cannot be reached.

    Relay stages and a smallest power need no binaries: the mean over a quarter hour is reached by
    switching inside it, which the tank's short minimum times allow.
    """
    state = inputs.request.state.assets.get(asset.id)
    if not isinstance(state, TankState) or not state.online or state.temperature_c.value is None:
        return None
    n, hours = inputs.n, inputs.hours
    start = max(COLD_WATER_C, state.temperature_c.value)
    capacity = capacity_kwh_per_k(asset)
    responses = [
        step_response(capacity_kwh_per_k=capacity, loss_w_per_k=asset.loss_w_per_k, duration_h=float(h))
        for h in hours
    ]
    keep = np.array([r.keep for r in responses])
    gain = np.array([r.gain_k_per_kw for r in responses])
    most_kw = max(asset.stages_w, default=asset.max_w) / 1000.0
    early = inputs.settings.early_eur_per_kwh_h * inputs.steps.hours_from_now()
    power = program.columns(n, upper=most_kw, cost=early * hours)
    temperature = program.columns(n, lower=COLD_WATER_C)
    missing = program.columns(
        n, upper=inputs.hot_water_kw, cost=inputs.settings.penalties.no_hot_water_eur_per_kwh * hours
    )
    inflow = (1.0 - keep) * SURROUNDINGS_C - gain * inputs.hot_water_kw
    dynamics = program.equal(n, inflow + np.where(all_steps(n) == 0, keep * start, 0.0))
    program.entries(dynamics, temperature, 1.0)
    program.entries(dynamics[1:], temperature[:-1], -keep[1:])
    program.entries(dynamics, power, -gain)
    program.entries(dynamics, missing, -gain)

    block = TankBlock(
        asset=asset,
        inputs=inputs,
        start_c=start,
        power=power,
        temperature=temperature,
        dynamics=dynamics,
        keep=keep,
        gain_k_per_kw=gain,
        terms=[
            PowerTerm(
                asset=asset.id,
                phases=asset.phases,
                steps=all_steps(n),
                columns=power,
                upper_kw=np.full(n, most_kw),
            )
        ],
    )
    due = inputs.request.legionella_due.get(asset.id)
    if due is not None and due.timestamp() > inputs.steps.edges_s[-1]:
        due = None
    _band(program, inputs, block, disinfecting=due is not None)
    _worth_at_end(program, inputs, block)
    if due is not None:
        _disinfection(program, inputs, block, due)
    price_change(program, inputs, asset=asset.id, column=power[:1])
    return block


def _band(program: Program, inputs: Inputs, block: TankBlock, *, disinfecting: bool) -> None:
    """Floor, target and maximum. Above the target only surplus heats, or a price of 0 and less:
    ``warm⁺ ≤ keep · warm + gain · surplus`` with ``warm`` the kelvins above the target.
    """
    n, hours, penalties = inputs.n, inputs.hours, inputs.settings.penalties
    asset = block.asset
    rows = program.rows(n, lower=asset.min_c)
    program.entries(rows, block.temperature, 1.0)
    program.entries(rows, program.columns(n, cost=penalties.cold_tank_eur_per_k_h * hours), 1.0)

    most = max(0.0, asset.max_c - asset.target_c)
    rows = program.rows(n, upper=asset.target_c)
    program.entries(rows, block.temperature, 1.0)
    warm = program.columns(n, upper=most, cost=inputs.settings.warm_tank_eur_per_k_h * hours)
    hot = program.columns(n, cost=penalties.hot_eur_per_k_h * hours)
    program.entries(rows, warm, -1.0)
    program.entries(rows, hot, -1.0)
    if disinfecting:
        return
    free = block.gain_k_per_kw * inputs.surplus_kw()
    free = np.where(inputs.import_price <= 0.0, most, free)
    started = min(most, max(0.0, block.start_c - asset.target_c))
    rows = program.rows(n, upper=free + np.where(all_steps(n) == 0, block.keep * started, 0.0))
    program.entries(rows, warm, 1.0)
    program.entries(rows[1:], warm[:-1], -block.keep[1:])


def _worth_at_end(program: Program, inputs: Inputs, block: TankBlock) -> None:
    """Heat up to the target is worth a usual low price: the tank can wait for such hours."""
    asset = block.asset
    per_k = max(0.0, inputs.low_price()) * capacity_kwh_per_k(asset)
    warm = program.columns(1, upper=max(0.0, asset.target_c - COLD_WATER_C), cost=-per_k)
    row = program.rows(1, upper=-COLD_WATER_C)
    program.entries(row, warm, 1.0)
    program.entries(row, block.temperature[-1:], -1.0)


def _disinfection(program: Program, inputs: Inputs, block: TankBlock, due: datetime) -> None:
    """The tank is at least at its disinfection temperature at one of some moments before ``due``."""
    ends = inputs.steps.edges_s[1:]
    bucket = np.floor((ends - ends[0]) / 3600.0 / _DISINFECTION_EVERY_H)
    last_of_bucket = np.append(np.diff(bucket) > 0, True)
    at = np.flatnonzero(last_of_bucket & (ends <= max(due.timestamp(), ends[0] + 4 * 3600.0)))
    reached = program.columns(len(at), upper=1.0, integer=True)
    missed = program.columns(1, upper=1.0, cost=inputs.settings.penalties.legionella_miss_eur)
    rows = program.rows(len(at), lower=COLD_WATER_C)
    program.entries(rows, block.temperature[at], 1.0)
    program.entries(rows, reached, -(block.asset.legionella_c - COLD_WATER_C))
    once = program.rows(1, lower=1.0)
    program.entries(np.repeat(once, len(at)), reached, 1.0)
    program.entries(once, missed, 1.0)
