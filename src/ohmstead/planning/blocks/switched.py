"""Parts shared by blocks that are 0 or at least something."""

from __future__ import annotations

import numpy as np

from ohmstead.planning.program import Floats, Ints, Program

_BROKEN_RUN_EUR = 1.0
"""Price of a run that is shorter than the minimum: soft, so that every set of binaries is feasible."""


def on_off(program: Program, power: Ints, *, min_kw: Floats, max_kw: Floats) -> Ints:
    """Binaries with ``min · on ≤ power ≤ max · on``; gives their columns."""
    on = program.columns(len(power), upper=1.0, integer=True)
    rows = program.rows(len(power), lower=0.0)
    program.entries(rows, power, 1.0)
    program.entries(rows, on, -min_kw)
    rows = program.rows(len(power), upper=0.0)
    program.entries(rows, power, 1.0)
    program.entries(rows, on, -max_kw)
    return on


def starts(program: Program, on: Ints, *, running: bool, cost_eur: float) -> Ints:
    """Columns that are 1 where ``on`` goes from 0 to 1; ``running`` is its value before the first."""
    n = len(on)
    out = program.columns(n, upper=1.0, cost=cost_eur)
    rows = program.rows(n, lower=np.where(np.arange(n) == 0, -1.0 if running else 0.0, 0.0))
    program.entries(rows, out, 1.0)
    program.entries(rows, on, -1.0)
    program.entries(rows[1:], on[:-1], 1.0)
    return out


def minimum_run(program: Program, on: Ints, started: Ints, *, steps: int) -> None:
    """Started within the last ``steps`` steps ⇒ on (Rajan & Takriti 2005, IBM RC23628)."""
    n = len(on)
    if steps <= 1 or n < 2:
        return
    rows = program.rows(n, upper=0.0)
    for back in range(min(steps, n)):
        program.entries(rows[back:], started[: n - back], 1.0)
    program.entries(rows, on, -1.0)
    program.entries(rows, program.columns(n, cost=_BROKEN_RUN_EUR), -1.0)
