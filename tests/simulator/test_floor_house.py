"""The floor house: valves, relay, stop button, boiler and faults; and the orchestrator in a closed loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.heating.heat_orchestrator import Floor, Settings, State
from ohmstead.simulator.floor_home import FloorHome, fresh_helpers
from ohmstead.simulator.floor_house import BOILER_MAX_C, PUMP, FloorFault, FloorHouse, outdoor_course

START = datetime(2026, 1, 14, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def house() -> FloorHouse:
    return FloorHouse(START, lambda _: 2.0)


def after(house: FloorHouse, minutes: float) -> None:
    house.advance(house.now + timedelta(minutes=minutes))


def test_a_valve_is_open_only_while_the_room_is_colder_than_its_setpoint(house: FloorHouse) -> None:
    house.set_temperature("salon", 25.0)
    house.set_temperature("sypialnia", 7.0)
    house.turn_on()
    after(house, 1)
    assert house.valve_open("salon")
    assert not house.valve_open("sypialnia")
    cold = house.rooms["sypialnia"].screed_c
    warm = house.rooms["salon"].screed_c
    after(house, 60)
    assert house.rooms["salon"].screed_c > warm + 1.0
    assert house.rooms["sypialnia"].screed_c < cold


def test_the_stop_takes_one_to_three_minutes_and_the_relay_shows_it(house: FloorHouse) -> None:
    for _ in range(10):
        house.turn_on()
        after(house, 1)
        assert house.switch() is True
        house.press_off()
        after(house, 0.99)
        assert house.switch() is True
        after(house, 2.02)
        assert house.switch() is False


def test_with_all_valves_shut_the_boiler_takes_the_heat_and_no_more_than_it_can(house: FloorHouse) -> None:
    for room in house.rooms:
        house.set_temperature(room, 7.0)
    house.turn_on()
    cold = house.boiler_c
    after(house, 30)
    assert house.boiler_c > cold + 3.0
    after(house, 600)
    assert house.boiler_c <= BOILER_MAX_C + 0.1
    heat, electric = house.heat_kwh, house.electric_kwh
    assert 1.5 < heat / electric < 6.0


def test_heat_is_neither_made_nor_lost_between_pump_and_rooms() -> None:
    """Without losses (all at one temperature, no water drawn) the stores gain what the pump delivers."""
    house = FloorHouse(datetime(2026, 1, 14, 0, 0, tzinfo=UTC), lambda _: 20.0)
    for r in house.rooms.values():
        r.air_c = r.screed_c = 20.0
        r.setpoint_c = 25.0
    house.boiler_c = 18.0
    before = _stored_kwh(house)
    house.switch_by_hand(True)
    after(house, 10)
    gains = sum(4.0 * r.spec.area_m2 for r in house.rooms.values()) * 600.0 / 3.6e6
    assert _stored_kwh(house) - before == pytest.approx(house.heat_kwh + gains, rel=0.03)


def _stored_kwh(house: FloorHouse) -> float:
    rooms = sum(r.spec.area_m2 * (0.036 * r.screed_c + 0.030 * r.air_c) for r in house.rooms.values())
    return 0.35 * house.boiler_c + rooms


def test_each_fault_shows_itself_as_it_would(house: FloorHouse) -> None:
    house.inject(FloorFault.OFFLINE, "salon", duration_s=60)
    house.inject(FloorFault.BLIND, "sypialnia", duration_s=60)
    house.inject(FloorFault.REFUSES, "gabinet_ani", duration_s=60)
    house.inject(FloorFault.DEAF, "lazienka_parter", duration_s=60)
    house.inject(FloorFault.SWITCH_UNKNOWN, PUMP, duration_s=60)
    house.inject(FloorFault.NO_START, PUMP, duration_s=60)
    assert not house.read("salon").available
    assert house.read("sypialnia").current_c is None
    assert not house.set_temperature("gabinet_ani", 25.0)
    assert house.set_temperature("lazienka_parter", 25.0)
    assert house.switch() is None
    house.turn_on()
    after(house, 0.9)
    assert house.read("lazienka_parter").setpoint_c != 25.0
    after(house, 0.2)
    assert house.read("salon").available
    assert house.switch() is False
    house.inject(FloorFault.NO_STOP, PUMP, duration_s=600)
    house.turn_on()
    after(house, 1)
    house.press_off()
    after(house, 5)
    assert house.switch() is True


def test_a_listener_hears_who_changed_a_setpoint(house: FloorHouse) -> None:
    house.set_temperature("salon", 22.0, person=True)
    house.set_temperature("salon", 7.0)
    after(house, 1)
    assert [(c.new_c, c.human) for c in house.take_changes()] == [(22.0, True), (7.0, False)]
    assert house.take_changes() == ()
    assert not house.set_temperature("salon", 35.0)


def test_a_persons_hand_is_quicker_than_a_command_on_its_way(house: FloorHouse) -> None:
    house.set_temperature("salon", 7.0)
    house.set_temperature("salon", 22.0, person=True)
    house.advance(house.now + timedelta(seconds=2))
    assert house.read("salon").setpoint_c == 22.0
    house.advance(house.now + timedelta(seconds=2))
    assert house.read("salon").setpoint_c == 7.0


def test_time_does_not_go_back(house: FloorHouse) -> None:
    with pytest.raises(ValueError, match="does not go back"):
        house.advance(START - MINUTE)
    with pytest.raises(ValueError, match="weather is one of"):
        outdoor_course("tropical", START)


def test_a_fresh_installation_finds_its_way(house: FloorHouse) -> None:
    home = FloorHome(house)
    assert home.helpers == fresh_helpers(tuple(house.rooms))
    home.run(timedelta(hours=3))
    assert home.helpers["user_sp_salon"] == 21.5
    assert home.helpers["min_pump_on_min"] == 40.0
    assert home.memory.state in (State.HEAT_GF, State.HEAT_FF)
    assert house.pump_on
    opened = {r.spec.floor for r in house.rooms.values() if r.setpoint_c > 7.0}
    assert opened == {home.memory.state.floor}


def test_a_restart_in_the_middle_of_heating_changes_nothing(house: FloorHouse) -> None:
    home = FloorHome(house, settings=Settings())
    home.run(timedelta(minutes=30))
    starts, state = house.starts, home.memory.state
    assert state is State.HEAT_GF
    home.restart(timedelta(minutes=3))
    home.run(timedelta(minutes=5))
    assert (house.starts, home.memory.state) == (starts, state)
    assert house.pump_on
    assert Floor.FF not in {r.spec.floor for r in house.rooms.values() if r.setpoint_c > 7.0}


def test_the_shipped_helpers_are_those_that_the_state_machine_reads() -> None:
    """The package that people copy, and the helpers that a fresh Home Assistant then shows."""
    path = Path(__file__).parents[2] / "hosts" / "appdaemon" / "packages" / "heat_orchestrator.yaml"
    from ruamel.yaml import YAML

    package = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    expected = fresh_helpers(tuple(FloorHouse(START, lambda _: 0.0).rooms))
    numbers = {name: spec["min"] for name, spec in package["input_number"].items()}
    assert numbers == {name: value for name, value in expected.items() if isinstance(value, float)}
    others = set(package["input_datetime"]) | set(package["input_text"])
    assert others == {name for name, value in expected.items() if isinstance(value, str)}
    assert "initial" not in path.read_text(encoding="utf-8").split("input_number:", 1)[1]
