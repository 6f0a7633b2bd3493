"""The world that the house does not decide: weather, people, their car, their hot water.

Forecasters may ask for the past, a planner with perfect foresight for the future as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ohmstead.core.forecast import VehicleSession
from ohmstead.core.site import AssetId
from ohmstead.simulator.charger import VehicleSpec, trip_target_soc
from ohmstead.simulator.flexible_load import FlexibleLoadProgramme
from ohmstead.simulator.hot_water import HotWaterDraws
from ohmstead.simulator.household import HouseholdTexture
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import DAY_S, MINUTES, MinuteSeries
from ohmstead.simulator.timeline import utc
from ohmstead.simulator.trips import TripSchedule
from ohmstead.simulator.weather import Weather

PEOPLE_W = 150.0
"""Heat of the people at home, in the mean of a day."""
APPLIANCE_HEAT_SHARE = 0.7
"""Of the household's electricity; the rest leaves with waste water and outdoor lights."""

PvForecast = Callable[[float, float, float], float | None]
"""(start_s, end_s, issued_s) → W ≥ 0, or ``None`` where no forecast was issued."""


class Minute(NamedTuple):
    """All that the house needs to know of one minute. Powers in W; PV here ≥ 0."""

    outdoor_c: float
    pv_w: float
    load_w: float
    load_l1: float
    load_l2: float
    hot_water_w: float
    programme_w: float
    solar_w_m2: tuple[float, ...]
    internal_w: float
    windows_open: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class HouseInputs:
    """Series of one seed; every one is a function of time alone.

    ``room_planes`` are the indices, among the weather's planes, of what the rooms' windows face.
    """

    seed: int
    timezone: ZoneInfo
    weather: Weather
    household: HouseholdTexture
    pv: MinuteSeries
    pv_forecast: PvForecast
    hot_water: HotWaterDraws
    trips: TripSchedule
    vehicle: VehicleSpec
    charger_id: AssetId
    programme: FlexibleLoadProgramme
    room_planes: tuple[int, ...]
    room_windows_m2: tuple[float, ...]

    def mean_load_w(self, start: datetime, end: datetime) -> float:
        """Mean power of the household over [start, end), W ≥ 0, without the other assets."""
        return self.household.mean_w(start.timestamp(), end.timestamp())

    def mean_flexible_w(self, start: datetime, end: datetime) -> float:
        """Mean power of the flexible load over [start, end) if nobody sheds it, W ≥ 0."""
        return self.programme.series.mean(start.timestamp(), end.timestamp())

    def mean_pv_w(self, start: datetime, end: datetime) -> float:
        """Mean power that the sun allows over [start, end), before any curtailment, W ≤ 0."""
        return -self.pv.mean(start.timestamp(), end.timestamp())

    def pv_forecast_w(self, start: datetime, end: datetime, issued_at: datetime) -> float | None:
        """Forecast of :meth:`mean_pv_w` as known at ``issued_at``, W ≤ 0.

        ``None`` where the real data has no forecast; a modelled forecast is never missing.
        """
        watt = self.pv_forecast(start.timestamp(), end.timestamp(), issued_at.timestamp())
        return None if watt is None else -watt

    def outdoor_c(self, when: datetime) -> float:
        """Outdoor temperature, °C."""
        return self.minute(when.timestamp()).outdoor_c

    def mean_outdoor_c(self, start: datetime, end: datetime) -> float:
        """Outdoor temperature in the middle of [start, end), °C; hourly data gives no more."""
        return self.outdoor_c(start + (end - start) / 2)

    def ghi_w_m2(self, when: datetime) -> float:
        """Global horizontal irradiance, W/m²."""
        day, minute = divmod(math.floor(when.timestamp() / 60.0), MINUTES)
        return self.weather.day(day).ghi_w_m2[minute]

    def dni_w_m2(self, when: datetime) -> float:
        """Direct normal irradiance, W/m²."""
        day, minute = divmod(math.floor(when.timestamp() / 60.0), MINUTES)
        return self.weather.day(day).dni_w_m2[minute]

    def dhi_w_m2(self, when: datetime) -> float:
        """Diffuse horizontal irradiance, W/m²."""
        day, minute = divmod(math.floor(when.timestamp() / 60.0), MINUTES)
        return self.weather.day(day).dhi_w_m2[minute]

    def hot_water_kwh(self, start: datetime, end: datetime) -> float:
        """Useful heat drawn from the tank in [start, end), kWh."""
        start_s, end_s = start.timestamp(), end.timestamp()
        return self.hot_water.series.mean(start_s, end_s) * (end_s - start_s) / 3.6e6

    def solar_gain_w(self, start: datetime, end: datetime) -> float:
        """Sun through the windows of all rooms, in the middle of [start, end), without blinds, W."""
        solar = self.minute((start + (end - start) / 2).timestamp()).solar_w_m2
        return sum(s * area for s, area in zip(solar, self.room_windows_m2, strict=True))

    def internal_gain_w(self, start: datetime, end: datetime) -> float:
        """Heat of people and appliances over [start, end), W."""
        return PEOPLE_W + APPLIANCE_HEAT_SHARE * self.mean_load_w(start, end)

    def sessions(self, start: datetime, end: datetime) -> tuple[VehicleSession, ...]:
        """Stays of the car that touch [start, end), in order.

        The SoC at the arrival supposes that the car left with the SoC that was wanted.
        """
        reach_s = 11.0 * DAY_S
        trips = self.trips.between(start.timestamp() - reach_s, end.timestamp() + reach_s)
        out = []
        for before, after in pairwise(trips):
            arrive, depart = utc(before.back_s), utc(after.depart_s)
            if arrive < end and depart > start:
                used = before.energy_kwh / self.vehicle.capacity_kwh
                out.append(
                    VehicleSession(
                        asset=self.charger_id,
                        arrive=arrive,
                        depart=depart,
                        arrive_soc=max(0.05, trip_target_soc(self.vehicle, before) - used),
                        target_soc=trip_target_soc(self.vehicle, after),
                    )
                )
        return tuple(out)

    def minute(self, unix_s: float) -> Minute:
        """Everything of the minute that covers a moment."""
        day, m = divmod(math.floor(unix_s / 60.0), MINUTES)
        sky = self.weather.day(day)
        planes = sky.planes[m]
        load_w = self.household.total.day(day)[m]
        outdoor_c = sky.outdoor_c[m]
        return Minute(
            outdoor_c=outdoor_c,
            pv_w=self.pv.day(day)[m],
            load_w=load_w,
            load_l1=self.household.share_l1.day(day)[m],
            load_l2=self.household.share_l2.day(day)[m],
            hot_water_w=self.hot_water.series.day(day)[m],
            programme_w=self.programme.series.day(day)[m],
            solar_w_m2=tuple(0.0 if planes is None else planes[i].total for i in self.room_planes),
            internal_w=PEOPLE_W + APPLIANCE_HEAT_SHARE * load_w,
            windows_open=(False, self._airing(unix_s, outdoor_c)),
        )

    def _airing(self, unix_s: float, outdoor_c: float) -> bool:
        """The bedroom's window is open for ten minutes about seven in the morning."""
        local = utc(unix_s).astimezone(self.timezone)
        if local.hour not in (6, 7) or outdoor_c > 20.0:
            return False
        minute = 40 + int(50 * Noise(self.seed, "airing").uniform(local.toordinal()))
        start = datetime.combine(date(local.year, local.month, local.day), time(6), self.timezone)
        return minute <= (unix_s - start.timestamp()) / 60.0 < minute + 10
