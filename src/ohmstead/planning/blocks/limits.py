"""Fuses per phase, circuits, and the grid operator's limit, as soft rows where they can bind."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ohmstead.core.site import AssetId, Load, Phases, PvSystem, Site
from ohmstead.core.units import PHASES
from ohmstead.planning.blocks.base import PowerTerm
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.program import Program

_PHASES = (Phases.L1, Phases.L2, Phases.L3)
OPERATOR_LIMIT_H = 1.0
"""How long a running operator limit is assumed to last: nobody announces its end."""


def phase_share(phases: Phases, phase: Phases) -> float:
    """Share of an asset's power on one phase; an unknown phase counts fully on each."""
    if phases is Phases.ALL:
        return 1.0 / PHASES
    return 1.0 if phases in (phase, Phases.UNKNOWN) else 0.0


def add_limits(program: Program, inputs: Inputs, terms: list[PowerTerm]) -> None:
    """Add every limit of the site except the contract's, which bounds the grid's own columns."""
    site = inputs.request.site
    solar = [(a, share) for a, share in pv_shares(site)]
    load_phases = next((a.phases for a in site.assets if isinstance(a, Load)), Phases.UNKNOWN)
    done: set[tuple[float, ...]] = set()
    for phase in _PHASES:
        shares = [phase_share(t.phases, phase) for t in terms]
        signature = (
            *shares,
            *(phase_share(a.phases, phase) for a, _ in solar),
            phase_share(load_phases, phase),
        )
        if signature in done:
            continue
        done.add(signature)
        fuse_kw = site.grid.fuse_a * site.grid.voltage_v / 1000.0
        sun = sum(phase_share(a.phases, phase) * share for a, share in solar)
        fixed = inputs.pv_kw * sun
        # A load on nobody knows which phase may sit on any: it counts against import only.
        loaded = inputs.load_kw * phase_share(load_phases, phase)
        _limit(program, inputs, terms, shares, fixed + loaded, fuse_kw)
        _limit(program, inputs, terms, [-s for s in shares], -fixed - inputs.load_kw * (
            0.0 if load_phases is Phases.UNKNOWN else phase_share(load_phases, phase)), fuse_kw)  # fmt: skip
    for circuit in site.circuits:
        for phase in _PHASES:
            shares = [_member(t.asset, circuit.assets) * phase_share(t.phases, phase) for t in terms]
            fixed = inputs.pv_kw * sum(
                share * phase_share(a.phases, phase) for a, share in solar if a.id in circuit.assets
            )
            limit_kw = circuit.fuse_a * site.grid.voltage_v / 1000.0
            _limit(program, inputs, terms, shares, fixed, limit_kw)
            _limit(program, inputs, terms, [-s for s in shares], -fixed, limit_kw)
    _operator_limit(program, inputs, terms)


def pv_shares(site: Site) -> list[tuple[PvSystem, float]]:
    """Each generator and its share of the forecast for all of them, by peak power."""
    systems = [a for a in site.assets if isinstance(a, PvSystem)]
    total = sum(a.peak_w for a in systems)
    return [(a, a.peak_w / total if total > 0 else 1.0 / len(systems)) for a in systems]


def _operator_limit(program: Program, inputs: Inputs, terms: list[PowerTerm]) -> None:
    limit_w = inputs.request.site.grid.operator_limit_w
    if limit_w is None or not inputs.request.state.operator_limited:
        return
    shares = [1.0 if t.controllable_load and t.coefficient > 0 else 0.0 for t in terms]
    soon = inputs.steps.hours_from_now() < OPERATOR_LIMIT_H
    _limit(program, inputs, terms, shares, np.zeros(inputs.n), np.where(soon, limit_w / 1000.0, np.inf))


def _limit(
    program: Program,
    inputs: Inputs,
    terms: list[PowerTerm],
    shares: list[float],
    fixed_kw: Series,
    limit_kw: float | Series,
) -> None:
    """Σ share · power + fixed ≤ limit + excess, in the steps where it can bind at all."""
    limit = np.broadcast_to(np.asarray(limit_kw, dtype=np.float64), (inputs.n,))
    most = fixed_kw.copy()
    for term, share in zip(terms, shares, strict=True):
        np.add.at(most, term.steps, np.maximum(0.0, share * np.sign(term.coefficient)) * term.upper_kw)
    # Where nothing controlled adds to it, a row could not change anything.
    binding = np.flatnonzero((most > limit + 1e-9) & (most > fixed_kw + 1e-9))
    if len(binding) == 0:
        return
    row_of = np.full(inputs.n, -1)
    row_of[binding] = program.rows(len(binding), upper=limit[binding] - fixed_kw[binding])
    cost = inputs.settings.penalties.over_limit_eur_per_kwh * inputs.hours[binding]
    program.entries(row_of[binding], program.columns(len(binding), cost=cost), -1.0)
    for term, share in zip(terms, shares, strict=True):
        rows = row_of[term.steps]
        here = rows >= 0
        if share != 0.0 and here.any():
            program.entries(rows[here], term.columns[here], share * term.coefficient)


def _member(asset: AssetId, members: Iterable[AssetId]) -> float:
    return 1.0 if asset in members else 0.0
