"""What a control cycle costs, and how fast a whole simulated house runs.

The baseline in the same run is writing the same image as JSON, once per cycle: what a controller that
talks to its devices over HTTP does at the very least.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ohmstead.core.codec import to_data
from ohmstead.core.engine import Engine
from ohmstead.core.plan import Plan, PlanningTask
from ohmstead.core.settings import Settings
from ohmstead.core.state import SiteState
from ohmstead.daemon.simulated.outlook import LearnedOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings
from ohmstead.simulator.scenario import demo_house

START = datetime(2026, 4, 13, 6, tzinfo=UTC)
ROUNDS = 5
SITE = demo_house(start=START).site
CYCLES = 1440


def table() -> str:
    """The measurements as a Markdown table: medians of several rounds."""
    images = _images()
    plan = _plan(images[0])
    baseline_us = _median_us(lambda: _encode(images), len(images))
    rows = [("the image as JSON (baseline)", baseline_us)]
    rows += [
        ("rules", _median_us(lambda: _engine(images, None), len(images))),
        ("following a plan", _median_us(lambda: _engine(images, plan), len(images))),
    ]
    twin_us = _median_us(_twin, CYCLES)
    whole_us = _median_us(_whole, CYCLES)
    year_cycles = 365 * 1440
    lines = [
        "| one cycle of the demo house (9 assets, 2 rooms) | µs | × baseline |",
        "|---|---:|---:|",
        *(f"| {name} | {us:.1f} | {us / baseline_us:.1f} |" for name, us in rows),
        "",
        "| a simulated minute | µs | house-years per minute |",
        "|---|---:|---:|",
        f"| twin alone | {twin_us:.0f} | {60e6 / (twin_us * year_cycles):.2f} |",
        f"| twin + read + rules + command | {whole_us:.0f} | {60e6 / (whole_us * year_cycles):.2f} |",
    ]
    return "\n".join(lines)


def _images() -> list[SiteState]:
    """A day of real images, one a minute, from a house that is managed."""
    house = demo_house(start=START)
    engine = Engine(house.site)
    images = []
    for minute in range(CYCLES):
        if minute % 15 == 0:
            engine.set_tariff(known_tariff(FORMULAS["dynamic"], house.now))
        image = house.read()
        images.append(image)
        engine.observe(image)
        for setpoint in engine.step(house.now).setpoints:
            if setpoint.send:
                house.command(setpoint.asset, setpoint.power_w)
        house.step(60)
    return images


def _encode(images: list[SiteState]) -> None:
    for image in images:
        json.dumps(to_data(image))


def _engine(images: list[SiteState], plan: Plan | None) -> None:
    engine = Engine(SITE, Settings(plan_max_age_s=2 * 86400.0), plan=plan)
    engine.set_tariff(known_tariff(FORMULAS["dynamic"], images[0].at))
    for image in images:
        engine.observe(image)
        engine.step(image.at)


def _plan(image: SiteState) -> Plan:
    house = demo_house(start=START)
    outlook = LearnedOutlook(house, FORMULAS["dynamic"], PlannerSettings())
    return make_plan(outlook.request(PlanningTask(now=START, trigger="start", state=image)))


def _twin() -> None:
    house = demo_house(start=START)
    for _ in range(CYCLES):
        house.step(60)


def _whole() -> None:
    house = demo_house(start=START)
    engine = Engine(house.site)
    for minute in range(CYCLES):
        if minute % 15 == 0:
            engine.set_tariff(known_tariff(FORMULAS["dynamic"], house.now))
        engine.observe(house.read())
        for setpoint in engine.step(house.now).setpoints:
            if setpoint.send:
                house.command(setpoint.asset, setpoint.power_w)
        house.step(60)


def _median_us(work: Callable[[], None], times: int) -> float:
    work()
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        rounds.append((time.perf_counter() - began) / times * 1e6)
    return statistics.median(rounds)
