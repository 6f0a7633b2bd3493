"""What a real home expects of the coming days, learnt from its own history and a weather forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog

from ohmstead.core.forecast import QUARTER_S
from ohmstead.core.memory import Memory
from ohmstead.core.plan import PlanningTask
from ohmstead.core.site import AssetId, HotWaterTank, PvSystem, Site
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.journal import HOUSEHOLD
from ohmstead.errors import DataError
from ohmstead.planning.build import USUAL_OUTDOOR_C, build_forecast
from ohmstead.planning.history import Sample
from ohmstead.planning.load_forecast import LEARNING_DAYS, LoadForecaster
from ohmstead.planning.price_forecast import WEEKS, extend_prices
from ohmstead.planning.pv_forecast import PvForecaster, PvSample, WeatherSample
from ohmstead.planning.request import PlannerSettings, PlanRequest
from ohmstead.recorder import Recorder
from ohmstead.sources import WeatherForecast, WeatherSlot

log = structlog.get_logger(__name__)

EXPECTED_PV = "forecast.pv"
"""Series of what the weather forecast of the time had promised of the sun, W ≤ 0."""
PRICE_SERIES = ("price.import", "price.export")
LEARN_EVERY = timedelta(minutes=30)
HALF_HOUR = timedelta(minutes=30)
QUARTER = timedelta(seconds=QUARTER_S)


class HomeOutlook:
    """Forecasts out of the recorded history; implements :class:`ohmstead.daemon.planning_host.Outlook`.

    Args:
        recorder: the history; ``None``: nothing was recorded yet.
        tariff: the prices known at a moment.
        weather: the newest forecast; gives ``None`` where there is none.
        memory: what the engine remembers now.
        learns_from: how much of the history load forecasts look at.
    """

    def __init__(
        self,
        *,
        site: Site,
        settings: PlannerSettings,
        recorder: Recorder | None,
        tariff: Callable[[datetime], Tariff | None],
        weather: Callable[[], WeatherForecast | None],
        memory: Callable[[], Memory],
        learns_from: Callable[[], timedelta] = lambda: timedelta(days=LEARNING_DAYS),
    ) -> None:
        """See the class."""
        self._site = site
        self._settings = settings
        self._recorder = recorder
        self._tariff = tariff
        self._weather = weather
        self._memory = memory
        self._learns_from = learns_from
        self._load = LoadForecaster()
        self._pv = PvForecaster(site)
        self._pv_ids = tuple(a.id for a in site.assets if isinstance(a, PvSystem))
        self._past_prices: tuple[PriceSlot, ...] = ()
        self._learned_at: datetime | None = None
        self._sun: tuple[WeatherForecast, tuple[Sample, ...]] | None = None

    def request(self, task: PlanningTask) -> PlanRequest:
        """See :meth:`ohmstead.daemon.planning_host.Outlook.request`."""
        self._learn(task.now)
        settings, site = self._settings, self._site
        forecast = build_forecast(
            now=task.now,
            site=site,
            load=self._load,
            pv=self._pv,
            pv_reference=self._reference(),
            outdoor=_outdoor(self._weather()),
            outdoor_now_c=task.state.outdoor_c.value,
            horizon_h=settings.horizon_h,
        )
        known = self._tariff(task.now)
        prices = extend_prices(
            () if known is None else known.slots,
            start=forecast.start,
            end=forecast.end,
            timezone=site.timezone,
            history=self._past_prices,
            fallback=(settings.fallback_import_eur_per_kwh, settings.fallback_export_eur_per_kwh),
        )
        return PlanRequest(
            now=task.now,
            site=site,
            state=task.state,
            prices=prices,
            forecast=forecast,
            previous=task.previous,
            settings=settings,
            trigger=task.trigger,
            at_once=task.at_once,
            phases=task.phases,
            legionella_due=legionella_due(site, self._memory()),
        )

    def expected(self, now: datetime) -> dict[str, float | None]:
        """What the forecast has for this moment, to be recorded: forecasters learn from its errors."""
        if not self._pv_ids:
            return {}
        reference = self._reference()
        found = next((w for at, w in reversed(reference) if at <= now), None)
        past_end = not reference or now >= reference[-1][0] + timedelta(hours=1)
        return {EXPECTED_PV: None if past_end else found}

    def _reference(self) -> tuple[Sample, ...]:
        """The physical model's sun for the newest forecast, (start, W ≤ 0)."""
        weather = self._weather()
        if weather is None:
            return ()
        if self._sun is None or self._sun[0] is not weather:
            samples = [_weather_sample(s, s.ghi_w_m2) for s in weather.slots if s.ghi_w_m2 is not None]
            self._sun = (weather, self._pv.reference(samples) if self._pv_ids else ())
        return self._sun[1]

    def _learn(self, now: datetime) -> None:
        if self._recorder is None:
            return
        if self._learned_at is not None and timedelta(0) <= now - self._learned_at < LEARN_EVERY:
            return
        names = [HOUSEHOLD, *self._pv_ids, EXPECTED_PV]
        try:
            points = self._recorder.history(names, now - timedelta(days=LEARNING_DAYS), now, QUARTER_S)
            prices = self._recorder.history(PRICE_SERIES, now - timedelta(weeks=WEEKS), now, QUARTER_S)
        except DataError as error:
            log.warning("history_not_read", error=str(error))
            return
        means = {name: half_hours(points[name], until=now) for name in names}
        first = now - self._learns_from()
        self._load.fit([(at, mean) for at, mean in means[HOUSEHOLD].items() if at >= first])
        self._pv.fit(_pv_samples([means[name] for name in self._pv_ids], means[EXPECTED_PV]))
        self._past_prices = _price_slots(prices)
        self._learned_at = now


