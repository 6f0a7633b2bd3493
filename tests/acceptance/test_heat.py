"""The water heater's stages and the heat pump's protection, in the simulated house."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.memory import Memory
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings
from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import AssetId, HeatPump, HotWaterTank
from ohmstead.core.state import AssetState
from ohmstead.devices.base import Controllable, Device
from tests.acceptance.living import house_at, lengths_s, lived_in, powers, tariff_of, told
from tests.daemon.homes import command_in_force

pytestmark = pytest.mark.slow

SUNNY = datetime(2026, 7, 5, 8, tzinfo=UTC)
WINTER = datetime(2026, 1, 20, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_stages_rise_with_export_do_not_flicker_and_are_shed_on_import(tmp_path: Path) -> None:
    house = house_at(SUNNY, battery_soc=1.0)
    tank = house.site.asset("tank")
    assert isinstance(tank, HotWaterTank)
    settings = Settings(priority=("hot_water_tank",))
    async with lived_in(house, tmp_path, settings=settings) as life:
        records = await life.run(8 * HOUR)
        stages = told(records, "tank")
        assert set(stages) <= {0.0, *tank.stages_w}
        assert len(set(stages)) >= 3
        for was, now, record in zip(stages, stages[1:], records[1:], strict=False):
            reason = next(s.reason for s in record.setpoints if s.asset == "tank")
            if now > was and reason.rule is Rule.SURPLUS:
                # A stage goes on only where the sun carries it.
                assert float(reason.params["surplus_w"]) + was >= now
        assert min(lengths_s(records, stages)[1:-1], default=1e9) >= min(tank.min_on_s, tank.min_off_s)
        assert 0.0 in stages[stages.index(max(stages)) :]
        bought = [r.state.grid.power_w.or_(0.0) for r, w in zip(records, stages, strict=True) if w > 0.0]
        longest = run = 0
        for power_w in bought:
            run = run + 1 if power_w > 300.0 else 0
            longest = max(longest, run)
        # Import lasts no longer than the minimum time and a few cycles.
        assert longest * 10 <= tank.min_on_s + 60


@dataclass
class Noting:
    """A device, with a note of every command: when it began and when it was taken."""

    inner: Controllable
    notes: list[tuple[str, AssetId, float]]

    @property
    def id(self) -> AssetId:
        return self.inner.id  # type: ignore[attr-defined, no-any-return]

    async def update(self) -> AssetState:
        return await self.inner.update()  # type: ignore[attr-defined, no-any-return]

    async def apply(self, power_w: float) -> None:
        self.notes.append(("begins", self.id, power_w))
        for _ in range(5):
            await asyncio.sleep(0)  # others could come between
        await self.inner.apply(power_w)
        self.notes.append(("taken", self.id, power_w))

    async def release(self) -> None:
        await self.inner.release()


async def test_what_goes_off_is_off_before_anything_goes_on(tmp_path: Path) -> None:
    """The heater makes room for the car and the car for the heater, as a client asks."""
    notes: list[tuple[str, AssetId, float]] = []

    def wired(devices: list[Device]) -> list[Device]:
        return [Noting(d, notes) if isinstance(d, Controllable) else d for d in devices]

    def order(*wanted: tuple[str, AssetId]) -> list[int]:
        return [next(i for i, (what, asset, _) in enumerate(notes) if (what, asset) == w) for w in wanted]

    house = house_at(WINTER, battery_soc=0.1)
    async with lived_in(house, tmp_path, settings=Settings(priority=()), wired=wired) as life:
        await life.charge("Eco")
        await life.run(timedelta(minutes=1))
        await life.act("tank", "power", value=True)
        await life.run(timedelta(minutes=10))
        assert powers(life.records, "tank")[-1] > 2500.0
        notes.clear()
        await life.act("tank", "power", value=False)
        await life.charge("Normal")
        await life.run(timedelta(minutes=10))
        off, on = order(("taken", "tank"), ("begins", "charger"))
        assert (notes[off][2], notes[on][2]) == (0.0, 11_040.0)
        assert off < on
        notes.clear()
        await life.charge("Eco")
        await life.act("tank", "power", value=True)
        await life.run(timedelta(minutes=10))
        off, on = order(("taken", "charger"), ("begins", "tank"))
        assert notes[off][2] == 0.0
        assert notes[on][2] > 2500.0
        assert off < on


async def test_hot_water_is_warm_all_day_and_heated_in_the_cheapest_hours(tmp_path: Path) -> None:
    house = house_at(WINTER, battery_soc=0.1)
    prices = [0.4] * 4 + [0.12] * 3 + [0.4] * 17
    async with lived_in(house, tmp_path, tariff=tariff_of(WINTER, prices)) as life:
        records = await life.run(12 * HOUR, every_s=30.0)
        by_price = [
            r.at - WINTER
            for r in records
            for s in r.setpoints
            if s.asset == "tank" and s.reason.rule is Rule.CHEAP_HOURS and s.power_w > 0.0
        ]
        assert len(by_price) > 30
        assert 4 * HOUR <= min(by_price) <= max(by_price) < 7 * HOUR
        seen_c = [r.state.assets["tank"].temperature_c.or_(0.0) for r in records]  # type: ignore[attr-defined]
        assert min(seen_c) > 42.0
        assert max(seen_c) >= 55.0


async def test_the_compressor_keeps_its_times_whatever_the_sun_does(tmp_path: Path) -> None:
    house = house_at(WINTER, battery_soc=0.3)
    pump = house.site.asset("heat_pump")
    assert isinstance(pump, HeatPump)
    async with lived_in(house, tmp_path) as life:
        records = await life.run(12 * HOUR)
        pumped = told(records, "heat_pump")
        changes = lengths_s(records, pumped)[1:-1]
        runs, rests = (changes[::2], changes[1::2]) if pumped[0] <= 50.0 else (changes[1::2], changes[::2])
        assert max(pumped) > 0.0
        assert all(s >= pump.min_on_s for s in runs)
        assert all(s >= pump.min_off_s for s in rests)
        assert min(powers(records, "heat_pump")) >= 0.0
        cold_k = [
            r.state.assets["living"].temperature_c.or_(20.0)  # type: ignore[attr-defined]
            for r in records[360:]
        ]
        assert min(cold_k) > 19.0


async def test_whatever_a_client_asks_the_compressor_keeps_its_times(tmp_path: Path) -> None:
    """It wants all and nothing in turns of seven minutes, each shorter than a run may be."""
    house = house_at(WINTER, battery_soc=0.3)
    pump = house.site.asset("heat_pump")
    assert isinstance(pump, HeatPump)
    async with lived_in(house, tmp_path) as life:
        await life.run(timedelta(minutes=1))
        for turn in range(40):
            await life.act("heat_pump", "sgReadyMode", "High" if turn % 2 == 0 else "Off")
            await life.run(timedelta(minutes=7), every_s=30.0)
        pumped = told(life.records, "heat_pump")
        lasted = lengths_s(life.records, pumped)[1:-1]
        first_on = pumped[0] > 50.0
        rests, runs = (lasted[::2], lasted[1::2]) if first_on else (lasted[1::2], lasted[::2])
        assert min(runs) >= pump.min_on_s
        assert min(rests) >= pump.min_off_s
        starts = [
            b.at
            for (a, b), (x, y) in zip(pairwise(life.records), pairwise(pumped), strict=True)
            if x <= 50.0 < y
        ]
        assert len(starts) >= 3
        assert all(sum(at <= b < at + HOUR for b in starts) <= pump.max_starts_per_h for at in starts)
        limits = {s.reason.limit for r in life.records for s in r.setpoints if s.asset == "heat_pump"}
        assert {Limit.MIN_ON, Limit.MIN_OFF} <= limits
        # The twin's compressor runs when it is told to: what is measured shows the same times.
        measured = [w > 300.0 for w in powers(life.records, "heat_pump")]
        assert 2 * len(starts) - 2 <= sum(a != b for a, b in pairwise(measured)) <= 2 * len(starts) + 2


async def test_a_block_by_a_client_ends_after_two_hours_also_over_a_restart(tmp_path: Path) -> None:
    """Asked for by its contacts: `Off` is a block, and at most three of them are taken a day."""
    house = house_at(WINTER, battery_soc=0.3)
    async with lived_in(house, tmp_path, sg_ready=True) as life:
        await life.run(HOUR / 2, every_s=60.0)
        await life.act("heat_pump", "sgReadyMode", "Off")
        first = await life.run(timedelta(minutes=90), every_s=60.0)
        asked = [asked_for(r) for r in first]
        begin = first[asked.index(SgReady.BLOCKED)].at
        assert set(asked[asked.index(SgReady.BLOCKED) :]) == {SgReady.BLOCKED}
        assert command_in_force(house, "heat_pump") == 0.0
        stored = json.dumps(to_data(life.engine.memory))
    memory = from_data(Memory, json.loads(stored))
    async with lived_in(house, tmp_path, sg_ready=True, memory=memory) as life:
        rest = await life.run(HOUR, every_s=60.0)
        blocked = [r.at for r in rest if asked_for(r) is SgReady.BLOCKED]
        assert timedelta(minutes=118) <= blocked[-1] - begin <= timedelta(minutes=120)
        assert asked_for(rest[-1]) is SgReady.NORMAL
        assert command_in_force(house, "heat_pump") is None, "it regulates itself again"
        assert not life.engine.disobedient


def asked_for(record: CycleRecord) -> SgReady | None:
    """What the heat pump's contacts were set to."""
    return next(s.sg_ready for s in record.setpoints if s.asset == "heat_pump")
