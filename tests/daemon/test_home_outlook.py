"""Forecasts out of a recorded history and a weather forecast."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.memory import Memory
from ohmstead.core.plan import PlanningTask
from ohmstead.core.site import Battery, HotWaterTank, PvSystem, Site
from ohmstead.core.state import Reading, SiteState
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.home_outlook import EXPECTED_PV, HomeOutlook, half_hours, legionella_due
from ohmstead.errors import DataError
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings, PlanRequest
from ohmstead.recorder import Minute, Recorder
from ohmstead.sources import WeatherForecast, WeatherSlot

NOW = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS = 10
SITE = Site(
    timezone="UTC",
    assets=(
        PvSystem(id="roof", peak_w=5000.0),
        PvSystem(id="wall", peak_w=1000.0, tilt_deg=90.0),
        Battery(id="battery", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0),
        HotWaterTank(id="tank"),
    ),
)


def usual_load_w(at: datetime) -> float:
    """A home that wakes late: far from the standard profile."""
    return 2000.0 if at.hour >= 22 or at.hour < 2 else 200.0


def usual_sun_w(at: datetime) -> float:
    """Noon at 12 UTC."""
    return max(0.0, math.cos((at.hour + at.minute / 60.0 - 12.0) * math.pi / 14.0)) * 4000.0


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days; one recorded minute stands for each quarter of an hour."""
    path = tmp_path_factory.mktemp("outlook") / "home.db"
    at = NOW - timedelta(days=DAYS)
    with Recorder.open(path) as recorder:
        while at < NOW:
            sun_w = usual_sun_w(at)
            values = {
                "household": usual_load_w(at),
                "roof": -0.8 * sun_w,
                "wall": -0.2 * sun_w,
                EXPECTED_PV: -2.0 * sun_w,
                "price.import": 0.20 if at.hour < 6 else 0.40,
                "price.export": 0.05,
            }
            recorder.commit_minute(Minute(start=at, values=values))
            at += timedelta(minutes=15)
    return path


def sunny(now: datetime, share: float = 1.0) -> WeatherForecast:
    """A forecast of a cloudless run of days."""
    start = now.replace(minute=0) - 24 * HOUR

    def slot(at: datetime) -> WeatherSlot:
        high = usual_sun_w(at + HOUR / 2) / 4000.0
        return WeatherSlot(
            start=at, end=at + HOUR, outdoor_c=15.0 + 10.0 * high, ghi_w_m2=900.0 * high * share
        )

    slots = tuple(slot(start + i * HOUR) for i in range(96))
    return WeatherForecast(provider="test", issued_at=now, slots=slots)


def outlook(
    recorder: Recorder | None,
    *,
    tariff: Tariff | None = None,
    weather: WeatherForecast | None = None,
    memory: Memory | None = None,
) -> HomeOutlook:
    return HomeOutlook(
        site=SITE,
        settings=PlannerSettings(),
        recorder=recorder,
        tariff=lambda _: tariff,
        weather=lambda: weather,
        memory=lambda: memory or Memory(),
    )


def task(now: datetime = NOW) -> PlanningTask:
    state = SiteState(at=now, outdoor_c=Reading(value=7.5))
    return PlanningTask(now=now, trigger="interval", state=state)


def at(request: PlanRequest, values: tuple[float, ...], when: datetime) -> float:
    return values[int((when - request.forecast.start) / timedelta(seconds=request.forecast.step_s))]


def test_without_history_and_sources_there_is_a_plan_all_the_same() -> None:
    request = outlook(None).request(task())
    settings = request.settings
    assert set(request.forecast.outdoor_c) == {7.5}
    assert {p.import_eur_per_kwh for p in request.prices} == {settings.fallback_import_eur_per_kwh}
    assert not any(p.known for p in request.prices)
    assert min(request.forecast.pv_w) < -500.0
    plan = make_plan(request)
    assert plan.slots[-1].end >= NOW + timedelta(hours=47)


def test_the_home_s_own_past_is_expected_again(history: Path) -> None:
    with Recorder.open_readonly(history) as recorder:
        request = outlook(recorder).request(task())
    load_w = request.forecast.load_w
    # Ten days count for most, the standard profile for the rest.
    assert at(request, load_w, NOW + 19 * HOUR) > 1300.0
    assert at(request, load_w, NOW + 12 * HOUR) < 450.0
    noon_w = at(request, request.forecast.pv_w, NOW + 8 * HOUR)
    assert noon_w == pytest.approx(-4000.0, rel=0.3)
    midnight_w = at(request, request.forecast.pv_w, NOW + 20 * HOUR)
    assert midnight_w == 0.0


