"""The house as a whole: laws that hold in every step."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.core.state import (
    BatteryState,
    ChargePointState,
    HeatPumpState,
    PvState,
    RoomState,
    TankState,
)
from ohmstead.errors import DataError, DeviceError
from ohmstead.simulator.faults import FaultKind
from ohmstead.simulator.house import House
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.scenario import DEMO_START, demo_house, real_house

COLD = datetime(2026, 1, 12, 6, tzinfo=UTC)
COMMANDABLE = ("pv", "battery", "charger", "tank", "heat_pump", "pool_pump")


def drive(house: House, steps: int, dt_s: float = 60.0) -> list[tuple[float, ...]]:
    """Command everything in a seeded muddle and keep what was seen."""
    noise = Noise(99, "drive")
    trace = []
    for _ in range(steps):
        k = round(house.now.timestamp() / dt_s)
        if k % 5 == 0:
            asset = COMMANDABLE[int(noise.uniform(k) * 6)]
            if noise.uniform(k + 1) < 0.2:
                house.release(asset)
            else:
                house.command(asset, 6000.0 * noise.signed(k + 2))
        house.step(dt_s)
        trace.append((house.true_grid_w(), *house.true_powers_w().values(), house.totals.import_kwh))
    return trace


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(COMMANDABLE),
            st.one_of(st.none(), st.floats(-9000, 12000)),
            st.sampled_from([0.1, 1.0, 5.0, 60.0, 900.0]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_grid_is_the_sum_of_all_assets_and_of_the_phases(
    steps: list[tuple[str, float | None, float]],
) -> None:
    house = demo_house(start=COLD)
    for asset, power_w, dt_s in steps:
        if power_w is None:
            house.release(asset)
        else:
            house.command(asset, power_w)
        house.step(dt_s)
        assert sum(house.true_powers_w().values()) == house.true_grid_w()
        assert sum(house.true_phases_w()) == pytest.approx(house.true_grid_w(), abs=1e-6)
        assert house.true_powers_w()["pv"] <= 0.0
        assert 0.0 <= house.devices.battery.soc <= 1.0
        assert 0.0 <= house.devices.charger.soc <= 1.0
    t = house.totals
    assert t.import_kwh - t.export_kwh == pytest.approx(sum(t.asset_kwh.values()), abs=1e-9)


def test_totals_are_the_integral_of_the_powers() -> None:
    house = demo_house()
    kwh = 0.0
    for _ in range(600):
        house.step(1.0)
        kwh += house.true_grid_w() / 3.6e6
    assert house.totals.import_kwh - house.totals.export_kwh == pytest.approx(kwh, abs=2e-3)


def test_same_seed_same_day_other_seed_other_day() -> None:
    one, two, three = (drive(demo_house(seed=s), 600) for s in (3, 3, 4))
    assert one == two
    assert one != three


def test_same_day_in_another_process() -> None:
    code = (
        "from ohmstead.simulator.scenario import demo_house\n"
        "h = demo_house(seed=5)\n"
        "[h.step(60.0) for _ in range(500)]\n"
        "print(repr(h.totals.import_kwh), repr(h.true_grid_w()))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "77"}
    )
    house = demo_house(seed=5)
    for _ in range(500):
        house.step(60.0)
    assert other.stdout.split() == [repr(house.totals.import_kwh), repr(house.true_grid_w())]


@pytest.mark.parametrize("make", [demo_house, real_house])
@pytest.mark.parametrize("steps", [1, 217, 1500])
def test_snapshot_resumes_bit_for_bit(make, steps: int) -> None:  # type: ignore[no-untyped-def]
    house = make()
    house.faults.inject(FaultKind.SLOW, "charger", start=house.now + timedelta(hours=3), duration_s=3600.0)
    drive(house, steps)
    house.command("charger", 7000.0)
    saved = json.loads(json.dumps(house.snapshot()))
    restored = make()
    restored.restore(saved)
    assert restored.now == house.now
    assert restored.read() == house.read()
    assert drive(restored, 1600) == drive(house, 1600)
    assert restored.snapshot() == house.snapshot()


def test_snapshot_at_the_very_moment_the_car_leaves_or_comes() -> None:
    house = demo_house()
    for _ in range(2):
        house.step(house.devices.charger.next_change_s() - house.now.timestamp())
        restored = demo_house()
        restored.restore(json.loads(json.dumps(house.snapshot())))
        house.step(60.0)
        restored.step(60.0)
        assert restored.snapshot() == house.snapshot()
        assert restored.devices.charger.next_change_s() == house.devices.charger.next_change_s()


def test_a_foreign_snapshot_is_refused() -> None:
    with pytest.raises(DataError, match="seed is 2, this house needs 1"):
        demo_house(seed=1).restore(demo_house(seed=2).snapshot())
    with pytest.raises(DataError, match="house is 'Real house'"):
        demo_house().restore(real_house().snapshot())


def test_the_world_does_not_depend_on_the_step() -> None:
    coarse, fine = demo_house(start=COLD), demo_house(start=COLD)
    for house, dt_s in ((coarse, 60.0), (fine, 5.0)):
        for _ in range(round(6 * 3600 / dt_s)):
            house.step(dt_s)
    for asset in ("household", "pv", "pool_pump"):
        assert coarse.totals.asset_kwh[asset] == pytest.approx(fine.totals.asset_kwh[asset])
    for asset in ("charger", "tank", "heat_pump"):
        assert coarse.totals.asset_kwh[asset] == pytest.approx(
            fine.totals.asset_kwh[asset], rel=0.05, abs=0.05
        )


def test_a_long_step_is_many_minutes() -> None:
    one, many = demo_house(), demo_house()
    one.step(3 * 3600.0)
    for _ in range(180):
        many.step(60.0)
    assert one.snapshot() == many.snapshot()


def test_reading_has_every_asset_but_not_the_household() -> None:
    house = demo_house()
    house.step(60.0)
    state = house.read()
    assert set(state.assets) == {a.id for a in house.site.assets} - {"household"}
    kinds = [PvState, BatteryState, ChargePointState, TankState, HeatPumpState]
    for asset, kind in zip(("pv", "battery", "charger", "tank", "heat_pump"), kinds, strict=True):
        assert isinstance(state.assets[asset], kind)
        assert state.assets[asset] == house.read_asset(asset)
    rooms = [state.assets[room] for room in ("living", "bedroom")]
    assert all(isinstance(r, RoomState) and r.power_w.value == 0.0 for r in rooms)
    assert state.at == house.now
    charger = state.assets["charger"]
    assert isinstance(charger, ChargePointState)
    assert charger.connected
    assert charger.departure is not None
    assert charger.soc.good
    residual = state.residual_w()
    assert residual is not None
    assert residual == pytest.approx(house.true_powers_w()["household"], abs=150.0)


def test_an_absent_car_has_no_soc() -> None:
    house = demo_house()
    while house.devices.charger.connected:
        house.step(60.0)
    charger = house.read_asset("charger")
    assert isinstance(charger, ChargePointState)
    assert charger.soc.value is None
    assert charger.departure is None
    assert charger.target_soc is None


def test_readings_are_near_the_truth_and_not_equal_to_it() -> None:
    house = demo_house(start=DEMO_START + timedelta(hours=6))
    house.command("battery", 3000.0)
    errors = []
    for _ in range(200):
        house.step(7.0)
        errors.append(house.read_asset("battery").power_w.or_(0.0) - house.true_powers_w()["battery"])
    assert any(errors)
    assert math.sqrt(sum(e * e for e in errors[1:]) / len(errors)) < 30.0


def test_what_takes_no_commands_says_so() -> None:
    house = demo_house()
    for asset in ("household", "living", "nothing"):
        with pytest.raises(DeviceError, match="takes no commands"):
            house.command(asset, 1.0)
    with pytest.raises(DeviceError, match="no device 'household'"):
        house.read_asset("household")
    with pytest.raises(ValueError, match="is no power"):
        house.command("battery", math.nan)
    with pytest.raises(ValueError, match="0 s or longer"):
        house.step(-1.0)


def test_a_pv_limit_is_counted_as_curtailed() -> None:
    house = demo_house(start=DEMO_START + timedelta(hours=6))
    house.command("pv", -500.0)
    house.step(3600.0)
    assert house.true_powers_w()["pv"] == -500.0
    assert house.totals.curtailed_kwh > 0.5
    made = -house.totals.asset_kwh["pv"]
    possible = -house.inputs.mean_pv_w(house.now - timedelta(hours=1), house.now) / 1000.0
    assert made + house.totals.curtailed_kwh == pytest.approx(possible)


def test_surplus_heat_goes_above_the_target_only_when_commanded() -> None:
    released, commanded = demo_house(start=COLD), demo_house(start=COLD)
    commanded.command("heat_pump", 2000.0)
    for _ in range(600):
        released.step(60.0)
        commanded.step(60.0)
    assert commanded.totals.heat_kwh > 1.3 * released.totals.heat_kwh
    assert max(r.air_c for r in commanded.devices.heating.rooms) > max(
        r.air_c for r in released.devices.heating.rooms
    )
