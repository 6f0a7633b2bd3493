"""Minutes of weather keep what the hours say."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from ohmstead.simulator.dataset import typical_year
from ohmstead.simulator.sun import Plane, sun_position
from ohmstead.simulator.timeline import typical_year_hour
from ohmstead.simulator.weather import IRRADIANCE_OFFSET_S, Weather

FIRST_DAY = int(datetime(2025, 10, 1, tzinfo=UTC).timestamp()) // 86400


@pytest.fixture(scope="module")
def weather() -> Weather:
    return Weather(seed=1, latitude_deg=45.0, longitude_deg=8.0, planes=(Plane(35.0, 180.0),))


def test_irradiance_belongs_to_eleven_minutes_past_the_hour() -> None:
    year = typical_year()

    def misfit(offset_s: float) -> float:
        errors = []
        for i in range(0, 8760, 3):
            if year.dni_w_m2[i] > 100.0:
                sun = sun_position(FIRST_DAY * 86400.0 + (i - 273 * 24) * 3600.0 + offset_s, 45.0, 8.0)
                closure = year.dhi_w_m2[i] + year.dni_w_m2[i] * math.sin(math.radians(sun.elevation_deg))
                errors.append((year.ghi_w_m2[i] - closure) ** 2)
        return math.sqrt(sum(errors) / len(errors))

    assert misfit(IRRADIANCE_OFFSET_S) < 2.0 < misfit(0.0)


def test_a_year_keeps_the_energy_of_the_typical_year(weather: Weather) -> None:
    year = typical_year()
    own = [0.0, 0.0, 0.0]
    hourly = [0.0, 0.0, 0.0]
    for day in range(FIRST_DAY, FIRST_DAY + 364, 13):
        sky = weather.day(day)
        row = typical_year_hour(day * 24)
        for k, (minutes, hours) in enumerate(
            (
                (sky.ghi_w_m2, year.ghi_w_m2),
                (sky.dni_w_m2, year.dni_w_m2),
                (sky.dhi_w_m2, year.dhi_w_m2),
            )
        ):
            own[k] += sum(minutes) / 60.0
            hourly[k] += sum(hours[row : row + 24])
    assert own == pytest.approx(hourly, rel=0.02)


def test_global_is_diffuse_plus_beam_in_every_minute(weather: Weather) -> None:
    sky = weather.day(FIRST_DAY + 200)
    lit = 0
    for i, sun in enumerate(sky.sun):
        if sun is None:
            assert sky.ghi_w_m2[i] == 0.0
            continue
        lit += 1
        beam = sky.dni_w_m2[i] * math.sin(math.radians(sun.elevation_deg))
        assert sky.ghi_w_m2[i] == pytest.approx(sky.dhi_w_m2[i] + beam)
        assert 0.0 <= sky.dni_w_m2[i] < 1100.0
    assert 700 < lit < 900


def test_temperature_goes_through_the_hours(weather: Weather) -> None:
    sky = weather.day(FIRST_DAY + 10)
    row = typical_year_hour((FIRST_DAY + 10) * 24)
    for hour in range(23):
        middle = 0.5 * (sky.outdoor_c[hour * 60 + 59] + sky.outdoor_c[hour * 60 + 60])
        assert middle == pytest.approx(typical_year().outdoor_c[row + hour + 1], abs=0.05)


def test_another_seed_has_other_clouds(weather: Weather) -> None:
    other = Weather(seed=2, latitude_deg=45.0, longitude_deg=8.0)
    days = range(FIRST_DAY + 180, FIRST_DAY + 190)
    assert any(other.day(d).dni_w_m2 != weather.day(d).dni_w_m2 for d in days)


def test_no_day_is_dark(weather: Weather) -> None:
    may_16 = int(datetime(2026, 5, 16, tzinfo=UTC).timestamp()) // 86400
    assert sum(typical_year().ghi_w_m2[136 * 24 : 138 * 24]) == 0.0
    assert min(sum(weather.day(may_16 + d).ghi_w_m2) / 60.0 for d in range(2)) > 1000.0
