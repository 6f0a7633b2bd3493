"""Several cars share a connection by their deadlines."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.engine import Engine, replay
from ohmstead.core.reason import Rule
from ohmstead.core.site import ChargePoint, GridConnection, Phases, Site
from ohmstead.core.state import ChargePointState, GridState, Reading, SiteState
from ohmstead.core.tariff import Tariff
from ohmstead.daemon.nymea.serving import nymea_host, nymea_served
from ohmstead.nymea.identity import id_of
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle
from ohmstead.recorder import Recorder
from tests.acceptance.living import ANY_PORT, tariff_of
from tests.acceptance.ocpp_yard import Bay, yard
from tests.acceptance.ocpp_yard import Yard as OcppYard
from tests.nymea.serving import Client

EVENING = datetime(2026, 11, 10, 18, tzinfo=UTC)
NIGHT = datetime(2026, 11, 10, 20, tzinfo=UTC)
REACTION_S = 30.0
"""Meter, message, car and the charging point's own step, while a load is switched on."""
STEP = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CAPACITY_KWH, EFFICIENCY = 60.0, 0.9
HOUSEHOLD_W = 400.0


class Yard:
    """Cars that take what they are told, at chargers of one small connection; ticks once a minute."""

    def __init__(self, departs_h: dict[str, float], soc: dict[str, float], *, fuse_a: float = 20.0) -> None:
        points = tuple(
            ChargePoint(id=car, phases=Phases.ALL, vehicle_capacity_kwh=CAPACITY_KWH, efficiency=EFFICIENCY)
            for car in departs_h
        )
        self.site = Site(assets=points, grid=GridConnection(fuse_a=fuse_a), timezone="Europe/Vienna")
        self.engine = Engine(self.site)
        self.soc = dict(soc)
        self.power_w = dict.fromkeys(departs_h, 0.0)
        self.departs = {car: EVENING + hours * HOUR for car, hours in departs_h.items()}
        self.first_above: dict[str, datetime] = {}
        self.worst_phase_w = 0.0
        for car, at in self.departs.items():
            self.engine.set_charging_info(
                ChargingInfo(
                    charge_point=car, mode=ChargingMode.ECO_WITH_TARGET_TIME, end_at=at, target_soc=0.8
                )
            )

    def run(self, hours: float, tariff: Tariff | None = None) -> None:
        self.engine.set_tariff(tariff)
        now = EVENING
        while now < EVENING + hours * HOUR:
            phase_w = HOUSEHOLD_W + sum(self.power_w.values()) / 3.0
            self.worst_phase_w = max(self.worst_phase_w, phase_w)
            grid = GridState(power_w=Reading(value=3.0 * phase_w, at=now), phases_w=(phase_w,) * 3)
            cars = {
                car: ChargePointState(
                    id=car,
                    power_w=Reading(value=self.power_w[car]),
                    connected=now < self.departs[car],
                    soc=Reading(value=round(soc, 2)),
                )
                for car, soc in self.soc.items()
            }
            self.engine.observe(SiteState(at=now, grid=grid, assets=cars))
            record = self.engine.step(now)
            assert replay(record, self.site, self.engine.settings).setpoints == record.setpoints
            self.power_w = {s.asset: s.power_w for s in record.setpoints}
            for car, power_w in self.power_w.items():
                taken_kwh = power_w / 1000.0 * (STEP / HOUR)
                self.soc[car] = min(1.0, self.soc[car] + taken_kwh * EFFICIENCY / CAPACITY_KWH)
                if self.soc[car] >= 0.795:
                    self.first_above.setdefault(car, now)
            now += STEP


@pytest.mark.parametrize("with_prices", [True, False])
def test_every_car_is_ready_although_the_fuse_carries_one_at_a_time(with_prices: bool) -> None:
    yard = Yard({"early": 9.0, "late": 12.0}, {"early": 0.3, "late": 0.4})
    prices = [0.3, 0.3, 0.2, 0.2, 0.25, 0.3, 0.3, 0.3, 0.35, 0.35, 0.35, 0.35, 0.35]
    yard.run(12.5, tariff_of(EVENING, prices) if with_prices else None)
    assert yard.first_above["early"] <= yard.departs["early"]
    assert yard.first_above["late"] <= yard.departs["late"]
    assert yard.worst_phase_w <= 20.0 * 230.0


