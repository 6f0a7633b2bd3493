"""A simulated house in real time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.state import BatteryState
from ohmstead.daemon.live_plant import LONGEST_CATCH_UP, PLANT_STATE, LivePlant

START = datetime(2027, 1, 15, 9, 30, 12, tzinfo=UTC)
"""Any date will do: the house lives in a typical year."""


@dataclass
class SetClock:
    """A clock that stands where it is put."""

    at: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.at


def test_the_house_moves_with_the_clock() -> None:
    clock = SetClock()
    plant = LivePlant.start(clock)
    plant.command("battery", 2000.0)
    clock.at += timedelta(minutes=5)
    state = plant.read_asset("battery")
    assert plant.house.now == clock.at
    assert state.power_w.value == pytest.approx(2000.0, rel=0.05)
    at = plant.read_grid().power_w.at
    assert at is not None
    assert timedelta(0) <= clock.at - at < timedelta(seconds=30)


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(days=40)])
def test_a_clock_that_is_set_does_not_make_readings_old(jump: timedelta) -> None:
    clock = SetClock()
    plant = LivePlant.start(clock)
    clock.at += timedelta(minutes=1)
    plant.read_grid()
    house_at = plant.house.now
    clock.at += jump
    at = plant.read_grid().power_w.at
    assert at is not None
    assert timedelta(0) <= clock.at - at < timedelta(seconds=30)
    assert timedelta(0) <= plant.house.now - house_at <= LONGEST_CATCH_UP
    moved = plant.house.now
    clock.at += timedelta(seconds=30)
    plant.read_grid()
    assert plant.house.now - moved == timedelta(seconds=30)


def test_a_stored_house_goes_on() -> None:
    clock = SetClock()
    plant = LivePlant.start(clock)
    plant.command("battery", 3000.0)
    clock.at += timedelta(minutes=30)
    before = plant.read_asset("battery")
    stored = plant.states()[PLANT_STATE]
    assert isinstance(before, BatteryState)
    assert before.soc.value is not None
    again = LivePlant.start(clock, stored).read_asset("battery")
    assert again == before
    clock.at += timedelta(minutes=30)
    later = LivePlant.start(clock, stored).read_asset("battery")
    assert isinstance(later, BatteryState)
    assert later.soc.value is not None
    assert later.soc.value > before.soc.value + 0.1


@pytest.mark.parametrize("stored", [b"", b"[]", b'{"at": "2027-01-15"}', b'{"house": {"format": 0}}'])
def test_a_stored_house_that_cannot_be_used_is_a_new_one(stored: bytes) -> None:
    clock = SetClock()
    assert LivePlant.start(clock, stored).read_grid() == LivePlant.start(clock).read_grid()
