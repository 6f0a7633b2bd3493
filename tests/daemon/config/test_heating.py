"""The sections home_assistant and heating: what is taken, and every mistake told at its place."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from ohmstead.core.site import Room
from ohmstead.daemon.config.heating import FloorHeating, RadiatorRoom, RoomAdapter
from ohmstead.daemon.config.loading import load_config
from ohmstead.daemon.config.problems import InvalidConfig
from ohmstead.daemon.config.sections import Config
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Controllable
from ohmstead.devices.home_assistant import HOME_ASSISTANT
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.heating import heat_orchestrator, room_controller

BASE = """\
site: {timezone: Europe/Warsaw, latitude_deg: 52.2, longitude_deg: 21.0}
meter: {adapter: home_assistant, power: sensor.grid}
tariff: {provider: fixed, import_eur_per_kwh: 0.3}
"""
LINK = "home_assistant: {url: 'http://homeassistant.local:8123', token_file: ha.token}\n"
ROOMS = """\
heating:
  floors:
    pump_switch: switch.sonoff_10017fadeb
    pump_stop_button: input_button.wylacznik_pompy
    outdoor: weather.forecast_home
    rooms:
      - {id: salon, name: Salon, floor: GF, thermostat: climate.salon, target_c: 21.5, priority: 60}
      - {id: sypialnia, floor: FF, thermostat: climate.sypialnia}
    settings: {dhw_min_run_hours: 3, off_window_start: "00:30", off_window_end: "05:00"}
  radiators:
    - id: kuchyn
      name: Kuchyň
      temperature: sensor.kuchyn
      target: input_number.kuchyn
      valves: [climate.kuchyn_1, climate.kuchyn_2]
      left_alone: [climate.kuchyn_2]
      windows: [binary_sensor.okno]
      hysteresis_k: 0.2
    - {id: study, adapter: simulated, target_c: 20.5}
"""


BATTERY = """\
assets:
  - kind: battery
    id: cellar
    capacity_kwh: 10
    max_charge_w: 5000
    max_discharge_w: 5000
    device: {adapter: home_assistant, power: sensor.p, soc: sensor.soc, command: switch.battery}
