"""Assets behind Home Assistant: readings in load convention, setpoints as commands that show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    Load,
    Phases,
    PvSystem,
    Room,
)
from ohmstead.core.state import BatteryState, ChargePointState, HeatPumpState, Quality, RoomState, TankState
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Announcing, Controllable, Device, Meter
from ohmstead.devices.home_assistant import HOME_ASSISTANT, HomeAssistantAdapter
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.devices.home_assistant_options import HomeAssistantOptions
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from tests.devices.home_assistant_peer import TOKEN, Peer, running_peer, set_value

BATTERY = Battery(id="cellar", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
ROOF = PvSystem(id="roof", peak_w=10_000.0, curtailable=True)
WALLBOX = ChargePoint(id="wallbox")
BATTERY_OPTIONS = {"power": "sensor.battery", "soc": "sensor.soc"}


def turn(on: str) -> Any:
    def service(peer: Peer, entity_id: str, data: dict[str, Any]) -> None:
        peer.set(entity_id, on)

    return service


def choose(peer: Peer, entity_id: str, data: dict[str, Any]) -> None:
    peer.set(entity_id, data["option"])


@asynccontextmanager
async def house() -> AsyncIterator[tuple[Peer, HomeAssistantAdapter]]:
    async with running_peer() as peer:
        for service in ("number.set_value", "input_number.set_value"):
            peer.services[service] = set_value
        for domain in ("switch", "input_boolean"):
            peer.services[f"{domain}.turn_on"] = turn("on")
            peer.services[f"{domain}.turn_off"] = turn("off")
        peer.services["select.select_option"] = choose
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        adapter = HOME_ASSISTANT.open(Environment(home_assistant=link))
        assert isinstance(adapter, HomeAssistantAdapter)
        try:
            yield peer, adapter
        finally:
            await link.close()


def options(**given: object) -> HomeAssistantOptions:
    return HomeAssistantOptions.model_validate(given)


def actuator(adapter: HomeAssistantAdapter, asset: Asset, **given: object) -> Controllable:
    device = adapter.device(asset, options(**given))
    assert isinstance(device, Controllable)
    return device


async def test_signs_and_units_are_converted_at_the_edge() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.grid", 0.5, unit_of_measurement="kW")
        peer.set("sensor.grid_sold", 0.5, unit_of_measurement="kW")
        peer.set("sensor.roof", 2500, unit_of_measurement="W")
        peer.set("sensor.battery", 800, unit_of_measurement="W")
        peer.set("sensor.soc", 64, unit_of_measurement="%")
        bought = adapter.meter(options(power="sensor.grid"))
        sold = adapter.meter(options(power="sensor.grid_sold", positive="out"))
        roof = adapter.device(ROOF, options(power="sensor.roof"))
        charging = adapter.device(BATTERY, options(**BATTERY_OPTIONS))
        discharging = adapter.device(BATTERY, options(**BATTERY_OPTIONS, positive="out"))
        assert (await bought.update()).power_w.value == 500.0
        assert (await sold.update()).power_w.value == -500.0
        assert (await roof.update()).power_w.value == -2500.0
        state = await charging.update()
        assert isinstance(state, BatteryState)
        assert (state.power_w.value, state.soc.value) == (800.0, 0.64)
        assert (await discharging.update()).power_w.value == -800.0
        assert not isinstance(charging, Controllable)


async def test_the_meter_tells_of_every_new_reading_of_its_own() -> None:
    async with house() as (peer, adapter):
        for entity in ("sensor.grid", "sensor.l1", "sensor.l2", "sensor.l3", "sensor.roof"):
            peer.set(entity, 100, unit_of_measurement="W")
        meter = adapter.meter(options(power="sensor.grid", phases=("sensor.l1", "sensor.l2", "sensor.l3")))
        adapter.device(ROOF, options(power="sensor.roof"))
        assert isinstance(meter, Announcing)
        async with asyncio.timeout(30):
            for entity, seen in (("sensor.grid", (250.0, 100.0)), ("sensor.l2", (250.0, 250.0))):
                peer.set("sensor.roof", 3000, unit_of_measurement="W")
                peer.set(entity, 250, unit_of_measurement="W")
                while (await _grid_and_l2(meter)) != seen:
                    await meter.changed()


async def _grid_and_l2(meter: Meter) -> tuple[float | None, float | None]:
    state = await meter.update()
    return state.power_w.value, None if state.phases_w is None else state.phases_w[1]


async def test_every_kind_of_asset_is_read() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.p", 1200.0)
        for i, watts in enumerate((500.0, 400.0, 300.0), start=1):
            peer.set(f"sensor.l{i}", watts)
        peer.set("sensor.t", 104.0, unit_of_measurement="°F")
        peer.set("binary_sensor.cable", "on")
        peer.set("climate.salon", "heat", temperature=21.5, current_temperature=20.9)
        found: dict[str, Device] = {
            asset.id: adapter.device(asset, options(**given))
            for asset, given in (
                (WALLBOX, {"power": "sensor.p", "connected": "binary_sensor.cable", "soc": "sensor.t"}),
                (HotWaterTank(id="tank"), {"power": "sensor.p", "temperature": "sensor.t"}),
                (
                    HeatPump(id="pump"),
                    {"power": "sensor.p", "phases": ["sensor.l1", "sensor.l2", "sensor.l3"]},
                ),
                (Room(id="salon"), {"temperature": "climate.salon", "target": "climate.salon"}),
                (FlexibleLoad(id="pool"), {"power": "sensor.p"}),
                (Load(), {"power": "sensor.p"}),
            )
        }
        states = {name: await device.update() for name, device in found.items()}
        car, tank, pump, room = (states[name] for name in ("wallbox", "tank", "pump", "salon"))
        assert isinstance(car, ChargePointState)
        assert (car.connected, car.charging, car.power_w.value) == (True, True, 1200.0)
        assert isinstance(tank, TankState)
        assert tank.temperature_c.value == pytest.approx(40.0)
        assert isinstance(pump, HeatPumpState)
        assert (pump.running, pump.phases_w) == (True, (500.0, 400.0, 300.0))
        assert isinstance(room, RoomState)
        assert (room.temperature_c.value, room.target_c, room.power_w.value) == (20.9, 21.5, 0.0)
        peer.set("sensor.l2", "unavailable")
        async with asyncio.timeout(60):
            while (await found["pump"].update()).phases_w is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


async def test_a_battery_by_one_signed_number() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.battery", 0)
        peer.set("sensor.soc", 50)
        peer.set("number.p", 0, min=-5, max=5, step=0.1, unit_of_measurement="kW")
        own = actuator(adapter, BATTERY, **BATTERY_OPTIONS, command="number.p")
        other = actuator(adapter, BATTERY, **BATTERY_OPTIONS, command="number.p", command_positive="out")
        for device, power_w, shown in ((own, 1570.0, 1.5), (own, -3000.0, -3.0), (other, -990.0, 0.9)):
            await device.apply(power_w)
            assert peer.states["number.p"]["s"] == str(shown)
        await own.apply(99_000.0)
        assert peer.states["number.p"]["s"] == "5.0"
        await own.release()
        assert peer.states["number.p"]["s"] == "0.0"
        calls = len(peer.calls)
        await own.apply(0.0)
        assert len(peer.calls) == calls, "what it already shows is not sent again"


async def test_a_battery_by_mode_and_two_numbers() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.battery", 0)
        peer.set("sensor.soc", 50)
        for name in ("number.charge", "number.discharge"):
            peer.set(name, 0, min=0, max=4000, step=10, unit_of_measurement="W")
        peer.set("select.mode", "auto", options=["auto", "charge", "discharge", "hold"])
        device = actuator(
            adapter,
            BATTERY,
            **BATTERY_OPTIONS,
            command="number.charge",
            discharge_command="number.discharge",
            mode="select.mode",
            charge_option="charge",
            discharge_option="discharge",
            idle_option="hold",
            release_option="auto",
        )

        def shown() -> tuple[str, ...]:
            return tuple(peer.states[e]["s"] for e in ("select.mode", "number.charge", "number.discharge"))

        await device.apply(1234.0)
        assert shown() == ("charge", "1230.0", "0")
        await device.apply(-2000.0)
        assert shown() == ("discharge", "1230.0", "2000.0")
        await device.apply(0.0)
        assert shown()[0] == "hold"
        await device.release()
        assert shown()[0] == "auto"
        order = [name for name, _, _ in peer.calls]
        assert order[:2] == ["number.set_value", "select.select_option"], "the power is set before it counts"


async def test_a_charge_point_in_amperes_never_takes_more_than_was_wanted() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.p", 0)
        peer.set("binary_sensor.cable", "on")
        peer.set("number.amps", 6, min=6, max=16, step=1, unit_of_measurement="A")
        peer.set("switch.charge", "off")
        given = {
            "power": "sensor.p",
            "connected": "binary_sensor.cable",
            "command": "number.amps",
            "enable": "switch.charge",
        }
        device = actuator(adapter, WALLBOX, **given)

        def shown() -> tuple[str, str]:
            return peer.states["number.amps"]["s"], peer.states["switch.charge"]["s"]

        await device.apply(10.9 * 3 * 230.0)
        assert shown() == ("10.0", "on")
        await device.apply(5.9 * 3 * 230.0)
        assert shown() == ("10.0", "off"), "less than it can do is nothing"
        await device.apply(99_000.0)
        assert shown() == ("16.0", "on")
        await device.release()
        assert shown()[1] == "off"
        single = actuator(adapter, ChargePoint(id="plug", phases=Phases.L1), **given)
        await single.apply(7.0 * 230.0)
        assert shown() == ("7.0", "on")
        bare = actuator(adapter, WALLBOX, **{k: v for k, v in given.items() if k != "enable"})
        with pytest.raises(DeviceError, match=r"number\.amps cannot be 0; name a switch in `enable`"):
            await bare.apply(0.0)


async def test_a_switched_device_is_on_only_for_its_full_power() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.t", 50.0)
        peer.set("switch.rod", "off")
        tank = HotWaterTank(id="tank", max_w=3000.0, stages_w=(3000.0,))
        device = actuator(adapter, tank, temperature="sensor.t", command="switch.rod")
        for power_w, wanted in ((3000.0, "on"), (2000.0, "off"), (3000.0, "on"), (0.0, "off")):
            await device.apply(power_w)
            assert peer.states["switch.rod"]["s"] == wanted


async def test_released_devices_go_back_to_their_own_ways() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.p", 0)
        peer.set("switch.allow", "off")
        peer.set("number.limit", 0, min=0, max=100, step=1, unit_of_measurement="%")
        pump = actuator(adapter, HeatPump(id="pump"), power="sensor.p", command="switch.allow")
        roof = actuator(adapter, ROOF, power="sensor.p", command="number.limit")
        await pump.release()
        assert peer.states["switch.allow"]["s"] == "on"
        await roof.apply(-4000.0)
        assert peer.states["number.limit"]["s"] == "40.0"
        await roof.release()
        assert peer.states["number.limit"]["s"] == "100.0"


async def test_one_device_without_its_entity_leaves_the_others_alone() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.roof", 100.0)
        roof = adapter.device(ROOF, options(power="sensor.roof"))
        battery = adapter.device(BATTERY, options(**BATTERY_OPTIONS))
        with pytest.raises(DeviceOffline, match=r"sensor\.battery: there is no such entity"):
            await battery.update()
        assert (await roof.update()).power_w.value == -100.0


async def test_a_value_in_a_wrong_unit_is_no_value() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.grid", 12.5, unit_of_measurement="kWh")
        seen = (await adapter.meter(options(power="sensor.grid")).update()).power_w
        assert (seen.value, seen.quality) == (None, Quality.INVALID)


async def test_no_nonsense_is_sent() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.battery", 0)
        peer.set("sensor.soc", 50)
        peer.set("number.p", 0, unit_of_measurement="Hz")
        device = actuator(adapter, BATTERY, **BATTERY_OPTIONS, command="number.p")
        with pytest.raises(DeviceError, match="nan W is not a setpoint"):
            await device.apply(float("nan"))
        with pytest.raises(DeviceError, match=r"number\.p has the unit 'Hz'; allowed: W, kW, or none for W"):
            await device.apply(500.0)
        assert peer.calls == []


WRONG: list[tuple[Asset, dict[str, Any], str]] = [
    (BATTERY, {"power": "sensor.p"}, "assets: cellar: device: soc: missing"),
    (BATTERY, {**BATTERY_OPTIONS, "command": "switch.x"}, "a battery needs a number"),
    (BATTERY, {**BATTERY_OPTIONS, "mode": "select.m"}, "needs charge_option and idle_option"),
    (WALLBOX, {"power": "sensor.p"}, "wallbox: device: connected: missing"),
    (
        ROOF,
        {"power": "sensor.p", "command": "sensor.y"},
        "command: found 'sensor.y', allowed: an entity of number",
    ),
    (ROOF, {"power": "sensor.p", "enable": "switch.y"}, "enable: needs `command`"),
]


@pytest.mark.parametrize(("asset", "given", "told"), WRONG)
def test_entities_that_cannot_be_it_are_refused(asset: Asset, given: dict[str, Any], told: str) -> None:
    link = HomeAssistantLink("http://localhost:1", SecretStr("x"))
    adapter = HOME_ASSISTANT.open(Environment(home_assistant=link))
    with pytest.raises(ConfigError) as error:
        adapter.device(asset, options(**given))
    assert told in str(error.value)


def test_without_its_section_the_adapter_says_so() -> None:
    with pytest.raises(ConfigError, match="section home_assistant with url and token_file"):
        HOME_ASSISTANT.open(Environment())


def test_what_is_no_entity_is_refused() -> None:
    with pytest.raises(ValidationError):
        options(power="Battery power")
