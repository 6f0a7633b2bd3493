"""From light to AC power, against pvlib; and the limit of the inverter."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.simulator.pv import PvSpec, PvTwin, WeatherModelForecast, cell_temperature_c, inverter_ac_w
from ohmstead.simulator.scenario import demo_house


@pytest.mark.parametrize(
    ("light", "outdoor", "wind"), [(0.0, 5.0, 1.0), (800.0, 20.0, 0.5), (1000.0, 35.0, 6.0)]
)
def test_cell_temperature_is_faimans(light: float, outdoor: float, wind: float) -> None:
    import pvlib

    expected = pvlib.temperature.faiman(light, outdoor, wind)
    assert cell_temperature_c(light, outdoor, wind) == pytest.approx(float(expected), abs=0.01)


@pytest.mark.parametrize("dc_w", [50.0, 400.0, 2000.0, 4900.0, 5500.0, 7000.0])
def test_inverter_is_pvwatts(dc_w: float) -> None:
    import pvlib

    assert inverter_ac_w(dc_w, 5000.0) == pytest.approx(
        float(pvlib.inverter.pvwatts(dc_w, 5000.0 / 0.96)), rel=1e-6
    )


@given(st.floats(0, 6000), st.floats(-8000, 3000))
def test_a_limit_only_takes_away(potential_w: float, limit_w: float) -> None:
    pv = PvTwin(PvSpec())
    pv.decide(0.0, potential_w)
    assert pv.power_w == -potential_w
    pv.latch.put(limit_w, 0.0, 3.0)
    pv.decide(2.0, potential_w)
    assert pv.power_w == -potential_w
    pv.decide(3.0, potential_w)
    assert -potential_w <= pv.power_w <= 0.0
    assert pv.power_w >= min(0.0, limit_w)


def test_a_south_roof_makes_what_such_roofs_make() -> None:
    house = demo_house()
    day = int(house.now.timestamp()) // 86400
    spec = house.devices.pv.spec
    ac_kwh = light_kwh_m2 = 0.0
    for k in range(-7, 7):
        sky = house.inputs.weather.day(day + 26 * k)
        light_kwh_m2 += sum(p[spec.plane].total for p in sky.planes if p is not None) / 60_000.0
        ac_kwh += sum(house.inputs.pv.day(day + 26 * k)) / 60_000.0
    assert 0.76 < ac_kwh / (spec.peak_w / 1000.0 * light_kwh_m2) < 0.88  # performance ratio, IEC 61724-1
    assert max(house.inputs.pv.day(day + 30)) <= 5000.0


def test_forecast_is_better_near_and_is_renewed() -> None:
    house = demo_house()
    truth = house.inputs.pv
    forecast = WeatherModelForecast(1, truth, 5000.0)
    noon_s = house.now.timestamp() // 86400 * 86400 + 11 * 3600.0
    days = range(1, 25)

    def error(lead_h: float) -> float:
        squares = []
        for d in days:
            start = noon_s + d * 86400.0
            true = truth.mean(start, start + 3600.0)
            squares.append(
                (forecast.power_w(start, start + 3600.0, start - lead_h * 3600.0) / true - 1.0) ** 2
            )
        return math.sqrt(sum(squares) / len(squares))

    assert 0.02 < error(0.5) < error(36.0) < 0.6
    start = noon_s + 5 * 86400.0
    issued = {forecast.power_w(start, start + 900.0, start - h * 3600.0) for h in (8, 16, 24)}
    assert len(issued) == 3
    night = noon_s + 12 * 3600.0
    assert forecast.power_w(night, night + 900.0, noon_s) == 0.0
