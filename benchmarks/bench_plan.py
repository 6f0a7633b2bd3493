"""How long a plan of the whole house takes, over days of every season."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ohmstead.core.plan import Plan, PlanningTask
from ohmstead.daemon.simulated.outlook import LearnedOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings, PlanRequest
from ohmstead.simulator.scenario import real_house

DAYS = (
    datetime(2026, 3, 10, tzinfo=UTC),
    datetime(2026, 4, 20, tzinfo=UTC),
    datetime(2026, 7, 1, tzinfo=UTC),
)
HOURS = (1, 6, 10, 13, 17, 21)


def table() -> str:
    """Cold (no previous plan) and warm (a quarter of an hour later, with it), per tariff."""
    lines = [
        "| tariff | cold, median ms | warm, median ms | slowest ms | optimal | forecast ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in FORMULAS:
        cold, warm, forecast, optimal = _measure(name)
        lines.append(
            f"| {name} | {1e3 * statistics.median(cold):.0f} | {1e3 * statistics.median(warm):.0f} "
            f"| {1e3 * max(cold + warm):.0f} | {optimal} of {len(cold + warm)} "
            f"| {1e3 * statistics.median(forecast):.0f} |"
        )
    return "\n".join(lines)


def _measure(tariff: str) -> tuple[list[float], list[float], list[float], int]:
    cold: list[float] = []
    warm: list[float] = []
    forecast: list[float] = []
    plans: list[Plan] = []
    for day in DAYS:
        house = real_house(start=day)
        outlook = LearnedOutlook(house, FORMULAS[tariff], PlannerSettings())
        for hour in HOURS:
            house.step(max(0.0, (day + timedelta(hours=hour) - house.now).total_seconds()))
            task = PlanningTask(now=house.now, trigger="interval", state=house.read())
            began = time.perf_counter()
            request = outlook.request(task)
            forecast.append(time.perf_counter() - began)
            plans.append(_timed(cold, request))
            house.step(900)
            later = replace(task, now=house.now, state=house.read(), previous=plans[-1])
            plans.append(_timed(warm, outlook.request(later)))
    optimal = sum(p.solver is not None and p.solver.status == "optimal" for p in plans)
    return cold, warm, forecast, optimal


def _timed(into: list[float], request: PlanRequest) -> Plan:
    began = time.perf_counter()
    plan = make_plan(request)
    into.append(time.perf_counter() - began)
    return plan
