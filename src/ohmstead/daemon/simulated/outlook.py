"""What a simulated house expects of the coming days: perfectly, or as it could really know it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from ohmstead.core.forecast import QUARTER_S, Forecast, quarter_start
from ohmstead.core.plan import PlanningTask
from ohmstead.core.state import ChargePointState
from ohmstead.daemon.simulated.tariffs import RetailFormula, all_prices, known_tariff, price_history
from ohmstead.planning.build import build_forecast
from ohmstead.planning.load_forecast import LoadForecaster
from ohmstead.planning.price_forecast import extend_prices
from ohmstead.planning.pv_forecast import PvForecaster, PvSample
from ohmstead.planning.request import PlannerSettings, PlanRequest
from ohmstead.simulator.house import House
from ohmstead.simulator.noise import Noise

HORIZON = timedelta(hours=48)
STEP = timedelta(seconds=QUARTER_S)


def steps_from(now: datetime) -> list[tuple[datetime, datetime]]:
    """The quarter hours of the horizon, the first one containing ``now``."""
    start = quarter_start(now)
    count = int(HORIZON / STEP) + 1
    return [(start + i * STEP, start + (i + 1) * STEP) for i in range(count)]


class PerfectOutlook:
    """Knows the future: weather, household, hot water, the car, and prices not yet published."""

    def __init__(self, house: House, formula: RetailFormula, settings: PlannerSettings) -> None:
        self._house = house
        self._formula = formula
        self._settings = settings

    def request(self, task: PlanningTask) -> PlanRequest:
        """See :class:`ohmstead.daemon.planning_host.Outlook`."""
        world, steps = self._house.inputs, steps_from(task.now)
        connected = _connected(task)
        forecast = Forecast(
            made_at=task.now,
            start=steps[0][0],
            load_w=tuple(world.mean_load_w(a, b) + world.mean_flexible_w(a, b) for a, b in steps),
            pv_w=tuple(world.mean_pv_w(a, b) for a, b in steps),
            outdoor_c=tuple(world.mean_outdoor_c(a, b) for a, b in steps),
            hot_water_w=tuple(world.hot_water_kwh(a, b) * 3.6e6 / QUARTER_S for a, b in steps),
            solar_gain_w=tuple(world.solar_gain_w(a, b) for a, b in steps),
            internal_gain_w=tuple(world.internal_gain_w(a, b) for a, b in steps),
            sessions=tuple(
                s
                for s in world.sessions(task.now, steps[-1][1])
                if not (s.asset in connected and s.arrive <= task.now)
            ),
            sources=("perfect foresight",),
        )
        return PlanRequest(
            now=task.now,
            site=self._house.site,
            state=task.state,
            prices=tuple(all_prices(self._formula, steps[0][0], steps[-1][1]).slots),
            forecast=forecast,
            previous=task.previous,
            settings=self._settings,
            trigger=task.trigger,
            at_once=task.at_once,
            phases=task.phases,
        )


def _connected(task: PlanningTask) -> set[str]:
    return {a for a, s in task.state.assets.items() if isinstance(s, ChargePointState) and s.connected}


LEARN_FROM = timedelta(days=42)
HALF_HOUR = timedelta(minutes=30)
TEMPERATURE_ERROR_K = 1.5
"""Typical error of a temperature forecast a day ahead (DWD, 2 m temperature verification: 1 to 2 K)."""


class LearnedOutlook:
    """Knows what a home knows: its own past, published prices, and forecasts issued by others.

    The household's and the sun's past come from the house's own records of the last weeks; the
    temperature forecast errs the more, the further ahead it looks. The car that is away is expected
    back when it always comes, which nobody tells: its session is planned once it is plugged in.
    """

    def __init__(self, house: House, formula: RetailFormula, settings: PlannerSettings) -> None:
        self._house = house
        self._formula = formula
        self._settings = settings
        self._load = LoadForecaster()
        self._pv = PvForecaster(house.site)
        self._load_past: list[tuple[datetime, float]] = []
        self._pv_past: list[PvSample] = []
        self._noise = Noise(house.inputs.seed, "temperature forecast")

    def request(self, task: PlanningTask) -> PlanRequest:
        """See :class:`ohmstead.daemon.planning_host.Outlook`."""
        self._remember_until(task.now)
        world, steps = self._house.inputs, steps_from(task.now)
        issued = ((a, world.pv_forecast_w(a, b, task.now)) for a, b in steps)
        forecast = build_forecast(
            now=task.now,
            site=self._house.site,
            load=self._load,
            pv=self._pv,
            pv_reference=[(a, w) for a, w in issued if w is not None],
            outdoor=[(a, self._expected_c(a, b, task.now)) for a, b in steps],
        )
        known = known_tariff(self._formula, task.now)
        return PlanRequest(
            now=task.now,
            site=self._house.site,
            state=task.state,
            prices=extend_prices(
                known.slots,
                start=steps[0][0],
                end=steps[-1][1],
                timezone=self._house.site.timezone,
                history=price_history(self._formula, task.now),
            ),
            forecast=forecast,
            previous=task.previous,
            settings=self._settings,
            trigger=task.trigger,
            at_once=task.at_once,
            phases=task.phases,
        )

    def _remember_until(self, now: datetime) -> None:
        """Take the finished half-hours since the last time into the records that forecasts learn from."""
        world = self._house.inputs
        at = self._load_past[-1][0] + HALF_HOUR if self._load_past else quarter_start(now) - LEARN_FROM
        while at + HALF_HOUR <= now:
            end = at + HALF_HOUR
            self._load_past.append((at, world.mean_load_w(at, end) + world.mean_flexible_w(at, end)))
            reference_w = world.pv_forecast_w(at, end, at)
            self._pv_past.append(PvSample(start=at, pv_w=world.mean_pv_w(at, end), reference_w=reference_w))
            at = end
        self._load.fit(self._load_past)
        self._pv.fit(self._pv_past)

    def _expected_c(self, start: datetime, end: datetime, now: datetime) -> float:
        days_ahead = max(0.0, (start - now).total_seconds() / 86400.0)
        wrong = self._noise.smooth(start.timestamp() / 43200.0)
        error_k = TEMPERATURE_ERROR_K * math.sqrt(days_ahead) * wrong
        return self._house.inputs.mean_outdoor_c(start, end) + error_k
