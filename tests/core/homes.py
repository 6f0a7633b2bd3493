"""Random homes, images, prices and plans for property tests."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from ohmstead.core.memory import ManualCommand
from ohmstead.core.plan import AssetSlot, Plan
from ohmstead.core.settings import Settings
from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    Circuit,
    FlexibleLoad,
    GridConnection,
    HeatPump,
    HotWaterTank,
    Phases,
    PvSystem,
    Room,
    Site,
)
from ohmstead.core.state import (
    AssetState,
    BatteryState,
    ChargePointState,
    GridState,
    HeatPumpState,
    LoadState,
    PvState,
    Quality,
    Reading,
    RoomState,
    SiteState,
    TankState,
)
from ohmstead.core.tariff import Tariff
from tests.core.world import NOON, a_plan, prices

phases = st.sampled_from(list(Phases))
odd = st.sampled_from([float("nan"), float("inf"), float("-inf")])


def watts(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(min_value=low, max_value=high) | st.sampled_from([0.0, low, high])


@st.composite
def readings(draw: st.DrawFn, values: st.SearchStrategy[float]) -> Reading:
    """Mostly good, sometimes missing, stale or no number at all."""
    kind = draw(st.integers(min_value=0, max_value=9))
    if kind == 0:
        return Reading(value=None, quality=Quality.MISSING)
    if kind == 1:
        return Reading(value=draw(odd))
    quality = Quality.STALE if kind == 2 else Quality.GOOD
    return Reading(value=draw(values), quality=quality)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """Up to two cars, a battery, a tank, a heat pump with a room, PV and two flexible loads."""
    assets: list[Asset] = [
        PvSystem(id="pv", peak_w=10_000.0, curtailable=draw(st.booleans()), phases=draw(phases))
    ]
    if draw(st.booleans()):
        assets.append(
            Battery(
                id="battery",
                capacity_kwh=10.0,
                max_charge_w=draw(st.sampled_from([2500.0, 5000.0])),
                max_discharge_w=5000.0,
                reserve_soc=draw(st.sampled_from([0.0, 0.1, 0.3])),
                phases=draw(phases),
            )
        )
    assets += [
        ChargePoint(
            id=f"car{i}",
            phases=draw(phases),
            phase_switching=draw(st.booleans()),
            max_a=draw(st.sampled_from([10.0, 16.0, 32.0])),
        )
        for i in range(draw(st.integers(min_value=0, max_value=2)))
    ]
    if draw(st.booleans()):
        stages = draw(st.sampled_from([(), (1000.0, 2000.0, 3000.0)]))
        minimum_w = draw(st.sampled_from([0.0, 500.0]))
        assets.append(HotWaterTank(id="tank", stages_w=stages, min_w=minimum_w, phases=draw(phases)))
    if draw(st.booleans()):
        assets += [HeatPump(id="pump", rooms=("living",), phases=draw(phases)), Room(id="living")]
    assets += [
        FlexibleLoad(id=f"flex{i}", shed_order=i, phases=draw(phases))
        for i in range(draw(st.integers(min_value=0, max_value=2)))
    ]
    limit = st.none() | st.sampled_from([1000.0, 4200.0, 11_000.0])
    grid = GridConnection(
        fuse_a=draw(st.sampled_from([16.0, 25.0, 35.0, 63.0])),
        max_import_w=draw(limit),
        max_export_w=draw(limit),
        operator_limit_w=draw(limit),
        peak_shaving_w=draw(limit),
    )
    members = draw(st.sets(st.sampled_from([a.id for a in assets if not isinstance(a, Room)]), max_size=3))
    circuits = (Circuit(id="c", fuse_a=draw(st.sampled_from([10.0, 20.0])), assets=tuple(sorted(members))),)
    return Site(assets=tuple(assets), grid=grid, circuits=circuits if members else ())


@st.composite
def asset_states(draw: st.DrawFn, asset: Asset) -> AssetState:
    """A state of that asset; sometimes offline or faulty."""
    online = draw(st.integers(min_value=0, max_value=9)) > 0
    fault = draw(st.sampled_from([None, None, None, None, "broken"]))
    soc = draw(readings(st.floats(min_value=0.0, max_value=1.0)))
    if isinstance(asset, PvSystem):
        return PvState(id=asset.id, online=online, power_w=draw(readings(watts(-10_000.0, 0.0))))
    if isinstance(asset, Battery):
        power = draw(readings(watts(-5000.0, 5000.0)))
        return BatteryState(id=asset.id, online=online, fault=fault, power_w=power, soc=soc)
    if isinstance(asset, ChargePoint):
        power_w = draw(watts(0.0, 11_000.0))
        third = power_w / 3
        return ChargePointState(
            id=asset.id,
            online=online,
            fault=fault,
            connected=draw(st.booleans()),
            power_w=draw(readings(st.just(power_w))),
            phases_w=draw(st.sampled_from([None, (third, third, third), (float("nan"), 0.0, 0.0)])),
            soc=soc,
            departure=draw(st.none() | st.integers(-60, 600).map(lambda m: NOON + timedelta(minutes=m))),
            target_soc=draw(st.sampled_from([None, 0.5, 1.0])),
        )
    if isinstance(asset, HotWaterTank):
        warm = draw(readings(st.floats(min_value=5.0, max_value=90.0)))
        return TankState(
            id=asset.id,
            online=online,
            fault=fault,
            power_w=draw(readings(watts(0.0, 3000.0))),
            temperature_c=warm,
        )
    if isinstance(asset, HeatPump):
        power = draw(readings(watts(0.0, 2500.0)))
        return HeatPumpState(id=asset.id, online=online, fault=fault, power_w=power)
    if isinstance(asset, Room):
        warm = draw(readings(st.floats(min_value=-5.0, max_value=35.0)))
        return RoomState(id=asset.id, power_w=Reading(value=0.0), temperature_c=warm)
    return LoadState(id=asset.id, online=online, power_w=draw(readings(watts(0.0, 3000.0))))


@st.composite
def images(draw: st.DrawFn, site: Site, at_s: float) -> SiteState:
    """What is seen of a site at a moment; some assets may be missing."""
    states = {
        a.id: draw(asset_states(a)) for a in site.assets if draw(st.integers(min_value=0, max_value=9)) > 0
    }
    at = NOON + timedelta(seconds=at_s)
    age = timedelta(seconds=draw(st.sampled_from([0.0, 1.0, 29.0, 31.0, -60.0])))
    power = draw(readings(watts(-15_000.0, 20_000.0)))
    each = watts(-5000.0, 9000.0)
    return SiteState(
        at=at,
        grid=GridState(
            power_w=Reading(value=power.value, at=at - age, quality=power.quality),
            phases_w=draw(st.none() | st.tuples(each, each, each) | st.tuples(odd, each, each)),
        ),
        assets=states,
        outdoor_c=draw(readings(st.floats(min_value=-20.0, max_value=35.0))),
        operator_limited=draw(st.booleans()),
    )


@st.composite
def tariffs(draw: st.DrawFn) -> Tariff | None:
    """Some hours of prices, perhaps ended already, perhaps negative."""
    if draw(st.booleans()):
        return None
    hours = draw(st.lists(st.floats(min_value=-0.2, max_value=0.6), min_size=1, max_size=30))
    start = NOON - timedelta(hours=draw(st.sampled_from([0, 1, 40])))
    return prices(*hours, start=start, export=draw(st.sampled_from([-0.05, 0.0, 0.08])))


@st.composite
def plans(draw: st.DrawFn, site: Site) -> Plan | None:
    """A plan for any of the assets, sensible or not."""
    if draw(st.booleans()):
        return None
    energy = st.none() | st.floats(min_value=0.0, max_value=12.0)
    positive = watts(0.0, 12_000.0)

    def wish() -> AssetSlot:
        return AssetSlot(
            power_w=draw(watts(-6000.0, 12_000.0)),
            import_w=draw(positive),
            export_w=draw(positive),
            energy_low_kwh=draw(energy),
            energy_high_kwh=draw(energy),
            energy_kwh=draw(energy),
            value_eur_per_kwh=draw(st.floats(min_value=-0.1, max_value=0.5)),
        )

    slots = [
        {a.id: wish() for a in site.assets if draw(st.booleans())}
        for _ in range(draw(st.integers(min_value=1, max_value=3)))
    ]
    return a_plan(*slots, minutes=1.0)


@st.composite
def commands(draw: st.DrawFn, site: Site) -> list[ManualCommand]:
    """Commands by hand for any asset, most of them impossible."""
    ids = st.sampled_from([a.id for a in site.assets])
    until = st.none() | st.integers(-10, 300).map(lambda s: NOON + timedelta(seconds=s))
    return draw(
        st.lists(
            st.builds(ManualCommand, asset=ids, power_w=watts(-30_000.0, 30_000.0), until=until), max_size=2
        )
    )


settings_of_homes = st.builds(
    Settings,
    priority=st.permutations(("hot_water_tank", "heat_pump", "charge_point", "battery")).map(tuple),
    acquisition_tolerance=st.sampled_from([0.0, 0.5, 1.0]),
    surplus_start_s=st.sampled_from([0.0, 60.0]),
    surplus_stop_s=st.sampled_from([0.0, 180.0]),
)
