"""The core against a house that reacts late and is metered late."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.settings import Settings
from ohmstead.core.site import ChargePoint, GridConnection, Phases
from ohmstead.core.state import BatteryState, Reading
from tests.core.world import BATTERY, CAR, PV, Plant, Wire, a_site, prices

EVEN = (1 / 3, 1 / 3, 1 / 3)
QUICK = settings(max_examples=40, deadline=None)

meter_delays = st.sampled_from([0.0, 1.0, 3.0, 5.0])
charger_delays = st.sampled_from([0.0, 4.0, 9.0, 15.0])
cycle_times = st.sampled_from([1, 2, 5, 10])


def three_equal(power_w: float) -> tuple[float, float, float]:
    return (power_w / 3, power_w / 3, power_w / 3)


def car_on(phases: Phases) -> ChargePoint:
    return ChargePoint(id="car", phases=phases)


REALLY_ON = {Phases.ALL: EVEN, Phases.L2: (0.0, 1.0, 0.0), Phases.UNKNOWN: (0.0, 1.0, 0.0)}


@QUICK
@given(
    meter=meter_delays,
    charger=charger_delays,
    battery=st.sampled_from([0.0, 2.0, 5.0]),
    cycle_s=cycle_times,
    base_w=st.sampled_from([-12_000.0, -7000.0, -4000.0, -2500.0, 900.0]),
    phases=st.sampled_from(list(REALLY_ON)),
)
def test_constant_sun_settles_and_stays(
    meter: float, charger: float, battery: float, cycle_s: int, base_w: float, phases: Phases
) -> None:
    plant = Plant(
        site=a_site(BATTERY, car_on(phases)),
        household=lambda t: three_equal(base_w),
        wires={"car": Wire(delay_s=charger, shares=REALLY_ON[phases]), "battery": Wire(delay_s=battery)},
        meter_delay_s=meter,
        cycle_s=cycle_s,
    ).run(500)
    assert plant.spread_w("car", 150) <= 1e-6
    assert plant.spread_w("battery", 150) <= 25.0


@QUICK
@given(
    meter=meter_delays,
    charger=charger_delays,
    cycle_s=st.sampled_from([2, 5]),
    phases=st.sampled_from(list(REALLY_ON)),
    fuse_a=st.sampled_from([20.0, 25.0, 35.0]),
    by_hand=st.booleans(),
    with_battery=st.booleans(),
    steps=st.lists(st.tuples(*[st.floats(min_value=-2500, max_value=4000)] * 3), min_size=4, max_size=6),
)
def test_no_phase_stays_above_its_fuse(
    meter: float,
    charger: float,
    cycle_s: int,
    phases: Phases,
    fuse_a: float,
    by_hand: bool,
    with_battery: bool,
    steps: list[tuple[float, float, float]],
) -> None:
    grid = GridConnection(fuse_a=fuse_a)
    wires = {"car": Wire(delay_s=charger, shares=REALLY_ON[phases])}
    if with_battery:
        wires["battery"] = Wire(delay_s=2.0)
    plant = Plant(
        site=a_site(*([BATTERY] if with_battery else []), car_on(phases), grid=grid),
        household=lambda t: steps[int(t // 100) % len(steps)],
        wires=wires,
        meter_delay_s=meter,
        cycle_s=cycle_s,
    )
    if by_hand:
        plant.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    plant.run(100 * len(steps))
    allowed_s = meter + charger + cycle_s + 1
    assert plant.longest_over_s(fuse_a * grid.voltage_v) <= allowed_s


@QUICK
@given(
    sun_w=st.floats(min_value=0, max_value=9000),
    loads=st.lists(st.tuples(*[st.floats(min_value=0, max_value=3000)] * 3), min_size=3, max_size=5),
)
def test_without_meters_per_phase_the_sun_does_not_hide_a_loaded_phase(
    sun_w: float, loads: list[tuple[float, float, float]]
) -> None:
    grid = GridConnection(fuse_a=25.0)
    plant = Plant(
        site=a_site(PV, CAR, grid=grid),
        household=lambda t: loads[int(t // 100) % len(loads)],
        wires={"car": Wire(delay_s=5.0), "pv": Wire(takes=lambda told_w: -sun_w)},
        meter_phases=False,
        cycle_s=2,
    )
    plant.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    plant.run(100 * len(loads))
    assert plant.longest_over_s(25.0 * grid.voltage_v) <= 5 + 2 + 1


@pytest.mark.parametrize("meter_s", [0.0, 5.0])
@pytest.mark.parametrize("charger_s", [0.0, 15.0])
def test_a_charger_on_an_unknown_phase_does_not_throttle_itself(meter_s: float, charger_s: float) -> None:
    plant = Plant(
        site=a_site(car_on(Phases.UNKNOWN), grid=GridConnection(fuse_a=25.0)),
        household=lambda t: (300.0, 600.0, 200.0),
        wires={"car": Wire(delay_s=charger_s, shares=(0.0, 1.0, 0.0))},
        meter_delay_s=meter_s,
    )
    plant.engine.command(ManualCommand(asset="car", power_w=3680.0))
    plant.run(400)
    assert {round(p["car"]) for p in plant.powers_w[60:]} == {3680}


def test_what_a_tapering_vehicle_leaves_goes_to_the_battery() -> None:
    plant = Plant(
        site=a_site(BATTERY, CAR),
        household=lambda t: three_equal(-12_000.0),
        wires={
            "car": Wire(delay_s=5.0, takes=lambda told_w: min(told_w, 7000.0)),
            "battery": Wire(delay_s=2.0),
        },
        meter_delay_s=2.0,
    ).run(400)
    assert plant.powers_w[-1] == {"car": 7000.0, "battery": 5000.0}
    assert plant.spread_w("battery", 200) <= 25.0


def test_a_charger_that_does_not_stop_is_told_again_and_counts_as_a_load() -> None:
    stuck = {"now": False}
    plant = Plant(
        site=a_site(BATTERY, CAR),
        household=lambda t: three_equal(500.0),
        wires={
            "car": Wire(takes=lambda told_w: 6000.0 if stuck["now"] else told_w),
            "battery": Wire(delay_s=1.0),
        },
    )
    plant.engine.command(ManualCommand(asset="car", power_w=6000.0))
    plant.run(320)
    plant.engine.withdraw("car")
    stuck["now"] = True
    plant.run(300)
    assert sum(1 for sent in plant.commands[65:] if sent.get("car") == 0.0) >= 3
    assert plant.engine.memory.of("car").at_least_w == pytest.approx(6000.0)
    assert plant.powers_w[-1]["battery"] == pytest.approx(-5000.0)


@pytest.mark.parametrize("meter_s", [0.0, 3.0, 5.0])
@pytest.mark.parametrize("inverter_s", [0.0, 5.0])
@pytest.mark.parametrize("paid_to_export", [True, False])
def test_curtailment_settles_on_the_limit(meter_s: float, inverter_s: float, paid_to_export: bool) -> None:
    sun = Wire(delay_s=inverter_s, takes=lambda told_w: max(told_w, -9000.0), told=[(-1e9, -10_000.0)])
    plant = Plant(
        site=a_site(PV, grid=GridConnection(max_export_w=4000.0 if paid_to_export else None)),
        household=lambda t: three_equal(600.0 if t < 200 else 1500.0),
        wires={"pv": sun},
        meter_delay_s=meter_s,
        cycle_s=2,
        tariff=None if paid_to_export else prices(0.1, export=-0.02),
    ).run(200)
    kept_w = 4000.0 if paid_to_export else 0.0
    assert sum(plant.phases_w[-1]) == pytest.approx(-kept_w, abs=60.0)
    assert plant.spread_w("pv", 100) <= 60.0
    plant.run(200)
    assert sum(plant.phases_w[-1]) == pytest.approx(-kept_w, abs=60.0)
    assert plant.records[-1].setpoints[-1].reason.rule is Rule.CURTAIL


def test_a_silent_meter_puts_the_vehicle_to_its_minimum_and_the_battery_to_rest_and_then_back() -> None:
    plant = Plant(
        site=a_site(BATTERY, CAR),
        household=lambda t: three_equal(-15_000.0),
        wires={"car": Wire(delay_s=3.0), "battery": Wire(delay_s=1.0)},
        silent=[(300.0, 360.0)],
    )
    plant.run(300)
    before = plant.powers_w[-1]
    assert before == {"car": pytest.approx(11_040.0), "battery": pytest.approx(3960.0)}
    plant.run(59)
    assert plant.powers_w[-1] == {"car": pytest.approx(4140.0), "battery": pytest.approx(0.0)}
    blind = {s.asset: s.reason.limit for s in plant.records[-1].setpoints}
    assert blind["car"] is Limit.STALE_METER
    plant.run(60)
    assert plant.powers_w[-1] == before


def test_the_battery_balances_within_its_step_at_any_meter_delay() -> None:
    for meter_s in (0.0, 2.0, 5.0):
        plant = Plant(
            site=a_site(BATTERY),
            household=lambda t: three_equal(400.0 if int(t // 60) % 2 else 2200.0),
            wires={"battery": Wire(delay_s=1.0)},
            meter_delay_s=meter_s,
            cycle_s=2,
        ).run(360)
        ends = [abs(sum(plant.phases_w[t])) for t in range(59, 360, 60)]
        assert max(ends) <= 25.0


def test_a_battery_at_its_reserve_rests() -> None:
    plant = Plant(
        site=a_site(BATTERY),
        household=lambda t: three_equal(2000.0),
        wires={"battery": Wire()},
        states={"battery": BatteryState(id="battery", soc=Reading(value=0.1))},
        settings=Settings(),
    ).run(60)
    assert {p["battery"] for p in plant.powers_w} == {0.0}
    reason = plant.records[-1].setpoints[0].reason
    assert reason.limit is Limit.RESERVE
    assert reason.without_limit_w == pytest.approx(-2000.0)


def test_a_household_that_rises_is_not_taken_for_a_tapering_vehicle() -> None:
    """The vehicle takes 8 kW of 11; an oven comes on just as its command changes a little."""
    plant = Plant(
        site=a_site(CAR, grid=GridConnection(fuse_a=20.5)),
        household=lambda t: three_equal(1500.0 if t < 300 else 7500.0),
        wires={"car": Wire(delay_s=8.0, takes=lambda told_w: min(told_w, 8000.0))},
        meter_delay_s=2.0,
        cycle_s=10,
    )
    plant.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    plant.run(290)
    plant.engine.command(ManualCommand(asset="car", power_w=10_700.0))
    plant.run(110)
    assert plant.longest_over_s(20.5 * 230.0) <= 2 + 8 + 10 + 1
