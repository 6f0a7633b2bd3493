"""Physics of the planner against closed forms, standards and pvlib."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.site import Battery, ChargePoint, HotWaterTank, Phases, PvSystem, Room
from ohmstead.models.battery import next_energy_kwh, round_trip
from ohmstead.models.heat_pump import HeatingCurve, cop
from ohmstead.models.pv import clear_sky_power_w, power_w
from ohmstead.models.room import comfort_band, energy_above_low_kwh
from ohmstead.models.sun import clear_sky_ghi_w_m2, plane_irradiance_w_m2, sun_position
from ohmstead.models.tank import PATTERN_KWH_PER_DAY, capacity_kwh_per_k, drawn_w, energy_above_cold_kwh
from ohmstead.models.thermal import step_response
from ohmstead.models.vehicle import charging_range, grid_kwh

LATITUDE, LONGITUDE = 48.2, 16.4


@given(
    capacity=st.floats(0.05, 50.0),
    loss=st.floats(0.0, 500.0),
    start=st.floats(-20.0, 90.0),
    ambient=st.floats(-20.0, 40.0),
    heat=st.floats(0.0, 20.0),
)
def test_one_hour_is_four_quarters(
    capacity: float, loss: float, start: float, ambient: float, heat: float
) -> None:
    hour = step_response(capacity_kwh_per_k=capacity, loss_w_per_k=loss, duration_h=1.0)
    quarter = step_response(capacity_kwh_per_k=capacity, loss_w_per_k=loss, duration_h=0.25)
    temperature = start
    for _ in range(4):
        temperature = quarter.next_c(temperature_c=temperature, ambient_c=ambient, heat_kw=heat)
    whole = hour.next_c(temperature_c=start, ambient_c=ambient, heat_kw=heat)
    assert temperature == pytest.approx(whole, rel=1e-7, abs=1e-7)


def test_a_store_settles_where_loss_equals_heat() -> None:
    response = step_response(capacity_kwh_per_k=1.0, loss_w_per_k=100.0, duration_h=1000.0)
    settled = response.next_c(temperature_c=50.0, ambient_c=5.0, heat_kw=1.5)
    assert settled == pytest.approx(5.0 + 1500.0 / 100.0)


def test_a_store_without_loss_keeps_what_it_gets() -> None:
    response = step_response(capacity_kwh_per_k=2.0, loss_w_per_k=0.0, duration_h=0.5)
    assert response.next_c(temperature_c=20.0, ambient_c=-10.0, heat_kw=4.0) == pytest.approx(21.0)


@pytest.mark.parametrize(("capacity", "loss"), [(0.0, 1.0), (-1.0, 1.0), (1.0, -1.0)])
def test_impossible_stores_are_refused(capacity: float, loss: float) -> None:
    with pytest.raises(ValueError, match="capacity"):
        step_response(capacity_kwh_per_k=capacity, loss_w_per_k=loss, duration_h=1.0)


def test_battery_round_trip() -> None:
    battery = Battery(id="b", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
    charged = next_energy_kwh(battery, energy_kwh=5.0, power_w=1000.0, duration_s=3600.0)
    assert charged == pytest.approx(5.95)
    again = next_energy_kwh(
        battery, energy_kwh=charged, power_w=-1000.0 * round_trip(battery), duration_s=3600.0
    )
    assert again == pytest.approx(5.0)


def test_charging_ranges() -> None:
    assert charging_range(ChargePoint(id="c")).min_w == pytest.approx(4140.0)
    assert charging_range(ChargePoint(id="c")).max_w == pytest.approx(11040.0)
    assert charging_range(ChargePoint(id="c", phase_switching=True)).min_w == pytest.approx(1380.0)
    single = charging_range(ChargePoint(id="c", phases=Phases.L2))
    assert (single.min_w, single.max_w) == pytest.approx((1380.0, 3680.0))
    assert grid_kwh(ChargePoint(id="c"), from_soc=0.5, to_soc=0.8) == pytest.approx(20.0)
    assert grid_kwh(ChargePoint(id="c"), from_soc=0.9, to_soc=0.8) == 0.0


def test_tank_and_room_energies() -> None:
    tank = HotWaterTank(id="t", volume_l=300.0)
    assert capacity_kwh_per_k(tank) == pytest.approx(0.3488, abs=1e-4)
    assert energy_above_cold_kwh(tank, 55.0) == pytest.approx(15.7, abs=0.01)
    assert energy_above_cold_kwh(tank, 4.0) == 0.0
    room = Room(id="r")
    band = comfort_band(room, 20.0)
    assert (band.low_c, band.high_c) == (19.5, 21.5)
    assert energy_above_low_kwh(room, temperature_c=20.5, band=band) == pytest.approx(5.0)


def test_a_day_of_hot_water_is_the_daily_energy() -> None:
    day = sum(drawn_w(local_hour=q / 4.0, daily_kwh=6.0) for q in range(96)) / 4000.0
    assert day == pytest.approx(6.0)
    assert pytest.approx(5.845, abs=0.01) == PATTERN_KWH_PER_DAY


def test_cop_falls_with_cold_and_with_lift() -> None:
    mild, cold = cop(outdoor_c=7.0, supply_c=35.0), cop(outdoor_c=-7.0, supply_c=35.0)
    assert mild == pytest.approx(5.06, abs=0.02)
    assert cold < mild
    assert cop(outdoor_c=7.0, supply_c=55.0) < mild
    assert cop(outdoor_c=-30.0, supply_c=75.0) == 1.0
    curve = HeatingCurve()
    assert curve.supply_c(-60.0) == curve.max_c
    assert curve.supply_c(30.0) == curve.min_c


def year_of_hours() -> pd.DatetimeIndex:
    return pd.date_range("2026-01-01 00:30", "2026-12-31 23:30", freq="1h", tz="UTC")


def test_sun_position_agrees_with_pvlib() -> None:
    times = year_of_hours()
    theirs = pvlib.solarposition.get_solarposition(times, LATITUDE, LONGITUDE)
    ours = sun_position(
        times.as_unit("s").asi8.astype(np.float64), latitude_deg=LATITUDE, longitude_deg=LONGITUDE
    )
    zenith = np.degrees(np.arccos(ours.cos_zenith))
    up = theirs["zenith"].to_numpy() < 88.0
    assert np.abs(zenith - theirs["zenith"].to_numpy())[up].max() < 0.05
    turn = np.degrees(ours.azimuth_rad) - theirs["azimuth"].to_numpy()
    turn = (turn + 180.0) % 360.0 - 180.0
    assert np.abs(turn)[up].max() < 0.15


@pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")
def test_plane_of_array_agrees_with_pvlib() -> None:
    times = year_of_hours()
    theirs = pvlib.solarposition.get_solarposition(times, LATITUDE, LONGITUDE)
    clear = pvlib.clearsky.haurwitz(theirs["apparent_zenith"])["ghi"].to_numpy()
    ours = sun_position(
        times.as_unit("s").asi8.astype(np.float64), latitude_deg=LATITUDE, longitude_deg=LONGITUDE
    )
    assert clear_sky_ghi_w_m2(ours.cos_zenith).sum() == pytest.approx(clear.sum(), rel=0.01)
    ghi = clear * (0.4 + 0.6 * np.sin(np.arange(len(times)) / 37.0) ** 2)
    erbs = pvlib.irradiance.erbs(ghi, theirs["zenith"], times)
    poa = pvlib.irradiance.get_total_irradiance(
        30.0,
        200.0,
        theirs["apparent_zenith"],
        theirs["azimuth"],
        erbs["dni"],
        ghi,
        erbs["dhi"],
        dni_extra=pvlib.irradiance.get_extra_radiation(times),
        model="haydavies",
        albedo=0.2,
    )["poa_global"].fillna(0.0)
    mine = plane_irradiance_w_m2(ghi, ours, tilt_deg=30.0, azimuth_deg=200.0)
    assert mine.sum() == pytest.approx(poa.sum(), rel=0.02)
    assert math.sqrt(np.mean((mine - poa.to_numpy()) ** 2)) < 20.0


def test_pv_power_keeps_sign_limits_and_temperature() -> None:
    times = np.array([1_750_000_000.0])
    sun = sun_position(times, latitude_deg=LATITUDE, longitude_deg=LONGITUDE)
    system = PvSystem(id="pv", peak_w=5000.0)
    ghi = np.array([900.0])
    cool = power_w(system, sun, ghi_w_m2=ghi, outdoor_c=np.array([5.0]))[0]
    warm = power_w(system, sun, ghi_w_m2=ghi, outdoor_c=np.array([35.0]))[0]
    assert cool < warm < 0.0
    clipped = PvSystem(id="pv", peak_w=5000.0, inverter_w=1000.0)
    assert clear_sky_power_w(clipped, sun)[0] >= -1000.0
