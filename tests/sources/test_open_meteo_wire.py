from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ohmstead.errors import DataError
from ohmstead.sources.open_meteo_wire import parse_forecast
from tests.sources.server import recorded

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
SAMPLE = "open_meteo_berlin_2026-03-02.json"


def answer(**hourly: list[Any]) -> dict[str, Any]:
    units = {
        "temperature_2m": "°C",
        "cloud_cover": "%",
        "shortwave_radiation": "W/m²",
        "direct_normal_irradiance": "W/m²",
        "direct_radiation": "W/m²",
        "diffuse_radiation": "W/m²",
        "wind_speed_10m": "km/h",
    }
    times = [f"2026-03-02T{hour:02}:00" for hour in range(3)]
    return {"utc_offset_seconds": 0, "hourly_units": units, "hourly": {"time": times, **hourly}}


def parse(content: dict[str, Any]) -> Any:
    return parse_forecast(json.dumps(content).encode(), "http://x", issued_at=NOW)


def test_a_recorded_answer_in_local_time_becomes_utc() -> None:
    raw = json.loads(recorded(SAMPLE))
    forecast = parse_forecast(recorded(SAMPLE), SAMPLE, issued_at=NOW)
    assert len(forecast.slots) == 71
    first = forecast.slots[0]
    assert first.start == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert first.outdoor_c == pytest.approx((3.2 + 2.3) / 2)
    assert first.wind_m_s == pytest.approx((4.3 + 4.6) / 2 / 3.6)
    assert first.dni_w_m2 is None
    ghi = [s.ghi_w_m2 or 0.0 for s in forecast.slots]
    assert ghi == raw["hourly"]["shortwave_radiation"][1:]


def test_the_sun_of_the_recorded_answer_stands_highest_at_solar_noon() -> None:
    """At 10° E solar noon on 2 March is 11:32 UTC: the mean of 11..12 is the highest."""
    forecast = parse_forecast(recorded(SAMPLE), SAMPLE, issued_at=NOW)
    clear_day = forecast.slots[:24]
    brightest = max(clear_day, key=lambda s: s.ghi_w_m2 or 0.0)
    assert brightest.start == datetime(2026, 3, 2, 11, tzinfo=UTC)


def test_irradiance_is_of_the_hour_before_and_temperature_between_two_times() -> None:
    forecast = parse(
        answer(
            temperature_2m=[0.0, 10.0, 30.0],
            cloud_cover=[0, 100, 50],
            shortwave_radiation=[1.0, 2.0, 3.0],
            direct_normal_irradiance=[4.0, 5.0, 6.0],
            diffuse_radiation=[0.0, 1.0, 2.0],
            wind_speed_10m=[36.0, 36.0, 36.0],
        )
    )
    a, b = forecast.slots
    assert (a.start.hour, a.outdoor_c, a.cloud_cover) == (0, 5.0, 0.5)
    assert (a.ghi_w_m2, a.dni_w_m2, a.dhi_w_m2) == (2.0, 5.0, 1.0)
    assert a.wind_m_s == pytest.approx(10.0)
    assert (b.ghi_w_m2, b.outdoor_c) == (3.0, 20.0)
    assert forecast.at(a.start + timedelta(minutes=59)) is a
    assert forecast.at(b.end) is None
    assert forecast.at(a.start - timedelta(seconds=1)) is None


def test_missing_and_impossible_values_are_none_and_night_noise_is_zero() -> None:
    (a, b) = parse(answer(temperature_2m=[None, None, 999.0], shortwave_radiation=[0.0, -0.4, None])).slots
    assert (a.outdoor_c, b.outdoor_c) == (None, None)
    assert (a.ghi_w_m2, b.ghi_w_m2) == (0.0, None)
    assert (a.cloud_cover, a.wind_m_s) == (None, None)


def test_global_and_diffuse_complete_each_other_with_direct() -> None:
    (a, _) = parse(answer(direct_radiation=[0, 300, 0], diffuse_radiation=[0, 100, 0])).slots
    assert a.ghi_w_m2 == 400
    (a, _) = parse(answer(direct_radiation=[0, 300, 0], shortwave_radiation=[0, 350, 0])).slots
    assert a.dhi_w_m2 == 50


def test_hours_that_are_left_out_are_a_gap() -> None:
    content = answer(temperature_2m=[1.0, 2.0, 3.0])
    content["hourly"]["time"] = ["2026-03-02T00:00", "2026-03-02T01:00", "2026-03-02T05:00"]
    assert len(parse(content).slots) == 1


def test_wind_in_other_units() -> None:
    content = answer(wind_speed_10m=[10.0, 10.0, 10.0])
    content["hourly_units"]["wind_speed_10m"] = "m/s"
    assert parse(content).slots[0].wind_m_s == pytest.approx(10.0)


def broken(**changes: Any) -> dict[str, Any]:
    content = answer(temperature_2m=[1.0, 2.0, 3.0])
    content["hourly"] |= changes
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (broken(temperature_2m=[1.0]), "hourly.temperature_2m: 1 values for 3 times"),
        (broken(time=["a", "b", "c"]), r"hourly.time\[0\]: found 'a'"),
        (broken(time=["2026-03-02T02:00", "2026-03-02T01:00", "2026-03-02T03:00"]), r"time\[1\]"),
        (broken(time=[], temperature_2m=[]), "no two times"),
        ({"error": True, "reason": "Parameter 'latitude' is missing"}, "^http://x: "),
        (answer(temperature_2m=[1.0, 2.0, 3.0]) | {"hourly_units": {"temperature_2m": "°F"}}, "found '°F'"),
        (answer(temperature_2m=[1.0, 2.0, 3.0]) | {"hourly_units": {}}, "found None"),
    ],
)
def test_what_cannot_be_used_is_named(content: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse(content)


def test_truncated_json_is_named() -> None:
    with pytest.raises(DataError, match=r"^http://x: "):
        parse_forecast(recorded(SAMPLE)[:5000], "http://x", issued_at=NOW)
