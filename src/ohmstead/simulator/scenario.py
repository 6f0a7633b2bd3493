"""The two houses: the demo house under a modelled sun, and the real house as it was recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ohmstead.core.site import (
    Battery,
    ChargePoint,
    FlexibleLoad,
    GridConnection,
    HeatPump,
    HotWaterTank,
    Load,
    Phases,
    PvSystem,
    Room,
    Site,
)
from ohmstead.errors import DataError
from ohmstead.simulator.battery import BatterySpec, BatteryTwin
from ohmstead.simulator.charger import ChargerSpec, ChargerTwin, VehicleSpec
from ohmstead.simulator.dataset import PRICES_START, PRICES_STEP_S, prices_eur_per_mwh, tabula_house
from ohmstead.simulator.flexible_load import FlexibleLoadProgramme, FlexibleLoadSpec, FlexibleLoadTwin
from ohmstead.simulator.heat_pump import HeatPumpSpec, HeatPumpTwin
from ohmstead.simulator.hot_water import HotWaterDraws
from ohmstead.simulator.house import House
from ohmstead.simulator.house_devices import (
    BATTERY,
    BEDROOM,
    CHARGER,
    HEAT_PUMP,
    HOUSEHOLD,
    LIVING,
    POOL_PUMP,
    PV,
    ROOMS,
    TANK,
    Devices,
)
from ohmstead.simulator.household import HouseholdTexture, RecordedPv, issued_pv_forecast_w
from ohmstead.simulator.inputs import HouseInputs, PvForecast
from ohmstead.simulator.meter import GridMeter, MeterSpec
from ohmstead.simulator.pv import PvSpec, PvTwin, WeatherModelForecast, modelled_potential
from ohmstead.simulator.rooms import HeatingSpec, HeatingTwin, RoomSpec, RoomTwin
from ohmstead.simulator.series import MinuteSeries
from ohmstead.simulator.sun import Plane
from ohmstead.simulator.tank import TankSpec, TankTwin
from ohmstead.simulator.timeline import HOUSEHOLD_FIRST, prices_end
from ohmstead.simulator.trips import TripPattern, TripSchedule
from ohmstead.simulator.weather import Weather

TIMEZONE = "Europe/Vienna"
LATITUDE_DEG, LONGITUDE_DEG = 45.0, 8.0
DEMO_START = datetime(2026, 4, 3, 4, tzinfo=UTC)
"""A cool and sunny morning on which the car stays at home."""
REAL_START = datetime(2026, 3, 8, 23, tzinfo=UTC)
"""A local Monday midnight, after the longest holes of the recording."""

_ROOF, _SOUTH_WALL, _WEST_WALL = Plane(35.0, 180.0), Plane(90.0, 180.0), Plane(90.0, 270.0)
_DEMO_LOAD_SCALE = 0.65
"""The recorded household takes 5.9 MWh a year without its flexible loads; the demo family less."""

_BUILDING = "DE.N.SFH.06.Gen.ReEx.001.003"
"""Built 1969 to 1978, 173 m², advanced refurbishment: 187 W/K."""
_AIR_CAPACITY_WH_M2K = 15.0
"""Air, furniture and the surfaces that follow at once; TABULA's 45 Wh/(m²K) is the structure."""


