"""An SG-Ready heat pump under the engine: asked by contacts, protected over restarts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.engine import Engine, replay
from ohmstead.core.memory import ManualCommand, Memory
from ohmstead.core.reason import Setpoint
from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import Asset, FlexibleLoad, GridConnection, HeatPump, Room, Site
from ohmstead.core.state import GridState, HeatPumpState, Reading, RoomState, SiteState
from tests.core.world import NOON

PUMP = HeatPump(id="pump", min_w=600.0, max_w=2500.0, rooms=("living",))
BLOCKED, NORMAL, _, FORCED = SgReady
HOUR = timedelta(hours=1)


class Living:
    """A pump that does what its contacts allow and else takes 900 W; time goes by in minutes."""

    def __init__(self, *, fuse_a: float = 35.0, room_c: float = 20.0, outdoor_c: float = 5.0) -> None:
        assets: tuple[Asset, ...] = (PUMP, Room(id="living"), FlexibleLoad(id="pool", max_w=0.0))
        self.site = Site(assets=assets, grid=GridConnection(fuse_a=fuse_a))
        self.engine = Engine(self.site)
        self.now = NOON
        self.room_c, self.outdoor_c = room_c, outdoor_c
        self.household_w = 300.0
        self.state = NORMAL

    def minute(self) -> Setpoint:
        """What the pump is told next; the cycle can be replayed."""
        power_w = {BLOCKED: 0.0, NORMAL: 900.0}.get(self.state, 2500.0)
        grid_w = self.household_w + power_w
        image = SiteState(
            at=self.now,
            grid=GridState(power_w=Reading(value=grid_w, at=self.now), phases_w=(grid_w / 3,) * 3),
            assets={
                "pump": HeatPumpState(
                    id="pump", power_w=Reading(value=power_w, at=self.now), running=power_w > 0, sg_ready=True
                ),
                "living": RoomState(id="living", temperature_c=Reading(value=self.room_c)),
            },
            outdoor_c=Reading(value=self.outdoor_c),
        )
        self.engine.observe(image)
        record = self.engine.step(self.now)
        assert replay(record, self.site, self.engine.settings).setpoints == record.setpoints
        (setpoint,) = (s for s in record.setpoints if s.asset == "pump")
        if setpoint.send and setpoint.sg_ready is not None:
            self.state = setpoint.sg_ready
        self.now += timedelta(minutes=1)
        return setpoint

    def until(self, end: datetime) -> list[Setpoint]:
        found = []
        while self.now < end:
            found.append(self.minute())
        return found

    def restart(self) -> None:
        """As after a power cut: what was stored with the last minute, out of JSON."""
        stored = json.dumps(to_data(self.engine.memory))
        self.engine = Engine(self.site, memory=from_data(Memory, json.loads(stored)))

    def by_hand(self, power_w: float) -> None:
        self.engine.command(ManualCommand(asset="pump", power_w=power_w))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_block_ends_after_two_hours_although_the_wish_stays_and_nothing_else_is_sent(
    restarted: bool,
) -> None:
    home = Living()
    home.until(NOON + HOUR)
    home.by_hand(0.0)
    first = home.now
    home.until(first + HOUR)
    assert home.state is BLOCKED
    if restarted:
        home.restart()
    home.until(first + 2 * HOUR)
    assert home.state is BLOCKED
    home.until(first + 2 * HOUR + timedelta(minutes=2))
    assert home.state is NORMAL
    assert home.now - first < timedelta(hours=2, minutes=5)


def test_three_blocks_a_day_are_counted_over_restarts() -> None:
    home, blocks = Living(), 0
    home.by_hand(0.0)
    before = NORMAL
    while home.now < NOON + 23 * HOUR:
        home.minute()
        blocks += home.state is BLOCKED and before is not BLOCKED
        before = home.state
        if home.now.minute == 30:
            home.restart()
    assert blocks == 3


def test_a_pump_that_goes_its_own_way_is_not_disobedient_and_is_not_told_again_and_again() -> None:
    home = Living()
    home.by_hand(0.0)
    home.until(NOON + 2 * HOUR + timedelta(minutes=5))
    assert home.state is NORMAL
    later = home.until(home.now + HOUR)
    assert not home.engine.disobedient
    assert sum(s.send for s in later) <= 13
    # What it takes counts for the fuses all the same.
    assert home.engine.memory.of("pump").at_least_w == 900.0


def test_a_pump_that_nobody_wants_anything_of_goes_on_as_usual() -> None:
    home = Living(room_c=22.5)
    home.until(NOON + HOUR)
    assert home.state is NORMAL


@pytest.mark.parametrize("outdoor_c", [5.0, -10.0])
def test_lines_without_room_block_it_in_frost_too_until_there_is_room_for_all_of_it(outdoor_c: float) -> None:
    home = Living(outdoor_c=outdoor_c, room_c=22.5)
    home.until(NOON + HOUR)
    home.household_w = 3 * 230.0 * 40.0
    home.until(home.now + timedelta(minutes=3))
    assert home.state is BLOCKED
    home.household_w = 3 * 230.0 * 35.0 - 1500.0
    home.until(home.now + timedelta(minutes=10))
    assert home.state is BLOCKED, "there is room for 1500 W, and it may take 2500"
    home.household_w = 300.0
    home.until(home.now + timedelta(minutes=3))
    assert home.state is NORMAL


def test_in_frost_nobody_blocks_it_by_hand() -> None:
    home = Living(outdoor_c=-10.0)
    home.by_hand(0.0)
    home.until(NOON + HOUR)
    assert home.state is NORMAL


def test_a_clock_that_is_set_back_does_not_forget_blocks() -> None:
    home = Living()
    home.by_hand(0.0)
    home.until(NOON + HOUR)
    home.now -= timedelta(minutes=90)
    start = home.now
    home.minute()
    remembered = home.engine.memory.of("pump").sg_ready
    assert remembered is not None
    assert len(remembered.blocks) == 1
    assert remembered.blocks[0] <= start
    assert remembered.since == start


def test_a_pump_without_contacts_is_told_a_power() -> None:
    home = Living()
    home.minute()
    state = home.engine._state
    assert state is not None
    pump = state.assets["pump"]
    assert isinstance(pump, HeatPumpState)
    home.engine.observe(replace(state, assets={**state.assets, "pump": replace(pump, sg_ready=False)}))
    record = home.engine.step(home.now)
    assert [s.sg_ready for s in record.setpoints if s.asset == "pump"] == [None]


def test_full_power_by_hand_is_a_forced_start() -> None:
    home = Living()
    home.minute()
    home.by_hand(2500.0)
    home.until(home.now + timedelta(minutes=30))
    assert home.state is FORCED