def test_the_same_deadline_for_three_cars() -> None:
    cars = ("a", "b", "c")
    yard = Yard(dict.fromkeys(cars, 13.0), {"a": 0.3, "b": 0.5, "c": 0.6})
    yard.run(13.5)
    assert all(yard.first_above[car] <= yard.departs[car] for car in cars)
    assert yard.worst_phase_w <= 20.0 * 230.0


def test_the_earlier_deadline_is_served_first() -> None:
    yard = Yard({"late": 10.0, "early": 5.0}, {"late": 0.3, "early": 0.3})
    yard.run(10.5)
    assert yard.first_above["early"] <= yard.departs["early"] < yard.first_above["late"]


def test_cars_that_do_not_hinder_each_other_wait_as_long_as_they_can() -> None:
    yard = Yard({"a": 12.0, "b": 12.0}, {"a": 0.5, "b": 0.5}, fuse_a=63.0)
    yard.run(8.0)
    assert yard.soc == {"a": 0.5, "b": 0.5}


@pytest.mark.slow
async def test_cars_at_ocpp_chargers_share_as_a_nymea_client_asked(tmp_path: Path) -> None:
    """Deadlines go in as JSON-RPC, limits come out as OCPP; three cars at a fuse for one and a half.

    Each needs 8 kWh, 44 minutes by itself. Were all to wait as long as one alone may, they would be late.
    """
    hours = {"late": 2.0, "early": 1.9, "later": 2.1}
    bays = tuple(Bay(id=name) for name in hours)
    async with (
        yard(NIGHT, bays, tmp_path, pv_peak_w=100.0, seed=4) as world,
        asking(world, tmp_path) as nymea,
    ):
        world.household.largest_w = 1000.0
        cars = {name: SimulatedVehicle(capacity_kwh=60.0, soc=0.5, max_a=16.0, phases=3) for name in hours}
        for name, car in cars.items():
            done = await nymea.call(
                "EnergyPlugin.SetChargingInfo", {"chargingInfo": until(name, hours[name])}
            )
            assert done == {"energyError": "EnergyErrorNoError"}
            world.plug_in(name, car)
        ran_h = 0.0
        for name in ("early", "late", "later"):
            await world.run(hours[name] - ran_h)
            ran_h, soc = hours[name], cars[name].soc
            assert soc is not None
            assert soc >= 0.615, f"{name} leaves with {soc:.3f}"
        charging = [[s for s in r.setpoints if s.power_w > 0.0] for r in world.records]
        assert max(len(at_once) for at_once in charging) >= 2
        rules = {s.reason.rule for at_once in charging for s in at_once}
        assert Rule.DEADLINE in rules
        assert world.longest_over_s <= REACTION_S, f"{world.highest_a:.1f} A for {world.longest_over_s} s"


def until(charger: str, hours: float) -> dict[str, Any]:
    """What a client wants: 62 % so many hours from the start on."""
    return {
        "evChargerId": id_of("thing", charger),
        "chargingMode": "ChargingModeEcoWithTargetTime",
        "endDateTime": int((NIGHT + hours * HOUR).timestamp()),
        "targetPercentage": 62,
        "minChargingCurrent": 6,
        "spotMarketChargingEnabled": False,
        "dailySpotMarketPercentage": 0,
    }


@contextlib.asynccontextmanager
async def asking(world: OcppYard, folder: Path) -> AsyncIterator[Client]:
    """A nymea client of a yard."""
    with Recorder.open(folder / "home.db") as recorder:
        host = nymea_host(ANY_PORT, world.engine, recorder, world.clock.now)
        world.loop._listeners = (*world.loop._listeners, host)
        async with (
            nymea_served(ANY_PORT, host, recorder, name="Yard", folder=folder) as ports,
            await Client.connect(ports["tcp_port"]) as client,
        ):
            await client.call("JSONRPC.Hello")
            yield client
