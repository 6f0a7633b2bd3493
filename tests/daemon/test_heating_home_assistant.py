"""Rooms and floors behind Home Assistant's API: the hosts map in, step, map out, and outlive its restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from ohmstead.daemon.clock import WallClock
from ohmstead.daemon.config.heating import FloorHeating, FloorRoom, HeatingSettings, RadiatorRoom
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.errors import ConfigError
from ohmstead.heating.heat_orchestrator import Floor, Settings
from ohmstead.web.schema import FloorsInfo, RadiatorRoomInfo
from tests.daemon.heating_homes import heated
from tests.devices.home_assistant_peer import (
    TOKEN,
    Peer,
    running_peer,
    set_hvac_mode,
    set_temperature,
    turned,
)

PUMP, BUTTON, WEATHER = "switch.sonoff_10017fadeb", "input_button.wylacznik_pompy", "weather.forecast_home"
PATIENCE_S = 30.0
# The off window would make the test depend on the hour at which it runs.
ALL_DAY = Settings(off_window_start=Settings().day_reset_time, off_window_end=Settings().day_reset_time)
FLOORS = HeatingSettings(
    floors=FloorHeating(
        rooms=(
            FloorRoom(id="salon", floor=Floor.GF, thermostat="climate.salon"),
            FloorRoom(id="sypialnia", floor=Floor.FF, thermostat="climate.sypialnia"),
        ),
        pump_switch=PUMP,
        pump_stop_button=BUTTON,
        outdoor=WEATHER,
        settings=ALL_DAY,
    )
)
ROOM = HeatingSettings(
    radiators=(
        RadiatorRoom(
            id="kuchyn",
            temperature="sensor.kuchyn",
            target="input_number.kuchyn",
            valves=("climate.trv_1", "climate.trv_2"),
            left_alone=("climate.trv_2",),
            windows=("binary_sensor.okno",),
            window_open_delay_s=0.0,
        ),
    )
)


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - many different things are waited for
            await asyncio.sleep(0.01)


def plant(peer: Peer) -> None:
    """Thermostats, valves and a pump as they are found."""
    peer.services |= {
        "climate.set_temperature": set_temperature,
        "climate.set_hvac_mode": set_hvac_mode,
        "switch.turn_on": turned("on"),
        "input_button.press": turned("2026-01-01T00:00:00+00:00"),
    }
    peer.set("climate.salon", "heat", temperature=21.0, current_temperature=19.0)
    peer.set("climate.sypialnia", "heat", temperature=20.0, current_temperature=19.5)
    peer.set(PUMP, "off")
    peer.set(BUTTON, "unknown")
    peer.set(WEATHER, "cloudy", temperature=3.5)
    peer.set("sensor.kuchyn", 19.0, unit_of_measurement="°C")
    peer.set("input_number.kuchyn", 21.0)
    peer.set("climate.trv_1", "off", temperature=16.0, min_temp=5.0, max_temp=30.0)
    peer.set("climate.trv_2", "heat", temperature=18.0, min_temp=5.0, max_temp=30.0)
    peer.set("binary_sensor.okno", "off")


@asynccontextmanager
async def house(settings: HeatingSettings, path: Path) -> AsyncIterator[tuple[Peer, HeatingHost]]:
    async with running_peer() as peer:
        plant(peer)
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        try:
            async with heated(settings, path, WallClock(), link=link) as host:
                yield peer, host
        finally:
            await link.close()


def setpoint(peer: Peer, entity_id: str) -> float:
    return float(peer.states[entity_id]["a"]["temperature"])


def floors(host: HeatingHost) -> FloorsInfo:
    told = host.payload().floors
    assert told is not None
    return told


def room(host: HeatingHost) -> RadiatorRoomInfo:
    return host.payload().radiators[0]


async def test_floors_are_parked_opened_and_pumped_in_this_order(tmp_path: Path) -> None:
    async with house(FLOORS, tmp_path / "home.db") as (peer, host):
        await until(lambda: peer.states[PUMP]["s"] == "on")
        assert [(name, entity) for name, entity, _ in peer.calls] == [
            ("climate.set_temperature", "climate.sypialnia"),
            ("switch.turn_on", PUMP),
        ]
        assert (setpoint(peer, "climate.sypialnia"), setpoint(peer, "climate.salon")) == (7.0, 21.0)
        await until(lambda: floors(host).pump_on is True)
        told = floors(host)
        assert (told.state, told.floor, told.outdoor_c) == ("HEAT_GF", "GF", 3.5)
        assert told.rooms[0].heating
        assert told.rooms[1].target_c == 20.0, "the off setpoint is nobody's wish"


async def test_a_person_is_heard_also_while_home_assistant_restarts(
    tmp_path: Path,
) -> None:
    async with house(FLOORS, tmp_path / "home.db") as (peer, host):
        await until(lambda: peer.states[PUMP]["s"] == "on")
        await asyncio.sleep(2.5)  # a change right behind our own command counts as its echo
        peer.set("climate.salon", "heat", user="anna", temperature=22.5)
        await until(lambda: floors(host).rooms[0].target_c == 22.5)
        await peer.stop()
        await until(lambda: floors(host).reason_code == "pump_unavailable" or bool(host.warnings()))
        assert "cannot be reached" in host.warnings()[0].message
        peer.set("climate.sypialnia", "heat", user="anna", temperature=23.0)
        await peer.start()
        await until(lambda: floors(host).rooms[1].target_c == 23.0)
        await until(lambda: not host.warnings())


async def test_a_thermostat_that_refuses_keeps_the_other_floor_shut(tmp_path: Path) -> None:
    async with running_peer() as peer:
        plant(peer)
        peer.refused.add("climate.set_temperature")
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        async with heated(FLOORS, tmp_path / "home.db", WallClock(), link=link) as host:
            await until(lambda: host.payload().floors is not None)
            await until(lambda: floors(host).rooms[1].unmanaged_until is not None)
            asked = [entity for _, entity, _ in peer.calls if entity == "climate.sypialnia"]
            assert len(asked) == 2
            assert peer.states[PUMP]["s"] == "off"
            assert not floors(host).rooms[0].heating
        await link.close()


async def test_without_a_temperature_the_weather_is_asked_for_its_forecast(tmp_path: Path) -> None:
    async with running_peer() as peer:
        plant(peer)
        del peer.states[WEATHER]["a"]["temperature"]
        peer.services["weather.get_forecasts"] = lambda _, entity, data: {
            entity: {"forecast": [{"temperature": -4.0}, {"temperature": 9.0}]}
        }
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        async with heated(FLOORS, tmp_path / "home.db", WallClock(), link=link) as host:
            await until(lambda: host.payload().floors is not None)
            await until(lambda: floors(host).outdoor_c == -4.0)
        await link.close()


async def test_a_cold_room_is_heated_by_its_driven_valve_only(tmp_path: Path) -> None:
    async with house(ROOM, tmp_path / "home.db") as (peer, host):
        await until(lambda: setpoint(peer, "climate.trv_1") == 30.0)
        assert peer.states["climate.trv_1"]["s"] == "heat"
        assert [name for name, _, _ in peer.calls] == ["climate.set_hvac_mode", "climate.set_temperature"]
        assert setpoint(peer, "climate.trv_2") == 18.0
        told = room(host)
        assert (told.state, told.measured_c, told.target_c) == ("HEATING", 19.0, 21.0)
        assert "19.0 °C was below the target of 21.0 °C" in told.reason
        peer.set("binary_sensor.okno", "on")
        await until(lambda: setpoint(peer, "climate.trv_1") == 5.0)
        assert room(host).state == "VENT"
        peer.set("binary_sensor.okno", "off")
        await until(lambda: room(host).state == "HEATING")


async def test_a_valve_that_a_regulator_inside_home_assistant_drives_is_left_to_it(tmp_path: Path) -> None:
    async with running_peer() as peer:
        plant(peer)
        peer.set("sensor.kitchen_state", "idle", trv_entities=["climate.trv_1"])
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        both = replace(FLOORS, radiators=ROOM.radiators)
        async with heated(both, tmp_path / "home.db", WallClock(), link=link) as host:
            await until(lambda: peer.states[PUMP]["s"] == "on")
            (warning,) = host.warnings()
            assert "kuchyn: is not regulated: climate.trv_1 (sensor.kitchen_state)" in warning.message
        assert not [call for call in peer.calls if call[1] == "climate.trv_1"]
        await link.close()


async def test_thermostats_in_fahrenheit_are_not_commanded_in_celsius(tmp_path: Path) -> None:
    async with running_peer() as peer:
        plant(peer)
        peer.temperature_unit = "°F"
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        both = replace(FLOORS, radiators=ROOM.radiators)
        async with heated(both, tmp_path / "home.db", WallClock(), link=link) as host:
            await until(lambda: len(host.warnings()) == 2)
            assert all("in °F; set its unit system to metric" in w.message for w in host.warnings())
        assert peer.calls == []
        await link.close()


async def test_on_leaving_the_valve_is_given_back(tmp_path: Path) -> None:
    async with running_peer() as peer:
        plant(peer)
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        async with heated(ROOM, tmp_path / "home.db", WallClock(), link=link):
            await until(lambda: setpoint(peer, "climate.trv_1") == 30.0)
        assert setpoint(peer, "climate.trv_1") == 21.0
        assert setpoint(peer, "climate.trv_2") == 18.0
        await link.close()


async def test_rooms_begin_when_home_assistant_comes(tmp_path: Path) -> None:
    async with running_peer() as peer:
        plant(peer)
        await peer.stop()
        link = HomeAssistantLink(peer.url, SecretStr(TOKEN), retry_s=0.05)
        async with heated(ROOM, tmp_path / "home.db", WallClock(), link=link) as host:
            assert room(host).measured_c is None
            assert "cannot be reached" in host.warnings()[0].message
            await peer.start()
            await until(lambda: room(host).state == "HEATING")
            assert host.warnings() == []
        await link.close()


async def test_rooms_of_home_assistant_need_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="need the section home_assistant"):
        async with heated(ROOM, tmp_path / "home.db", WallClock()):
            pass
