"""One forecast out of all its parts, complete whatever is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ohmstead.core.forecast import QUARTER_S, Forecast, VehicleSession, quarter_start
from ohmstead.core.site import HotWaterTank, Site
from ohmstead.models.tank import PATTERN_KWH_PER_DAY, drawn_w
from ohmstead.planning.history import Sample
from ohmstead.planning.load_forecast import LoadForecaster
from ohmstead.planning.pv_forecast import PvForecaster

USUAL_OUTDOOR_C = 10.0
"""Where nobody knows the temperature: the yearly mean of Central Europe."""


def build_forecast(
    *,
    now: datetime,
    site: Site,
    load: LoadForecaster,
    pv: PvForecaster,
    pv_reference: Sequence[Sample] = (),
    outdoor: Sequence[Sample] = (),
    outdoor_now_c: float | None = None,
    hot_water_kwh_per_day: float = PATTERN_KWH_PER_DAY,
    sessions: Sequence[VehicleSession] = (),
    horizon_h: float = 48.0,
) -> Forecast:
    """The forecast for a plan made now.

    Args:
        pv_reference: (start, W ≤ 0) of an issued forecast or of :meth:`PvForecaster.reference`.
        outdoor: (start, °C), even steps; linear in between, its ends hold beyond.
        outdoor_now_c: stands for all hours where ``outdoor`` is empty.
        hot_water_kwh_per_day: heat drawn a day, spread by the tapping pattern; 0 without a tank.
    """
    start = quarter_start(now)
    n = int(np.ceil(horizon_h * 3600.0 / QUARTER_S)) + 4
    used = load.forecast(start, n, QUARTER_S, site.timezone)
    sun = pv.forecast(start, n, QUARTER_S, reference=pv_reference)
    has_tank = any(isinstance(a, HotWaterTank) for a in site.assets)
    return Forecast(
        made_at=now,
        start=start,
        load_w=used.mean_w,
        load_low_w=used.low_w,
        load_high_w=used.high_w,
        pv_w=sun.mean_w,
        pv_low_w=sun.low_w,
        pv_high_w=sun.high_w,
        outdoor_c=_outdoor(outdoor, outdoor_now_c, start, n),
        hot_water_w=_hot_water(site.timezone, start, n, hot_water_kwh_per_day if has_tank else 0.0),
        sessions=tuple(sessions),
    )


def _outdoor(samples: Sequence[Sample], now_c: float | None, start: datetime, n: int) -> tuple[float, ...]:
    usable = sorted((s.timestamp(), c) for s, c in samples if np.isfinite(c))
    if not usable:
        return (USUAL_OUTDOOR_C if now_c is None else now_c,) * n
    middles = start.timestamp() + QUARTER_S * (np.arange(n) + 0.5)
    values = np.interp(middles, [s for s, _ in usable], [c for _, c in usable])
    return tuple(float(v) for v in values)


def _hot_water(timezone: str, start: datetime, n: int, daily_kwh: float) -> tuple[float, ...]:
    zone = ZoneInfo(timezone)
    locals_ = ((start + timedelta(seconds=QUARTER_S * i)).astimezone(zone) for i in range(n))
    return tuple(drawn_w(local_hour=at.hour + at.minute / 60.0, daily_kwh=daily_kwh) for at in locals_)
