"""From planned powers to budgets: what may be bought, what may be sold, which band a store keeps.

The control cycle takes measured surplus first and the plan as a budget. If the forecasts come true,
following the budget gives the planned powers again.
"""

from __future__ import annotations

import numpy as np

from ohmstead.core.site import AssetId
from ohmstead.planning.blocks.base import AssetResult
from ohmstead.planning.grid_of_time import Series

TIE_EUR_PER_KWH = 1e-4
"""Prices closer than this are equal: the plan's own energy decides."""

Band = tuple[Series, Series]


def import_kw(results: dict[AssetId, AssetResult], *, net_load_kw: Series) -> dict[AssetId, Series]:
    """The part of each asset's planned power that surplus does not cover, ≥ 0, kW.

    Surplus (``−net_load``, sun beyond the household) goes to the assets in the order of their
    values, as the control cycle deals it out; what is left of an asset's power must be bought (or
    may come from a battery that discharges at the same time, where its band says so). So no kWh of
    sun is counted for two assets.
    """
    left = np.maximum(0.0, -net_load_kw)
    ids = [i for i, r in results.items() if r.takes_surplus]
    out = {i: np.maximum(0.0, results[i].power_kw) for i in ids}
    if not ids:
        return out
    worth = np.array([np.nan_to_num(results[i].value_eur_per_kwh, nan=-np.inf) for i in ids])
    ranks = np.argsort(-worth, axis=0, kind="stable")
    powers = np.array([out[i] for i in ids])
    columns = np.arange(powers.shape[1])
    for rank in range(len(ids)):
        chosen = ranks[rank]
        covered = np.minimum(powers[chosen, columns], left)
        powers[chosen, columns] -= covered
        left = left - covered
    return dict(zip(ids, powers, strict=True))


def export_kw(results: dict[AssetId, AssetResult], *, net_load_kw: Series) -> dict[AssetId, Series]:
    """What each battery sells: its discharge beyond what the house and its loads lack, ≥ 0, kW."""
    lacking = net_load_kw + sum(
        (np.maximum(0.0, r.power_kw) for r in results.values() if r.takes_surplus),
        np.zeros_like(net_load_kw),
    )
    lacking = np.maximum(0.0, lacking)
    out: dict[AssetId, Series] = {}
    for asset, result in results.items():
        if result.battery is None:
            continue
        discharge = np.maximum(0.0, -result.power_kw)
        out[asset] = np.maximum(0.0, discharge - lacking)
        lacking = np.maximum(0.0, lacking - discharge)
    return out


def band_kwh(result: AssetResult, *, import_price: Series, export_price: Series) -> Band:
    """Lowest and highest energy in a battery's cells at each step's end.

    With ``v`` the worth of a kWh in the cells at the step's end:

    - serving the house from the battery saves the import price and costs ``v/η + wear``. Strictly
      worth it: down to the reserve. Strictly not: what was there at the step's start stays. On a
      tie: the planned energy.
    - storing surplus brings ``v·η`` and forgoes the export price. Strictly worth it: up to full.
      Strictly not: no more than at the step's start. On a tie: the planned energy.

    The planned energy is always inside the band.
    """
    battery, energy = result.battery, result.energy_kwh
    if battery is None or energy is None:
        raise ValueError("only a battery has a band")
    before, after = energy[:-1], energy[1:]
    worth = battery.cell_value_eur_per_kwh
    serving = import_price - (worth / battery.discharge_efficiency + battery.wear_eur_per_kwh)
    storing = worth * battery.charge_efficiency - export_price
    low = _by_sign(serving, np.full_like(after, battery.reserve_kwh), after, before)
    high = _by_sign(storing, np.full_like(after, battery.full_kwh), after, before)
    return np.clip(np.minimum(low, after), 0.0, None), np.maximum(high, after)


def _by_sign(gain: Series, worth_it: Series, tie: Series, not_worth_it: Series) -> Series:
    return np.where(gain > TIE_EUR_PER_KWH, worth_it, np.where(gain < -TIE_EUR_PER_KWH, not_worth_it, tie))
