"""The simulated adapter against the real twin."""

from __future__ import annotations

import math

import pytest

from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import Battery, HeatPump, Load, PvSystem, Room
from ohmstead.core.state import HeatPumpState
from ohmstead.devices.adapter import AdapterOptions, Environment
from ohmstead.devices.base import Controllable, SgReadyControllable
from ohmstead.devices.simulated import SIMULATED, SimulatedOptions, problems_of_options
from ohmstead.errors import ConfigError, DeviceError
from ohmstead.simulator.scenario import demo_house
from tests.daemon.homes import command_in_force

OPTIONS = SimulatedOptions()


async def test_the_meter_and_every_device_read_the_house() -> None:
    house = demo_house(seed=1)
    house.step(60)
    adapter = SIMULATED.open(Environment(plant=house))
    assert await adapter.meter(OPTIONS).update() == house.read_grid()
    for asset in house.site.assets:
        if not isinstance(asset, Load):
            device = adapter.device(asset, OPTIONS)
            assert device.id == asset.id
            assert await device.update() == house.read_asset(asset.id)
    await adapter.close()


async def test_a_command_moves_the_house_and_release_gives_it_back() -> None:
    house = demo_house(seed=1)
    device = SIMULATED.open(Environment(plant=house)).device(house.site.asset("battery"), OPTIONS)
    assert isinstance(device, Controllable)
    await device.apply(1500.0)
    for _ in range(5):
        house.step(60)
    assert house.true_powers_w()["battery"] == pytest.approx(1500.0, rel=0.05)
    await device.release()
    for _ in range(5):
        house.step(60)
    assert abs(house.true_powers_w()["battery"]) < 100.0


async def test_no_setpoint_that_is_not_a_number() -> None:
    house = demo_house(seed=1)
    device = SIMULATED.open(Environment(plant=house)).device(house.site.asset("battery"), OPTIONS)
    assert isinstance(device, Controllable)
    for power_w in (math.nan, math.inf):
        with pytest.raises(DeviceError, match=r"battery: .* is not a setpoint"):
            await device.apply(power_w)


def test_what_obeys_and_what_only_tells() -> None:
    adapter = SIMULATED.open(Environment(plant=demo_house(seed=1)))
    assert not isinstance(adapter.device(Room(id="living"), OPTIONS), Controllable)
    assert not isinstance(adapter.device(Load(), OPTIONS), Controllable)
    assert not isinstance(adapter.device(PvSystem(id="pv", peak_w=5000.0), OPTIONS), Controllable)
    assert isinstance(
        adapter.device(PvSystem(id="pv", peak_w=5000.0, curtailable=True), OPTIONS), Controllable
    )


async def test_an_asset_may_have_another_name_in_the_house() -> None:
    house = demo_house(seed=1)
    adapter = SIMULATED.open(Environment(plant=house))
    cellar = Battery(id="cellar", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
    state = await adapter.device(cellar, SimulatedOptions(asset="battery")).update()
    assert state.id == "cellar"
    assert state.power_w == house.read_asset("battery").power_w
    with pytest.raises(DeviceError, match="no device 'cellar'"):
        await adapter.device(cellar, OPTIONS).update()


def test_without_a_house_there_is_no_simulated_device() -> None:
    with pytest.raises(ConfigError, match="needs a simulated house"):
        SIMULATED.open(Environment())


async def test_a_heat_pump_may_have_contacts_instead() -> None:
    house = demo_house(seed=1)
    pump = house.site.asset("heat_pump")
    assert isinstance(pump, HeatPump)
    adapter = SIMULATED.open(Environment(plant=house))
    assert not isinstance(adapter.device(pump, OPTIONS), SgReadyControllable)
    device = adapter.device(pump, SimulatedOptions(sg_ready=True))
    assert isinstance(device, SgReadyControllable)
    state = await device.update()
    assert isinstance(state, HeatPumpState)
    assert state.sg_ready
    for wanted, told_w in (
        (SgReady.FORCED, pump.max_w),
        (SgReady.RECOMMENDED, (pump.min_w + pump.max_w) / 2.0),
        (SgReady.BLOCKED, 0.0),
        (SgReady.NORMAL, None),
    ):
        await device.ask_for(wanted)
        assert command_in_force(house, "heat_pump") == told_w
        house.step(60)
    assert list(problems_of_options(pump, SimulatedOptions(sg_ready=True))) == []
    assert list(problems_of_options(None, SimulatedOptions(sg_ready=True))) == [
        ("sg_ready", "only a heat pump has it")
    ]


def test_options_of_another_adapter_are_refused() -> None:
    adapter = SIMULATED.open(Environment(plant=demo_house(seed=1)))
    with pytest.raises(TypeError, match="expected SimulatedOptions"):
        adapter.device(Room(id="living"), AdapterOptions())
