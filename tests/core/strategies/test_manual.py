"""Commands by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import Circuit, Site
from ohmstead.core.state import ChargePointState, LoadState, PvState, Reading, TankState
from tests.core.world import (
    BATTERY,
    CAR,
    COMFORTABLE,
    EVERYTHING,
    LIVING,
    NOON,
    POOL,
    PV,
    TANK,
    Bench,
    Why,
    a_site,
    why,
)


def test_a_command_holds_against_surplus_and_balance_until_it_expires() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    for asset in ("battery", "car"):
        bench.engine.command(ManualCommand(asset=asset, power_w=0.0, until=NOON + timedelta(seconds=120)))
    for at_s in (0, 60, 119):
        out = bench.cycle(at_s, -9000.0)
        assert {a: why(s) for a, s in out.items()} == {
            "battery": Why(0, Rule.MANUAL),
            "car": Why(0, Rule.MANUAL),
        }
    out = bench.cycle(120, -9000.0)
    assert why(out["car"]) == Why(9000, Rule.SURPLUS)
    assert not bench.engine.memory.manual


def test_a_small_command_is_not_raised_by_the_sun() -> None:
    bench = Bench(a_site(BATTERY))
    bench.engine.command(ManualCommand(asset="battery", power_w=1000.0))
    assert why(bench.cycle(0, -4000.0)["battery"]) == Why(1000, Rule.MANUAL)


def test_the_battery_does_not_serve_a_car_that_is_charged_by_hand() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    for at_s in (0, 10, 20, 100):
        out = bench.cycle(at_s, phases_base_w=(200.0, 200.0, 200.0))
        assert why(out["car"]) == Why(11_040, Rule.MANUAL)
        assert out["battery"].power_w == pytest.approx(-600.0)


def test_the_sun_goes_to_the_car_before_anything_is_bought() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    for at_s in (0, 10, 20):
        out = bench.cycle(at_s, -5000.0)
        assert out["car"].power_w == pytest.approx(11_040.0)
        assert out["battery"].power_w == pytest.approx(0.0)


def test_what_a_fuse_cuts_off_a_car_is_not_bought_for_the_battery() -> None:
    garage = Circuit(id="garage", fuse_a=10.0, assets=("car",))
    bench = Bench(Site(assets=(BATTERY, CAR), circuits=(garage,)))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    out = bench.cycle(0, -5000.0)
    assert out["car"].power_w == pytest.approx(3 * 9.5 * 230.0)
    assert out["battery"].power_w == pytest.approx(0.0)


def test_legionella_overrules_a_tank_that_was_turned_off_by_hand() -> None:
    bench = Bench(a_site(TANK))
    bench.engine.command(ManualCommand(asset="tank", power_w=0.0))
    bench.cycle(0)
    bench.states["tank"] = TankState(id="tank", temperature_c=Reading(value=40.0))
    assert why(bench.cycle(600)["tank"]) == Why(0, Rule.MANUAL)
    assert why(bench.cycle(7 * 86_400 + 1)["tank"]) == Why(3000, Rule.LEGIONELLA)


def test_a_command_for_an_offline_charger_waits_for_it() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=22_000.0))
    assert bench.cycle(0, car=ChargePointState(id="car", online=False)) == {}
    assert bench.cycle(10, car=ChargePointState(id="car", connected=True, fault="ground fault")) == {}
    bench.states["car"] = COMFORTABLE["car"]
    assert why(bench.cycle(20)["car"]) == Why(11_040, Rule.MANUAL, Limit.DEVICE, 22_000)


def test_commands_for_what_only_obeys_limits_are_cut_to_what_it_can() -> None:
    bench = Bench(a_site(POOL, PV))
    bench.engine.command(ManualCommand(asset="pool", power_w=0.0))
    bench.engine.command(ManualCommand(asset="pv", power_w=-3000.0))
    running = LoadState(id="pool", power_w=Reading(value=1500.0))
    sun = PvState(id="pv", power_w=Reading(value=-6000.0))
    for at_s in (0, 10, 1000):
        out = bench.cycle(at_s, pool=running, pv=sun)
        assert why(out["pool"]) == Why(0, Rule.MANUAL)
        assert why(out["pv"]) == Why(-3000, Rule.MANUAL)
    bench.engine.command(ManualCommand(asset="pv", power_w=3000.0))
    assert bench.cycle(1010, pool=running, pv=sun)["pv"].power_w == 0.0


def test_a_command_for_what_cannot_be_commanded_does_nothing() -> None:
    bench = Bench(a_site(*EVERYTHING))
    for asset in ("living", "household"):
        bench.engine.command(ManualCommand(asset=asset, power_w=500.0))
    assert not {"living", "household"} & set(bench.cycle(0))


def test_a_command_for_nothing_is_refused() -> None:
    bench = Bench(a_site(CAR, LIVING))
    with pytest.raises(KeyError):
        bench.engine.command(ManualCommand(asset="boat", power_w=1.0))


@pytest.mark.parametrize("power_w", [float("nan"), float("inf"), float("-inf")])
def test_a_command_is_a_finite_power(power_w: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        ManualCommand(asset="car", power_w=power_w)
