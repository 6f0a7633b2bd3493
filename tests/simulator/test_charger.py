"""The charging station, the 6 A rule and the car."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.simulator.charger import ChargerSpec, ChargerTwin, VehicleSpec
from ohmstead.simulator.trips import TripPattern, TripSchedule

NIGHT_S = datetime(2026, 3, 10, 22, tzinfo=UTC).timestamp()


def charger(soc: float = 0.5, **spec: float) -> ChargerTwin:
    schedule = TripSchedule(1, ZoneInfo("Europe/Vienna"), TripPattern())
    return ChargerTwin(ChargerSpec(**spec), VehicleSpec(), schedule, NIGHT_S, soc)  # type: ignore[arg-type]


def settle(twin: ChargerTwin, power_w: float | None) -> float:
    twin.latch.put(power_w, NIGHT_S, 0.0)
    twin.advance(NIGHT_S, 1.0)
    twin.advance(NIGHT_S + 10.0, 1.0)
    return twin.power_w


@given(st.floats(0, 20000))
def test_never_between_zero_and_six_amperes(power_w: float) -> None:
    twin = charger()
    settle(twin, power_w)
    assert twin.offered_a() == 0.0 or 6.0 - 1e-9 <= twin.offered_a() <= 16.0
    assert twin.offered_w() <= power_w + 1e-6
    if power_w < 6.0 * 690.0 - 1e-3:
        assert twin.power_w == twin.charger.standby_w


def test_watts_are_rounded_down_to_what_the_station_can_signal() -> None:
    whole = charger(resolution_a=1.0)
    settle(whole, 8.9 * 690.0)
    assert whole.offered_a() == 8.0
    fine = charger()
    settle(fine, 8.97 * 690.0)
    assert fine.offered_a() == pytest.approx(8.9)


def test_released_it_charges_at_once_with_all_the_plug_allows() -> None:
    assert settle(charger(), None) == pytest.approx(16.0 * 690.0 * 0.985 + 4.0, rel=0.02)


def test_start_takes_its_time_and_stop_is_at_once() -> None:
    twin = charger()
    twin.advance(NIGHT_S, 1.0)
    assert not twin.charging()
    twin.advance(NIGHT_S + twin.charger.start_s, 1.0)
    assert twin.charging()
    twin.latch.put(0.0, NIGHT_S + 8.0, 0.0)
    twin.advance(NIGHT_S + 8.0, 1.0)
    assert not twin.charging()


def test_power_tapers_above_eighty_percent_and_ends_at_full() -> None:
    assert settle(charger(0.79), None) > settle(charger(0.9), None) > settle(charger(0.99), None) > 2000.0
    twin = charger(0.999)
    for minute in range(60):
        twin.advance(NIGHT_S + 60.0 * minute, 60.0)
        assert twin.soc <= 1.0
    assert twin.soc == pytest.approx(1.0)
    assert not twin.charging()


def test_losses_are_on_the_grid_side() -> None:
    twin = charger(0.3)
    settle(twin, None)
    before, session = twin.soc, twin.session_kwh
    for minute in range(60):
        twin.advance(NIGHT_S + 20.0 + 60.0 * minute, 60.0)
    stored = (twin.soc - before) * 60.0
    assert 0.88 < stored / (twin.session_kwh - session) < 0.93


def test_the_car_comes_and_goes_and_driving_costs_soc() -> None:
    twin = charger(0.8)
    now_s, changes, at_departure = NIGHT_S, [], 0.8
    for _ in range(3 * 1440):
        was = twin.connected
        at_departure = twin.soc if was else at_departure
        twin.latch.put(0.0, now_s, 0.0)
        twin.advance(now_s, 60.0)
        if twin.connected != was:
            changes.append(twin.connected)
            if twin.connected:
                assert twin.session_kwh == 0.0
                assert 5.0 < (at_departure - twin.soc) * 60.0 < 10.0
        assert (twin.departure_s is not None) is twin.connected
        now_s += 60.0
    assert changes == [False, True] * 3
    assert twin.trip_kwh == pytest.approx((0.8 - twin.soc) * 60.0)


def test_a_trip_on_an_empty_battery_is_counted_as_bought_elsewhere() -> None:
    twin = charger(0.06)
    twin.latch.put(0.0, NIGHT_S, 0.0)
    for minute in range(1440):
        twin.advance(NIGHT_S + 60.0 * minute, 60.0)
    assert twin.soc == pytest.approx(0.05)
    assert twin.short_kwh == pytest.approx(twin.trip_kwh - 0.6)