def building(
    rooms: tuple[tuple[float, float], tuple[float, float]] = ((0.6, 21.0), (0.4, 20.0)),
) -> tuple[RoomSpec, RoomSpec]:
    """The living zone with a heated floor and the bedroom zone with radiators of the TABULA house.

    ``rooms`` gives each zone's share of the floor and its target, °C. Ventilation and windows (40 % of
    the transmission) lose heat from the air, walls and roof from the structure.
    """
    house = tabula_house(_BUILDING)
    windows = 0.4 * house.transmission_w_m2k
    walls = house.transmission_w_m2k - windows
    specs = []
    for share, target_c in rooms:
        area = share * house.a_ref_m2
        inside = 3.45 * 4.5 * area
        # The structure's path is in series with the surface: without this the loss would be too small.
        structure = walls * area / (1.0 - walls * area / inside)
        specs.append(
            RoomSpec(
                target_c=target_c,
                air_kwh_k=_AIR_CAPACITY_WH_M2K * area / 1000.0,
                structure_kwh_k=house.capacity_wh_m2k * area / 1000.0,
                emitter_kwh_k=2.6,
                air_structure_w_k=inside,
                air_outdoor_w_k=(house.ventilation_w_m2k + windows) * area,
                structure_outdoor_w_k=structure,
                water_emitter_w_k=450.0,
                emitter_w_k=700.0,
                emitter_exponent=1.0,
                band_k=0.5,
                valve_s=180.0,
                window_m2=4.0,
                gain_share=0.65,
                airing_w_k=150.0,
            )
        )
    living, bedroom = specs
    radiators = replace(
        bedroom,
        emitter_kwh_k=0.05,
        water_emitter_w_k=300.0,
        emitter_w_k=60.0,
        emitter_exponent=1.3,
        band_k=1.0,
        valve_s=600.0,
        window_m2=1.5,
        gain_share=0.35,
    )
    return living, radiators


def _site(name: str, *, peak_w: float, inverter_w: float, rooms: tuple[RoomSpec, RoomSpec]) -> Site:
    """What the engine is told: data sheets and estimates, near the twin's physics but not equal to it."""
    living, bedroom = rooms
    return Site(
        name=name,
        timezone=TIMEZONE,
        latitude_deg=LATITUDE_DEG,
        longitude_deg=LONGITUDE_DEG,
        grid=GridConnection(fuse_a=35.0, operator_limit_w=4200.0),
        assets=(
            PvSystem(
                id=PV,
                peak_w=peak_w,
                inverter_w=inverter_w,
                tilt_deg=35.0,
                azimuth_deg=180.0,
                curtailable=True,
            ),
            Battery(id=BATTERY, capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0),
            ChargePoint(id=CHARGER, max_a=16.0, vehicle_capacity_kwh=60.0, target_soc=0.8),
            HotWaterTank(
                id=TANK, volume_l=200.0, max_w=3000.0, stages_w=(1000.0, 2000.0, 3000.0), loss_w_per_k=1.8
            ),
            HeatPump(id=HEAT_PUMP, min_w=600.0, max_w=2500.0, rooms=ROOMS),
            Room(
                id=LIVING,
                name="Living room",
                target_c=living.target_c,
                heat_loss_w_per_k=115.0,
                heat_capacity_kwh_per_k=7.5,
            ),
            Room(
                id=BEDROOM,
                name="Bedroom",
                target_c=bedroom.target_c,
                heat_loss_w_per_k=75.0,
                heat_capacity_kwh_per_k=3.5,
            ),
            FlexibleLoad(id=POOL_PUMP, name="Pool pump", max_w=800.0, phases=Phases.L2),
            Load(id=HOUSEHOLD),
        ),
    )


def _started_room(spec: RoomSpec, air_c: float, outdoor_c: float) -> RoomTwin:
    """A room that has been at a temperature for long: structure and emitter are in balance."""
    inside, outside = spec.air_structure_w_k, spec.structure_outdoor_w_k
    structure_c = (inside * air_c + outside * outdoor_c) / (inside + outside)
    loss_w = spec.air_outdoor_w_k * (air_c - outdoor_c) + outside * (structure_c - outdoor_c)
    lift_k = (max(0.0, loss_w - 300.0) / spec.emitter_w_k) ** (1.0 / spec.emitter_exponent)
    return RoomTwin(spec=spec, air_c=air_c, structure_c=structure_c, emitter_c=air_c + lift_k)


