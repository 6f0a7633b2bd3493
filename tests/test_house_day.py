"""Days of the simulated house under control: what must hold at every moment of them.

The plan is made by the real planner, the house is the twin, and its true powers are judged, not what
its meters say.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.engine import Engine, replay
from ohmstead.core.record import CycleRecord
from ohmstead.core.site import GridConnection
from ohmstead.daemon.simulated.outlook import LearnedOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings
from ohmstead.simulator.house import House
from ohmstead.simulator.house_devices import HOUSEHOLD
from ohmstead.simulator.scenario import demo_house

CYCLE_S = 10
REACTION_S = 45.0
"""Charger 15 s, meter 5 s, two cycles: the longest that protection may take to have an effect."""
START = datetime(2026, 4, 3, 4, tzinfo=UTC)


@dataclass
class Day:
    """What happened."""

    records: list[CycleRecord] = field(default_factory=list)
    longest_overload_s: float = 0.0
    socs: list[float] = field(default_factory=list)
    worst_balance_w: float = 0.0


def live(house: House, hours: float, *, tariff: str, planned: bool) -> Day:
    formula, engine, day = FORMULAS[tariff], Engine(house.site), Day()
    outlook = LearnedOutlook(house, formula, PlannerSettings())
    limit_w = house.site.grid.fuse_a * house.site.grid.voltage_v
    overload_s = [0.0, 0.0, 0.0]
    for cycle in range(int(hours * 3600 / CYCLE_S)):
        if cycle % 90 == 0:
            engine.set_tariff(known_tariff(formula, house.now))
        engine.observe(house.read())
        record = engine.step(house.now)
        day.records.append(record)
        for setpoint in record.setpoints:
            if setpoint.send:
                house.command(setpoint.asset, setpoint.power_w)
        task = engine.planning_task(house.now) if planned else None
        if task is not None:
            engine.adopt(make_plan(outlook.request(task)))
        for _ in range(2):
            house.step(CYCLE_S / 2)
            unmanaged_w = house.true_powers_w()[HOUSEHOLD]
            for phase, power_w in enumerate(house.true_phases_w()):
                over = power_w > limit_w and unmanaged_w < limit_w
                overload_s[phase] = overload_s[phase] + CYCLE_S / 2 if over else 0.0
            day.longest_overload_s = max(day.longest_overload_s, *overload_s)
        day.socs.append(house.devices.battery.soc)
        balance_w = sum(house.true_powers_w().values()) - house.true_grid_w()
        day.worst_balance_w = max(day.worst_balance_w, abs(balance_w))
    return day


def check(day: Day) -> None:
    assert day.longest_overload_s <= REACTION_S
    assert day.worst_balance_w < 1e-6
    assert min(day.socs) >= 0.0
    assert max(day.socs) <= 1.0
    assert all(math.isfinite(s.power_w) for r in day.records for s in r.setpoints)


def tight_house(seed: int, start: datetime, fuse_a: float) -> House:
    house = demo_house(seed=seed, start=start)
    house.site = replace(house.site, grid=GridConnection(fuse_a=fuse_a))
    return house


@pytest.mark.parametrize(("planned", "hours"), [(False, 3.0), (True, 1.5)])
def test_a_morning_on_a_tight_fuse_holds_every_promise_and_replays(planned: bool, hours: float) -> None:
    house = tight_house(1, START, fuse_a=16.0)
    day = live(house, hours, tariff="dynamic", planned=planned)
    check(day)
    assert any(s.power_w > 1000 for r in day.records for s in r.setpoints)
    for record in day.records[::7]:
        back = from_data(CycleRecord, json.loads(json.dumps(to_data(record))))
        assert back == record
        assert replay(back, house.site, Engine(house.site).settings).setpoints == record.setpoints


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "tariff", "fuse_a"), [(1, "dynamic", 20.0), (2, "spot_feed_in", 16.0), (3, "fixed", 25.0)]
)
def test_whole_days_hold_every_promise_and_replay(seed: int, tariff: str, fuse_a: float) -> None:
    start = START + timedelta(days=9 * seed)
    house = tight_house(seed, start, fuse_a)
    day = live(house, 24, tariff=tariff, planned=seed != 3)
    check(day)
    settings = Engine(house.site).settings
    for record in day.records:
        back = from_data(CycleRecord, json.loads(json.dumps(to_data(record))))
        assert replay(back, house.site, settings).setpoints == record.setpoints
