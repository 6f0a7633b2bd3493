"""One process image out of meter and devices, whatever some of them do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ohmstead.core.state import AssetState, BatteryState, Quality
from ohmstead.daemon.sensing import Senses
from ohmstead.devices.base import Device
from ohmstead.simulator.faults import METER, FaultKind
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import demo_house
from tests.daemon.homes import NOON, devices_of, meter_of


@pytest.fixture
def house() -> House:
    house = demo_house(start=NOON)
    house.step(60.0)
    return house


@dataclass
class Unplugged:
    """A device whose connection breaks in a way that its adapter did not foresee."""

    real: Device

    @property
    def id(self) -> str:
        return self.real.id

    async def update(self) -> AssetState:
        raise ConnectionResetError("reset by peer")


async def test_an_image_holds_meter_and_devices(house: House) -> None:
    image = await Senses(meter_of(house), devices_of(house)).image(house.now)
    assert image.grid == house.read_grid()
    assert image.assets == house.read().assets


async def test_a_device_that_stops_answering_keeps_its_kind_and_loses_its_power(house: House) -> None:
    senses = Senses(meter_of(house), devices_of(house))
    before = (await senses.image(house.now)).assets["battery"]
    assert isinstance(before, BatteryState)
    house.faults.inject(FaultKind.OFFLINE, "battery")
    lost = (await senses.image(house.now)).assets["battery"]
    assert isinstance(lost, BatteryState)
    assert (lost.online, lost.power_w.value, lost.soc) == (False, None, before.soc)
    assert lost.fault == "battery does not answer"
    house.faults.clear()
    assert (await senses.image(house.now)).assets["battery"] == before
    assert senses.failing == {}


async def test_a_device_that_never_answered_is_left_out(house: House) -> None:
    house.faults.inject(FaultKind.OFFLINE, "charger")
    senses = Senses(meter_of(house), devices_of(house))
    image = await senses.image(house.now)
    assert "charger" not in image.assets
    assert "battery" in image.assets
    assert senses.failing == {"charger": "charger does not answer"}


async def test_a_broken_connection_is_a_device_that_does_not_answer(house: House) -> None:
    devices = [Unplugged(d) if d.id == "tank" else d for d in devices_of(house)]
    senses = Senses(meter_of(house), devices)
    image = await senses.image(house.now)
    assert senses.failing == {"tank": "reset by peer"}
    assert "battery" in image.assets


async def test_a_meter_that_does_not_answer_gives_its_last_value_as_stale(house: House) -> None:
    senses = Senses(meter_of(house), devices_of(house))
    before = (await senses.image(house.now)).grid
    house.faults.inject(FaultKind.OFFLINE, METER)
    grid = (await senses.image(house.now)).grid
    assert grid.power_w.value == before.power_w.value
    assert grid.power_w.quality is Quality.STALE
    assert senses.failing == {"meter": "meter does not answer"}
