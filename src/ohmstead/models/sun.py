"""Where the sun stands and what a clear sky gives; good to a few tenths of a degree.

Position by the low-precision formulas of the Astronomical Almanac (also in Michalsky 1988, Solar
Energy 40(3)); clear-sky irradiance by Haurwitz 1945; split into beam and diffuse by Erbs 1982; the
tilted plane by Hay & Davies 1980 with the ground's reflection (Liu & Jordan 1963).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]

SOLAR_CONSTANT_W_M2 = 1361.0
GROUND_REFLECTANCE = 0.2
_J2000_UNIX_S = 946_728_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class SunPosition:
    """Cosine of the zenith angle, azimuth (rad from north, clockwise), irradiance outside the air."""

    cos_zenith: Series
    azimuth_rad: Series
    extraterrestrial_w_m2: Series


def sun_position(unix_s: Series, *, latitude_deg: float, longitude_deg: float) -> SunPosition:
    """The sun's place at moments given as seconds since 1970 UTC, shape [n]."""
    days = (unix_s - _J2000_UNIX_S) / 86400.0
    anomaly = np.radians(357.528 + 0.9856003 * days)
    ecliptic = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(obliquity) * np.sin(ecliptic))
    sidereal_deg = 280.46062 + 360.98564737 * days + longitude_deg
    hour_angle = np.radians(sidereal_deg) - right_ascension
    latitude = np.radians(latitude_deg)
    cos_zenith = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(
        hour_angle
    )
    azimuth = np.arctan2(
        -np.sin(hour_angle),
        np.tan(declination) * np.cos(latitude) - np.sin(latitude) * np.cos(hour_angle),
    )
    distance_au = 1.00014 - 0.01671 * np.cos(anomaly) - 0.00014 * np.cos(2 * anomaly)
    return SunPosition(
        cos_zenith=cos_zenith,
        azimuth_rad=np.mod(azimuth, 2 * np.pi),
        extraterrestrial_w_m2=SOLAR_CONSTANT_W_M2 / distance_au**2,
    )


def clear_sky_ghi_w_m2(cos_zenith: Series) -> Series:
    """Global irradiance on the horizontal under a clear sky (Haurwitz), W/m²."""
    mu = np.maximum(cos_zenith, 1e-3)
    return np.where(cos_zenith > 0.0, 1098.0 * mu * np.exp(-0.057 / mu), 0.0)


def diffuse_share(ghi_w_m2: Series, sun: SunPosition) -> Series:
    """Diffuse part of the global irradiance (Erbs), 0..1."""
    top = sun.extraterrestrial_w_m2 * np.maximum(sun.cos_zenith, 0.065)
    kt = np.clip(ghi_w_m2 / top, 0.0, 1.0)
    middle = 0.9511 - 0.1604 * kt + 4.388 * kt**2 - 16.638 * kt**3 + 12.336 * kt**4
    return np.where(kt <= 0.22, 1.0 - 0.09 * kt, np.where(kt <= 0.80, middle, 0.165))


def plane_irradiance_w_m2(
    ghi_w_m2: Series,
    sun: SunPosition,
    *,
    tilt_deg: float,
    azimuth_deg: float,
    dni_w_m2: Series | None = None,
    dhi_w_m2: Series | None = None,
) -> Series:
    """Irradiance on a tilted plane, W/m²; beam and diffuse are estimated where they are not given."""
    cos_z = sun.cos_zenith
    up = cos_z > 0.02
    dhi = ghi_w_m2 * diffuse_share(ghi_w_m2, sun) if dhi_w_m2 is None else dhi_w_m2
    estimated = np.where(up, (ghi_w_m2 - dhi) / np.maximum(cos_z, 0.065), 0.0)
    dni = np.clip(estimated if dni_w_m2 is None else dni_w_m2, 0.0, sun.extraterrestrial_w_m2)
    tilt, azimuth = np.radians(tilt_deg), np.radians(azimuth_deg)
    sin_z = np.sqrt(np.maximum(0.0, 1.0 - cos_z**2))
    cos_incidence = np.maximum(
        0.0, cos_z * np.cos(tilt) + sin_z * np.sin(tilt) * np.cos(sun.azimuth_rad - azimuth)
    )
    anisotropy = dni / sun.extraterrestrial_w_m2
    beam_ratio = cos_incidence / np.maximum(cos_z, 0.065)
    sky = dhi * (anisotropy * beam_ratio + (1.0 - anisotropy) * (1.0 + np.cos(tilt)) / 2.0)
    ground = ghi_w_m2 * GROUND_REFLECTANCE * (1.0 - np.cos(tilt)) / 2.0
    return np.where(up, dni * cos_incidence + sky + ground, np.maximum(dhi, 0.0))
