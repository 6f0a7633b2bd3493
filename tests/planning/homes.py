"""Small homes and requests for the planner's tests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ohmstead.core.forecast import Forecast, VehicleSession, quarter_start
from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    GridConnection,
    HeatPump,
    HotWaterTank,
    Load,
    PvSystem,
    Room,
    Site,
)
from ohmstead.core.state import (
    AssetState,
    BatteryState,
    ChargePointState,
    HeatPumpState,
    Reading,
    RoomState,
    SiteState,
    TankState,
)
from ohmstead.core.tariff import PriceSlot
from ohmstead.planning.planner import PlannerSettings, PlanRequest

NOW = datetime(2026, 4, 14, 0, 0, tzinfo=UTC)
BATTERY = Battery(id="battery", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
CHARGER = ChargePoint(id="charger")
TANK = HotWaterTank(id="tank", volume_l=200.0)
LIVING = Room(id="living", heat_loss_w_per_k=110.0, heat_capacity_kwh_per_k=7.0)
BEDROOM = Room(id="bedroom", target_c=19.0, heat_loss_w_per_k=60.0, heat_capacity_kwh_per_k=3.0)
HEAT_PUMP = HeatPump(id="heat_pump", rooms=("living", "bedroom"))
PV = PvSystem(id="pv", peak_w=6000.0, curtailable=True)


def reading(value: float | None) -> Reading:
    """A good reading, or a missing one."""
    return Reading(value=value, at=NOW)


def prices(
    imports: Sequence[float],
    exports: Sequence[float] | float = 0.08,
    *,
    start: datetime = NOW,
    step_h: float = 1.0,
) -> tuple[PriceSlot, ...]:
    """Even price slots from ``start`` on."""
    step = timedelta(hours=step_h)
    outs = [exports] * len(imports) if isinstance(exports, float) else list(exports)
    return tuple(
        PriceSlot(
            start=start + i * step, end=start + (i + 1) * step, import_eur_per_kwh=p, export_eur_per_kwh=e
        )
        for i, (p, e) in enumerate(zip(imports, outs, strict=True))
    )


def forecast(
    *,
    now: datetime = NOW,
    load_w: float | Sequence[float] = 500.0,
    pv_w: float | Sequence[float] = 0.0,
    outdoor_c: float = 5.0,
    hot_water_w: float = 0.0,
    sessions: tuple[VehicleSession, ...] = (),
    steps: int = 200,
) -> Forecast:
    """Constant or given series in quarter hours."""

    def series(value: float | Sequence[float]) -> tuple[float, ...]:
        return (float(value),) * steps if isinstance(value, int | float) else tuple(value)

    return Forecast(
        made_at=now,
        start=quarter_start(now),
        load_w=series(load_w),
        pv_w=series(pv_w),
        outdoor_c=series(outdoor_c),
        hot_water_w=series(hot_water_w),
        sessions=sessions,
    )


def sunny(peak_w: float, *, steps: int = 200, start: datetime = NOW) -> tuple[float, ...]:
    """A bell of sun between 6 and 18 h UTC each day, load convention."""
    out: list[float] = []
    for i in range(steps):
        at = quarter_start(start) + timedelta(minutes=15 * i)
        hour = at.hour + at.minute / 60.0 + 0.125
        out.append(-peak_w * max(0.0, math.sin((hour - 6.0) / 12.0 * math.pi)) if 6 < hour < 18 else 0.0)
    return tuple(out)


def site(*assets: Asset, grid: GridConnection | None = None) -> Site:
    """A home with a household load and the given assets."""
    return Site(grid=grid or GridConnection(), assets=(Load(), *assets))


def state(
    *,
    soc: float | None = None,
    car_soc: float | None = None,
    departure: datetime | None = None,
    charging: bool = False,
    tank_c: float | None = None,
    rooms_c: tuple[float, float] | None = None,
    running: bool = False,
    now: datetime = NOW,
) -> SiteState:
    """The process image with the assets that a value is given for."""
    assets: dict[AssetId, AssetState] = {}
    if soc is not None:
        assets["battery"] = BatteryState(id="battery", soc=reading(soc))
    if car_soc is not None:
        assets["charger"] = ChargePointState(
            id="charger", connected=True, charging=charging, soc=reading(car_soc), departure=departure
        )
    if tank_c is not None:
        assets["tank"] = TankState(id="tank", temperature_c=reading(tank_c))
    if rooms_c is not None:
        assets["heat_pump"] = HeatPumpState(id="heat_pump", running=running)
        for room, temperature in zip(("living", "bedroom"), rooms_c, strict=True):
            assets[room] = RoomState(id=room, temperature_c=reading(temperature))
    return SiteState(at=now, assets=assets)


def full_request(
    *,
    now: datetime = NOW,
    day_prices: Sequence[float] | None = None,
    settings: PlannerSettings | None = None,
) -> PlanRequest:
    """A full house on a spring day: battery, car, tank, heat pump with two rooms, sun."""
    hourly = day_prices or [0.25 + 0.1 * math.sin(h / 24 * 4 * math.pi) for h in range(48)]
    return PlanRequest(
        now=now,
        site=site(PV, BATTERY, CHARGER, TANK, HEAT_PUMP, LIVING, BEDROOM),
        state=state(
            soc=0.4,
            car_soc=0.5,
            departure=now + timedelta(hours=31),
            tank_c=50.0,
            rooms_c=(20.8, 18.9),
            now=now,
        ),
        prices=prices(hourly, [p - 0.15 for p in hourly], start=quarter_start(now)),
        forecast=forecast(now=now, pv_w=sunny(4000.0, start=now), hot_water_w=240.0),
        settings=settings or PlannerSettings(),
    )
