"""The modes with a minimum current."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.reason import Rule
from ohmstead.core.site import ChargePoint, Phases
from ohmstead.core.state import ChargePointState, Reading
from tests.core.world import BATTERY, CAR, NOON, Bench, Why, a_site, why


def min_current_of(current_a: float = 6.0) -> ChargingInfo:
    return ChargingInfo(charge_point="car", mode=ChargingMode.ECO_WITH_MIN_CURRENT, min_current_a=current_a)


@pytest.mark.parametrize(
    ("point", "current_a", "power_w"),
    [
        (CAR, 6.0, 4140),
        (CAR, 8.0, 5520),
        (CAR, 32.0, 11_040),
        (ChargePoint(id="car", min_a=10.0), 6.0, 6900),
        (ChargePoint(id="car", phases=Phases.L2), 6.0, 1380),
        (ChargePoint(id="car", phase_switching=True), 6.0, 1380),
    ],
)
def test_without_sun_it_gets_the_minimum_from_the_grid(
    point: ChargePoint, current_a: float, power_w: int
) -> None:
    bench = Bench(a_site(BATTERY, point))
    bench.engine.set_charging_info(min_current_of(current_a))
    out = bench.cycle(0, 300.0)
    assert why(out["car"]) == Why(power_w, Rule.MIN_CURRENT)
    assert why(out["battery"]) == Why(-300, Rule.SELF_CONSUMPTION)


def test_it_follows_the_sun_above_the_minimum_and_never_falls_below() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.set_charging_info(min_current_of())
    seen = [
        why(bench.cycle(t, base_w)["car"])
        for t, base_w in [(0, -7000.0), (60, -7000.0), (120, -8000.0), (180, -1000.0), (900, 4000.0)]
    ]
    assert [s.power_w for s in seen] == [4140, 7000, 8000, 4140, 4140]
    assert seen[1].rule is Rule.SURPLUS
    assert seen[-1].rule is Rule.MIN_CURRENT


def test_with_a_deadline_it_has_both() -> None:
    info = ChargingInfo(
        charge_point="car",
        mode=ChargingMode.ECO_MIN_WITH_TARGET_TIME,
        end_at=NOON + timedelta(hours=4),
        target_soc=0.8,
    )
    bench = Bench(a_site(CAR))
    bench.engine.set_charging_info(info)
    assert why(bench.cycle(0, 300.0)["car"]) == Why(4140, Rule.MIN_CURRENT)
    assert why(bench.cycle(2.5 * 3600, 300.0)["car"]) == Why(11_040, Rule.DEADLINE)
    full = ChargePointState(id="car", connected=True, soc=Reading(value=0.8))
    assert why(bench.cycle(3 * 3600, 300.0, car=full)["car"]) == Why(4140, Rule.MIN_CURRENT)
    assert why(bench.cycle(5 * 3600, 300.0, car=full)["car"]) == Why(4140, Rule.MIN_CURRENT)
    assert bench.engine.charging_infos["car"].mode is ChargingMode.ECO_WITH_MIN_CURRENT