def half_hours(points: Iterable[tuple[datetime, float]], *, until: datetime) -> dict[datetime, float]:
    """Means of the half hours that ended by ``until``, out of (start, mean) of quarter hours, UTC."""
    found: dict[datetime, list[float]] = {}
    for at, value in points:
        start = at.replace(minute=at.minute - at.minute % 30)
        if start + HALF_HOUR <= until:
            found.setdefault(start, []).append(value)
    return {start: sum(values) / len(values) for start, values in found.items()}


def legionella_due(site: Site, memory: Memory) -> dict[AssetId, datetime]:
    """By when each tank must have been disinfected; nothing for one that was never seen."""
    due: dict[AssetId, datetime] = {}
    for tank in site.assets:
        known = memory.assets.get(tank.id)
        if isinstance(tank, HotWaterTank) and known is not None and known.sanitised_at is not None:
            due[tank.id] = known.sanitised_at + timedelta(days=tank.legionella_every_days)
    return due


def _pv_samples(systems: Sequence[dict[datetime, float]], expected: dict[datetime, float]) -> list[PvSample]:
    """All generators together, where each has a value; what was expected of them beside it."""
    if not systems:
        return []
    starts = set(systems[0]).intersection(*systems[1:])
    return [
        PvSample(start=start, pv_w=min(0.0, sum(s[start] for s in systems)), reference_w=expected.get(start))
        for start in sorted(starts)
    ]


def _price_slots(points: dict[str, list[tuple[datetime, float]]]) -> tuple[PriceSlot, ...]:
    exports = dict(points[PRICE_SERIES[1]])
    return tuple(
        PriceSlot(start=at, end=at + QUARTER, import_eur_per_kwh=price, export_eur_per_kwh=exports[at])
        for at, price in points[PRICE_SERIES[0]]
        if at in exports
    )


def _weather_sample(slot: WeatherSlot, ghi_w_m2: float) -> WeatherSample:
    """Both are means over the same hour; the forecaster puts the sun into its middle."""
    return WeatherSample(
        start=slot.start,
        ghi_w_m2=ghi_w_m2,
        outdoor_c=USUAL_OUTDOOR_C if slot.outdoor_c is None else slot.outdoor_c,
        dni_w_m2=slot.dni_w_m2,
        dhi_w_m2=slot.dhi_w_m2,
    )


def _outdoor(weather: WeatherForecast | None) -> list[Sample]:
    """A mean belongs to the middle of its time: lines between the middles keep it."""
    if weather is None:
        return []
    return [(s.start + (s.end - s.start) / 2, s.outdoor_c) for s in weather.slots if s.outdoor_c is not None]
