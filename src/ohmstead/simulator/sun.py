"""Where the sun stands, and what falls on a tilted plane.

Angles are in degrees; azimuth from north, clockwise (south = 180).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SOLAR_CONSTANT_W_M2 = 1366.1
"""ASTM E490."""

_J2000_UNIX_S = 946_728_000.0
_MIN_COS_ZENITH = 0.01745
"""cos 89°: below it the beam's ratio would blow up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SunPosition:
    """``elevation_deg`` includes refraction; ``extraterrestrial_w_m2`` is normal to the beam."""

    elevation_deg: float
    azimuth_deg: float
    extraterrestrial_w_m2: float


@dataclass(frozen=True, slots=True)
class Plane:
    """A tilted surface; ``albedo`` of the ground before it."""

    tilt_deg: float
    azimuth_deg: float
    albedo: float = 0.2


@dataclass(frozen=True, slots=True)
class PlaneIrradiance:
    """Irradiance on a plane, W/m²; ``cos_incidence`` of the beam."""

    beam: float
    sky_diffuse: float
    ground: float
    cos_incidence: float

    @property
    def total(self) -> float:
        """All of it, W/m²."""
        return self.beam + self.sky_diffuse + self.ground


def sun_position(unix_s: float, latitude_deg: float, longitude_deg: float) -> SunPosition:
    """Position of the sun; within 0.01° before refraction for the years 1950 to 2050.

    Source: J. J. Michalsky, "The Astronomical Almanac's algorithm for approximate solar position",
    Solar Energy 40 (1988) 227-235. Refraction: Meeus, "Astronomical Algorithms", eq. 16.4
    (Saemundsson). Distance of the sun: the Almanac's low-precision series.
    """
    n = (unix_s - _J2000_UNIX_S) / 86400.0
    mean_longitude = math.radians((280.460 + 0.9856474 * n) % 360.0)
    anomaly = math.radians((357.528 + 0.9856003 * n) % 360.0)
    ecliptic = mean_longitude + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 4e-7 * n)
    right_ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    sin_declination = math.sin(obliquity) * math.sin(ecliptic)
    cos_declination = math.sqrt(1.0 - sin_declination * sin_declination)

    sidereal_h = 6.697375 + 0.0657098242 * n + (unix_s % 86400.0) / 3600.0
    hour_angle = math.radians((sidereal_h * 15.0 + longitude_deg) % 360.0) - right_ascension
    latitude = math.radians(latitude_deg)
    sin_lat, cos_lat = math.sin(latitude), math.cos(latitude)
    cos_hour = math.cos(hour_angle)
    sin_elevation = sin_declination * sin_lat + cos_declination * cos_lat * cos_hour
    elevation = math.degrees(math.asin(max(-1.0, min(1.0, sin_elevation))))
    azimuth = math.degrees(
        math.atan2(
            -math.sin(hour_angle) * cos_declination,
            sin_declination * cos_lat - cos_declination * sin_lat * cos_hour,
        )
    )
    if elevation > -1.0:
        elevation += 1.02 / math.tan(math.radians(elevation + 10.3 / (elevation + 5.11))) / 60.0
    distance_au = 1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2 * anomaly)
    return SunPosition(
        elevation_deg=elevation,
        azimuth_deg=azimuth % 360.0,
        extraterrestrial_w_m2=SOLAR_CONSTANT_W_M2 / (distance_au * distance_au),
    )


def plane_irradiance(sun: SunPosition, plane: Plane, dni: float, dhi: float) -> PlaneIrradiance:
    """Transpose beam (normal) and horizontal diffuse irradiance, W/m², to a plane.

    Source: J. E. Hay, J. A. Davies, "Calculations of the solar radiation incident on an inclined
    surface", First Canadian Solar Radiation Data Workshop, 1980: the circumsolar part of the
    diffuse light, as large as the beam's transmittance, comes from the sun's direction.
    """
    elevation = math.radians(sun.elevation_deg)
    sin_elevation = math.sin(elevation)
    tilt = math.radians(plane.tilt_deg)
    cos_tilt = math.cos(tilt)
    cos_incidence = sin_elevation * cos_tilt + math.cos(elevation) * math.sin(tilt) * math.cos(
        math.radians(sun.azimuth_deg - plane.azimuth_deg)
    )
    facing = max(0.0, cos_incidence)
    anisotropy = dni / sun.extraterrestrial_w_m2
    ratio = facing / max(sin_elevation, _MIN_COS_ZENITH)
    ghi = dhi + dni * max(0.0, sin_elevation)
    return PlaneIrradiance(
        beam=dni * facing,
        sky_diffuse=dhi * (anisotropy * ratio + (1.0 - anisotropy) * 0.5 * (1.0 + cos_tilt)),
        ground=ghi * plane.albedo * 0.5 * (1.0 - cos_tilt),
        cos_incidence=cos_incidence,
    )
