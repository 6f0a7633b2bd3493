"""Things of a nymea box as devices: our own server with the demo house, and orders thing by thing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.core.sg_ready import SgReady
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
from ohmstead.core.state import BatteryState, ChargePointState, HeatPumpState, RoomState, TankState
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Announcing, Controllable, SgReadyControllable
from ohmstead.devices.nymea import NymeaAdapter, NymeaOptions, open_nymea, phases_of
from ohmstead.devices.nymea_orders import orders
from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.nymea.box import BoxClass, BoxThing, NymeaBox
from ohmstead.nymea.client import Address
from ohmstead.nymea.identity import id_of
from tests.daemon.nymea.house import Served, served

PATIENCE_S = 20.0
POINT = ChargePoint(id="charger", max_a=16.0)


def options(it: Served, **more: Any) -> NymeaOptions:
    return NymeaOptions(url=f"nymea://127.0.0.1:{it.ports['tcp_port']}", **more)


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - what is looked at tells nobody of its changes
            await asyncio.sleep(0.005)


async def test_every_thing_of_a_box_is_read_as_what_it_is(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(timedelta(minutes=5))
        adapter = open_nymea(Environment())
        try:
            grid = await adapter.meter(options(it)).update()
            image = it.host._record
            assert image is not None
            assert grid.power_w.value == pytest.approx(image.state.grid.power_w.value, abs=0.06)
            assert grid.phases_w == pytest.approx(image.state.grid.phases_w, abs=0.06)
            for asset in it.home.house.site.assets:
                if isinstance(asset, Load):
                    continue
                device = adapter.device(asset, options(it, thing=asset.name))
                state, own = await device.update(), image.state.assets[asset.id]
                assert type(state) is type(own)
                assert state.power_w.or_(0.0) == pytest.approx(own.power_w.or_(0.0), abs=0.06)
                if isinstance(own, BatteryState):
                    assert isinstance(state, BatteryState)
                    assert state.soc.value == pytest.approx(own.soc.value, abs=0.006)
                if isinstance(own, TankState | RoomState):
                    assert isinstance(state, TankState | RoomState)
                    assert state.temperature_c.value == pytest.approx(own.temperature_c.value, abs=0.06)
            point = it.home.house.site.asset("charger")
            charger = adapter.device(point, options(it, car=f"{point.name}: vehicle"))
            state = await charger.update()
            own = image.state.assets["charger"]
            assert isinstance(state, ChargePointState)
            assert isinstance(own, ChargePointState)
            assert state.connected == own.connected
            assert state.soc.value == pytest.approx(own.soc.value, abs=0.006)
        finally:
            await adapter.close()


async def test_a_setpoint_reaches_the_box_as_a_command_by_hand(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(timedelta(minutes=1))
        adapter = open_nymea(Environment())
        try:
            tank = it.home.house.site.asset("tank")
            device = adapter.device(tank, options(it))
            assert isinstance(device, Controllable)

            def by_hand(asset: str) -> float | None:
                command = it.home.loop.engine.memory.manual.get(asset)
                return None if command is None else command.power_w

            await device.apply(0.0)
            assert by_hand("tank") == 0.0
            await it.home.cycles(timedelta(minutes=5))
            await until(lambda: _box_of(adapter).things[id_of("thing", "tank")].flag("power") is False)
            await device.apply(tank.max_w)  # type: ignore[union-attr]
            assert by_hand("tank") == tank.max_w  # type: ignore[union-attr]
            await it.home.cycles(timedelta(minutes=5))
            await until(lambda: _box_of(adapter).things[id_of("thing", "tank")].flag("power") is True)
            await device.release()
            assert by_hand("tank") == 0.0
            pump = adapter.device(it.home.house.site.asset("heat_pump"), options(it))
            assert isinstance(pump, Controllable)
            await pump.apply(0.0)
            assert by_hand("heat_pump") == 0.0
            await pump.release()
            assert by_hand("heat_pump") is None
            assert isinstance(pump, SgReadyControllable)
            seen = await pump.update()
            assert isinstance(seen, HeatPumpState)
            assert seen.sg_ready
            await pump.ask_for(SgReady.FORCED)
            assert by_hand("heat_pump") == it.home.house.site.asset("heat_pump").max_w  # type: ignore[union-attr]
            await pump.ask_for(SgReady.BLOCKED)
            assert by_hand("heat_pump") == 0.0
            with pytest.raises(DeviceError, match="not a setpoint"):
                await device.apply(float("nan"))
        finally:
            await adapter.close()


async def test_what_cannot_be_found_is_told_by_name(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(timedelta(minutes=1))
        adapter = open_nymea(Environment())
        try:
            with pytest.raises(DeviceError, match="there is no 'Nothing' with energystorage"):
                await adapter.device(
                    Battery(id="b", capacity_kwh=1.0, max_charge_w=1.0, max_discharge_w=1.0),
                    options(it, thing="Nothing"),
                ).update()
            with pytest.raises(DeviceError, match="several things could be meant"):
                await adapter.device(Load(), options(it)).update()
        finally:
            await adapter.close()


async def test_a_box_that_goes_away_takes_its_devices_along_and_brings_them_back(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(timedelta(minutes=1))
        adapter = NymeaAdapter(_quick)
        try:
            meter = adapter.meter(options(it))
            await meter.update()
            box = _box_of(adapter)
            await box._client.close()  # type: ignore[union-attr]
            await until(lambda: not box.connected)
            await until(lambda: box.connected)
            assert (await meter.update()).power_w.good
        finally:
            await adapter.close()


async def test_the_meter_tells_of_every_new_reading(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(timedelta(minutes=1))
        adapter = open_nymea(Environment())
        try:
            meter = adapter.meter(options(it))
            assert isinstance(meter, Announcing)
            before = await meter.update()
            async with asyncio.timeout(PATIENCE_S):
                while (await meter.update()).power_w.value == before.power_w.value:
                    await it.home.cycles(timedelta(minutes=5))
                    await meter.changed()
        finally:
            await adapter.close()


async def test_nobody_there_is_offline(tmp_path: Path) -> None:
    token = tmp_path / "token"
    adapter = open_nymea(Environment())
    try:
        gone = NymeaOptions(url="nymea://127.0.0.1:1")
        with pytest.raises(DeviceOffline, match="does not answer"):
            await adapter.meter(gone).update()
        secret = NymeaOptions(url="nymea://127.0.0.1:1", token_file=token)
        with pytest.raises(DeviceOffline, match="cannot be read"):
            await adapter.meter(secret).update()
    finally:
        await adapter.close()


def test_a_fingerprint_is_taken_with_or_without_colons() -> None:
    assert NymeaOptions(url="nymea://box", certificate_sha256="AB:" * 31 + "cd").certificate_sha256 == (
        "ab" * 31 + "cd"
    )
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        NymeaOptions(url="nymea://box", certificate_sha256="ab")


def test_a_url_that_is_none_is_told_when_the_configuration_is_read() -> None:
    with pytest.raises(ValueError, match="no address of a nymea server"):
        NymeaOptions(url="http://box")


def thing(*actions: str, ranges: dict[str, tuple[Any, Any]] | None = None, **states: Any) -> BoxThing:
    box_class = BoxClass(
        interfaces=frozenset(), state_names={}, actions={name: (name, name) for name in actions}
    )
    return BoxThing(id="t", name="T", box_class=box_class, states=states, ranges=ranges or {})


EV = ("power", "maxChargingCurrent")
SWITCHING = (*EV, "desiredPhaseCount")


@pytest.mark.parametrize(
    ("asset", "actions", "power_w", "wanted"),
    [
        (POINT, EV, 0.0, [("power", False)]),
        (POINT, EV, 3 * 230 * 10.06, [("maxChargingCurrent", 10.0), ("power", True)]),
        (POINT, EV, 99_999.0, [("maxChargingCurrent", 16.0), ("power", True)]),
        (POINT, EV, 3 * 230 * 5.9, [("power", False)]),
        (
            ChargePoint(id="c", phases=Phases.L2),
            EV,
            230 * 6.0,
            [("maxChargingCurrent", 6.0), ("power", True)],
        ),
        (
            ChargePoint(id="c", phase_switching=True),
            SWITCHING,
            230 * 8.0,
            [("desiredPhaseCount", 1), ("maxChargingCurrent", 8.0), ("power", True)],
        ),
        (
            ChargePoint(id="c", phase_switching=True),
            SWITCHING,
            3 * 230 * 6.0,
            [("desiredPhaseCount", 3), ("maxChargingCurrent", 6.0), ("power", True)],
        ),
        (HotWaterTank(id="t", max_w=2000.0), ("power",), 2000.0, [("power", True)]),
        (HotWaterTank(id="t", max_w=2000.0), ("percentage",), 500.0, [("percentage", 25)]),
        (HotWaterTank(id="t"), ("percentage", "power"), 0.0, [("percentage", 0), ("power", False)]),
        (HeatPump(id="h"), ("sgReadyMode",), 2500.0, [("sgReadyMode", "High")]),
        (HeatPump(id="h"), ("sgReadyMode",), 900.0, [("sgReadyMode", "Standard")]),
        (HeatPump(id="h"), ("sgReadyMode",), 0.0, [("sgReadyMode", "Standard")]),
        (HeatPump(id="h", rooms=("living",)), ("sgReadyMode",), 0.0, [("sgReadyMode", "Off")]),
        (HeatPump(id="h"), ("power",), 900.0, [("power", True)]),
        (FlexibleLoad(id="f"), ("power",), 0.0, [("power", False)]),
    ],
)
def test_orders_come_in_the_order_that_is_safe(
    asset: Asset, actions: tuple[str, ...], power_w: float, wanted: list[tuple[str, Any]]
) -> None:
    assert orders(asset, thing(*actions), power_w) == wanted


def test_orders_stay_within_the_range_that_the_thing_has_now() -> None:
    narrow = thing(*EV, ranges={"maxChargingCurrent": (8.0, 10.0)})
    assert orders(POINT, narrow, 3 * 230 * 16.0)[0] == ("maxChargingCurrent", 10.0)
    assert orders(POINT, narrow, 3 * 230 * 7.0) == [("power", False)]
    with pytest.raises(DeviceError, match="no action that switches it"):
        orders(FlexibleLoad(id="f"), thing(), 0.0)


def test_phase_powers_out_of_currents_take_their_sign_from_the_total() -> None:
    exporting = thing(
        currentPower=-700.0, currentPhaseA=1.0, currentPhaseB=1.0, currentPhaseC=1.0, voltagePhaseA=240.0
    )
    assert phases_of(exporting) == (-240.0, -230.0, -230.0)
    assert phases_of(thing(currentPower=-700.0)) is None
    metered = thing(currentPowerPhaseA=1.0, currentPowerPhaseB=-2.0, currentPowerPhaseC=3.0)
    assert phases_of(metered) == (1.0, -2.0, 3.0)


def test_what_is_only_read_does_not_pretend_to_obey() -> None:
    adapter = open_nymea(Environment())
    own = NymeaOptions(url="nymea://box")
    for asset in (PvSystem(id="p", peak_w=1.0), Room(id="r"), Load()):
        assert not isinstance(adapter.device(asset, own), Controllable)


def _box_of(adapter: NymeaAdapter) -> NymeaBox:
    (box,) = adapter._boxes.values()
    return box


def _quick(address: Address, token: Callable[[], str | None]) -> NymeaBox:
    return NymeaBox(address, token=token, retry_s=(0.01,))
