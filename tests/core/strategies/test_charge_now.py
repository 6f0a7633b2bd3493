"""The mode "normal"."""

from __future__ import annotations

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.settings import Tuning
from ohmstead.core.site import ChargePoint
from ohmstead.core.state import ChargePointState, Reading
from tests.core.world import BATTERY, CAR, Bench, Why, a_site, why

NORMAL = ChargingInfo(charge_point="car", mode=ChargingMode.NORMAL)


def test_it_charges_at_once_with_all_there_is_and_leaves_the_battery_alone() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.engine.set_charging_info(NORMAL)
    out = bench.cycle(0, 500.0)
    assert why(out["car"]) == Why(11_040, Rule.CHARGE_NOW)
    assert why(out["battery"]) == Why(-500, Rule.SELF_CONSUMPTION)


def test_the_phase_limit_holds_for_it_too() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.set_charging_info(NORMAL)
    bench.engine.tune(Tuning(phase_limit_a=10.5))
    got = bench.cycle(0, phases_base_w=(0.0, 230.0, 0.0))["car"]
    assert why(got) == Why(3 * 9 * 230, Rule.CHARGE_NOW, Limit.FUSE_L2, 11_040)


def test_only_the_charger_that_it_was_chosen_for_and_only_with_a_vehicle() -> None:
    other = ChargePoint(id="other")
    here = ChargePointState(id="other", connected=True, soc=Reading(value=0.5))
    bench = Bench(a_site(CAR, other), states={"other": here})
    bench.engine.set_charging_info(NORMAL)
    out = bench.cycle(0)
    assert (why(out["car"]).power_w, why(out["other"]).power_w) == (11_040, 0)
    gone = ChargePointState(id="car", connected=False)
    assert bench.cycle(400, car=gone)["car"].power_w == 0.0
