"""Faults, restarts, repairs, actions and diagnostics of a room."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import DOMAIN, TRV, TRV_2, WINDOW, Room
from custom_components.trv_regulator.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import CoreState, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir


def issues(room: Room) -> set[str]:
    return {issue.translation_key for issue in ir.async_get(room.hass).issues.values() if issue.active}


@pytest.mark.parametrize("value", ["unavailable", "unknown", "warm"])
async def test_a_lost_sensor_stops_heating_after_two_minutes_and_recovers(room: Room, value: str) -> None:
    await room.setup()
    await room.temperature(20.0)
    await room.temperature(value)
    await room.wait(90)
    assert room.state() == "heating"
    await room.wait(60)
    assert room.state() == "error"
    assert room.valve() == ("heat", 5.0)
    problem = room.hass.states.get("binary_sensor.kuchyn_problem")
    assert problem is not None
    assert problem.state == "on"
    assert problem.attributes["problems"] == ["no temperature for 120s"]
    await room.temperature(20.0)
    await room.wait(30)
    assert room.state() == "heating"


async def test_a_sensor_without_reports_is_an_error_after_two_hours(room: Room) -> None:
    await room.setup()
    await room.wait(7170)
    assert room.state() == "idle"
    await room.wait(60)
    assert room.state() == "error"


async def test_reports_of_the_same_value_keep_a_sensor_alive(room: Room) -> None:
    await room.setup()
    for _ in range(4):
        await room.wait(3600)
        await room.temperature(21.0)
    assert room.state() == "idle"


async def test_lost_valves_are_an_error_and_get_off_on_return(room: Room) -> None:
    await room.setup()
    await room.temperature(20.0)
    state = room.hass.states.get(TRV)
    assert state is not None
    room.hass.states.async_set(TRV, "unavailable")
    await room.wait(330)
    assert room.state() == "error"
    room.hass.states.async_set(TRV, state.state, state.attributes)
    await room.hass.async_block_till_done()
    assert room.valve() == ("heat", 5.0)


async def test_learning_survives_a_restart_and_the_valve_does_not_bounce(
    room: Room, hass_storage: dict[str, Any]
) -> None:
    await room.setup(learning_cycles=2)
    await room.cycle()
    await room.cycle()
    await room.temperature(20.0)
    sent: list[ServiceCall] = []
    room.hass.bus.async_listen("call_service", lambda e: sent.append(e.data))
    room.hass.set_state(CoreState.starting)
    assert await room.hass.config_entries.async_reload(room.entry.entry_id)
    await room.hass.async_block_till_done()
    assert room.state() == "idle"
    room.hass.set_state(CoreState.running)
    room.hass.bus.async_fire("homeassistant_started")
    await room.hass.async_block_till_done()
    assert room.state() == "heating"
    assert not [d for d in sent if d["domain"] == "climate"]
    cycles = room.hass.states.get("sensor.kuchyn_valid_cycles")
    learning = room.hass.states.get("sensor.kuchyn_learning")
    assert cycles is not None
    assert learning is not None
    assert (cycles.state, learning.state) == ("2", "learned")


async def test_a_damaged_memory_is_told_and_learned_anew(
    room: Room, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    await room.setup()
    key = f"{DOMAIN}.{room.entry.entry_id}"
    assert await room.hass.config_entries.async_unload(room.entry.entry_id)
    hass_storage[key]["data"]["state"] = "ASLEEP"
    assert await room.hass.config_entries.async_setup(room.entry.entry_id)
    assert "stored memory is not used" in caplog.text


async def test_repairs_come_and_go(room: Room) -> None:
    await room.setup(data={"trv_entities": [TRV_2]}, max_heating_duration=600)
    assert issues(room) == {"trv_max_too_low"}
    await room.temperature(19.0)
    await room.wait(600)
    assert room.state() == "heating", "reheats at once"
    await room.window("unavailable")
    await room.wait(330)
    assert issues(room) == {"trv_max_too_low", "max_heating_exceeded", "window_unavailable"}
    await room.window("off")
    await room.temperature(21.0)
    assert issues(room) == {"trv_max_too_low"}
    await room.hass.config_entries.async_remove(room.entry.entry_id)
    assert issues(room) == set()


async def test_a_repair_that_a_change_of_the_room_settled_goes(room: Room) -> None:
    await room.setup(data={"trv_entities": [TRV, TRV_2]}, enabled_trvs=[TRV, TRV_2])
    assert issues(room) == {"trv_max_too_low"}
    room.hass.config_entries.async_update_entry(room.entry, options={"enabled_trvs": [TRV]})
    await room.hass.async_block_till_done()
    assert issues(room) == set()


async def test_a_lost_window_sensor_counts_as_closed_after_five_minutes(room: Room) -> None:
    await room.setup()
    await room.window("on")
    await room.wait(150)
    await room.window("unavailable")
    await room.wait(270)
    assert room.state() == "vent"
    await room.wait(60)
    assert room.state() == "idle"


async def test_reset_returns_the_old_values(room: Room, lines: Callable[[], list[str]]) -> None:
    await room.setup(learning_cycles=2)
    await room.cycle()
    await room.cycle()
    (device,) = dr.async_entries_for_config_entry(dr.async_get(room.hass), room.entry.entry_id)
    answer = await room.hass.services.async_call(
        DOMAIN, "reset_learned_params", {"device_id": device.id}, blocking=True, return_response=True
    )
    assert answer == {
        "valid_cycles": 2,
        "learning_complete": True,
        "avg_heating_duration": 600,
        "time_offset": 120,
    }
    state = room.hass.states.get("sensor.kuchyn_valid_cycles")
    assert state is not None
    assert state.state == "0"
    with pytest.raises(ServiceValidationError) as wrong:
        await room.hass.services.async_call(
            DOMAIN, "reset_learned_params", {"device_id": "none"}, blocking=True
        )
    assert wrong.value.translation_key == "not_a_room"
    await room.hass.config_entries.async_unload(room.entry.entry_id)
    with pytest.raises(ServiceValidationError) as unloaded:
        await room.hass.services.async_call(
            DOMAIN, "reset_learned_params", {"device_id": device.id}, blocking=True
        )
    assert unloaded.value.translation_key == "room_not_loaded"


async def test_a_target_that_a_person_raises_is_followed(room: Room) -> None:
    await room.setup()
    await room.temperature(20.0)
    await room.target(22)
    await room.wait(600)
    await room.temperature(21.5)
    assert room.state() == "heating"
    await room.target(21)
    assert room.state() == "cooldown"


async def test_diagnostics_hold_everything_as_json(room: Room) -> None:
    await room.setup()
    await room.window("on", WINDOW)
    data = await async_get_config_entry_diagnostics(room.hass, room.entry)
    json.dumps(data, default=str)
    assert data["memory"]["state"] == "IDLE"
    assert data["inputs"]["windows"][0]["open"] is True
