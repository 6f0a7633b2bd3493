"""Programs small enough to solve by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ohmstead.errors import PlanError
from ohmstead.planning.program import Program
from ohmstead.planning.solve import solve


def knapsack(n: int = 60) -> tuple[Program, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Cover a need with blocks of 7, 11 and 13 kWh at odd prices: hard to prove optimal."""
    program = Program()
    size = np.array([7.0, 11.0, 13.0] * (n // 3)) + np.arange(n) * 0.37
    on = program.columns(n, upper=1.0, cost=size * 1.01 + np.sin(np.arange(n)), integer=True)
    short = program.columns(1, cost=50.0)
    row = program.rows(1, lower=313.3)
    program.entries(np.repeat(row, n), on, size)
    program.entries(row, short, 1.0)
    return program, size


def test_duals_are_the_change_of_cost_per_unit_of_the_right_side() -> None:
    def cost(need: float) -> tuple[float, float]:
        program = Program()
        x = program.columns(2, upper=np.array([3.0, 4.0]), cost=np.array([1.0, 2.5]))
        row = program.equal(1, need)
        program.entries(np.repeat(row, 2), x, 1.0)
        solution = solve(program, time_limit_s=30.0, gap=1e-6, gap_eur=1e-6)
        return solution.objective, float(solution.prices(row)[0])

    assert cost(5.0) == pytest.approx((8.0, 2.5))
    assert cost(2.0) == pytest.approx((2.0, 1.0))
    assert cost(5.1)[0] - cost(5.0)[0] == pytest.approx(0.1 * cost(5.0)[1])


def test_entries_for_one_place_add_up() -> None:
    program = Program()
    x = program.columns(1, cost=1.0)
    row = program.rows(1, lower=6.0)
    program.entries(row, x, 1.0)
    program.entries(row, x, 2.0)
    assert solve(program, time_limit_s=30.0, gap=0.0, gap_eur=0.0).values(x)[0] == pytest.approx(2.0)


def test_integers_come_out_whole() -> None:
    program, size = knapsack()
    solution = solve(program, time_limit_s=60.0, gap=1e-3, gap_eur=0.0)
    on = solution.columns[: len(size)]
    assert np.abs(on - np.round(on)).max() < 1e-9
    assert on @ size + solution.columns[len(size)] >= 313.3 - 1e-6
    assert solution.report.status == "optimal"


def test_no_time_at_all_still_gives_a_solution() -> None:
    program, size = knapsack()
    solution = solve(program, time_limit_s=0.0, gap=0.0, gap_eur=0.0)
    assert solution.report.status in {"time_limit", "rounded"}
    assert solution.columns[: len(size)] @ size + solution.columns[len(size)] >= 313.3 - 1e-6


def test_a_program_without_solution_is_a_plan_error() -> None:
    program = Program()
    x = program.columns(1, upper=1.0)
    row = program.rows(1, lower=2.0)
    program.entries(row, x, 1.0)
    with pytest.raises(PlanError, match="no solution"):
        solve(program, time_limit_s=30.0, gap=0.0, gap_eur=0.0)
