"""HiGHS: search the integers, then fix them and solve the rest once more for exact duals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import highspy
import numpy as np

from ohmstead.core.plan import SolverReport
from ohmstead.errors import PlanError
from ohmstead.planning.program import Floats, Ints, Matrices, Program

_ROUND_UP = 0.3
"""Relaxed binaries above it are rounded up: rather run a little too much than miss a need."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Values of the columns, duals of the rows (change of cost per unit of right side), the cost."""

    columns: Floats
    duals: Floats
    objective: float
    report: SolverReport

    def values(self, columns: Ints) -> Floats:
        """Values of some columns."""
        return np.asarray(self.columns[columns])

    def prices(self, rows: Ints) -> Floats:
        """Duals of some rows."""
        return np.asarray(self.duals[rows])


def solve(program: Program, *, time_limit_s: float, gap: float, gap_eur: float) -> Solution:
    """The best solution found in time.

    With binaries: branch and bound until the gap or the time limit; the incumbent counts. Without
    an incumbent the relaxation is rounded. Then the integers are fixed and the linear program left
    is solved, so that the duals are those of the plan that is carried out.

    Raises:
        PlanError: HiGHS found nothing, which soft constraints rule out: a defect in the program.
    """
    began = perf_counter()
    matrices = program.matrices()
    status, achieved_gap = "optimal", 0.0
    fixed = matrices
    if matrices.integer.any():
        columns, status, achieved_gap = _search(program, matrices, time_limit_s, gap, gap_eur)
        whole = np.round(columns[matrices.integer])
        lower, upper = matrices.col_lower.copy(), matrices.col_upper.copy()
        lower[matrices.integer] = whole
        upper[matrices.integer] = whole
        fixed = replace(matrices, col_lower=lower, col_upper=upper, integer=np.zeros_like(matrices.integer))
    solver = _solver(fixed)
    if not _optimal(solver):
        raise PlanError(
            f"the linear program has no solution: {solver.modelStatusToString(solver.getModelStatus())}"
        )
    solution = solver.getSolution()
    return Solution(
        columns=np.array(solution.col_value),
        duals=np.array(solution.row_dual),
        objective=float(solver.getInfo().objective_function_value),
        report=SolverReport(
            status=status,
            gap=achieved_gap,
            duration_s=perf_counter() - began,
            columns=matrices.columns,
            rows=matrices.rows,
        ),
    )


def _search(
    program: Program, matrices: Matrices, time_limit_s: float, gap: float, gap_eur: float
) -> tuple[Floats, str, float]:
    solver = _solver(matrices)
    solver.setOptionValue("time_limit", time_limit_s)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.setOptionValue("mip_abs_gap", gap_eur)
    hinted, values = program.hints()
    if len(hinted) == 0:
        # Without a previous plan the rounded relaxation is the start: HiGHS's own search for a
        # first solution takes longer than this one solve.
        hinted = np.flatnonzero(matrices.integer)
        values = _rounded(matrices)[hinted]
    solver.setSolution(len(hinted), hinted.astype(np.int32), values)
    # The start is good already; these searches around it made the slowest tenth of plans slower.
    for heuristic in ("rins", "rens", "root_reduced_cost"):
        solver.setOptionValue(f"mip_heuristic_run_{heuristic}", False)
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        done = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found_gap = float(info.mip_gap)
        return (
            np.array(solver.getSolution().col_value),
            "optimal" if done else "time_limit",
            found_gap if np.isfinite(found_gap) else 1.0,
        )
    return _rounded(matrices), "rounded", 1.0


def _rounded(matrices: Matrices) -> Floats:
    """The relaxation with its binaries rounded.

    Any set of binaries leaves a feasible program: minimum runs, limits and needs are all soft.
    """
    relaxed = _solver(replace(matrices, integer=np.zeros_like(matrices.integer)))
    if not _optimal(relaxed):
        raise PlanError(f"no relaxation: {relaxed.modelStatusToString(relaxed.getModelStatus())}")
    columns = np.array(relaxed.getSolution().col_value)
    up = columns > _ROUND_UP
    columns[matrices.integer] = np.where(up, 1.0, 0.0)[matrices.integer]
    return columns


def _optimal(solver: Any) -> bool:
    """Solve; once more without presolve and from scratch where the first attempt is not sure."""
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        return True
    solver.clearSolver()
    solver.setOptionValue("presolve", "off")
    solver.run()
    return bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)


def _solver(matrices: Matrices) -> Any:
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("parallel", "off")
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = matrices.columns, matrices.rows
    lp.col_cost_ = matrices.cost
    lp.col_lower_, lp.col_upper_ = matrices.col_lower, matrices.col_upper
    lp.row_lower_, lp.row_upper_ = matrices.row_lower, matrices.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = matrices.columns, matrices.rows
    lp.a_matrix_.start_ = matrices.starts
    lp.a_matrix_.index_ = matrices.indices
    lp.a_matrix_.value_ = matrices.values
    if matrices.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(i)] for i in matrices.integer]
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise PlanError("HiGHS refused the program")
    return solver