"""


def loaded(folder: Path, text: str, *, token: str | None = "a-long-lived-token") -> Config:  # noqa: S107
    if token is not None:
        (folder / "ha.token").write_text(token + "\n", encoding="utf-8")
    file = folder / "home.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file)


def complaints(folder: Path, text: str, *, token: str | None = "a-long-lived-token") -> str:  # noqa: S107
    with pytest.raises(InvalidConfig) as error:
        loaded(folder, text, token=token)
    return str(error.value)


def test_rooms_and_floors_are_read(tmp_path: Path) -> None:
    config = loaded(tmp_path, BASE + LINK + ROOMS)
    assert config.home_assistant is not None
    assert config.home_assistant.token().get_secret_value() == "a-long-lived-token"
    assert "a-long-lived-token" not in repr(config)
    floors, (kitchen, study) = config.heating.floors, config.heating.radiators
    assert floors is not None
    assert [room.floor for room in floors.rooms] == ["GF", "FF"]
    assert floors.settings.off_window_start == time(0, 30)
    assert floors.settings.min_pump_on_min == 40.0
    assert (kitchen.name, kitchen.valves) == ("Kuchyň", ("climate.kuchyn_1", "climate.kuchyn_2"))
    assert (study.adapter, study.hysteresis_k) == (RoomAdapter.SIMULATED, 0.3)


def test_the_examples_of_the_page_are_taken(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs/home-assistant.md"
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    base = BASE.replace("meter: {adapter: home_assistant, power: sensor.grid}\n", "")
    text = (base + "".join(blocks)).replace("home-assistant.token", "ha.token")
    config = loaded(tmp_path, text)
    assert config.heating.floors is not None
    link = HomeAssistantLink("http://localhost:1", SecretStr("x"))
    adapter = HOME_ASSISTANT.open(Environment(home_assistant=link))
    for asset_id, settings in config.devices.items():
        asset = config.site.asset(asset_id)
        device = adapter.device(asset, settings.options)
        # A room is only read: its heat pump is what is commanded.
        assert isinstance(device, Controllable) != isinstance(asset, Room), asset_id


def test_a_home_without_them_has_none(tmp_path: Path) -> None:
    config = loaded(tmp_path, BASE.replace("home_assistant, power: sensor.grid", "simulated"))
    assert (config.home_assistant, config.heating.floors, config.heating.radiators) == (None, None, ())


def test_the_defaults_are_those_of_the_regulator() -> None:
    machine = room_controller.Settings(name="x")
    room = RadiatorRoom(id="x")
    for field in fields(machine):
        if field.name != "name":
            assert getattr(room, field.name) == getattr(machine, field.name), field.name
    config = heat_orchestrator.Config(rooms={}, tz=None)  # type: ignore[arg-type]
    floors = FloorHeating()
    for name in ("clamp_rooms", "satisfied_offset_k", "cap_only_when_contended", "enable_offset_k"):
        assert getattr(floors, name) == getattr(config, name), name


WRONG = [
    ("adapter without its section", BASE, "home_assistant: missing"),
    ("rooms without their section", BASE.replace("home_assistant, power: sensor.grid", "simulated") + ROOMS,
     "home_assistant: missing"),
    ("a meter without power", BASE.replace(", power: sensor.grid", "") + LINK,
     "meter.power: missing; needed: an entity id"),
    ("a battery that is only switched", BASE + LINK + BATTERY,
     "assets[0].device.command: found 'switch.battery'; a battery needs a number"),
    ("no address", BASE + LINK.replace("http://homeassistant.local:8123", "homeassistant") + ROOMS, "url"),
    ("no pump", BASE + LINK + ROOMS.replace("    pump_switch: switch.sonoff_10017fadeb\n", ""),
     "heating.floors.pump_switch: missing; needed: an entity of switch"),
    ("a pump of another kind", BASE + LINK + ROOMS.replace("switch.sonoff", "sensor.sonoff"),
     "found 'sensor.sonoff_10017fadeb', allowed: an entity of switch"),
    ("no entity at all", BASE + LINK + ROOMS.replace("climate.salon", "Salon thermostat"),
     "allowed: the id of an entity, as 'climate.kitchen'"),
    ("a thermostat with two masters", BASE + LINK + ROOMS.replace("climate.kuchyn_1,", "climate.salon,"),
     "found 'climate.salon', which the floor room 'salon' has already"),
    ("an id twice", BASE + LINK + ROOMS.replace("id: kuchyn", "id: salon"),
     "found 'salon', which the room 'salon' has already"),
    ("two wishes", BASE + LINK + ROOMS.replace("hysteresis_k: 0.2", "target_c: 21"), "not both"),
    ("no wish", BASE + LINK + ROOMS.replace("      target: input_number.kuchyn\n", ""), "either target"),
    ("all valves left alone",
     BASE + LINK + ROOMS.replace("[climate.kuchyn_2]", "[climate.kuchyn_1, climate.kuchyn_2]"),
     "at least one of the valves must be driven"),
    ("a stranger left alone", BASE + LINK + ROOMS.replace("[climate.kuchyn_2]", "[climate.other]"),
     "found 'climate.other', allowed: climate.kuchyn_1, climate.kuchyn_2"),
    ("a latch upside down", BASE + LINK + ROOMS.replace("{dhw_min", "{heating_hyst_off: 0.5, dhw_min"),
     "found 0.5, allowed: below heating_hyst_on, 0.3"),
    ("out of range", BASE + LINK + ROOMS.replace("run_hours: 3,", "run_hours: 13,"), "0 to 12"),
    ("a floor that is none", BASE + LINK + ROOMS.replace("floor: FF", "floor: attic"), "allowed: GF | FF"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    said = complaints(tmp_path, text)
    assert told in said
    assert "home.yaml:" in said


def test_a_token_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    assert "home_assistant.token_file" in complaints(tmp_path, BASE + LINK, token=None)
    assert "the first line must be the token" in complaints(tmp_path, BASE + LINK, token="")