def test_what_forecasts_got_wrong_is_corrected(history: Path) -> None:
    """The recorded forecasts promised twice the sun: the next one is believed by half."""
    weather = sunny(NOW)
    with Recorder.open_readonly(history) as recorder:
        learned = outlook(recorder, weather=weather)
        corrected = learned.request(task())
    naive = outlook(None, weather=weather).request(task())
    assert min(corrected.forecast.pv_w) > 0.75 * min(naive.forecast.pv_w)


def test_the_weather_reaches_the_forecast() -> None:
    request = outlook(None, weather=sunny(NOW)).request(task())
    cloudy = outlook(None, weather=sunny(NOW, share=0.2)).request(task())
    assert at(request, request.forecast.outdoor_c, NOW + 8 * HOUR) == pytest.approx(25.0, abs=0.5)
    assert min(request.forecast.pv_w) < 2.5 * min(cloudy.forecast.pv_w)


def test_hours_without_a_price_are_forecast_from_recorded_ones(history: Path) -> None:
    known = PriceSlot(
        start=NOW - 4 * HOUR, end=NOW + 2 * HOUR, import_eur_per_kwh=0.25, export_eur_per_kwh=0.06
    )
    with Recorder.open_readonly(history) as recorder:
        request = outlook(recorder, tariff=Tariff(name="t", slots=[known])).request(task())
    assert request.prices[0].import_eur_per_kwh == 0.25
    assert [p.known for p in request.prices[:9]] == [True] * 8 + [False]
    dear, cheap = (next(p for p in request.prices if p.start == NOW + h * HOUR) for h in (8, 22))
    assert dear.import_eur_per_kwh - cheap.import_eur_per_kwh == pytest.approx(0.2, abs=0.02)
    assert request.prices[-1].end >= NOW + 48 * HOUR


def test_the_past_is_read_again_only_every_half_hour(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        it = outlook(recorder)
        before = it.request(task()).forecast.load_w
        start = NOW - timedelta(days=2)
        for i in range(96):
            recorder.commit_minute(Minute(start=start + i * HOUR / 2, values={"household": 5000.0}))
        assert it.request(task(NOW + timedelta(minutes=14))).forecast.load_w[:4] == before[:4]
        after = it.request(task(NOW + timedelta(minutes=31))).forecast.load_w
        assert sum(after) > 1.5 * sum(before)
        # A clock that was set back does not keep it from learning.
        it.request(task(NOW - timedelta(days=1)))


def test_an_unreadable_history_leaves_what_was_learned(history: Path, tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    path.write_bytes(history.read_bytes())
    recorder = Recorder.open_readonly(path)
    it = outlook(recorder)
    before = it.request(task()).forecast.load_w
    recorder.close()
    path.write_bytes(b"this is no database" * 1000)
    later = NOW + timedelta(minutes=31)
    with pytest.raises(DataError):
        recorder.last_minute()
    after = it.request(task(later)).forecast
    assert after.load_w[20:60] == pytest.approx(before[22:62], rel=0.2)
    recorder.close()


def test_the_promise_of_the_forecast_is_recorded() -> None:
    it = outlook(None, weather=sunny(NOW))
    noon = it.expected(NOW + 8 * HOUR + timedelta(minutes=20))[EXPECTED_PV]
    assert noon is not None
    assert noon < -2000.0
    assert it.expected(NOW + timedelta(days=30)) == {EXPECTED_PV: None}
    assert it.expected(NOW - timedelta(days=30)) == {EXPECTED_PV: None}
    assert outlook(None).expected(NOW) == {EXPECTED_PV: None}


def test_half_hours_are_means_of_whole_ones() -> None:
    quarter = timedelta(minutes=15)
    points = [(NOW + i * quarter, float(i)) for i in range(5)]
    assert half_hours(points, until=NOW + 5 * quarter) == {NOW: 0.5, NOW + 2 * quarter: 2.5}


def test_disinfection_is_due_after_its_interval() -> None:
    memory = Memory()
    assert legionella_due(SITE, memory) == {}
    memory.of("tank").sanitised_at = NOW - timedelta(days=6)
    memory.of("battery").sanitised_at = NOW
    assert legionella_due(SITE, memory) == {"tank": NOW + timedelta(days=1)}
    assert outlook(None, memory=memory).request(task()).legionella_due == {"tank": NOW + timedelta(days=1)}
