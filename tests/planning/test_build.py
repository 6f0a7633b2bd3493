"""The whole forecast, also where parts are missing; and its own checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.forecast import Forecast, VehicleSession
from ohmstead.planning.build import USUAL_OUTDOOR_C, build_forecast
from ohmstead.planning.load_forecast import LoadForecaster
from ohmstead.planning.pv_forecast import PvForecaster
from tests.planning.homes import PV, TANK, site

NOW = datetime(2026, 4, 14, 13, 7, 30, tzinfo=UTC)


def test_with_nothing_known_it_is_complete() -> None:
    home = site(PV, TANK)
    forecast = build_forecast(now=NOW, site=home, load=LoadForecaster(), pv=PvForecaster(home))
    assert forecast.start == datetime(2026, 4, 14, 13, 0, tzinfo=UTC)
    assert forecast.end >= NOW + timedelta(hours=48)
    assert set(forecast.outdoor_c) == {USUAL_OUTDOOR_C}
    assert min(forecast.pv_w) < -1000.0
    day_kwh = sum(forecast.hot_water_w[:96]) / 4000.0
    assert day_kwh == pytest.approx(5.845, abs=0.01)
    assert len(forecast.pv_low_w) == len(forecast.load_high_w) == len(forecast.load_w)


def test_no_tank_draws_no_hot_water() -> None:
    home = site(PV)
    forecast = build_forecast(now=NOW, site=home, load=LoadForecaster(), pv=PvForecaster(home))
    assert set(forecast.hot_water_w) == {0.0}


def test_temperatures_are_interpolated_and_held() -> None:
    home = site()
    hours = [(NOW.replace(minute=0, second=0) + timedelta(hours=h), float(h)) for h in range(5)]
    forecast = build_forecast(now=NOW, site=home, load=LoadForecaster(), pv=PvForecaster(home), outdoor=hours)
    assert forecast.outdoor_c[0] == pytest.approx(0.125)
    assert forecast.outdoor_c[6] == pytest.approx(1.625)
    assert forecast.outdoor_c[-1] == pytest.approx(4.0)


GOOD = Forecast(
    made_at=NOW,
    start=datetime(2026, 4, 14, 13, tzinfo=UTC),
    load_w=(1.0, 2.0),
    pv_w=(0.0, -1.0),
    outdoor_c=(5.0, 5.0),
    hot_water_w=(0.0, 0.0),
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pv_w": (0.0, 1.0)}, "pv_w is ≤ 0"),
        ({"load_w": (0.0, -1.0)}, "≥ 0"),
        ({"outdoor_c": (1.0,)}, "outdoor_c has 1 steps"),
        ({"load_w": (0.0, float("nan"))}, r"load_w\[1\] is nan"),
        ({"load_low_w": (0.0,)}, "load_low_w has 1"),
        ({"start": NOW}, "quarter hour"),
        ({"load_w": ()}, "at least one step"),
    ],
)
def test_a_forecast_refuses_what_cannot_be(change: dict[str, object], message: str) -> None:
    fields = {
        name: getattr(GOOD, name)
        for name in ("made_at", "start", "load_w", "pv_w", "outdoor_c", "hot_water_w")
    }
    with pytest.raises(ValueError, match=message):
        Forecast(**{**fields, **change})


def test_a_session_refuses_what_cannot_be() -> None:
    good = {
        "asset": "c",
        "arrive": NOW,
        "depart": NOW + timedelta(hours=1),
        "arrive_soc": 0.5,
        "target_soc": 0.8,
    }
    for change in ({"depart": NOW}, {"arrive_soc": 1.5}, {"target_soc": -0.1}):
        with pytest.raises(ValueError, match="session of c"):
            VehicleSession(**{**good, **change})  # type: ignore[arg-type]
