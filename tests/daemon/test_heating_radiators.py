"""A simulated radiator room under the daemon's host: learns, airs, remembers, and is let go safely."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog.testing

from ohmstead.daemon.config.heating import HeatingSettings, RadiatorRoom, RoomAdapter
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.daemon.heating_radiators import RadiatorHost
from ohmstead.daemon.simulated_heating import SimulatedRadiators
from ohmstead.errors import DeviceError
from ohmstead.heating.room_controller import Command, Inputs
from ohmstead.web.schema import RadiatorRoomInfo
from tests.daemon.heating_homes import heated
from tests.daemon.virtual_time import VirtualTime

NIGHT = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)
KITCHEN = RadiatorRoom(id="kitchen", name="Kuchyn", adapter=RoomAdapter.SIMULATED, learning_cycles=3)
BEDROOM = RadiatorRoom(id="bedroom", adapter=RoomAdapter.SIMULATED)


@dataclass
class Home:
    host: HeatingHost
    clock: VirtualTime

    def room(self, number: int = 0) -> RadiatorHost:
        return self.host.radiators[number]

    def plant(self, number: int = 0) -> SimulatedRadiators:
        plant = self.room(number).plant
        assert isinstance(plant, SimulatedRadiators)
        return plant

    def told(self, number: int = 0) -> RadiatorRoomInfo:
        return self.host.payload().radiators[number]

    async def until(self, state: str, number: int = 0) -> None:
        for _ in range(6 * 60 * 24):
            if self.told(number).state == state:
                return
            await self.clock.run(timedelta(seconds=10))
        raise AssertionError(f"never {state}: {self.told(number)}")


@asynccontextmanager
async def rooms(
    path: Path, *settings: RadiatorRoom, start: datetime = NIGHT, dry_run: bool = False
) -> AsyncIterator[Home]:
    clock = VirtualTime(start)
    async with heated(HeatingSettings(radiators=settings), path, clock, dry_run=dry_run) as host:
        yield Home(host, clock)


async def test_it_learns_and_says_so_in_the_specified_words(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        async with rooms(tmp_path / "home.db", KITCHEN) as home:
            await home.clock.run(timedelta(minutes=1))
            first = home.told()
            assert (first.state, first.learning.complete, first.learning.needed_cycles) == ("IDLE", False, 3)
            await home.until("HEATING")
            heating = home.told()
            assert heating.cycle is not None
            assert (heating.cycle.mode, heating.cycle.stopped_at) == ("LEARNING", None)
            assert heating.next_at is not None
            await home.clock.run(timedelta(minutes=2))
            (valve,) = home.told().valves
            assert (valve.wanted, valve.setpoint_c, valve.follows) == ("open", 35.0, True)
            await home.clock.run(timedelta(hours=8))
            told = home.told()
            assert told.learning.complete
            assert told.learning.avg_duration_s is not None
            assert len(told.last_cycles) >= 3
            assert told.last_cycles[0].ended_at > told.last_cycles[1].ended_at
    said = [line["event"] for line in lines]
    assert "TRV [Kuchyn]: IDLE → HEATING" in said
    assert "TRV [Kuchyn]: Started LEARNING cycle (0/3)" in said
    assert any(line.startswith("TRV [Kuchyn]: LEARNING COMPLETE! avg_duration=") for line in said)


async def test_what_was_learned_outlives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    async with rooms(path, KITCHEN) as home:
        await home.clock.run(timedelta(hours=8))
        before, end = home.told(), home.clock.now()
        assert before.learning.valid_cycles >= 3
        air_c = home.plant().room.heat.air_c
    async with rooms(path, KITCHEN, start=end + timedelta(minutes=1)) as home:
        after = home.told()
        assert home.plant().room.heat.air_c == pytest.approx(air_c, abs=0.2)
        assert after.learning == before.learning
        assert after.last_cycles == before.last_cycles


async def test_learning_can_be_reset_for_good(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    async with rooms(path, KITCHEN) as home:
        await home.clock.run(timedelta(hours=8))
        before, end = home.told().learning, home.clock.now()
        assert home.host.reset_learning("kitchen") == before
        assert home.told().learning.valid_cycles == 0
        with pytest.raises(KeyError):
            home.host.reset_learning("sauna")
    async with rooms(path, KITCHEN, start=end) as home:
        assert home.told().learning.valid_cycles == 0


async def test_airing_shuts_the_valve_and_the_next_heating_is_marked(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN) as home:
        await home.until("HEATING")
        home.plant().set_window(is_open=True)
        await home.clock.run(timedelta(seconds=100))
        assert home.told().state == "HEATING"
        await home.clock.run(timedelta(seconds=60))
        told = home.told()
        assert (told.state, told.window_open) == ("VENT", True)
        await home.clock.run(timedelta(minutes=2))
        assert home.plant().room.valve.setpoint_c == 5.0
        home.plant().set_window(is_open=False)
        await home.until("HEATING")
        cycle = home.told().cycle
        assert cycle is not None
        assert (cycle.mode, cycle.invalid) == ("POST-VENT", "post-vent")


async def test_a_valve_turned_by_hand_is_set_right(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN) as home:
        await home.clock.run(timedelta(minutes=2))
        home.plant().room.valve.turn("off", 22.0)
        await home.clock.run(timedelta(minutes=2))
        valve = home.plant().room.valve
        assert (valve.mode, valve.setpoint_c) == ("heat", 5.0)


async def test_on_leaving_valves_are_given_back_at_what_people_want(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN) as home:
        await home.until("HEATING")
        await home.clock.run(timedelta(minutes=1))
        valve = home.plant().room.valve
        assert valve.setpoint_c == 35.0
    valve.move(1e9, 10.0, 20.0)
    assert (valve.mode, valve.setpoint_c) == ("heat", 20.5)


async def test_a_valve_that_fails_does_not_stop_the_other_room(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN, BEDROOM) as home:

        async def out_of_order(command: Command) -> None:
            raise DeviceError(f"{command.trv_id}: out of order")

        home.plant(0).send = out_of_order  # type: ignore[method-assign]
        await home.clock.run(timedelta(hours=4))
        assert home.plant(0).room.valve.opened == 0
        assert home.plant(1).room.valve.opened >= 1


async def test_a_room_whose_program_ends_is_told_and_the_other_goes_on(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN, BEDROOM) as home:
        await home.clock.run(timedelta(minutes=1))

        async def broken(now: datetime) -> None:
            raise ZeroDivisionError

        home.plant(0).refresh = broken  # type: ignore[method-assign]
        with structlog.testing.capture_logs() as lines:
            await home.clock.run(timedelta(hours=4))
        assert [line["room"] for line in lines if line["event"] == "heating_ended"] == ["kitchen"]
        assert any("kitchen: is not regulated" in w.message for w in home.host.warnings())
        assert list(home.host.failing()) == ["kitchen"]
        assert home.plant(1).room.valve.opened >= 1


async def test_a_sensor_that_falls_silent_is_told_and_the_valve_shut(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN) as home:
        await home.until("HEATING")
        await home.clock.run(timedelta(minutes=1))
        assert home.host.failing() == {}
        whole = home.plant().inputs

        def blind() -> Inputs:
            return replace(whole(), temperature_c=None)

        home.plant().inputs = blind  # type: ignore[method-assign]
        await home.clock.run(timedelta(minutes=4))
        assert home.told().state == "ERROR"
        assert "no temperature" in home.host.failing()["kitchen"]
        assert home.plant().room.valve.setpoint_c == 5.0


async def test_in_a_dry_run_no_valve_moves(tmp_path: Path) -> None:
    async with rooms(tmp_path / "home.db", KITCHEN, dry_run=True) as home:
        await home.clock.run(timedelta(hours=4))
        valve = home.plant().room.valve
        assert home.told().state == "HEATING"
        assert (valve.opened, valve.setpoint_c) == (0, 5.0)
    valve.move(1e9, 10.0, 20.0)
    assert valve.setpoint_c == 5.0
