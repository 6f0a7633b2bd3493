"""What chargers are going to do, and why they charge, in nymea's words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.memory import ManualCommand, Memory
from ohmstead.core.phases import PhaseEvidence
from ohmstead.core.plan import AssetSlot, Plan, PlanSlot
from ohmstead.core.reason import Reason, Rule, Setpoint
from ohmstead.core.settings import Settings
from ohmstead.core.site import ChargePoint, Phases, Site
from ohmstead.core.state import ChargePointState, Reading, SiteState
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.nymea.charging import charging_state, info_of, schedules
from ohmstead.nymea.site_values import ChargingActionIssuer, ChargingState
from tests.daemon.homes import NOON

POINT = ChargePoint(id="charger", max_a=16.0, vehicle_capacity_kwh=60.0, efficiency=1.0)
SITE = Site(assets=(POINT,))
QUARTER = timedelta(minutes=15)
FULL_KW = 11.04


def image(*, soc: float | None = 0.5, target_soc: float = 0.8, departure_h: float | None = None) -> SiteState:
    departure = None if departure_h is None else NOON + timedelta(hours=departure_h)
    state = ChargePointState(
        id="charger", connected=True, soc=Reading(value=soc), departure=departure, target_soc=target_soc
    )
    return SiteState(at=NOON, assets={"charger": state})


def infos(mode: ChargingMode, **more: float | bool) -> dict[str, ChargingInfo]:
    end_at = NOON + timedelta(hours=6) if mode.has_deadline else None
    return {"charger": ChargingInfo(charge_point="charger", mode=mode, end_at=end_at, **more)}  # type: ignore[arg-type]


def plan(*slots: tuple[float, float]) -> Plan:
    """A plan of quarters out of (power, bought) of the charger, W."""
    made = [
        PlanSlot(
            start=NOON + i * QUARTER,
            end=NOON + (i + 1) * QUARTER,
            import_eur_per_kwh=0.3,
            export_eur_per_kwh=0.1,
            price_known=True,
            pv_w=0.0,
            load_w=0.0,
            grid_w=0.0,
            assets={"charger": AssetSlot(power_w=power_w, import_w=import_w)},
        )
        for i, (power_w, import_w) in enumerate(slots)
    ]
    return Plan(id="p", made_at=NOON, slots=tuple(made), expected_cost_eur=0.0)


def test_the_plan_tells_and_equal_slots_are_one() -> None:
    now = NOON + timedelta(minutes=5)
    made = plan((11040.0, 9000.0), (11040.0, 9000.0), (0.0, 0.0), (6900.0, 0.0))
    first, second = schedules(SITE, made, infos(ChargingMode.ECO_WITH_TARGET_TIME), image(), now)
    assert (first.start, first.end) == (now, NOON + 2 * QUARTER)
    assert (first.max_current_a, first.phase_count) == (16.0, 3)
    assert first.issuer is ChargingActionIssuer.TIME_REQUIREMENT
    assert (second.start, second.end) == (NOON + 3 * QUARTER, NOON + 4 * QUARTER)
    assert second.max_current_a == 10.0
    assert second.issuer is ChargingActionIssuer.SURPLUS


def test_a_planned_mean_below_the_smallest_current_is_told_as_a_pulse() -> None:
    (only,) = schedules(SITE, plan((1656.0, 1656.0)), infos(ChargingMode.ECO_WITH_TARGET_TIME), image(), NOON)
    assert only.max_current_a == 6.0
    assert only.end - only.start == timedelta(minutes=6)


def test_who_wants_surplus_only_is_not_told_what_the_plan_would_buy() -> None:
    assert schedules(SITE, plan((11040.0, 11040.0)), infos(ChargingMode.ECO), image(), NOON) == ()
    (only,) = schedules(SITE, plan((11040.0, 4140.0)), infos(ChargingMode.ECO), image(), NOON)
    assert (only.max_current_a, only.issuer) == (10.0, ChargingActionIssuer.SURPLUS)


def test_normal_charges_at_once_whatever_was_planned() -> None:
    (only,) = schedules(SITE, plan((0.0, 0.0)), infos(ChargingMode.NORMAL), image(), NOON)
    hours = 0.3 * 60.0 / FULL_KW
    assert only.start == NOON
    assert timedelta(0) <= only.end - (NOON + timedelta(hours=hours)) < timedelta(minutes=5)
    assert only.max_current_a == 16.0
    assert schedules(SITE, None, infos(ChargingMode.NORMAL), image(soc=0.9), NOON) == ()
    assert schedules(SITE, None, infos(ChargingMode.NORMAL), None, NOON) == ()


def test_without_a_plan_a_deadline_starts_as_late_as_it_may() -> None:
    found = schedules(SITE, None, infos(ChargingMode.ECO_WITH_TARGET_TIME), image(departure_h=6), NOON)
    (only,) = found
    margin = timedelta(seconds=Settings().deadline_margin_s)
    assert only.end == NOON + timedelta(hours=6) - margin
    needed = timedelta(hours=0.3 * 60.0 / FULL_KW)
    assert needed <= only.end - only.start < needed + timedelta(minutes=2)


def test_without_a_plan_a_minimum_current_goes_before() -> None:
    wanted = infos(ChargingMode.ECO_MIN_WITH_TARGET_TIME, min_current_a=8.0)
    low, full, rest = schedules(SITE, None, wanted, image(soc=0.2, departure_h=6), NOON)
    assert (low.start, low.max_current_a) == (NOON, 8.0)
    assert (low.end, full.end) == (full.start, rest.start)
    taken_kwh = ((low.end - low.start) * 0.5 + (full.end - full.start)) / timedelta(hours=1) * FULL_KW
    assert 36.0 <= taken_kwh < 36.5
    assert (rest.max_current_a, rest.end) == (8.0, NOON + timedelta(hours=6))


def test_a_minimum_current_goes_on_until_the_vehicle_is_full() -> None:
    (endless,) = schedules(SITE, None, infos(ChargingMode.ECO_WITH_MIN_CURRENT), image(), NOON)
    needed = timedelta(hours=0.5 * 60.0 / (6.0 * 3.0 * 0.23))
    assert needed <= endless.end - endless.start < needed + timedelta(minutes=1)
    assert schedules(SITE, None, infos(ChargingMode.ECO), image(), NOON) == ()


@pytest.mark.parametrize(
    ("rule", "power_w", "state"),
    [
        (Rule.SURPLUS, 4000.0, ChargingState.SURPLUS),
        (Rule.SURPLUS, 0.0, ChargingState.IDLE),
        (Rule.CHEAP_HOURS, 4000.0, ChargingState.SPOT_MARKET),
        (Rule.DEADLINE, 4000.0, ChargingState.TIME_REQUIREMENT),
        (Rule.MANUAL, 4000.0, ChargingState.IDLE),
    ],
)
def test_charging_states(rule: Rule, power_w: float, state: ChargingState) -> None:
    assert charging_state(Setpoint(asset="charger", power_w=power_w, reason=Reason(rule=rule))) is state
    assert charging_state(None) is ChargingState.IDLE


def test_what_nobody_set_is_what_the_vehicle_says() -> None:
    assert info_of(POINT, None, None).mode is ChargingMode.ECO
    seen = info_of(POINT, None, image(departure_h=3, target_soc=0.9))
    assert (seen.mode, seen.end_at, seen.target_soc) == (
        ChargingMode.ECO_WITH_TARGET_TIME,
        NOON + timedelta(hours=3),
        0.9,
    )


def test_without_a_plan_a_deadline_takes_the_cheapest_hours() -> None:
    slots = [
        PriceSlot(
            start=NOON + timedelta(hours=h),
            end=NOON + timedelta(hours=h + 1),
            import_eur_per_kwh=price,
            export_eur_per_kwh=0.1,
        )
        for h, price in enumerate((0.3, 0.1, 0.3, 0.3, 0.2, 0.3))
    ]
    tariff = Tariff(name="hourly", slots=slots)
    wanted = infos(ChargingMode.ECO_WITH_TARGET_TIME)
    first, second = schedules(SITE, None, wanted, image(departure_h=6), NOON, tariff)
    assert (first.start, first.end) == (NOON + timedelta(hours=1), NOON + timedelta(hours=2))
    assert second.start == NOON + timedelta(hours=4)
    assert {s.issuer for s in (first, second)} == {ChargingActionIssuer.SPOT_MARKET}


def test_a_vehicle_seen_on_one_phase_is_told_with_one() -> None:
    memory = Memory()
    memory.of("charger").phases = PhaseEvidence(found=Phases.L2, from_house=True)
    (only,) = schedules(SITE, None, infos(ChargingMode.NORMAL), image(), NOON, memory=memory)
    assert (only.phase_count, only.max_current_a) == (1, 16.0)
    assert only.end - NOON == pytest.approx(timedelta(hours=18.0 / 3.68), abs=timedelta(minutes=1))


def test_the_daily_share_is_told_although_nothing_else_is_wanted() -> None:
    slots = [
        PriceSlot(
            start=NOON + timedelta(hours=h),
            end=NOON + timedelta(hours=h + 1),
            import_eur_per_kwh=0.1 if h == 3 else 0.3,
            export_eur_per_kwh=0.1,
        )
        for h in range(9)
    ]
    wanted = infos(ChargingMode.ECO, spot_market=True, daily_spot_share=0.1)
    (only,) = schedules(SITE, None, wanted, image(target_soc=0.0), NOON, Tariff(name="hourly", slots=slots))
    assert only.start == NOON + timedelta(hours=3)
    assert only.issuer is ChargingActionIssuer.SPOT_MARKET
    assert schedules(SITE, None, wanted, image(target_soc=0.0), NOON) == ()


def test_a_command_by_hand_is_told_until_it_ends() -> None:
    memory = Memory()
    until = NOON + timedelta(minutes=30)
    memory.manual["charger"] = ManualCommand(asset="charger", power_w=6900.0, until=until)
    (only,) = schedules(SITE, plan((0.0, 0.0)), infos(ChargingMode.ECO), image(), NOON, memory=memory)
    assert (only.end, only.max_current_a, only.issuer) == (until, 10.0, ChargingActionIssuer.UNKNOWN)
