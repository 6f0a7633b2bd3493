"""Own sun against pvlib's: NREL's position algorithm and its Hay-Davies transposition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.simulator.dataset import typical_year
from ohmstead.simulator.sun import Plane, plane_irradiance, sun_position

LATITUDE, LONGITUDE = 45.0, 8.0
PLANES = [Plane(35.0, 180.0), Plane(90.0, 270.0), Plane(20.0, 90.0)]


@pytest.fixture(scope="module")
def oracle():  # type: ignore[no-untyped-def]
    """A year of hours with pvlib's sun."""
    import pandas as pd  # type: ignore[import-untyped]
    import pvlib

    times = pd.date_range("2026-01-01 00:30", periods=8760, freq="1h", tz="UTC")
    return pvlib.solarposition.get_solarposition(times, LATITUDE, LONGITUDE)


def test_position_is_within_two_hundredths_of_a_degree(oracle) -> None:  # type: ignore[no-untyped-def]
    worst_elevation = worst_azimuth = 0.0
    for when, row in oracle.iterrows():
        if row.apparent_elevation > 0.0:
            own = sun_position(when.timestamp(), LATITUDE, LONGITUDE)
            worst_elevation = max(worst_elevation, abs(own.elevation_deg - row.apparent_elevation))
            worst_azimuth = max(worst_azimuth, abs(own.azimuth_deg - row.azimuth))
    assert 0.0 < worst_elevation < 0.02
    assert 0.0 < worst_azimuth < 0.03


@pytest.mark.parametrize("plane", PLANES)
def test_plane_of_array_is_within_one_percent_over_a_year(oracle, plane: Plane) -> None:  # type: ignore[no-untyped-def]
    import numpy as np
    import pvlib

    year = typical_year()
    dni, dhi = np.array(year.dni_w_m2), np.array(year.dhi_w_m2)
    zenith = oracle.apparent_zenith.to_numpy()
    up = zenith < 90.0
    dni, dhi = np.where(up, dni, 0.0), np.where(up, dhi, 0.0)
    ghi = dhi + dni * np.cos(np.radians(zenith)).clip(0.0)
    reference = pvlib.irradiance.get_total_irradiance(
        plane.tilt_deg,
        plane.azimuth_deg,
        zenith,
        oracle.azimuth.to_numpy(),
        dni,
        ghi,
        dhi,
        dni_extra=np.array(
            [float(pvlib.irradiance.get_extra_radiation(int(d))) for d in oracle.index.day_of_year]
        ),
        albedo=plane.albedo,
        model="haydavies",
    )["poa_global"]
    own = np.zeros(8760)
    for i, when in enumerate(oracle.index):
        sun = sun_position(when.timestamp(), LATITUDE, LONGITUDE)
        if sun.elevation_deg > 0.0:
            own[i] = plane_irradiance(sun, plane, float(dni[i]), float(dhi[i])).total
    assert own.sum() == pytest.approx(reference.sum(), rel=0.01)
    assert math.sqrt(((own - reference) ** 2).mean()) < 0.01 * reference[up].mean()


@given(st.floats(1.6e9, 2.0e9), st.floats(0, 1000), st.floats(0, 500), st.floats(0, 90), st.floats(0, 360))
def test_a_plane_never_shines(when: float, dni: float, dhi: float, tilt: float, azimuth: float) -> None:
    sun = sun_position(when, LATITUDE, LONGITUDE)
    if sun.elevation_deg > 0.0:
        light = plane_irradiance(sun, Plane(tilt, azimuth), dni, dhi)
        assert min(light.beam, light.sky_diffuse, light.ground) >= 0.0
        assert light.total == light.beam + light.sky_diffuse + light.ground


def test_a_flat_plane_sees_the_global_irradiance() -> None:
    sun = sun_position(1781524800.0, LATITUDE, LONGITUDE)
    light = plane_irradiance(sun, Plane(0.0, 180.0), 700.0, 120.0)
    assert light.total == pytest.approx(120.0 + 700.0 * math.sin(math.radians(sun.elevation_deg)))
