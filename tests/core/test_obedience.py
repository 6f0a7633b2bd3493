"""Devices that do not do as they are told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ohmstead.core.memory import AssetMemory, ManualCommand
from ohmstead.core.obedience import FLAGGED_AFTER, count, disobeys, retry_s
from ohmstead.core.site import GridConnection
from tests.core.world import BATTERY, CAR, TANK, Plant, Wire, a_site


def stuck_charger(*, until_s: float = 1e9) -> Plant:
    """A charger that takes 6 kW whatever it is told, until it comes back to its senses."""
    clock = {"t": 0.0}

    def household(t: float) -> tuple[float, float, float]:
        clock["t"] = t
        return (200.0, 200.0, 200.0)

    plant = Plant(
        site=a_site(BATTERY, CAR, TANK, grid=GridConnection(fuse_a=25.0)),
        household=household,
        wires={"car": Wire(), "battery": Wire(delay_s=1.0), "tank": Wire(shares=(1.0, 0.0, 0.0))},
    )
    plant.wires["car"].takes = lambda told_w: 6000.0 if 320.0 <= clock["t"] < until_s else told_w
    plant.engine.command(ManualCommand(asset="car", power_w=6000.0))
    plant.run(320)
    plant.engine.command(ManualCommand(asset="car", power_w=0.0))
    return plant


def test_it_is_told_again_ever_more_slowly_and_flagged_after_two() -> None:
    plant = stuck_charger()
    plant.run(80)
    assert not plant.engine.disobedient
    plant.run(1220)
    sent_at = [5 * i for i, sent in enumerate(plant.commands) if sent.get("car") == 0.0]
    gaps = [b - a for a, b in pairwise(sent_at)]
    assert gaps[:4] == [45, 75, 135, 315]
    assert set(gaps[4:]) <= {315}
    assert plant.engine.disobedient == ("car",)
    assert plant.engine.memory.of("car").ignored >= FLAGGED_AFTER


def test_the_fuse_counts_it_as_a_load_that_nobody_controls() -> None:
    plant = stuck_charger().run(300)
    plant.engine.command(ManualCommand(asset="tank", power_w=3000.0))
    plant.run(100)
    # 24.5 A on L1, less the household and the third of what the charger takes.
    assert plant.powers_w[-1]["tank"] <= 24.5 * 230.0 - 200.0 - 2000.0 + 1.0
    assert plant.powers_w[-1]["tank"] > 2900.0


def test_one_that_follows_again_is_no_longer_flagged() -> None:
    plant = stuck_charger(until_s=900.0).run(400)
    assert plant.engine.disobedient == ("car",)
    plant.run(600)
    assert not plant.engine.disobedient
    assert plant.powers_w[-1]["car"] == 0.0


def test_taking_less_is_no_disobedience() -> None:
    plant = Plant(
        site=a_site(CAR),
        household=lambda t: (200.0, 200.0, 200.0),
        wires={"car": Wire(takes=lambda told_w: 0.0)},
    )
    plant.engine.command(ManualCommand(asset="car", power_w=6000.0))
    plant.run(1500)
    assert plant.engine.disobedient == ()


@pytest.mark.parametrize(("ignored", "waits_s"), [(0, 30.0), (1, 60.0), (2, 120.0), (3, 300.0), (9, 300.0)])
def test_how_long_it_waits(ignored: int, waits_s: float) -> None:
    memory = AssetMemory(ignored=ignored)
    assert retry_s(memory) == waits_s
    assert disobeys(memory) is (ignored >= 2)


def test_a_command_that_had_no_time_yet_does_not_count() -> None:
    memory = AssetMemory(at_least_w=6000.0)
    count(memory, waited_s=15.0, reaction_s=15.0)
    assert memory.ignored == 0
    count(memory, waited_s=21.0, reaction_s=15.0)
    assert memory.ignored == 1
