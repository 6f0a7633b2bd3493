"""``ohmstead run`` on a real Home Assistant: battery, floors and a radiator room, over a restart of it."""

from __future__ import annotations

import time

from conftest import HomeAssistant, Ohmstead

OFF_C = 7.0


def test_surplus_goes_into_the_battery(hass: HomeAssistant, home: Ohmstead) -> None:
    # 2 kW are sold; the battery takes what the meter shows, through its number.
    home.until("charging", lambda: float(hass.state("input_number.battery_setpoint")) > 500.0)
    state = home.get("state")
    assert state["grid"]["power_w"] == -2000.0
    assert state["assets"]["battery"]["soc"] == 0.4
    home.until("reading", lambda: (home.get("state")["assets"]["battery"]["power_w"] or 0.0) > 500.0)


def test_one_floor_is_heated_and_the_other_parked(hass: HomeAssistant, home: Ohmstead) -> None:
    home.until("pump", lambda: hass.state("switch.sonoff_10017fadeb") == "on")
    opened = [room for room in ("salon", "sypialnia") if hass.setpoint(f"climate.{room}") > OFF_C]
    assert opened == ["salon"]
    home.until("floors", lambda: home.floors().get("pump_on"))
    floors = home.floors()
    assert (floors["state"], floors["outdoor_c"]) == ("HEAT_GF", 3.5)
    assert hass.state("input_boolean.forbidden_turn_off") == "off"
    assert "[PUMP] ON reason=demand" in home.log()


def test_a_person_at_the_thermostat_is_remembered(hass: HomeAssistant, home: Ohmstead) -> None:
    time.sleep(2.5)  # a change right behind our own command counts as its echo
    hass.call("climate.set_temperature", "climate.salon", temperature=22.0)
    home.until("wish", lambda: home.floors()["rooms"][0]["target_c"] == 22.0)
    assert home.floors()["rooms"][1]["target_c"] == 20.0, "the off setpoint is nobody's wish"


def test_a_cold_room_opens_its_valve_and_airing_shuts_it(hass: HomeAssistant, home: Ohmstead) -> None:
    valve = "climate.trv_kuchyn"
    home.until("open valve", lambda: hass.setpoint(valve) == 30.0)
    assert hass.state(valve) == "heat"
    assert home.room()["state"] == "HEATING"
    assert "TRV [Kuchyn]: IDLE → HEATING" in home.log()
    hass.call("input_boolean.turn_on", "input_boolean.window")
    home.until("shut valve", lambda: hass.setpoint(valve) == 5.0)
    assert home.room()["state"] == "VENT"
    hass.call("input_boolean.turn_off", "input_boolean.window")
    home.until("open valve", lambda: hass.setpoint(valve) == 30.0)


def test_a_restart_of_home_assistant_is_outlived(hass: HomeAssistant, home: Ohmstead) -> None:
    connections = home.log().count("home_assistant_connected")
    hass.restart()
    home.until("connection", lambda: home.log().count("home_assistant_connected") > connections)
    home.until("peace", lambda: home.get("state")["warnings"] == [] and home.room()["state"] != "ERROR")
    assert home.floors()["rooms"][0]["target_c"] == 22.0
    hass.call("input_number.set_value", "input_number.grid", value=-1.5)
    home.until("meter", lambda: home.get("state")["grid"]["power_w"] == -1500.0)
    hass.call("climate.set_temperature", "climate.trv_kuchyn", temperature=12.0)
    home.until("valve set right", lambda: hass.setpoint("climate.trv_kuchyn") == 30.0)


def test_on_leaving_devices_are_left_to_themselves(hass: HomeAssistant, home: Ohmstead) -> None:
    assert home.stop() == 0, home.log()
    assert float(hass.state("input_number.battery_setpoint")) == 0.0
    assert hass.setpoint("climate.trv_kuchyn") == 21.0
    assert hass.token not in home.log()
    assert "Traceback" not in home.log()
