"""The acceptance list of the heat orchestrator, in the order of one afternoon and night.

The tests share one running installation and follow each other; what must hold at every moment is judged
at the end over everything that Home Assistant announced.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from conftest import AppDaemon
from plant import BUTTON, FLOORS, OFF_C, PUMP, Plant

GF = {room for room, floor in FLOORS.items() if floor == "GF"}
FF = set(FLOORS) - GF


def test_satisfied_rooms_and_an_open_quota_heat_the_boiler(plant: Plant, app: AppDaemon) -> None:
    plant.until(plant.pump_on, minutes=20, why="the pump runs for the quota")
    plant.until(lambda: plant.state() == "DHW_QUOTA", minutes=5, why="the state is shown")
    assert plant.opened() == set()
    assert all(plant.number(f"user_sp_{room}") == 21.0 for room in FLOORS), "filled from the thermostats"
    assert plant.number("min_pump_on_min") == 40.0, "defaults are written once"
    assert plant.states["input_datetime.off_window_end"]["state"] == "06:00:00"
    plant.until(lambda: plant.number("pump_on_minutes_today") >= 3, minutes=15, why="the quota counts")


def test_a_setpoint_by_hand_is_remembered_through_off_and_on(plant: Plant, app: AppDaemon) -> None:
    plant.call("climate.set_temperature", entity_id="climate.salon", temperature=22.0)
    plant.until(lambda: plant.number("user_sp_salon") == 22.0, minutes=5, why="22 °C is remembered")
    plant.until(lambda: plant.setpoint("salon") == OFF_C, minutes=10, why="the room is parked again")
    plant.wait(5)
    assert plant.number("user_sp_salon") == 22.0
    plant.warm(salon=20.0)
    plant.until(lambda: plant.setpoint("salon") == 22.0, minutes=10, why="the room is enabled at 22 °C")
    plant.until(lambda: plant.state() == "HEAT_GF", minutes=5, why="its floor is heated")
    assert plant.number("user_sp_salon") == 22.0


def test_floors_take_turns(plant: Plant, app: AppDaemon) -> None:
    plant.warm(**dict.fromkeys(FF, 17.0))
    plant.until(lambda: plant.state() == "HEAT_FF", minutes=45, why="the colder floor takes over")
    plant.until(lambda: plant.opened() == FF, minutes=5, why="in mild weather all its rooms are open")
    plant.warm(**dict.fromkeys(GF, 14.0))
    plant.until(lambda: plant.state() == "HEAT_GF", minutes=45, why="the other floor takes over")
    plant.until(lambda: plant.opened() == GF, minutes=5, why="all its rooms are open")


def test_the_number_of_rooms_follows_the_weather(plant: Plant, app: AppDaemon) -> None:
    plant.outdoor_c = -8.0
    plant.until(lambda: len(plant.opened()) == 1, minutes=5, why="one room in the cold")
    plant.outdoor_c = 0.0
    plant.until(lambda: len(plant.opened()) == 2, minutes=5, why="two rooms between the two temperatures")
    plant.outdoor_c = 8.0
    plant.until(lambda: len(plant.opened()) == 3, minutes=5, why="all rooms when it is mild")


def test_a_killed_app_takes_up_where_it_left_off(plant: Plant, app: AppDaemon) -> None:
    before = (plant.state(), plant.states["input_datetime.last_pump_on"]["state"])
    starts, counted = plant.number("pump_starts_today"), plant.number("pump_on_minutes_today")
    app.kill()
    plant.wait(30)
    mark = len(app.log())
    app.start()
    app.wait_for("[START] 7 rooms, state HEAT_GF", after=mark)
    started = plant.now()
    app.wait_for("[DECISION]", after=mark)
    assert (plant.state(), plant.states["input_datetime.last_pump_on"]["state"]) == before
    assert plant.number("pump_starts_today") == starts
    # Helpers are written after the line in the log, and are not waited for.
    plant.until(lambda: plant.number("pump_on_minutes_today") > counted, minutes=10, why="counts again")
    since_min = (plant.now() - started).total_seconds() / 60.0
    more = plant.number("pump_on_minutes_today") - counted
    assert more <= since_min + 5.0, "the half hour without the app is not counted"
    assert "[PUMP]" not in app.log()[mark:]


def test_the_off_window_waits_for_the_minimum_run_and_never_starts(plant: Plant, app: AppDaemon) -> None:
    begins = plant.now() + timedelta(minutes=12)
    ran_min = (plant.now() - last_edge(plant, PUMP, "on")).total_seconds() / 60.0
    assert ran_min + 30.0 <= 240.0
    plant.call("input_number.set_value", entity_id="input_number.min_pump_on_min", value=round(ran_min) + 30)
    for name, at in (("start", begins), ("end", begins + timedelta(minutes=90))):
        plant.call(
            "input_datetime.set_datetime",
            entity_id=f"input_datetime.off_window_{name}",
            time=f"{at:%H:%M:00}",
        )
    plant.until(lambda: plant.state() == "OFF_LOCKOUT", minutes=20, why="the off window begins")
    assert plant.pump_on(), "the minimum run is not over"
    minimum_at = last_edge(plant, PUMP, "on") + timedelta(minutes=round(ran_min) + 30)
    plant.until(lambda: not plant.pump_on(), minutes=40, why="the pump stops when its minimum run is over")
    pressed = last_edge(plant, BUTTON)
    assert timedelta(minutes=-0.5) <= pressed - minimum_at <= timedelta(minutes=4)
    plant.until(lambda: plant.opened() == set(), minutes=5, why="all rooms are parked after the stop")
    plant.until(lambda: plant.now() >= begins + timedelta(minutes=88), minutes=90, why="time passes")
    assert not plant.pump_on()
    assert not [e for e in plant.events if e.entity == PUMP and e.state == "on" and e.at >= begins]
    plant.until(plant.pump_on, minutes=12, why="the demand is served after the off window")
    plant.call("input_number.set_value", entity_id="input_number.min_pump_on_min", value=20)


def test_the_quota_is_met_and_then_the_pump_rests(plant: Plant, app: AppDaemon) -> None:
    plant.warm(**dict.fromkeys(FLOORS, 24.0))
    hours = (plant.number("pump_on_minutes_today") + 30.0) / 60.0
    plant.call("input_number.set_value", entity_id="input_number.dhw_min_run_hours", value=hours)
    plant.until(lambda: plant.state() == "DHW_QUOTA", minutes=8, why="warm rooms leave the boiler")
    plant.until(lambda: not plant.pump_on(), minutes=50, why="the quota is met")
    assert 0.0 <= plant.number("pump_on_minutes_today") - hours * 60.0 <= 6.0
    plant.until(lambda: plant.state() == "OFF", minutes=5, why="the state is shown")


def test_at_every_moment_one_floor_and_the_right_commands(plant: Plant, app: AppDaemon) -> None:
    """Judged over every announcement since the app's first arrangement."""
    setpoints: dict[str, float] = {}
    switches = []
    floor, arranged, both = None, False, 0
    for event in plant.events:
        if event.entity == "input_text.heat_state" and event.state in ("HEAT_GF", "HEAT_FF"):
            if floor not in {None, event.state}:
                switches.append(event.at)
            floor = event.state
        if not event.entity.startswith("climate.") or event.attributes.get("temperature") is None:
            continue
        setpoints[event.entity.removeprefix("climate.")] = float(event.attributes["temperature"])
        opened = {room for room, value in setpoints.items() if value > OFF_C}
        arranged |= len(setpoints) == len(FLOORS) and not opened
        both += arranged and bool(opened & GF) and bool(opened & FF)
    assert arranged
    assert both == 0, "rooms of both floors were open"
    assert len(switches) >= 2
    gaps = [later - earlier for earlier, later in pairwise(switches)]
    assert all(gap >= timedelta(minutes=24) for gap in gaps), gaps
    stored = {e.state for e in plant.events if e.entity.startswith("input_number.user_sp_")}
    assert not stored & {"7", "7.0"}
    assert plant.states["input_boolean.forbidden_turn_off"]["state"] == "off", "switch.turn_off was used"
    assert "ERROR" not in app.log()
    assert "Traceback" not in app.log()


def test_a_thermostat_with_a_second_master_is_refused_by_name(plant: Plant, app: AppDaemon) -> None:
    app.kill()
    app.argue("radiator_climates: [climate.salon]")
    mark, sent = len(app.log()), len(plant.events)
    app.start()
    app.wait_for("[CONFIG] climate.salon is also driven by a radiator regulator", after=mark)
    plant.wait(5)
    assert "[START]" not in app.log()[mark:]
    assert not [e for e in plant.events[sent:] if e.entity in (PUMP, BUTTON)]


def last_edge(plant: Plant, entity: str, state: str | None = None) -> datetime:
    """When an entity last changed (to a state)."""
    return [e.at for e in plant.events if e.entity == entity and state in {None, e.state}][-1]
