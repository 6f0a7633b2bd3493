"""Reading an answer of Open-Meteo's ``/v1/forecast`` with hourly values.

Times are local without an offset; ``utc_offset_seconds`` is theirs, the same for the whole answer.
Irradiance is the mean of the *hour before* its time, temperature, wind and clouds are the values at
their time (https://open-meteo.com/en/docs, "Hourly Parameter Definition").
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from ohmstead.errors import DataError
from ohmstead.sources.weather import WeatherForecast, WeatherSlot

PROVIDER = "open-meteo"
_HOUR = timedelta(hours=1)
_WIND_TO_M_S = {"km/h": 1 / 3.6, "m/s": 1.0, "mp/h": 0.44704, "kn": 0.514444}

Column = list[float | None]


class _Hourly(msgspec.Struct, frozen=True):
    time: list[str]
    temperature_2m: Column | None = None
    cloud_cover: Column | None = None
    shortwave_radiation: Column | None = None
    direct_normal_irradiance: Column | None = None
    direct_radiation: Column | None = None
    diffuse_radiation: Column | None = None
    wind_speed_10m: Column | None = None


class _Answer(msgspec.Struct, frozen=True):
    utc_offset_seconds: int
    hourly_units: dict[str, str]
    hourly: _Hourly


_UNITS = {
    "temperature_2m": {"°C": 1.0},
    "cloud_cover": {"%": 0.01},
    "shortwave_radiation": {"W/m²": 1.0},
    "direct_normal_irradiance": {"W/m²": 1.0},
    "direct_radiation": {"W/m²": 1.0},
    "diffuse_radiation": {"W/m²": 1.0},
    "wind_speed_10m": _WIND_TO_M_S,
}
"""Field → accepted unit → factor to ours."""

_PLAUSIBLE = {"temperature_2m": (-80.0, 60.0), "cloud_cover": (0.0, 1.0), "wind_speed_10m": (0.0, 120.0)}
_PLAUSIBLE_W_M2 = (-10.0, 1600.0)


def parse_forecast(body: bytes, source: str, *, issued_at: datetime) -> WeatherForecast:
    """The forecast in an answer: one slot per hour between two times.

    A value that is missing, null or impossible is ``None``; night-time noise below zero is 0.

    Args:
        body: the answer as received.
        source: names the answer in errors: its URL or file.
        issued_at: when it was received.

    Raises:
        DataError: no JSON of this shape, an unknown unit, columns of different lengths, times out of
            order, or less than two of them.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{source}: {error}") from error
    times = _times(answer, source)
    column = {name: _column(answer, name, len(times), source) for name in _UNITS}
    ghi, direct, dhi = (column[n] for n in ("shortwave_radiation", "direct_radiation", "diffuse_radiation"))
    ghi = [_other(g, d, f, lambda a, b: a + b) for g, d, f in zip(ghi, direct, dhi, strict=True)]
    dhi = [_other(f, g, d, lambda a, b: max(0.0, a - b)) for f, g, d in zip(dhi, ghi, direct, strict=True)]
    slots: list[WeatherSlot] = []
    for i in range(1, len(times)):
        start, end = times[i - 1], times[i]
        if end - start != _HOUR:
            continue
        slots.append(
            WeatherSlot(
                start=start,
                end=end,
                outdoor_c=_between(column["temperature_2m"], i),
                cloud_cover=_between(column["cloud_cover"], i),
                ghi_w_m2=ghi[i],
                dni_w_m2=column["direct_normal_irradiance"][i],
                dhi_w_m2=dhi[i],
                wind_m_s=_between(column["wind_speed_10m"], i),
            )
        )
    if not slots:
        raise DataError(f"{source}: hourly.time: no two times are an hour apart")
    return WeatherForecast(provider=PROVIDER, issued_at=issued_at, slots=tuple(slots))


def _times(answer: _Answer, source: str) -> list[datetime]:
    offset = timedelta(seconds=answer.utc_offset_seconds)
    times: list[datetime] = []
    for i, text in enumerate(answer.hourly.time):
        try:
            local = datetime.fromisoformat(text)
        except ValueError as error:
            raise DataError(
                f"{source}: hourly.time[{i}]: found {text!r}, expected 2026-03-02T00:00"
            ) from error
        at = local.astimezone(UTC) if local.tzinfo else local.replace(tzinfo=UTC) - offset
        if times and at <= times[-1]:
            raise DataError(f"{source}: hourly.time[{i}]: {text} does not come after the one before")
        times.append(at)
    return times


def _column(answer: _Answer, name: str, length: int, source: str) -> Column:
    values: Column | None = getattr(answer.hourly, name)
    if values is None:
        return [None] * length
    if len(values) != length:
        raise DataError(f"{source}: hourly.{name}: {len(values)} values for {length} times")
    unit = answer.hourly_units.get(name)
    factors = _UNITS[name]
    if unit not in factors:
        allowed = ", ".join(map(repr, factors))
        raise DataError(f"{source}: hourly_units.{name}: found {unit!r}, allowed: {allowed}")
    low, high = _PLAUSIBLE.get(name, _PLAUSIBLE_W_M2)
    is_irradiance = name not in _PLAUSIBLE
    return [_usable(v, factors[unit], low, high, is_irradiance=is_irradiance) for v in values]


def _usable(
    value: float | None, factor: float, low: float, high: float, *, is_irradiance: bool
) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    ours = value * factor
    if not low <= ours <= high:
        return None
    return max(0.0, ours) if is_irradiance else ours


def _between(values: Column, i: int) -> float | None:
    """The mean of the hour from the values at its ends; one of them will do."""
    known = [v for v in values[i - 1 : i + 1] if v is not None]
    return sum(known) / len(known) if known else None


def _other(
    value: float | None, a: float | None, b: float | None, combine: Callable[[float, float], float]
) -> float | None:
    """The value, or what the two others make it."""
    if value is not None or a is None or b is None:
        return value
    return combine(a, b)
