"""The two houses live plausibly when nobody manages them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.site import Battery, ChargePoint, HeatPump, HotWaterTank, PvSystem
from ohmstead.errors import DataError
from ohmstead.simulator.scenario import demo_house, real_house, wholesale_prices


@pytest.mark.parametrize(
    "start", [datetime(2026, 1, 11, 23, tzinfo=UTC), datetime(2026, 3, 8, 23, tzinfo=UTC)]
)
def test_a_released_house_is_comfortable_in_winter_and_spring(start: datetime) -> None:
    house = demo_house(start=start)
    coldest = [99.0, 99.0]
    warmest = 0.0
    for _ in range(7 * 1440):
        house.step(60.0)
        for i, room in enumerate(house.devices.heating.rooms):
            coldest[i] = min(coldest[i], room.air_c)
            warmest = max(warmest, room.air_c)
    assert coldest[0] > 20.4
    assert coldest[1] > 19.0
    assert warmest < 24.5
    t = house.totals
    assert sum(t.room_cold_kh.values()) < 2.0
    assert t.hot_water_short_kwh < 0.05
    assert t.vehicle_short_kwh == 0.0
    assert t.heat_kwh / t.asset_kwh["heat_pump"] > 3.0
    assert house.devices.heat_pump.starts < 12 * 7
    assert t.asset_kwh["battery"] == pytest.approx(7 * 24 * 0.008)


def test_the_coldest_week_needs_what_tabula_says() -> None:
    """Heat per kelvin of the released house against the typology's loss, gains taken off."""
    house = demo_house(start=datetime(2026, 1, 11, 23, tzinfo=UTC))
    house.step(2 * 86400.0)
    rooms = house.devices.heating.rooms
    before = sum(r.loss_kwh for r in rooms)
    lift_kh = 0.0
    for _ in range(5 * 24):
        inside = 0.6 * rooms[0].air_c + 0.4 * rooms[1].air_c
        lift_kh += inside - house.inputs.outdoor_c(house.now)
        house.step(3600.0)
    assert (sum(r.loss_kwh for r in rooms) - before) * 1000.0 / lift_kh == pytest.approx(187.0, rel=0.06)


def test_site_describes_the_twin_roughly() -> None:
    house = demo_house()
    d, site = house.devices, house.site
    pv, battery, charger, tank, pump = (
        site.asset(i) for i in ("pv", "battery", "charger", "tank", "heat_pump")
    )
    assert isinstance(pv, PvSystem)
    assert isinstance(battery, Battery)
    assert isinstance(charger, ChargePoint)
    assert isinstance(tank, HotWaterTank)
    assert isinstance(pump, HeatPump)
    assert pv.peak_w == d.pv.spec.peak_w
    assert battery.capacity_kwh == d.battery.spec.capacity_kwh
    assert 1.0 - d.battery.loss_w(2000.0) / 2000.0 == pytest.approx(battery.charge_efficiency, abs=0.02)
    assert charger.vehicle_capacity_kwh == d.charger.vehicle.capacity_kwh
    assert tank.stages_w == d.tank.spec.stages_w
    assert tank.loss_w_per_k == pytest.approx(d.tank.spec.loss_w_per_k, rel=0.25)
    assert (pump.min_w, pump.max_w) == (d.heat_pump.spec.min_w, d.heat_pump.spec.max_w)
    assert pump.min_on_s >= d.heat_pump.spec.min_on_s
    assert pump.min_off_s >= d.heat_pump.spec.min_off_s
    assert site.timezone == "Europe/Vienna"


def test_the_real_house_says_what_it_covers() -> None:
    with pytest.raises(DataError, match="2026-02-25T21"):
        real_house(start=datetime(2026, 2, 1, tzinfo=UTC))
    with pytest.raises(DataError, match="2026-08-21"):
        real_house(start=datetime(2026, 8, 22, tzinfo=UTC))


def test_the_real_house_takes_what_was_recorded() -> None:
    house = real_house(start=datetime(2026, 5, 4, tzinfo=UTC))
    house.step(86400.0)
    assert house.totals.asset_kwh["household"] == pytest.approx(16.15390, rel=1e-6)
    assert house.totals.asset_kwh["pv"] == pytest.approx(-7.15450, rel=1e-6)


def test_wholesale_prices_are_quarter_hours_of_the_data() -> None:
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    day = wholesale_prices(start, start + timedelta(hours=23))
    assert len(day) == 92
    assert all(end - begin == timedelta(minutes=15) for begin, end, _ in day)
    assert day[0][0] == start
    assert len(wholesale_prices(start + timedelta(minutes=5), start + timedelta(minutes=20))) == 2
    first = wholesale_prices(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 9, 30, 22, 15, tzinfo=UTC))
    assert [price for _, _, price in first] == pytest.approx([0.10887])
    assert wholesale_prices(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)) == []
