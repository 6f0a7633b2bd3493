"""What is carried from cycle to cycle: copies, a clock that is set back, who obeys."""

from __future__ import annotations

from datetime import timedelta

from ohmstead.core.flexibility import Flexibility, flexibility
from ohmstead.core.memory import AssetMemory, ManualCommand, Memory
from ohmstead.core.obedience import ignores, watch
from ohmstead.core.state import ChargePointState, Reading
from tests.core.world import CAR, NOON

LATER = NOON + timedelta(hours=1)


def test_a_copy_shares_nothing_that_can_change() -> None:
    memory = Memory(assets={"car": AssetMemory(commanded_w=1.0)})
    memory.manual["car"] = ManualCommand(asset="car", power_w=1.0)
    copy = memory.copy()
    assert copy == memory
    copy.of("car").commanded_w = 2.0
    copy.of("tank").full = True
    copy.manual.clear()
    assert memory.of("car").commanded_w == 1.0
    assert set(memory.assets) == {"car"}
    assert set(memory.manual) == {"car"}


def test_after_the_clock_was_set_back_no_timer_lies_ahead() -> None:
    memory = Memory(
        planned_at=LATER,
        assets={
            "car": AssetMemory(
                commanded_at=LATER,
                on_since=LATER,
                off_since=NOON - timedelta(hours=1),
                stepped_down_at=LATER,
                surplus_since=LATER,
                lack_since=LATER,
                sanitised_at=LATER,
                recent=((NOON, 1.0), (LATER, 2.0)),
            )
        },
    )
    back = memory.rebased(NOON)
    car = back.of("car")
    assert back.planned_at is None
    assert car.off_since == NOON - timedelta(hours=1)
    assert car.recent == ((NOON, 1.0),)
    since = (car.commanded_at, car.on_since, car.stepped_down_at, car.surplus_since, car.lack_since)
    assert {*since, car.sanitised_at} == {NOON}
    assert memory.of("car").on_since == LATER


def charger() -> Flexibility:
    found = flexibility(CAR, ChargePointState(id="car", connected=True))
    assert found is not None
    return found


def watched(memory: AssetMemory, *measured_w: float | None, age_s: float) -> AssetMemory:
    for i, power_w in enumerate(measured_w):
        watch(memory, charger(), Reading(value=power_w), NOON + timedelta(seconds=age_s + i))
    return memory


def test_what_a_device_takes_counts_only_after_its_reaction_time() -> None:
    for told_w, takes_w, at_most_w, at_least_w in [
        (8000.0, 5000.0, 5000.0, None),
        (8000.0, 7950.0, None, None),
        (8000.0, 9000.0, None, 9000.0),
        (0.0, 3000.0, None, 3000.0),
        (-3000.0, -100.0, None, None),
    ]:
        memory = AssetMemory(commanded_w=told_w, commanded_at=NOON)
        watched(memory, takes_w, age_s=20)
        assert (memory.at_most_w, memory.at_least_w) == (None, None)
        watched(memory, takes_w, age_s=21)
        assert (memory.at_most_w, memory.at_least_w) == (at_most_w, at_least_w)


def test_it_is_forgotten_as_soon_as_the_device_follows() -> None:
    tapering = AssetMemory(commanded_w=8000.0, commanded_at=NOON, at_most_w=5000.0)
    assert watched(tapering, 5200.0, age_s=1).at_most_w is None
    stopped = AssetMemory(commanded_w=0.0, commanded_at=NOON, at_most_w=5000.0)
    assert watched(stopped, 0.0, age_s=1).at_most_w is None
    stuck = AssetMemory(commanded_w=0.0, commanded_at=NOON, at_least_w=5000.0)
    assert watched(stuck, 0.0, age_s=1).at_least_w is None


def test_a_missing_reading_changes_nothing() -> None:
    memory = AssetMemory(commanded_w=8000.0, commanded_at=NOON, at_most_w=5000.0)
    assert watched(memory, None, age_s=100).at_most_w == 5000.0


def test_recent_powers_reach_back_over_the_meters_delay_and_one_more() -> None:
    memory = watched(AssetMemory(), *[float(i) for i in range(20)], age_s=0)
    assert [w for _, w in memory.recent] == [13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0]
    watch(memory, charger(), Reading(value=99.0), LATER)
    assert [w for _, w in memory.recent] == [99.0]


def test_who_does_not_follow_at_all() -> None:
    assert ignores(AssetMemory(commanded_w=0.0, at_least_w=3000.0), 3000.0)
    assert ignores(AssetMemory(commanded_w=6000.0), 0.0)
    assert not ignores(AssetMemory(commanded_w=6000.0, at_most_w=3000.0), 3000.0)
    assert not ignores(AssetMemory(commanded_w=6000.0), None)
    assert not ignores(AssetMemory(), 0.0)