def _house(
    name: str,
    *,
    seed: int,
    start: datetime,
    weather: Weather,
    pv_spec: PvSpec,
    pv: MinuteSeries,
    pv_forecast: PvForecast,
    load_scale: float,
) -> House:
    zone = ZoneInfo(TIMEZONE)
    start_s = start.timestamp()
    vehicle = VehicleSpec()
    trips = TripSchedule(seed, zone, TripPattern())
    pump = FlexibleLoadSpec()
    rooms = building()
    inputs = HouseInputs(
        seed=seed,
        timezone=zone,
        weather=weather,
        household=HouseholdTexture(seed, load_scale),
        pv=pv,
        pv_forecast=pv_forecast,
        hot_water=HotWaterDraws(seed, zone),
        trips=trips,
        vehicle=vehicle,
        charger_id=CHARGER,
        programme=FlexibleLoadProgramme(seed, zone, pump),
        room_planes=(1, 2),
        room_windows_m2=(rooms[0].window_m2, rooms[1].window_m2),
    )
    outdoor_c = inputs.outdoor_c(start)
    devices = Devices(
        pv=PvTwin(pv_spec),
        battery=BatteryTwin(BatterySpec(), soc=0.5),
        charger=ChargerTwin(ChargerSpec(), vehicle, trips, start_s, soc=0.6),
        tank=TankTwin(TankSpec(), temperature_c=52.0),
        heat_pump=HeatPumpTwin(HeatPumpSpec()),
        pool_pump=FlexibleLoadTwin(pump),
        heating=HeatingTwin(
            spec=HeatingSpec(),
            rooms=(
                _started_room(rooms[0], rooms[0].target_c, outdoor_c),
                _started_room(rooms[1], rooms[1].target_c, outdoor_c),
            ),
            overheat_k=(1.5, 1.5),
            water_c=28.0,
        ),
        meter=GridMeter(seed, MeterSpec()),
    )
    site = _site(name, peak_w=pv_spec.peak_w, inverter_w=pv_spec.inverter_w, rooms=rooms)
    heating = devices.heating
    heating.overheat_k = tuple(room.high_k for room in site.assets if isinstance(room, Room))
    return House(site=site, start=start, inputs=inputs, devices=devices, seed=seed)


def _weather(seed: int) -> Weather:
    return Weather(
        seed=seed,
        latitude_deg=LATITUDE_DEG,
        longitude_deg=LONGITUDE_DEG,
        planes=(_ROOF, _SOUTH_WALL, _WEST_WALL),
    )


def demo_house(*, seed: int = 1, start: datetime | None = None) -> House:
    """The demo house: PV from the typical year's irradiance by the twin's own model. Any date will do."""
    weather = _weather(seed)
    spec = PvSpec()
    pv = modelled_potential(spec, weather)
    return _house(
        "Demo house",
        seed=seed,
        start=start or DEMO_START,
        weather=weather,
        pv_spec=spec,
        pv=pv,
        pv_forecast=WeatherModelForecast(seed, pv, spec.inverter_w).power_w,
        load_scale=_DEMO_LOAD_SCALE,
    )


def real_house(*, seed: int = 1, start: datetime | None = None) -> House:
    """The real house: household and PV as recorded, PV forecast as issued; the same other assets.

    Its temperatures are those of the typical year, not of the recorded days.

    Raises:
        DataError: ``start`` is not in the time that the recording and the prices both cover.
    """
    start = start or REAL_START
    first, end = HOUSEHOLD_FIRST, prices_end()
    if not first <= start < end:
        raise DataError(
            f"start {start.isoformat()}: the recorded house covers {first.isoformat()} to {end.isoformat()}"
        )
    spec = PvSpec(peak_w=5000.0, inverter_w=4600.0)
    return _house(
        "Real house",
        seed=seed,
        start=start,
        weather=_weather(seed),
        pv_spec=spec,
        pv=RecordedPv(seed, spec.inverter_w).potential,
        pv_forecast=lambda start_s, end_s, _issued_s: issued_pv_forecast_w(start_s, end_s),
        load_scale=1.0,
    )


def wholesale_prices(start: datetime, end: datetime) -> list[tuple[datetime, datetime, float]]:
    """Day-ahead prices of the quarter-hours that touch [start, end): (start, end, EUR/kWh), UTC.

    Outside the data the list is shorter, or empty.
    """
    prices = prices_eur_per_mwh()
    step = timedelta(seconds=PRICES_STEP_S)
    first = max(0, (start - PRICES_START) // step)
    last = min(len(prices), -((PRICES_START - end) // step))
    return [
        (PRICES_START + i * step, PRICES_START + (i + 1) * step, prices[i] / 1000.0)
        for i in range(first, last)
    ]
