"""Plans of homes whose best plan is known, and laws that hold for every plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ohmstead.core.forecast import VehicleSession
from ohmstead.core.plan import Plan
from ohmstead.core.site import Battery, Circuit, GridConnection, HotWaterTank, PvSystem
from ohmstead.core.state import Reading
from ohmstead.models.battery import next_energy_kwh
from ohmstead.planning.planner import PlannerSettings, PlanRequest, make_plan, solve_request
from tests.planning.homes import (
    BATTERY,
    BEDROOM,
    CHARGER,
    HEAT_PUMP,
    LIVING,
    NOW,
    PV,
    TANK,
    forecast,
    full_request,
    prices,
    site,
    state,
    sunny,
)


def bought_kwh(plan: Plan, asset: str, start: datetime, end: datetime) -> float:
    """Energy planned into an asset within [start, end), kWh."""
    return sum(
        slot.assets[asset].power_w * (slot.end - slot.start).total_seconds() / 3.6e6
        for slot in plan.slots
        if start <= slot.start < end
    )


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


class TestBattery:
    def test_buys_in_the_cheap_hours_and_serves_the_dear_ones(self) -> None:
        day = [0.10] * 6 + [0.50] * 18
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(BATTERY),
                state=state(soc=0.1),
                prices=prices(day * 2, 0.05),
                forecast=forecast(load_w=400.0),
            )
        )
        full_kwh = (1.0 - 0.1) * 10.0
        assert bought_kwh(plan, "battery", at(0), at(6)) == pytest.approx(full_kwh / 0.95, abs=1e-3)
        dear_kwh = -bought_kwh(plan, "battery", at(6), at(24))
        assert dear_kwh == pytest.approx(0.4 * 18, abs=1e-3), "the whole dear day, and never to the grid"
        kept_kwh = full_kwh - dear_kwh / 0.95
        assert plan.at(at(23.9)).assets["battery"].energy_kwh == pytest.approx(1.0 + kept_kwh, abs=1e-3)  # type: ignore[union-attr]

    def test_leaves_a_spread_alone_that_losses_and_wear_eat(self) -> None:
        # Selling at 0.33 what was bought at 0.30 loses: 0.30/0.9025 + 0.02 = 0.352.
        day = [0.30] * 12 + [0.33] * 12
        plan = make_plan(
            PlanRequest(
                now=NOW, site=site(BATTERY), state=state(soc=0.1), prices=prices(day * 2), forecast=forecast()
            )
        )
        assert all(abs(s.assets["battery"].power_w) < 1.0 for s in plan.slots)

    def test_value_is_what_the_stored_kwh_saves(self) -> None:
        # Small and empty: each stored kWh displaces an import at 0.50, paid with loss and wear.
        day = [0.10] * 6 + [0.50] * 18
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(replace(BATTERY, capacity_kwh=2.0, reserve_soc=0.0)),
                state=state(soc=0.0),
                prices=prices(day * 2, 0.05),
                forecast=forecast(load_w=600.0),
            )
        )
        while_dear = plan.at(at(6.0))
        assert while_dear is not None
        value = while_dear.assets["battery"].value_eur_per_kwh
        assert value == pytest.approx(0.95 * 0.95 * (0.50 - 0.02), abs=2e-3)
        # While it is bought at 0.10 anyway, one kWh more of sun saves just that purchase.
        assert plan.slots[0].assets["battery"].value_eur_per_kwh == pytest.approx(0.10, abs=2e-3)

    def test_waits_for_tomorrows_sun_where_surplus_is_worth_more_later(self) -> None:
        # Room for the surplus of one hour only; feeding in pays well now and nothing later.
        pv = [-4500.0 if 8 <= i // 4 < 12 else 0.0 for i in range(200)]
        exports = [0.20] * 10 + [0.01] * 38
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(PvSystem(id="pv", peak_w=5000.0), replace(BATTERY, capacity_kwh=4.0)),
                state=state(soc=0.1),
                prices=prices([0.30] * 48, exports),
                forecast=forecast(load_w=500.0, pv_w=pv),
            )
        )
        assert bought_kwh(plan, "battery", at(8), at(10)) == pytest.approx(0.0, abs=1e-3)
        assert bought_kwh(plan, "battery", at(10), at(12)) == pytest.approx(3.6 / 0.95, abs=1e-2)

    def test_does_not_burn_energy_at_negative_prices(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(BATTERY),
                state=state(soc=1.0),
                prices=prices([-0.2] * 4 + [0.3] * 44, [-0.2] * 4 + [0.05] * 44),
                forecast=forecast(),
            )
        )
        energy_kwh = 10.0
        for slot in plan.slots:
            after = slot.assets["battery"].energy_kwh
            assert after is not None
            step_s = (slot.end - slot.start).total_seconds()
            expected = next_energy_kwh(
                BATTERY, energy_kwh=energy_kwh, power_w=slot.assets["battery"].power_w, duration_s=step_s
            )
            assert after == pytest.approx(expected, abs=2e-3), "one direction at a time"
            energy_kwh = after

    def test_charges_from_surplus_only_where_the_grid_must_not(self) -> None:
        day = [0.05] * 6 + [0.60] * 18
        home = site(PV, replace(BATTERY, grid_charging=False))
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=home,
                state=state(soc=0.2),
                prices=prices(day * 2),
                forecast=forecast(pv_w=sunny(2000.0)),
            )
        )
        for slot in plan.slots:
            surplus_w = max(0.0, -slot.pv_w - slot.load_w)
            assert slot.assets["battery"].power_w <= surplus_w + 1.0
            assert slot.assets["battery"].import_w == 0.0
        assert bought_kwh(plan, "battery", at(6), at(18)) > 1.0


class TestVehicle:
    def test_charges_in_the_cheapest_slots_before_departure(self) -> None:
        hourly = [0.30, 0.20, 0.25, 0.10, 0.12, 0.40, 0.50, 0.50] + [0.45] * 40
        # 11.04 kW · 0.9 · 2 h = 19.87 kWh: exactly the two cheapest hours.
        need = 11.04 * 0.9 * 2 / 60.0
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(CHARGER),
                state=state(car_soc=0.8 - need, departure=at(7)),
                prices=prices(hourly),
                forecast=forecast(),
            )
        )
        assert bought_kwh(plan, "charger", at(3), at(5)) == pytest.approx(22.08, abs=1e-2)
        assert bought_kwh(plan, "charger", at(0), at(48)) == pytest.approx(22.08, abs=1e-2)

    def test_below_the_minimum_it_charges_at_once_whatever_that_costs(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(CHARGER),
                state=state(car_soc=0.05, departure=at(20)),
                prices=prices([0.9] * 6 + [0.1] * 42),
                forecast=forecast(),
            )
        )
        assert plan.slots[0].assets["charger"].power_w == pytest.approx(11040.0, abs=1.0)
        reached = plan.at(at(1.0))
        assert reached is not None
        assert (reached.assets["charger"].energy_kwh or 0.0) >= 0.2 * 60.0 - 0.1
        assert bought_kwh(plan, "charger", at(1.25), at(6)) == pytest.approx(0.0, abs=0.1)

    def test_an_impossible_deadline_gives_full_power_and_a_plan(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(CHARGER),
                state=state(car_soc=0.3, departure=at(1)),
                prices=prices([0.5] * 48),
                forecast=forecast(),
            )
        )
        assert bought_kwh(plan, "charger", at(0), at(1)) == pytest.approx(11.04, abs=1e-2)

    def test_near_steps_are_off_or_at_least_six_amperes(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(PV, CHARGER),
                state=state(car_soc=0.5, departure=at(40)),
                prices=prices([0.3] * 48, 0.01),
                forecast=forecast(pv_w=[-3000.0] * 200, load_w=300.0),
            )
        )
        for slot in plan.slots[:32]:
            power_w = slot.assets["charger"].power_w
            assert power_w == 0.0 or power_w >= 6 * 230 * 3 - 1.0

    def test_takes_cheap_surplus_beyond_its_target_but_never_buys_it(self) -> None:
        sun = [-9000.0 if 9 <= i // 4 % 24 < 12 else 0.0 for i in range(200)]
        home = site(PvSystem(id="pv", peak_w=10000.0), CHARGER)
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=home,
                state=state(car_soc=0.85, departure=at(40)),
                prices=prices([0.30] * 48, 0.02),
                forecast=forecast(pv_w=sun),
            )
        )
        assert bought_kwh(plan, "charger", at(9), at(12)) == pytest.approx(9.0 / 0.9, abs=0.1)
        # At 0.30 nothing above the target is worth buying (the smallest power needs a moment of import).
        assert sum(s.assets["charger"].import_w for s in plan.slots) < 1500.0

    def test_a_future_session_is_served_while_the_vehicle_is_there(self) -> None:
        session = VehicleSession(
            asset="charger", arrive=at(10), depart=at(16), arrive_soc=0.5, target_soc=0.7
        )
        request = PlanRequest(
            now=NOW,
            site=site(CHARGER),
            state=state(car_soc=0.8),
            prices=prices([0.1] * 10 + [0.4] * 38),
            forecast=forecast(sessions=(session,)),
        )
        away = replace(request.state.assets["charger"], connected=False)  # type: ignore[call-arg]
        plan = make_plan(replace(request, state=replace(request.state, assets={"charger": away})))
        assert bought_kwh(plan, "charger", at(0), at(10)) == 0.0
        assert bought_kwh(plan, "charger", at(10), at(16)) == pytest.approx(12.0 / 0.9, abs=0.05)


class TestHeat:
    def test_the_tank_stays_between_floor_and_maximum_and_heats_when_cheap(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(TANK),
                state=state(tank_c=50.0),
                prices=prices([0.4, 0.4, 0.1, 0.1] + [0.4] * 44),
                forecast=forecast(hot_water_w=250.0),
            )
        )
        capacity = 200.0 * 4186.0 / 3.6e6
        for slot in plan.slots:
            energy = slot.assets["tank"].energy_kwh
            assert energy is not None
            assert (45.0 - 10.0) * capacity - 1e-3 <= energy <= (65.0 - 10.0) * capacity + 1e-3
        assert bought_kwh(plan, "tank", at(2), at(4)) > 1.0
        assert bought_kwh(plan, "tank", at(0), at(2)) == pytest.approx(0.0, abs=1e-3)

    def test_disinfection_is_reached_before_it_is_due(self) -> None:
        request = PlanRequest(
            now=NOW,
            site=site(TANK),
            state=state(tank_c=50.0),
            prices=prices([0.4] * 5 + [0.1] * 2 + [0.4] * 41),
            forecast=forecast(hot_water_w=250.0),
        )
        hot = (60.0 - 10.0) * 200.0 * 4186.0 / 3.6e6

        def most_kwh(plan: Plan) -> float:
            return max(s.assets["tank"].energy_kwh or 0.0 for s in plan.slots if s.end <= at(20))

        target = (55.0 - 10.0) * 200.0 * 4186.0 / 3.6e6
        assert most_kwh(make_plan(request)) <= target + 1e-3, "what is bought ends at the target"
        assert most_kwh(make_plan(replace(request, legionella_due={"tank": at(20)}))) >= hot - 1e-3

    def test_surplus_heats_the_tank_beyond_its_target(self) -> None:
        request = PlanRequest(
            now=NOW,
            site=site(PvSystem(id="pv", peak_w=6000.0), TANK),
            state=state(tank_c=54.0),
            prices=prices([0.4] * 48, 0.0),
            forecast=forecast(hot_water_w=150.0, pv_w=sunny(4000.0)),
        )
        target = (55.0 - 10.0) * 200.0 * 4186.0 / 3.6e6
        assert max(s.assets["tank"].energy_kwh or 0.0 for s in make_plan(request).slots) > target + 0.3

    def test_rooms_keep_their_band_and_warm_up_before_dear_hours(self) -> None:
        request = PlanRequest(
            now=NOW,
            site=site(HEAT_PUMP, LIVING, BEDROOM),
            state=state(rooms_c=(21.0, 19.0)),
            prices=prices([0.15] * 6 + [0.6] * 6 + [0.3] * 36),
            forecast=forecast(outdoor_c=0.0),
        )
        plan = make_plan(request)
        for slot in plan.slots:
            for room in (LIVING, BEDROOM):
                energy = slot.assets[room.id].energy_kwh
                assert energy is not None
                width = (room.low_k + room.high_k) * room.heat_capacity_kwh_per_k
                # The band is soft: for a quarter hour a few hundredths of a kelvin may pay.
                some = 0.1 * room.heat_capacity_kwh_per_k
                assert -some <= energy <= width + some
        before = plan.at(at(5.9))
        assert before is not None
        assert (before.assets["heat_pump"].energy_kwh or 0.0) > 15.0, "nearly full before the dear hours"
        for slot in plan.slots[:16]:
            power_w = slot.assets["heat_pump"].power_w
            assert power_w == 0.0 or power_w >= HEAT_PUMP.min_w - 1.0

    def test_no_heating_in_summer(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(HEAT_PUMP, LIVING, BEDROOM),
                state=state(rooms_c=(22.0, 20.0)),
                prices=prices([0.2] * 48),
                forecast=forecast(outdoor_c=24.0),
            )
        )
        assert bought_kwh(plan, "heat_pump", at(0), at(48)) == pytest.approx(0.0, abs=1e-6)


class TestGrid:
    def test_never_buys_and_sells_at_once_where_that_would_pay(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(),
                state=state(),
                prices=prices([0.05] * 48, 0.20),
                forecast=forecast(load_w=500.0),
            )
        )
        assert plan.expected_cost_eur == pytest.approx(0.5 * 48 * 0.05, abs=1e-6)

    def test_curtails_where_feeding_in_costs(self) -> None:
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=site(PV),
                state=state(),
                prices=prices([0.3] * 48, [-0.05] * 24 + [0.05] * 24),
                forecast=forecast(pv_w=sunny(5000.0), load_w=400.0),
            )
        )
        noon, tomorrow = plan.at(at(12)), plan.at(at(36))
        assert noon is not None
        assert tomorrow is not None
        assert noon.pv_w == pytest.approx(-400.0, abs=1.0)
        assert tomorrow.pv_w < -4000.0

    def test_limits_hold_while_needs_can_be_met_within_them(self) -> None:
        grid = GridConnection(fuse_a=25.0, max_import_w=9000.0)
        home = replace(
            site(CHARGER, TANK, grid=grid), circuits=(Circuit(id="garage", fuse_a=10.0, assets=("charger",)),)
        )
        plan = make_plan(
            PlanRequest(
                now=NOW,
                site=home,
                state=state(car_soc=0.5, departure=at(20), tank_c=45.5),
                prices=prices([0.1] * 2 + [0.5] * 46),
                forecast=forecast(hot_water_w=200.0),
            )
        )
        assert max(s.grid_w for s in plan.slots) <= 9000.0 + 1.0
        assert max(s.assets["charger"].power_w for s in plan.slots) <= 3 * 10.0 * 230.0 + 1.0

    def test_the_fuse_comes_before_every_comfort(self) -> None:
        home = site(CHARGER, TANK, HEAT_PUMP, LIVING, BEDROOM, grid=GridConnection(fuse_a=16.0))
        request = PlanRequest(
            now=NOW,
            site=home,
            state=state(car_soc=0.02, departure=at(3), tank_c=12.0, rooms_c=(14.0, 13.0)),
            prices=prices([0.3] * 48),
            forecast=forecast(outdoor_c=-10.0, hot_water_w=500.0),
        )
        for slot in make_plan(request).slots:
            one_phase_w = slot.load_w + slot.assets["tank"].power_w
            three_phase_w = slot.assets["charger"].power_w + slot.assets["heat_pump"].power_w
            assert one_phase_w + three_phase_w / 3.0 <= 16.0 * 230.0 + 1.0

    def test_the_operators_limit_holds_for_the_controllable_loads(self) -> None:
        home = site(CHARGER, BATTERY, grid=GridConnection(operator_limit_w=4200.0))
        now = replace(state(car_soc=0.5, departure=at(20), soc=0.3), operator_limited=True)
        plan = make_plan(
            PlanRequest(now=NOW, site=home, state=now, prices=prices([0.0] + [0.5] * 47), forecast=forecast())
        )
        for slot in plan.slots[:4]:
            taken = max(0.0, slot.assets["charger"].power_w) + max(0.0, slot.assets["battery"].power_w)
            assert taken <= 4200.0 + 1.0

    def test_the_peak_wish_moves_what_can_wait(self) -> None:
        home = site(CHARGER, grid=GridConnection(peak_shaving_w=5000.0))
        request = PlanRequest(
            now=NOW,
            site=home,
            state=state(car_soc=0.6, departure=at(12)),
            prices=prices([0.20, 0.19] + [0.20] * 46),
            forecast=forecast(load_w=300.0),
        )
        assert max(s.grid_w for s in make_plan(request).slots) <= 5000.0 + 1.0
        free = replace(request, site=site(CHARGER))
        assert max(s.grid_w for s in make_plan(free).slots) > 5000.0 + 1.0


def test_without_prices_the_fallback_serves() -> None:
    plan = make_plan(
        PlanRequest(now=NOW, site=site(BATTERY), state=state(soc=0.5), prices=(), forecast=forecast())
    )
    assert not any(s.price_known for s in plan.slots)
    assert plan.slots[0].import_eur_per_kwh == PlannerSettings().fallback_import_eur_per_kwh


def test_an_asset_whose_state_is_unknown_is_left_out() -> None:
    request = PlanRequest(
        now=NOW,
        site=site(BATTERY, TANK),
        state=state(soc=0.5),
        prices=prices([0.3] * 48),
        forecast=forecast(),
    )
    blind = replace(request.state.assets["battery"], soc=Reading(value=None))  # type: ignore[call-arg]
    plan = make_plan(replace(request, state=replace(request.state, assets={"battery": blind})))
    assert plan.slots[0].assets == {}


def test_a_plan_made_again_from_its_own_start_does_not_change_its_mind() -> None:
    request = full_request()
    first = make_plan(request)
    again = make_plan(replace(request, previous=first))
    for asset in ("charger", "heat_pump", "tank"):
        assert (again.slots[0].assets[asset].power_w > 0.0) == (first.slots[0].assets[asset].power_w > 0.0)


def test_equal_requests_give_equal_plans() -> None:
    first, second = make_plan(full_request()), make_plan(full_request())
    assert first.slots == second.slots


@pytest.mark.parametrize("seconds", [0, 1, 450, 839, 840, 899])
def test_steps_cover_the_horizon_from_this_moment_on(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    plan = make_plan(
        PlanRequest(
            now=now, site=site(), state=state(), prices=prices([0.3] * 48), forecast=forecast(now=now)
        )
    )
    assert plan.slots[0].start == now
    assert plan.slots[-1].end >= NOW + timedelta(hours=48)
    assert all(a.end == b.start for a, b in zip(plan.slots, plan.slots[1:], strict=False))
    assert plan.at(now) is plan.slots[0]


share = st.floats(-0.2, 1.3)
price = st.floats(-0.6, 1.2)


@st.composite
def requests(draw: st.DrawFn) -> PlanRequest:
    """Any state of a full house, also states that cannot be."""
    now = NOW + timedelta(seconds=draw(st.integers(0, 86399)))
    base = full_request(now=now)
    imports = draw(st.lists(price, min_size=0, max_size=30))
    exports = draw(st.lists(price, min_size=len(imports), max_size=len(imports)))
    load = draw(st.lists(st.floats(0.0, 20000.0), min_size=1, max_size=40))
    sun = draw(st.lists(st.floats(-15000.0, 0.0), min_size=len(load), max_size=len(load)))
    grid = GridConnection(
        fuse_a=draw(st.sampled_from([10.0, 16.0, 35.0])),
        max_import_w=draw(st.sampled_from([None, 0.0, 4000.0])),
        max_export_w=draw(st.sampled_from([None, 0.0, 3000.0])),
        operator_limit_w=4200.0,
        peak_shaving_w=draw(st.sampled_from([None, 3000.0])),
    )
    pv = replace(PV, curtailable=draw(st.booleans()))
    battery = replace(BATTERY, grid_charging=draw(st.booleans()))
    home = site(pv, battery, CHARGER, TANK, HEAT_PUMP, LIVING, BEDROOM, grid=grid)
    begin = state(
        soc=draw(share),
        car_soc=draw(share),
        departure=now + timedelta(hours=draw(st.floats(-5.0, 100.0))),
        charging=draw(st.booleans()),
        tank_c=draw(st.floats(-10.0, 110.0)),
        rooms_c=(draw(st.floats(-10.0, 45.0)), draw(st.floats(-10.0, 45.0))),
        running=draw(st.booleans()),
        now=now,
    )
    return replace(
        base,
        site=home,
        state=replace(begin, operator_limited=draw(st.booleans())),
        prices=prices(imports, exports, start=now - timedelta(hours=3)),
        forecast=replace(
            base.forecast,
            load_w=tuple(load),
            pv_w=tuple(sun),
            outdoor_c=(draw(st.floats(-30.0, 45.0)),) * len(load),
            hot_water_w=(draw(st.floats(0.0, 20000.0)),) * len(load),
        ),
        legionella_due={"tank": now + timedelta(hours=draw(st.floats(-10.0, 60.0)))},
        settings=PlannerSettings(horizon_h=24.0, time_limit_s=1.0),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(request=requests())
def test_every_state_has_a_plan_that_keeps_to_physics(request: PlanRequest) -> None:
    plan = make_plan(request)
    battery: Battery = request.site.asset("battery")  # type: ignore[assignment]
    bill = 0.0
    for slot in plan.slots:
        powers = [a.power_w for i, a in slot.assets.items() if i != "pv"]
        assert slot.grid_w == pytest.approx(slot.load_w + slot.pv_w + sum(powers), abs=1.0)
        kwh = slot.grid_w * (slot.end - slot.start).total_seconds() / 3.6e6
        bill += kwh * (slot.import_eur_per_kwh if kwh > 0 else slot.export_eur_per_kwh)

        cell = slot.assets["battery"]
        assert cell.energy_kwh is not None
        assert cell.energy_low_kwh is not None
        assert cell.energy_high_kwh is not None
        assert -1e-4 <= cell.energy_kwh <= battery.capacity_kwh + 1e-4
        assert cell.energy_low_kwh <= cell.energy_kwh + 1e-9
        assert cell.energy_kwh <= cell.energy_high_kwh + 1e-9
        assert -battery.max_discharge_w - 1.0 <= cell.power_w <= battery.max_charge_w + 1.0

        assert -1.0 <= slot.assets["charger"].power_w <= 11040.0 + 1.0
        assert -1.0 <= slot.assets["tank"].power_w <= TANK.max_w + 1.0
        assert -1.0 <= slot.assets["heat_pump"].power_w <= HEAT_PUMP.max_w + 1.0
        assert slot.pv_w <= 0.0
        bought = sum(a.import_w for a in slot.assets.values())
        discharge = max(0.0, -cell.power_w)
        assert bought <= max(0.0, slot.grid_w) + discharge + 1.0, "no kWh is bought twice"
        for asset in slot.assets.values():
            assert 0.0 <= asset.import_w <= max(0.0, asset.power_w) + 1.0
            assert 0.0 <= asset.export_w <= max(0.0, -asset.power_w) + 1.0
    assert plan.expected_cost_eur == pytest.approx(bill, abs=1e-6)


@settings(max_examples=4, deadline=None)
@given(
    imports=st.lists(st.floats(-0.1, 0.8), min_size=48, max_size=48),
    export=st.floats(0.0, 0.3),
    soc=st.floats(0.1, 1.0),
    peak_w=st.floats(0.0, 8000.0),
)
def test_the_optimum_is_no_worse_than_simple_plans(
    imports: list[float], export: float, soc: float, peak_w: float
) -> None:
    exact = PlannerSettings(mip_gap=1e-5, mip_gap_eur=1e-3, time_limit_s=60.0, horizon_h=24.0)
    request = PlanRequest(
        now=NOW,
        site=site(PV, BATTERY, replace(CHARGER, target_soc=1.0)),
        state=state(soc=soc, car_soc=0.8, departure=at(12)),
        prices=prices(imports, export),
        forecast=forecast(pv_w=sunny(peak_w)),
        settings=exact,
    )
    best = solve_request(request)[2].objective
    idle = replace(BATTERY, max_charge_w=0.0, max_discharge_w=0.0)
    idle_battery = replace(request, site=site(PV, idle, replace(CHARGER, target_soc=1.0)))
    charger = request.state.assets["charger"]
    hurried = replace(charger, departure=at(1.25))  # type: ignore[call-arg]
    at_once = replace(
        request, state=replace(request.state, assets={**request.state.assets, "charger": hurried})
    )
    for simple in (idle_battery, at_once):
        assert best <= solve_request(simple)[2].objective + 2e-3


def test_tank_stages_bound_the_power() -> None:
    staged = HotWaterTank(id="tank", max_w=9000.0, stages_w=(1000.0, 2000.0))
    plan = make_plan(
        PlanRequest(
            now=NOW,
            site=site(staged),
            state=state(tank_c=30.0),
            prices=prices([0.3] * 48),
            forecast=forecast(),
        )
    )
    assert max(s.assets["tank"].power_w for s in plan.slots) == pytest.approx(2000.0, abs=1e-3)
