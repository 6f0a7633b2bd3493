"""The grid connection: import and export with their prices, the peak wish, the balance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ohmstead.core.units import PHASES
from ohmstead.planning.blocks.base import PowerTerm, all_steps
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.program import Floats, Ints, Program
from ohmstead.planning.solve import Solution

_TIE_EUR_PER_KWH = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class GridBlock:
    """Columns per step; ``signs`` is +1 for the tiers of import and −1 for those of export."""

    tiers: list[tuple[Ints, float]]
    balance: Ints

    def net_kw(self, solution: Solution) -> Series:
        """Grid power, import positive, kW."""
        net = np.zeros(len(self.balance))
        for columns, sign in self.tiers:
            net += sign * solution.values(columns)
        return net


def add_grid(program: Program, inputs: Inputs, terms: list[PowerTerm]) -> GridBlock:
    """Add the balance ``import − export − Σ controlled = load + pv`` per step, and its prices.

    Import has tiers: up to the peak wish, up to the limit, beyond it at a penalty; export likewise.
    Prices rise from tier to tier, so no order needs to be enforced. Where export pays better than
    import costs, buying and selling at once would pay: a binary picks the direction there.
    """
    grid, penalties, hours = inputs.request.site.grid, inputs.settings.penalties, inputs.hours
    n, step = inputs.n, all_steps(inputs.n)
    fuse_kw = PHASES * grid.fuse_a * grid.voltage_v / 1000.0
    import_kw = min(fuse_kw, _kw(grid.max_import_w))
    export_kw = min(fuse_kw, _kw(grid.max_export_w))
    peak_kw = min(import_kw, _kw(grid.peak_shaving_w))
    over = penalties.over_limit_eur_per_kwh
    buy, sell = inputs.import_price, inputs.export_price

    tiers: list[tuple[Ints, float]] = [(program.columns(n, upper=peak_kw, cost=buy * hours), 1.0)]
    if peak_kw < import_kw:
        dear = (buy + penalties.over_peak_eur_per_kwh) * hours
        tiers.append((program.columns(n, upper=import_kw - peak_kw, cost=dear), 1.0))
    limited = len(tiers)
    tiers.append((program.columns(n, upper=export_kw, cost=-sell * hours), -1.0))
    # Beyond the limits: a penalty on top of |price|, so that no pair of tiers ever earns money.
    tiers.append((program.columns(n, cost=(np.abs(buy) + over) * hours), 1.0))
    tiers.append((program.columns(n, cost=(np.abs(sell) + over) * hours), -1.0))

    balance = program.equal(n, inputs.load_kw + inputs.pv_kw)
    for columns, sign in tiers:
        program.entries(balance, columns, sign)
    for term in terms:
        program.entries(balance[term.steps], term.columns, -term.coefficient)

    both_pay = step[sell > buy + _TIE_EUR_PER_KWH]
    if len(both_pay):
        imports = [columns for columns, _ in tiers[:limited]]
        exports = [tiers[limited][0]]
        biggest = _bounds(inputs, terms)
        _one_direction(program, both_pay, imports, exports, np.minimum(biggest[0], import_kw),
                       np.minimum(biggest[1], export_kw))  # fmt: skip
    return GridBlock(tiers=tiers, balance=balance)


def _one_direction(
    program: Program, at: Ints, imports: list[Ints], exports: list[Ints], most_in: Floats, most_out: Floats
) -> None:
    importing = program.columns(len(at), upper=1.0, integer=True)
    rows = program.rows(len(at), upper=0.0)
    for columns in imports:
        program.entries(rows, columns[at], 1.0)
    program.entries(rows, importing, -most_in[at])
    rows = program.rows(len(at), upper=most_out[at])
    for columns in exports:
        program.entries(rows, columns[at], 1.0)
    program.entries(rows, importing, most_out[at])


def _bounds(inputs: Inputs, terms: list[PowerTerm]) -> tuple[Floats, Floats]:
    """The most that can flow in and out at all: a tight big M."""
    base = inputs.load_kw + inputs.pv_kw
    into, out = base.copy(), -base
    for term in terms:
        np.add.at(into if term.coefficient > 0 else out, term.steps, term.upper_kw)
    return np.maximum(0.0, into), np.maximum(0.0, out)


def _kw(limit_w: float | None) -> float:
    return float("inf") if limit_w is None else limit_w / 1000.0
