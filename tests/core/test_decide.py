"""Which setpoints are worth a command."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.state import ChargePointState, Reading
from tests.core.world import BATTERY, CAR, NOON, Bench, a_site

STEP_W = 0.25 * 230.0 * 3
"""A quarter of an ampere on three phases."""


def asked(bench: Bench, at_s: float, power_w: float, base_w: float = 500.0) -> bool:
    """Whether a power that is asked for by hand is sent."""
    bench.engine.command(ManualCommand(asset="car", power_w=power_w))
    third = base_w / 3
    return bench.cycle(at_s, phases_base_w=(third, third, third))["car"].send


def test_small_changes_are_not_sent_but_add_up() -> None:
    bench = Bench(a_site(CAR))
    sent = [
        asked(bench, 10.0 * i, power_w)
        for i, power_w in enumerate(
            [6000.0, 6000.0, 6000.0 + STEP_W - 1, 6000.0 - STEP_W + 1, 6000.0 + STEP_W, 6001.0 + STEP_W]
        )
    ]
    assert sent == [True, False, False, False, True, False]


def test_off_and_on_are_always_sent() -> None:
    bench = Bench(a_site(BATTERY))
    for at_s, base_w, sent in [(0, 20.0, True), (10, 12.0, False), (20, 0.0, True), (30, 12.0, True)]:
        assert bench.cycle(at_s, base_w)["battery"].send is sent, at_s


def test_a_limit_is_followed_downwards_however_small_the_step() -> None:
    bench = Bench(a_site(CAR))
    assert asked(bench, 0, 11_040.0, base_w=3 * 5000.0)
    assert asked(bench, 60, 11_040.0, base_w=3 * 5010.0)
    assert not asked(bench, 120, 11_040.0, base_w=3 * 5000.0)


@pytest.mark.parametrize(("after_s", "sent"), [(299, False), (300, True)])
def test_a_command_is_repeated_because_devices_forget(after_s: float, sent: bool) -> None:
    bench = Bench(a_site(CAR))
    asked(bench, 0, 6000.0)
    assert asked(bench, after_s, 6000.0) is sent
    assert bench.engine.memory.of("car").commanded_at == NOON + timedelta(seconds=after_s if sent else 0)


def test_a_car_that_does_not_start_is_told_again_sooner() -> None:
    bench = Bench(a_site(CAR))
    asleep = ChargePointState(id="car", connected=True, power_w=Reading(value=0.0))
    bench.engine.command(ManualCommand(asset="car", power_w=6000.0))
    sent = [at_s for at_s in range(0, 150, 5) if bench.cycle(at_s, 500.0, car=asleep)["car"].send]
    assert sent == [0, 45, 90, 135]
