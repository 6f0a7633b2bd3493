"""``ohmstead backtest``: the same weeks of the real house under several strategies and tariffs."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ohmstead.core.plan import Plan, PlanningTask
from ohmstead.daemon.options import BacktestOptions, BacktestReport, BacktestRow
from ohmstead.daemon.planning_host import Outlook
from ohmstead.daemon.simulated.outlook import LearnedOutlook, PerfectOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, all_prices, known_tariff
from ohmstead.daemon.simulated.trial import Outcome, run_trial
from ohmstead.errors import ConfigError
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings
from ohmstead.simulator.dataset import PRICES_START
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import real_house
from ohmstead.simulator.timeline import prices_end

START = datetime(2026, 3, 16, 11, tzinfo=UTC)
"""A Monday noon in spring: sun, heating, a change of the clocks, and the car away."""
AHEAD = timedelta(days=3)
"""Perfect foresight looks so far beyond the end."""
MAX_SHARE = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    tariff: str
    strategy: str
    seed: int
    start: datetime
    days: float


def run_backtest(options: BacktestOptions) -> BacktestReport:
    """Run every strategy under every tariff, as many at a time as the machine has cores.

    Raises:
        ConfigError: a tariff is unknown, or the time is not covered by the data.
    """
    tariffs = options.tariffs or tuple(FORMULAS)
    for name in tariffs:
        if name not in FORMULAS:
            raise ConfigError(f"--tariffs: found {name!r}, allowed: {', '.join(FORMULAS)}")
    start = options.start or START
    _covered(start, options.days)
    jobs = [
        _Job(tariff=t, strategy=s, seed=options.seed, start=start, days=options.days)
        for t in tariffs
        for s in options.strategies
    ]
    outcomes = _run_all(jobs, options.progress)
    rows = []
    for tariff in tariffs:
        costs = {s: outcomes[tariff, s].cost_eur for s in options.strategies}
        for strategy in options.strategies:
            share = share_of_possible(costs, strategy)
            figures = _figures(outcomes[tariff, strategy], share)
            rows.append(BacktestRow(tariff=tariff, strategy=strategy, figures=figures))
    return BacktestReport(start=start, days=options.days, seed=options.seed, rows=tuple(rows))


def share_of_possible(costs: dict[str, float], strategy: str) -> float | None:
    """What part of the saving that perfect foresight makes a strategy makes; ``None`` if unknown."""
    if "none" not in costs or "perfect" not in costs:
        return None
    possible = costs["none"] - costs["perfect"]
    return (costs["none"] - costs[strategy]) / possible if abs(possible) > MAX_SHARE else None


def _covered(start: datetime, days: float) -> None:
    first, last = PRICES_START + timedelta(days=29), prices_end() - AHEAD
    if start < first or start + timedelta(days=days) > last:
        raise ConfigError(
            f"--start, --days: found {start:%Y-%m-%d} and {days:g} days, "
            f"allowed: between {first:%Y-%m-%d} and {last:%Y-%m-%d}, which the recorded data covers"
        )


def _run_all(
    jobs: list[_Job], progress: Callable[[str, float], None] | None
) -> dict[tuple[str, str], Outcome]:
    """Outcomes by tariff and strategy. HiGHS must not be forked, so the children are spawned."""
    outcomes: dict[tuple[str, str], Outcome] = {}
    workers = min(len(jobs), os.cpu_count() or 1)
    if workers <= 1:
        for job in jobs:
            outcomes[job.tariff, job.strategy] = _run(job)
            _tell(progress, job, len(outcomes), len(jobs))
        return outcomes
    # The slow ones first, so that the cores are busy to the end.
    ordered = sorted(jobs, key=lambda j: j.strategy in ("none", "rules"))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=workers, mp_context=context) as pool:
        running: dict[Future[Outcome], _Job] = {pool.submit(_run, job): job for job in ordered}
        for done in as_completed(running):
            job = running[done]
            outcomes[job.tariff, job.strategy] = done.result()
            _tell(progress, job, len(outcomes), len(jobs))
    return outcomes


def _tell(progress: Callable[[str, float], None] | None, job: _Job, done: int, total: int) -> None:
    if progress is not None:
        progress(f"{job.strategy} on {job.tariff}", done / total)


def _run(job: _Job) -> Outcome:
    """One strategy under one tariff."""
    formula = FORMULAS[job.tariff]
    house = real_house(seed=job.seed, start=job.start)
    end = job.start + timedelta(days=job.days)
    return run_trial(
        house,
        days=job.days,
        settlement=all_prices(formula, job.start, end),
        tariff_at=None if job.strategy == "none" else lambda now: known_tariff(formula, now),
        plan=_planner(house, job),
    )


def _planner(house: House, job: _Job) -> Callable[[PlanningTask], Plan] | None:
    formula, settings = FORMULAS[job.tariff], PlannerSettings()
    outlook: Outlook
    if job.strategy == "plan":
        outlook = LearnedOutlook(house, formula, settings)
    elif job.strategy == "perfect":
        outlook = PerfectOutlook(house, formula, settings)
    else:
        return None
    return lambda task: make_plan(outlook.request(task))


def _figures(outcome: Outcome, share: float | None) -> dict[str, float | None]:
    return {
        "cost_eur": outcome.cost_eur,
        "share_of_possible": share,
        "import_kwh": outcome.import_kwh,
        "export_kwh": outcome.export_kwh,
        "stored_eur": outcome.stored_eur,
        "cold_kh": outcome.cold_kh,
        "cold_water_kwh": outcome.cold_water_kwh,
        "vehicle_short_kwh": outcome.vehicle_short_kwh,
        "plans": float(outcome.plans),
    }
