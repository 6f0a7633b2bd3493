"""Photovoltaics: from irradiance to AC power, and the inverter that can be limited."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

from ohmstead.simulator.actuator import CommandLatch
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import MINUTES, MinuteSeries
from ohmstead.simulator.sun import PlaneIrradiance
from ohmstead.simulator.weather import Weather


@dataclass(frozen=True, kw_only=True, slots=True)
class PvSpec:
    """A generator. ``plane`` is its index among the planes of the weather."""

    peak_w: float = 5600.0
    inverter_w: float = 5000.0
    plane: int = 0
    power_per_k: float = -0.0037
    """Change of power with the cell's temperature, of crystalline silicon, 1/K."""
    system_losses: float = 0.12
    """Soiling, mismatch, wiring, connections."""
    incidence_b0: float = 0.05
    """ASHRAE incidence-angle coefficient of the glass."""
    reaction_s: float = 3.0


def cell_temperature_c(plane_w_m2: float, outdoor_c: float, wind_m_s: float) -> float:
    """Temperature of the cells, °C: ``T + G / (25 + 6.84·v)``.

    Source: D. Faiman, Progress in Photovoltaics 16 (2008) 307.
    """
    return outdoor_c + plane_w_m2 / (25.0 + 6.84 * wind_m_s)


def inverter_ac_w(dc_w: float, inverter_w: float) -> float:
    """AC power of an inverter of a nominal AC power, W, clipped there.

    Source: A. P. Dobos, "PVWatts Version 5 Manual", NREL/TP-6A20-62641, eq. 11 to 13, with the
    nominal efficiency 0.96.
    """
    if dc_w <= 0.0:
        return 0.0
    nominal, reference = 0.96, 0.9637
    load = dc_w / (inverter_w / nominal)
    efficiency = nominal / reference * (-0.0162 * load - 0.0059 / load + 0.9858)
    return min(inverter_w, max(0.0, efficiency * dc_w))


def pv_ac_w(spec: PvSpec, plane: PlaneIrradiance, outdoor_c: float, wind_m_s: float) -> float:
    """What the generator could feed, W ≥ 0."""
    glass = 0.0
    if plane.cos_incidence > 0.1:
        glass = max(0.0, 1.0 - spec.incidence_b0 * (1.0 / plane.cos_incidence - 1.0))
    effective = plane.beam * glass + plane.sky_diffuse + plane.ground
    warm = cell_temperature_c(effective, outdoor_c, wind_m_s) - 25.0
    dc_w = spec.peak_w * effective / 1000.0 * (1.0 + spec.power_per_k * warm) * (1.0 - spec.system_losses)
    return inverter_ac_w(dc_w, spec.inverter_w)


def modelled_potential(spec: PvSpec, weather: Weather) -> MinuteSeries:
    """Potential of the generator under the weather, W ≥ 0."""

    def make(day: int) -> array[float]:
        sky = weather.day(day)
        power = array("d", bytes(8 * MINUTES))
        for i, planes in enumerate(sky.planes):
            if planes is not None:
                power[i] = pv_ac_w(spec, planes[spec.plane], sky.outdoor_c[i], sky.wind_m_s[i])
        return power

    return MinuteSeries(make)


class WeatherModelForecast:
    """A PV forecast as a weather service would give it: the truth with an error that grows.

    A new run comes every six hours. Its error has a part for the day and one for the hour, both
    multiplicative and log-normal, of a width that grows from 10 % to 35 % over 36 hours ahead.
    """

    RUN_S = 6 * 3600

    def __init__(self, seed: int, truth: MinuteSeries, limit_w: float) -> None:
        self._noise = Noise(seed, "pv forecast")
        self._truth = truth
        self._limit_w = limit_w

    def power_w(self, start_s: float, end_s: float, issued_s: float) -> float:
        """Forecast of the mean power over [start, end) known at ``issued_s``, W ≥ 0."""
        run = math.floor(issued_s / self.RUN_S)
        lead_h = max(0.0, (0.5 * (start_s + end_s) - issued_s) / 3600.0)
        width = 0.10 + 0.25 * min(1.0, lead_h / 36.0)
        day = math.floor(start_s / 86400.0)
        hour = start_s / 3600.0
        error = 0.6 * self._noise.normal(run * 4096 + day % 4096) + 0.9 * self._noise.smooth(
            (run % 65536) * 1e6 + hour / 2.0
        )
        truth = self._truth.mean(start_s - 1800.0, end_s + 1800.0) if lead_h > 1.0 else 0.0
        sharp = self._truth.mean(start_s, end_s)
        blurred = 0.5 * (truth + sharp) if lead_h > 1.0 and sharp > 0.0 else sharp
        return min(self._limit_w, blurred * math.exp(width * error - 0.5 * (0.8 * width) ** 2))


class PvTwin:
    """The inverter. A command limits it to a generation (a negative power); it never consumes."""

    def __init__(self, spec: PvSpec) -> None:
        self.spec = spec
        self.latch = CommandLatch()
        self.power_w = 0.0

    def decide(self, now_s: float, potential_w: float) -> None:
        """Set the power of the coming interval from what the sun gives (``potential_w`` ≥ 0)."""
        self.latch.update(now_s)
        limit = self.latch.target
        self.power_w = -potential_w if limit is None else max(-potential_w, min(0.0, limit))
