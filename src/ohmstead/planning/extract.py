"""A solution as a :class:`~ohmstead.core.plan.Plan`: watts, budgets, bands, values, money."""

from __future__ import annotations

import math

import numpy as np

from ohmstead.core.plan import AssetSlot, Plan, PlanSlot
from ohmstead.core.site import AssetId
from ohmstead.planning.blocks.base import AssetResult
from ohmstead.planning.budget import band_kwh, export_kw, import_kw
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.solve import Solution

_NOTHING_W = 0.05
"""Solver tolerance: smaller powers are 0."""


def make_slots(
    inputs: Inputs, results: dict[AssetId, AssetResult], pv_assets: set[AssetId]
) -> tuple[PlanSlot, ...]:
    """The plan's slots. Grid power is the sum of what is shown, so the balance closes exactly."""
    powers = {i: _clean(r.power_kw * 1000.0) for i, r in results.items()}
    pv_w = sum((powers[i] for i in pv_assets), np.zeros(inputs.n)) if pv_assets else inputs.pv_kw * 1000.0
    others = sum((p for i, p in powers.items() if i not in pv_assets), np.zeros(inputs.n))
    load_w = inputs.load_kw * 1000.0
    grid_w = load_w + pv_w + others
    net_load_kw = (load_w + pv_w) / 1000.0
    bought = import_kw(results, net_load_kw=net_load_kw)
    sold = export_kw(results, net_load_kw=net_load_kw)
    assets = {
        i: _asset_slots(inputs, result, powers[i], bought.get(i), sold.get(i))
        for i, result in results.items()
    }
    return tuple(
        PlanSlot(
            start=inputs.steps.edge(t),
            end=inputs.steps.edge(t + 1),
            import_eur_per_kwh=float(inputs.import_price[t]),
            export_eur_per_kwh=float(inputs.export_price[t]),
            price_known=bool(inputs.price_known[t]),
            pv_w=float(pv_w[t]),
            load_w=float(load_w[t]),
            grid_w=float(grid_w[t]),
            outdoor_c=float(inputs.outdoor_c[t]),
            assets={i: slots[t] for i, slots in assets.items()},
        )
        for t in range(inputs.n)
    )


def bill_eur(slots: tuple[PlanSlot, ...]) -> float:
    """What the meter will cost: import × its price − export × its price, €."""
    total = 0.0
    for slot in slots:
        kwh = slot.grid_w * (slot.end - slot.start).total_seconds() / 3.6e6
        total += kwh * (slot.import_eur_per_kwh if kwh > 0.0 else slot.export_eur_per_kwh)
    return total


def make_plan_of(
    inputs: Inputs, results: dict[AssetId, AssetResult], pv_assets: set[AssetId], solution: Solution
) -> Plan:
    """The finished plan; its id tells when and why it was made."""
    slots = make_slots(inputs, results, pv_assets)
    request = inputs.request
    return Plan(
        id=f"{request.now:%Y%m%dT%H%M%SZ}-{request.trigger}",
        made_at=request.now,
        slots=slots,
        expected_cost_eur=bill_eur(slots),
        solver=solution.report,
    )


def _asset_slots(
    inputs: Inputs, result: AssetResult, power_w: Series, bought: Series | None, sold: Series | None
) -> list[AssetSlot]:
    n = inputs.n
    nothing = np.full(n, np.nan)
    low, high = result.low_kwh, result.high_kwh
    if result.battery is not None:
        low, high = band_kwh(result, import_price=inputs.import_price, export_price=inputs.export_price)
        if not result.battery.grid_charging:
            bought = np.zeros(n)
    energy = nothing if result.energy_kwh is None else result.energy_kwh[1:]
    low = nothing if low is None else low
    # A store may hold more than its bound already (a tank after disinfection): the plan is inside.
    high = nothing if high is None else np.fmax(high, energy)
    bought_w = _clean((np.zeros(n) if bought is None else bought) * 1000.0)
    sold_w = _clean((np.zeros(n) if sold is None else sold) * 1000.0)
    value = np.nan_to_num(result.value_eur_per_kwh, nan=0.0)
    return [
        AssetSlot(
            power_w=float(power_w[t]),
            import_w=float(bought_w[t]),
            export_w=float(sold_w[t]),
            energy_low_kwh=_known(low[t]),
            energy_high_kwh=_known(high[t]),
            energy_kwh=_known(energy[t]),
            value_eur_per_kwh=float(value[t]),
        )
        for t in range(n)
    ]


def _clean(power_w: Series) -> Series:
    # + 0.0 turns −0.0 into 0.0.
    return np.where(np.abs(power_w) < _NOTHING_W, 0.0, power_w) + 0.0


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
