"""The HTTP agent adapter against the real agents."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from ohmstead.core.site import Asset, Battery, ChargePoint, FlexibleLoad, HotWaterTank, Load, PvSystem
from ohmstead.core.state import BatteryState, ChargePointState
from ohmstead.devices.adapter import AdapterOptions, Environment
from ohmstead.devices.base import Controllable, Device
from ohmstead.devices.http_agent import HTTP_AGENT, HttpAgentAdapter, HttpAgentOptions
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from tests.agents.homes import EXAMPLE, Home, dead_url, running_home
from tests.agents.raw_server import answering, holding_back, http

BATTERY = Battery(id="cellar", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
POOL = FlexibleLoad(id="pool", max_w=3000.0)


def options(url: str, token: Path | None = None) -> HttpAgentOptions:
    return HttpAgentOptions.model_validate({"url": url, "token_file": token})


def opened() -> HttpAgentAdapter:
    adapter = HTTP_AGENT.open(Environment())
    assert isinstance(adapter, HttpAgentAdapter)
    return adapter


def devices(adapter: HttpAgentAdapter, home: Home, token: Path | None = None) -> dict[str, Device]:
    assets: dict[str, list[Asset]] = {
        "solar": [PvSystem(id="roof", peak_w=10_000.0)],
        "battery": [BATTERY],
        "vehicle": [ChargePoint(id="wallbox")],
        "load": [Load(), POOL],
    }
    return {a.id: adapter.device(a, options(home.urls[p], token)) for p, of in assets.items() for a in of}


async def test_readings_are_in_watts_and_load_convention_and_add_up_to_the_meter() -> None:
    async with running_home() as home:
        await home.coordinate(**dict(EXAMPLE) | {"solar": {"production_kw": 6.0}})
        adapter = opened()
        states = {name: await device.update() for name, device in devices(adapter, home).items()}
        powers = {name: state.power_w.value for name, state in states.items()}
        assert powers == {
            "roof": -6000.0,
            "cellar": -2000.0,
            "wallbox": 0.0,
            "household": 5000.0,
            "pool": 3000.0,
        }
        battery, car = states["cellar"], states["wallbox"]
        assert isinstance(battery, BatteryState)
        assert battery.soc.value == pytest.approx(0.6)
        assert isinstance(car, ChargePointState)
        assert (car.connected, car.charging) == (True, False)
        assert car.soc.value == pytest.approx(40 / 60)
        meter = await adapter.meter(options(home.urls["central"])).update()
        assert meter.power_w.value == pytest.approx(sum(w for w in powers.values() if w is not None))
        await adapter.close()


async def test_commands_arrive_with_their_lease_and_release_gives_back(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n", encoding="utf-8")
    async with running_home(token="s3cret") as home:  # noqa: S106
        write = {"authorization": "Bearer s3cret"}
        await home.post("load", "/update", {"flexible_load_kw": 2.5}, **write)
        adapter = opened()
        found = devices(adapter, home, token)
        for name, power_w in (("cellar", -1500.0), ("wallbox", 4140.0), ("pool", 1000.0)):
            device = found[name]
            assert isinstance(device, Controllable)
            await device.apply(power_w)
            assert (await device.update()).power_w.value == pytest.approx(power_w)
        status = (await home.get("battery", "/status")).json()
        assert (status["command"]["mode"], status["command"]["lease_left_s"]) == ("discharge", 900.0)
        for name, expected_w in (("cellar", 0.0), ("wallbox", 0.0), ("pool", 2500.0)):
            device = found[name]
            assert isinstance(device, Controllable)
            await device.release()
            assert (await device.update()).power_w.value == pytest.approx(expected_w)
        pool = found["pool"]
        assert isinstance(pool, Controllable)
        await pool.apply(0.0)
        await pool.apply(POOL.max_w)
        assert (await pool.update()).power_w.value == pytest.approx(2500.0)
        await adapter.close()


async def test_without_a_vehicle_stopping_is_no_error_but_charging_is() -> None:
    async with running_home() as home:
        await home.post("vehicle", "/update", {"connected": False})
        adapter = opened()
        car = adapter.device(ChargePoint(id="wallbox"), options(home.urls["vehicle"]))
        assert isinstance(car, Controllable)
        await car.apply(0.0)
        await car.release()
        with pytest.raises(DeviceError, match=r"wallbox: .*refused with 409: no vehicle is connected"):
            await car.apply(5000.0)
        state = await car.update()
        assert isinstance(state, ChargePointState)
        assert (state.connected, state.soc.value) == (False, None)
        await adapter.close()


async def test_a_command_that_timed_out_is_not_carried_out_after_a_newer_one() -> None:
    async with running_home() as home, holding_back(home.urls["battery"], "/control") as way:
        adapter = opened()
        cellar = adapter.device(BATTERY, options(way.url))
        assert isinstance(cellar, Controllable)
        with pytest.raises(DeviceOffline, match=r"cellar: .* does not answer"):
            await cellar.apply(3000.0)
        await cellar.apply(0.0)
        assert (await way.deliver()).startswith(b"HTTP/1.1 409 ")
        assert (await home.get("battery", "/status")).json()["mode"] == "idle"
        await adapter.close()


async def test_what_goes_wrong_is_an_error_of_that_device() -> None:
    adapter = opened()
    with pytest.raises(DeviceOffline, match=r"cellar: http://127.0.0.1:.* does not answer"):
        await adapter.device(BATTERY, options(dead_url())).update()
    for reply, words in (
        (http(b"<html>"), "answered no JSON"),
        (http(b"[]"), "answered no JSON object"),
        (http(b'{"power_kw": true}'), "power_kw = True, expected a number"),
        (http(b'{"detail": "full moon"}', "503 No"), "refused with 503: full moon"),
    ):
        async with answering(lambda n, _, reply=reply: reply) as odd:  # type: ignore[misc]
            with pytest.raises(DeviceError, match=words):
                await adapter.device(BATTERY, options(odd.url)).update()
            with pytest.raises(DeviceError, match="meter"):
                await adapter.meter(options(odd.url)).update()
    device = adapter.device(BATTERY, options(dead_url()))
    assert isinstance(device, Controllable)
    with pytest.raises(DeviceError, match="nan W is not a setpoint"):
        await device.apply(math.nan)
    await adapter.close()


async def test_only_what_an_agent_can_be() -> None:
    adapter = opened()
    with pytest.raises(TypeError, match="no agent can be a HotWaterTank"):
        adapter.device(HotWaterTank(id="tank"), options("http://localhost:1"))
    with pytest.raises(TypeError, match="expected HttpAgentOptions"):
        adapter.meter(AdapterOptions())
    with pytest.raises(ValidationError):
        options("localhost:8002")
    await adapter.close()


async def test_a_token_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    adapter, empty = opened(), tmp_path / "empty"
    empty.touch()
    for file, words in ((tmp_path / "absent", "cannot be read"), (empty, "the first line must be")):
        with pytest.raises(ConfigError, match=words):
            adapter.meter(options("http://localhost:1", file))
    await adapter.close()
