"""Two simulated floors under the daemon's host: exclusive, remembered, and undisturbed by one bad room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog.testing

from ohmstead.daemon.config.heating import FloorHeating, HeatingSettings, RoomAdapter
from ohmstead.daemon.heating_floors import STATE, FloorHost
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.daemon.simulated_heating import SimulatedFloors, with_rooms
from ohmstead.heating.heat_orchestrator import Floor
from ohmstead.recorder import Recorder
from ohmstead.simulator.floor_house import FloorFault
from tests.daemon.heating_homes import heated
from tests.daemon.virtual_time import VirtualTime

NOON = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)
SEVEN = with_rooms(FloorHeating(adapter=RoomAdapter.SIMULATED))
FLOORS = HeatingSettings(floors=SEVEN)


@dataclass
class Home:
    host: HeatingHost
    clock: VirtualTime

    @property
    def floors(self) -> FloorHost:
        assert self.host.floors is not None
        return self.host.floors

    @property
    def plant(self) -> SimulatedFloors:
        assert isinstance(self.floors.plant, SimulatedFloors)
        return self.floors.plant

    def opened(self) -> set[Floor]:
        house = self.plant.house
        return {r.spec.floor for r in house.rooms.values() if r.setpoint_c > 7.0}


@asynccontextmanager
async def floors(
    path: Path, *, start: datetime = NOON, settings: HeatingSettings = FLOORS, dry_run: bool = False
) -> AsyncIterator[Home]:
    clock = VirtualTime(start)
    async with heated(settings, path, clock, dry_run=dry_run) as host:
        yield Home(host, clock)


async def pass_watching(home: Home, minutes: int, look: Callable[[], None]) -> None:
    for _ in range(minutes * 6):
        await home.clock.run(timedelta(seconds=10))
        look()


async def test_one_floor_at_a_time_and_the_pump_for_it(tmp_path: Path) -> None:
    async with floors(tmp_path / "home.db") as home:
        # As found, every thermostat is at what its user wants: nothing is told apart before the first step.
        await home.clock.run(timedelta(minutes=1))
        seen: list[set[Floor]] = []
        await pass_watching(home, 90, lambda: seen.append(home.opened()))
        assert all(len(opened) <= 1 for opened in seen)
        assert home.plant.house.starts == 1
        told = home.host.payload().floors
        assert told is not None
        assert told.pump_on is True
        assert told.pump_on_min_today == pytest.approx(90.0, abs=2.0)
        assert told.state in ("HEAT_GF", "HEAT_FF", "DHW_QUOTA")
        assert len(told.rooms) == 7
        assert told.off_window == ("01:00", "06:00")


async def test_a_wish_at_the_thermostat_is_kept_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    async with floors(path) as home:
        await home.clock.run(timedelta(minutes=5))
        assert home.plant.house.set_temperature("sypialnia", 22.5, person=True)
        await home.clock.run(timedelta(minutes=2))
        assert home.floors.memory.rooms["sypialnia"].user_c == 22.5
        before = home.floors.memory
        end = home.clock.now()
    async with floors(path, start=end + timedelta(minutes=1)) as home:
        told = home.host.payload().floors
        after = home.floors.memory
        assert after.rooms["sypialnia"].user_c == 22.5
        assert after.state is before.state
        assert home.plant.house.pump_on, "the simulated house goes on too"
        assert after.last_pump_on == before.last_pump_on
        assert after.pump_starts == 1
        assert after.pump_on_min >= before.pump_on_min
        await home.clock.run(timedelta(minutes=1))
        told = home.host.payload().floors
        assert told is not None
        assert next(r for r in told.rooms if r.id == "sypialnia").target_c == 22.5


async def test_a_target_changed_in_the_file_counts_as_set(tmp_path: Path) -> None:
    path = tmp_path / "home.db"

    def salon(target_c: float) -> HeatingSettings:
        rooms = tuple(replace(r, target_c=target_c) if r.id == "salon" else r for r in SEVEN.rooms)
        return HeatingSettings(floors=replace(SEVEN, rooms=rooms))

    async def wish(settings: HeatingSettings, *, by_hand_c: float | None = None) -> float | None:
        async with floors(path, settings=settings) as home:
            await home.clock.run(timedelta(minutes=1))
            if by_hand_c is not None:
                home.plant.house.set_temperature("salon", by_hand_c, person=True)
                await home.clock.run(timedelta(minutes=1))
            return home.floors.memory.rooms["salon"].user_c

    assert await wish(salon(21.0)) == 21.0
    assert await wish(salon(21.0), by_hand_c=20.0) == 20.0
    assert await wish(salon(21.0)) == 20.0, "what a person set outlives a restart"
    assert await wish(salon(22.0)) == 22.0, "what is changed in the file counts as set"


async def test_a_room_that_refuses_is_left_out_and_the_others_are_heated(tmp_path: Path) -> None:
    async with floors(tmp_path / "home.db") as home:
        home.plant.house.inject(FloorFault.REFUSES, "salon", duration_s=7200.0)
        await home.clock.run(timedelta(minutes=3))
        assert home.floors.memory.rooms["salon"].unmanaged_until is not None
        told = home.host.payload().floors
        assert told is not None
        others = [r for r in told.rooms if r.id != "salon"]
        assert all(r.unmanaged_until is None for r in others)
        await home.clock.run(timedelta(minutes=40))
        assert home.plant.house.starts == 1


async def test_an_unknown_pump_holds_everything(tmp_path: Path) -> None:
    async with floors(tmp_path / "home.db") as home:
        await home.clock.run(timedelta(minutes=10))
        home.plant.house.inject(FloorFault.SWITCH_UNKNOWN, duration_s=600.0)
        setpoints = {room: r.setpoint_c for room, r in home.plant.house.rooms.items()}
        await home.clock.run(timedelta(minutes=5))
        told = home.host.payload().floors
        assert told is not None
        assert (told.pump_on, told.reason_code) == (None, "pump_unavailable")
        assert "everything is held" in told.reason
        assert {room: r.setpoint_c for room, r in home.plant.house.rooms.items()} == setpoints


async def test_in_a_dry_run_nothing_is_commanded(tmp_path: Path) -> None:
    async with floors(tmp_path / "home.db", dry_run=True) as home:
        before = {room: r.setpoint_c for room, r in home.plant.house.rooms.items()}
        await home.clock.run(timedelta(minutes=30))
        assert {room: r.setpoint_c for room, r in home.plant.house.rooms.items()} == before
        assert home.plant.house.starts == 0


async def test_a_clock_set_back_does_not_stop_the_ticks(tmp_path: Path) -> None:
    async with floors(tmp_path / "home.db") as home:
        await home.clock.run(timedelta(minutes=10))
        counted = home.floors.memory.pump_on_min
        home.clock.jump(home.clock.now() - timedelta(hours=2))
        await home.clock.run(timedelta(minutes=10))
        assert home.floors.memory.pump_on_min > counted + 5.0


async def test_memory_that_cannot_be_read_is_told_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with Recorder.open(path) as recorder:
        recorder.save_state(STATE, b'{"memory": {"state": "DANCING"}, "helpers": 7}')
    with structlog.testing.capture_logs() as lines:
        async with floors(path) as home:
            await home.clock.run(timedelta(minutes=2))
            assert home.floors.status is not None
    assert "state_not_resumed" in [line["event"] for line in lines]


async def test_the_log_is_written_as_specified(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as lines:
        async with floors(tmp_path / "home.db") as home:
            await home.clock.run(timedelta(minutes=2))
    said = "\n".join(line["event"] for line in lines)
    assert "[DECISION] state=HEAT_" in said
    assert "reason=demand floor=" in said
    assert "[PUMP] ON reason=demand" in said
    assert "[ROOM] disable" in said
