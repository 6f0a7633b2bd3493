"""The acceptance list, each line through the real Home Assistant core."""

from __future__ import annotations

from collections.abc import Callable

from conftest import DOOR, TRV, TRV_2, Room

ON, OFF = ("heat", 35.0), ("heat", 5.0)
Lines = Callable[[], list[str]]


async def test_below_the_hysteresis_it_heats(room: Room, lines: Lines) -> None:
    await room.setup()
    assert room.state() == "idle"
    assert room.valve() == OFF, "off is heat at 5 °C"
    await room.temperature(20.71)
    assert room.state() == "idle"
    await room.temperature(20.7)
    assert room.state() == "heating"
    assert room.valve() == ON
    assert lines()[:2] == ["TRV [Kuchyn]: IDLE → HEATING", "TRV [Kuchyn]: Started LEARNING cycle (0/10)"]


async def test_learning_stops_at_the_target(room: Room, lines: Lines) -> None:
    await room.setup()
    await room.temperature(20.7)
    await room.wait(600)
    await room.temperature(21.0)
    assert room.state() == "cooldown"
    assert room.valve() == OFF
    assert "TRV [Kuchyn]: Heating stopped after 600s, entering COOLDOWN" in lines()


async def test_learned_stops_before_the_target(room: Room, lines: Lines) -> None:
    await room.setup(learning_cycles=2)
    await room.cycle()
    await room.cycle()
    assert "TRV [Kuchyn]: LEARNING COMPLETE! avg_duration=600s, time_offset=120s" in lines()
    await room.temperature(20.7)
    await room.wait(450)
    assert room.state() == "heating"
    await room.temperature(20.8)
    await room.wait(30)
    assert room.state() == "cooldown"
    assert room.valve() == OFF


async def test_cooldown_ends_after_20_minutes(room: Room, lines: Lines) -> None:
    await room.setup()
    await room.temperature(20.7)
    await room.wait(600)
    await room.temperature(21.0)
    await room.wait(1199)
    assert room.state() == "cooldown"
    await room.wait(1)
    assert room.state() == "idle"
    assert lines()[-2:] == [
        "TRV [Kuchyn]: COOLDOWN → IDLE",
        "TRV [Kuchyn]: Cycle finished - duration=600s, overshoot=0.00°C, valid=true",
    ]


async def test_a_window_open_for_10_s_changes_nothing(room: Room) -> None:
    await room.setup()
    await room.temperature(20.5)
    await room.window("on")
    await room.wait(10)
    await room.window("off")
    await room.wait(300)
    assert room.state() == "heating"


async def test_a_window_open_for_3_min_stops_heating(room: Room) -> None:
    await room.setup()
    await room.temperature(20.5)
    await room.window("on")
    await room.wait(180)
    assert room.state() == "vent"
    assert room.valve() == OFF


async def test_after_airing_it_heats_to_the_target_and_does_not_learn(room: Room, lines: Lines) -> None:
    await room.setup()
    await room.window("on")
    await room.wait(180)
    await room.window("off")
    assert room.state() == "idle"
    state = room.hass.states.get("sensor.kuchyn_state")
    assert state is not None
    assert state.attributes["post_vent"]
    assert state.attributes["trv_entities"], "other programs read here which valves are taken"
    await room.temperature(19.0)
    await room.wait(1800)
    assert room.state() == "heating"
    await room.temperature(21.0)
    assert room.state() == "cooldown"
    await room.wait(1200)
    assert lines()[-2].endswith("overshoot=0.00°C, valid=false")
    state = room.hass.states.get("sensor.kuchyn_state")
    assert state is not None
    assert not state.attributes["post_vent"]


async def test_a_valve_switched_off_by_hand_is_overwritten(room: Room) -> None:
    await room.setup()
    await room.temperature(20.5)
    await room.wait(60)
    await room.hass.services.async_call(
        "climate", "set_hvac_mode", {"entity_id": TRV, "hvac_mode": "off"}, blocking=True
    )
    await room.wait(30)
    assert room.valve() == ON


async def test_one_of_several_windows_is_enough(room: Room) -> None:
    await room.setup()
    await room.window("on", DOOR)
    await room.wait(180)
    assert room.state() == "vent"


async def test_a_valve_that_is_not_enabled_is_left_alone(room: Room) -> None:
    await room.setup(data={"trv_entities": [TRV, TRV_2]}, enabled_trvs=[TRV])
    before = room.valve(TRV_2)
    await room.temperature(20.5)
    await room.wait(600)
    assert room.valve() == ON
    assert room.valve(TRV_2) == before
