"""The request brought onto the plan's steps: one array per series, nothing missing, nothing NaN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ohmstead.core.forecast import QUARTER_S
from ohmstead.core.tariff import PriceSlot
from ohmstead.planning.grid_of_time import Series, Steps, make_steps, mean_on_steps
from ohmstead.planning.price_forecast import extend_prices
from ohmstead.planning.request import PlannerSettings, PlanRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What every block reads; arrays have the shape [steps]. Powers in kW, load convention."""

    request: PlanRequest
    steps: Steps
    load_kw: Series
    pv_kw: Series
    outdoor_c: Series
    hot_water_kw: Series
    room_gain_kw: Series
    import_price: Series
    """€/kWh."""
    export_price: Series
    price_known: NDArray[np.bool_]

    @property
    def settings(self) -> PlannerSettings:
        """The planner's settings."""
        return self.request.settings

    @property
    def hours(self) -> Series:
        """Lengths of the steps, h."""
        return self.steps.hours

    @property
    def n(self) -> int:
        """Number of steps."""
        return self.steps.n

    def surplus_kw(self) -> Series:
        """What the sun gives beyond the household, ≥ 0."""
        return np.maximum(0.0, -self.pv_kw - self.load_kw)

    def usual_price(self) -> float:
        """What a kWh is worth at the horizon's end: over the last day, import price while the house
        lacks energy, export price while it has some to spare; time-weighted mean, €/kWh.
        """
        worth, hours = self._worth_of_last_day()
        return float(np.average(worth, weights=hours))

    def low_price(self) -> float:
        """What a load that can wait for the better hours will pay: the 30 % quantile of the same."""
        worth, hours = self._worth_of_last_day()
        order = np.argsort(worth)
        return float(np.interp(0.3 * hours.sum(), np.cumsum(hours[order]), worth[order]))

    def _worth_of_last_day(self) -> tuple[Series, Series]:
        last_day = self.steps.edges_s[:-1] >= self.steps.edges_s[-1] - 86400.0
        worth = np.where(self.load_kw + self.pv_kw > 0.0, self.import_price, self.export_price)
        return worth[last_day], self.hours[last_day]


def make_inputs(request: PlanRequest) -> Inputs:
    """Resample the forecasts and prices; holes in the prices are forecast (see price_forecast)."""
    steps = make_steps(request.now, request.settings)
    forecast = request.forecast

    def series(values: tuple[float, ...]) -> Series:
        array = np.array(values if values else (0.0,))
        return mean_on_steps(array, start=forecast.start, step_s=forecast.step_s, steps=steps)

    prices = extend_prices(
        request.prices,
        start=steps.edge(0),
        end=steps.edge(steps.n),
        timezone=request.site.timezone,
        fallback=(
            request.settings.fallback_import_eur_per_kwh,
            request.settings.fallback_export_eur_per_kwh,
        ),
    )
    return Inputs(
        request=request,
        steps=steps,
        load_kw=series(forecast.load_w) / 1000.0,
        pv_kw=np.minimum(0.0, series(forecast.pv_w) / 1000.0),
        outdoor_c=series(forecast.outdoor_c),
        hot_water_kw=np.maximum(0.0, series(forecast.hot_water_w)) / 1000.0,
        room_gain_kw=(series(forecast.solar_gain_w) + series(forecast.internal_gain_w)) / 1000.0,
        import_price=_price(prices, [p.import_eur_per_kwh for p in prices], steps),
        export_price=_price(prices, [p.export_eur_per_kwh for p in prices], steps),
        price_known=_price(prices, [float(p.known) for p in prices], steps) > 0.999,
    )


def _price(slots: tuple[PriceSlot, ...], values: list[float], steps: Steps) -> Series:
    means = mean_on_steps(np.array(values), start=slots[0].start, step_s=QUARTER_S, steps=steps)
    # Differences of running sums leave 0.5999999999; people read these numbers.
    return np.round(means, 9)
