"""The weather of the house, minute by minute, from hourly values of a typical year."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from ohmstead.simulator.dataset import typical_year
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import DAY_S, MINUTES, DayCache
from ohmstead.simulator.sun import Plane, PlaneIrradiance, SunPosition, plane_irradiance, sun_position
from ohmstead.simulator.timeline import typical_year_hour

IRRADIANCE_OFFSET_S = 660.0
"""The irradiance of the typical year belongs to 11 minutes past the hour: the satellite's scan.

``G(h) − Gd(h) = Gb(n)·sin(elevation)`` holds to 1 W/m² there, and to 11 W/m² only at the full hour.
"""

_LOW_SUN = math.sin(math.radians(2.0))
_HIGH_SUN = math.sin(math.radians(10.0))
"""No light at all under a sun this high is a hole in the data (16 and 17 May, single hours else)."""
_MAX_DIFFUSE_SHARE = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class WeatherDay:
    """1440 minutes of a UTC day: °C, m/s, W/m²; irradiance on planes, in the order of the planes.

    ``sun`` and ``planes`` hold ``None`` while the sun is down.
    """

    outdoor_c: array[float]
    wind_m_s: array[float]
    ghi_w_m2: array[float]
    dni_w_m2: array[float]
    dhi_w_m2: array[float]
    sun: tuple[SunPosition | None, ...]
    planes: tuple[tuple[PlaneIrradiance, ...] | None, ...]


def clear_dni_w_m2(sun: SunPosition) -> float:
    """Beam of a clear sky, W/m²: ``E0 · 0.7^(AM^0.678)`` (A. B. and M. P. Meinel, 1976).

    Air mass: F. Kasten and A. T. Young, Applied Optics 28 (1989) 4735.
    """
    elevation = max(sun.elevation_deg, 0.0)
    air_mass = 1.0 / (math.sin(math.radians(elevation)) + 0.50572 * (elevation + 6.07995) ** -1.6364)
    return float(sun.extraterrestrial_w_m2 * 0.7**air_mass**0.678)


class Weather:
    """Hourly values, brought to minutes so that the sun's path is kept.

    Between two hours the beam's *clearness* (beam over clear-sky beam) and the *diffuse share*
    (diffuse over extraterrestrial horizontal) go linearly, not the irradiance itself. Passing clouds
    then modulate the beam, the more the more broken the sky is. A hole takes the same hour of the day
    before. ``GHI = DHI + DNI·sin(elevation)``
    holds for every minute.
    """

    def __init__(
        self, *, seed: int, latitude_deg: float, longitude_deg: float, planes: tuple[Plane, ...] = ()
    ) -> None:
        self._latitude_deg = latitude_deg
        self._longitude_deg = longitude_deg
        self._planes = planes
        self._clouds = Noise(seed, "clouds")
        self._days = DayCache(self._make_day)

    def day(self, day: int) -> WeatherDay:
        """A UTC day, counted since 1970."""
        return self._days[day]

    def _sun(self, unix_s: float) -> SunPosition:
        return sun_position(unix_s, self._latitude_deg, self._longitude_deg)

    def _clearness(self, hour: int) -> tuple[float, float] | None:
        """Beam clearness and diffuse share of an hour; ``None`` where the sun is too low to tell."""
        sun = self._sun(hour * 3600.0 + IRRADIANCE_OFFSET_S)
        sin_elevation = math.sin(math.radians(sun.elevation_deg))
        if sin_elevation < _LOW_SUN:
            return None
        year = typical_year()
        i = typical_year_hour(hour)
        while year.ghi_w_m2[i] == 0.0 and sin_elevation > _HIGH_SUN:
            i -= 24
        beam = min(1.2, year.dni_w_m2[i] / clear_dni_w_m2(sun))
        diffuse = min(_MAX_DIFFUSE_SHARE, year.dhi_w_m2[i] / (sun.extraterrestrial_w_m2 * sin_elevation))
        return beam, diffuse

    def _make_day(self, day: int) -> WeatherDay:
        year = typical_year()
        first_hour = day * 24
        rows = [typical_year_hour(h) for h in range(first_hour, first_hour + 25)]
        clearness = [self._clearness(h) for h in range(first_hour - 1, first_hour + 25)]
        outdoor, wind, ghi, dni, dhi = (array("d", bytes(8 * MINUTES)) for _ in range(5))
        suns: list[SunPosition | None] = []
        planes: list[tuple[PlaneIrradiance, ...] | None] = []
        offset_h = IRRADIANCE_OFFSET_S / 3600.0
        for minute in range(MINUTES):
            unix_s = day * DAY_S + minute * 60.0 + 30.0
            hours = (minute + 0.5) / 60.0
            h = int(hours)
            f = hours - h
            outdoor[minute] = year.outdoor_c[rows[h]] * (1.0 - f) + year.outdoor_c[rows[h + 1]] * f
            wind[minute] = year.wind_m_s[rows[h]] * (1.0 - f) + year.wind_m_s[rows[h + 1]] * f
            sun = self._sun(unix_s)
            if sun.elevation_deg <= 0.0:
                suns.append(None)
                planes.append(None)
                continue
            position = hours - offset_h + 1.0  # the list of clearness starts an hour before the day
            k = int(position)
            beam, diffuse = _between(clearness[k], clearness[k + 1], position - k)
            sin_elevation = math.sin(math.radians(sun.elevation_deg))
            dni[minute] = beam * self._cloud_factor(unix_s, beam) * clear_dni_w_m2(sun)
            dhi[minute] = diffuse * sun.extraterrestrial_w_m2 * sin_elevation
            ghi[minute] = dhi[minute] + dni[minute] * sin_elevation
            suns.append(sun)
            planes.append(tuple(plane_irradiance(sun, p, dni[minute], dhi[minute]) for p in self._planes))
        return WeatherDay(
            outdoor_c=outdoor,
            wind_m_s=wind,
            ghi_w_m2=ghi,
            dni_w_m2=dni,
            dhi_w_m2=dhi,
            sun=tuple(suns),
            planes=tuple(planes),
        )

    def _cloud_factor(self, unix_s: float, clearness: float) -> float:
        """Passing clouds: 1 in the mean, widest under a half-clear sky, none at both ends."""
        k = min(1.0, clearness)
        minutes = unix_s / 60.0
        texture = 0.6 * self._clouds.smooth(minutes / 9.0) + 0.4 * self._clouds.smooth(minutes / 2.5 + 1e9)
        return 1.0 + 3.0 * k * (1.0 - k) * texture


def _between(
    low: tuple[float, float] | None, high: tuple[float, float] | None, share: float
) -> tuple[float, float]:
    """Linear between two hours; where one of them is dark, the other counts alone."""
    if low is None:
        return high or (0.0, 0.5)
    if high is None:
        return low
    return low[0] + (high[0] - low[0]) * share, low[1] + (high[1] - low[1]) * share
