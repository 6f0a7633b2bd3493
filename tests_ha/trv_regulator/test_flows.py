"""Adding, changing, tuning, migrating and removing a room."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import DOMAIN, DOOR, TARGET, TEMPERATURE, TRV, TRV_2, WINDOW, Room, entry
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM

ROOM = {
    "name": "Kuchyn",
    "temperature_entity": TEMPERATURE,
    "target_entity": TARGET,
    "trv_entities": [TRV],
}


async def test_a_person_adds_a_room_and_sees_its_sensors(room: Room) -> None:
    flows = room.hass.config_entries.flow
    result = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert not result["errors"]
    result = await flows.async_configure(result["flow_id"], {**ROOM, "trv_entities": []})
    assert result["errors"] == {"trv_entities": "no_trv"}
    result = await flows.async_configure(result["flow_id"], {**ROOM, "name": " "})
    assert result["errors"] == {"name": "no_name"}
    result = await flows.async_configure(result["flow_id"], {**ROOM, "window_entities": [WINDOW]})
    await room.hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["window_entities"] == [WINDOW]
    assert result["options"]["hysteresis"] == 0.3
    assert result["options"]["enabled_trvs"] == [TRV]
    assert room.state() == "idle"
    names = {s.entity_id for s in room.hass.states.async_all() if "kuchyn" in s.entity_id}
    assert names == {
        "binary_sensor.kuchyn_problem",
        "sensor.kuchyn_average_heating_duration",
        "sensor.kuchyn_last_heating_duration",
        "sensor.kuchyn_last_overshoot",
        "sensor.kuchyn_learning",
        "sensor.kuchyn_state",
        "sensor.kuchyn_time_offset",
        "sensor.kuchyn_valid_cycles",
    }


async def test_a_sensor_or_valve_belongs_to_one_room(room: Room) -> None:
    await room.setup()
    flows = room.hass.config_entries.flow
    result = await flows.async_init(DOMAIN, context={"source": SOURCE_USER}, data=ROOM)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    other = {**ROOM, "temperature_entity": "sensor.bath"}
    result = await flows.async_init(DOMAIN, context={"source": SOURCE_USER}, data=other)
    assert result["errors"] == {"trv_entities": "trv_in_use"}


async def test_fahrenheit_homes_are_told(room: Room) -> None:
    room.hass.config.units = US_CUSTOMARY_SYSTEM
    result = await room.hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["reason"] == "celsius_only"


async def test_reconfigure_takes_effect_and_closes_a_valve_that_left(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await room.setup()
    await room.temperature(20.0)
    assert room.valve() == ("heat", 35.0)
    result = await room.entry.start_reconfigure_flow(room.hass)
    assert result["step_id"] == "reconfigure"
    changed = {k: v for k, v in ROOM.items() if k != "name"} | {"trv_entities": [TRV_2]}
    result = await room.hass.config_entries.flow.async_configure(result["flow_id"], changed)
    await room.hass.async_block_till_done()
    assert result["reason"] == "reconfigure_successful"
    assert room.entry.data["trv_entities"] == [TRV_2]
    assert room.entry.options["enabled_trvs"] == [TRV_2]
    assert room.entry.data["window_entities"] == []
    assert room.state() == "heating"
    assert room.valve(TRV_2) == ("heat", 30.0)
    assert room.valve() == ("heat", 5.0)
    assert "should use it for scheduling a reload" not in caplog.text


async def test_options_take_effect_and_refuse_a_room_without_valves(room: Room) -> None:
    await room.setup(data={"trv_entities": [TRV, TRV_2]})
    options = room.hass.config_entries.options
    result = await options.async_init(room.entry.entry_id)
    values: dict[str, Any] = {
        "enabled_trvs": [],
        "hysteresis": 0.2,
        "learning_cycles": 5,
        "cooldown_duration": 900,
        "min_heating_duration": 180,
        "max_heating_duration": 7200,
        "max_valid_overshoot": 3.0,
        "desired_overshoot": 0.1,
        "window_open_delay": 60,
        "sensor_silence": 0,
    }
    result = await options.async_configure(result["flow_id"], values)
    assert result["errors"] == {"enabled_trvs": "no_enabled_trv"}
    values |= {"enabled_trvs": [TRV], "min_heating_duration": 900, "max_heating_duration": 600}
    result = await options.async_configure(result["flow_id"], values)
    assert result["errors"] == {"min_heating_duration": "min_not_below_max"}
    values["max_heating_duration"] = 7200
    result = await options.async_configure(result["flow_id"], values)
    await room.hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    settings = room.entry.runtime_data.controller.settings
    assert (settings.hysteresis_k, settings.learning_cycles, settings.window_open_delay_s) == (0.2, 5, 60)
    await room.temperature(20.8)
    assert room.state() == "heating"


async def test_disabling_an_open_valve_closes_it_once(room: Room) -> None:
    await room.setup(data={"trv_entities": [TRV, TRV_2]}, enabled_trvs=[TRV, TRV_2])
    await room.temperature(20.0)
    assert room.valve(TRV_2) == ("heat", 30.0)
    room.hass.config_entries.async_update_entry(room.entry, options={"enabled_trvs": [TRV]})
    await room.hass.async_block_till_done()
    assert room.valve(TRV_2) == ("heat", 5.0)
    assert room.valve() == ("heat", 35.0)
    await room.hass.services.async_call(
        "climate", "set_temperature", {"entity_id": TRV_2, "temperature": 22}, blocking=True
    )
    await room.wait(300)
    assert room.valve(TRV_2) == ("heat", 22.0)


async def test_doors_and_old_valves_are_migrated(room: Room) -> None:
    old = entry()
    room.entry = type(old)(
        domain=DOMAIN,
        title="Kuchyn",
        unique_id=TEMPERATURE,
        version=1,
        minor_version=1,
        data={
            "temperature_entity": TEMPERATURE,
            "target_entity": TARGET,
            "trv_entities": [{"entity": TRV, "enabled": True}, {"entity": TRV_2, "enabled": False}],
            "window_entities": [WINDOW],
            "door_entities": [DOOR, WINDOW],
        },
    )
    room.entry.add_to_hass(room.hass)
    assert await room.hass.config_entries.async_setup(room.entry.entry_id)
    assert room.entry.minor_version == 2
    assert room.entry.data["window_entities"] == [WINDOW, DOOR]
    assert "door_entities" not in room.entry.data
    assert room.entry.data["trv_entities"] == [TRV, TRV_2]
    assert room.entry.options["enabled_trvs"] == [TRV]


async def test_an_entry_of_a_later_version_is_refused(room: Room) -> None:
    room.entry = type(room.entry)(domain=DOMAIN, version=2, data=room.entry.data)
    room.entry.add_to_hass(room.hass)
    assert not await room.hass.config_entries.async_setup(room.entry.entry_id)
    assert room.entry.state is ConfigEntryState.MIGRATION_ERROR


async def test_contradicting_options_are_an_error_of_the_entry(room: Room) -> None:
    room.entry = entry(min_heating_duration=9000)
    room.entry.add_to_hass(room.hass)
    assert not await room.hass.config_entries.async_setup(room.entry.entry_id)
    assert room.entry.state is ConfigEntryState.SETUP_ERROR
    assert room.entry.error_reason_translation_key == "invalid_options"


async def test_removing_a_room_closes_its_valves_and_forgets_it(
    room: Room, hass_storage: dict[str, Any]
) -> None:
    await room.setup()
    await room.temperature(20.0)
    await room.wait(30)
    key = f"{DOMAIN}.{room.entry.entry_id}"
    assert await room.hass.config_entries.async_unload(room.entry.entry_id)
    assert key in hass_storage
    assert room.valve() == ("heat", 35.0), "unloading is a restart"
    await room.hass.config_entries.async_remove(room.entry.entry_id)
    await room.hass.async_block_till_done()
    assert room.valve() == ("heat", 5.0)
    assert key not in hass_storage
