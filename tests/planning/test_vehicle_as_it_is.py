"""What a plan takes as given of a vehicle: that it charges at once, and on which phases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ohmstead.core.plan import Plan
from ohmstead.core.site import ChargePoint, Circuit, GridConnection, Phases
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings, PlanRequest
from tests.planning.homes import BATTERY, CHARGER, NOW, forecast, full_request, prices, site, state

EXACT = PlannerSettings(time_limit_s=60.0)
"""On a machine of any speed the solver comes to its end."""


def request(*, soc: float = 0.5, target_soc: float = 1.0, grid: GridConnection | None = None) -> PlanRequest:
    """A car in the evening, the cheap hours still to come."""
    seen = state(soc=0.9, car_soc=soc)
    car = replace(seen.assets["charger"], target_soc=target_soc)  # type: ignore[call-arg]
    return PlanRequest(
        now=NOW,
        site=site(BATTERY, CHARGER, grid=grid),
        state=replace(seen, assets={**seen.assets, "charger": car}),
        prices=prices([0.4] + [0.05] * 4 + [0.4] * 43),
        forecast=forecast(load_w=500.0),
        settings=EXACT,
    )


def powers(plan: Plan) -> list[float]:
    return [s.assets["charger"].power_w for s in plan.slots]


def plain(plan: Plan) -> Plan:
    """Without what is measured about the making of it."""
    return replace(plan, solver=None)


def test_at_once_means_full_power_until_it_is_full_whatever_it_costs() -> None:
    waits, starts = make_plan(request()), make_plan(replace(request(), at_once=frozenset({"charger"})))
    assert powers(waits)[0] == 0.0
    full_h = 0.5 * 60.0 / 0.9 / 11.04
    whole = int(full_h * 4)
    assert powers(starts)[:whole] == pytest.approx([11_040.0] * whole)
    assert powers(starts)[whole] == pytest.approx((full_h * 4 - whole) * 11_040.0, abs=5.0)
    assert max(powers(starts)[whole + 1 :]) == pytest.approx(0.0, abs=1.0)


def test_at_once_goes_on_beyond_a_usual_departure() -> None:
    one = replace(CHARGER, phases=Phases.L1)
    asked = replace(request(soc=0.0), site=site(BATTERY, one), at_once=frozenset({"charger"}))
    plan = make_plan(asked)
    # 3.7 kW for 60 kWh: until the evening of the next day, far beyond seven o'clock.
    charged = [s for s in plan.slots if s.assets["charger"].power_w > 3600.0]
    assert charged[-1].end - NOW >= timedelta(hours=17)


def test_at_once_yields_to_a_fuse_as_the_rule_does() -> None:
    asked = replace(request(), at_once=frozenset({"charger"}))
    narrow = replace(asked.site, circuits=(Circuit(id="garage", fuse_a=10.0, assets=("charger",)),))
    plan = make_plan(replace(asked, site=narrow))
    assert max(powers(plan)) == pytest.approx(6900.0, abs=1.0)
    assert powers(plan)[:16] == pytest.approx([6900.0] * 16, abs=1.0)


def test_a_vehicle_on_one_phase_is_planned_with_what_that_carries() -> None:
    asked = request(grid=GridConnection(fuse_a=20.0))
    wired, used = make_plan(asked), make_plan(replace(asked, phases={"charger": Phases.L2}))
    assert max(powers(wired)) > 8000.0
    # The household may be on any phase: 20 A less its 500 W, and a charger of 16 A.
    assert max(powers(used)) == pytest.approx(3680.0, abs=1.0)
    narrow = request(grid=GridConnection(fuse_a=16.0))
    battery = replace(BATTERY, max_discharge_w=1.0, max_charge_w=1.0)
    narrow = replace(narrow, site=site(battery, CHARGER, grid=GridConnection(fuse_a=16.0)))
    plan = make_plan(replace(narrow, phases={"charger": Phases.L2}))
    assert max(powers(plan)) == pytest.approx(3680.0 - 500.0, abs=2.0)


def test_phases_change_the_charge_point_alone() -> None:
    asked = replace(request(), phases={"charger": Phases.L3, "gone": Phases.L1})
    used = asked.site_as_used
    assert [a for a in used.assets if a not in asked.site.assets] == [replace(CHARGER, phases=Phases.L3)]
    assert isinstance(used.asset("charger"), ChargePoint)
    assert replace(asked, phases={}).site_as_used is asked.site


def test_nothing_else_changes_where_neither_is_told() -> None:
    """Bit for bit: a house with everything, planned with facts that are none of its vehicle."""
    asked = full_request(settings=EXACT)
    told = replace(asked, at_once=frozenset({"another"}), phases={"another": Phases.L1})
    assert plain(make_plan(told)) == plain(make_plan(asked))
    as_wired = replace(asked, phases={"charger": CHARGER.phases})
    assert plain(make_plan(as_wired)) == plain(make_plan(asked))
