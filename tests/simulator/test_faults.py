"""Each fault does what it says, in the running house."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.state import Quality
from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.simulator.faults import METER, FaultKind
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import DEMO_START, demo_house


@pytest.fixture
def house() -> House:
    """The demo house at local noon."""
    house = demo_house(start=DEMO_START + timedelta(hours=6))
    house.step(60.0)
    return house


def test_an_offline_device_does_not_answer_and_goes_on(house: House) -> None:
    house.command("battery", 2000.0)
    house.step(10.0)
    house.faults.inject(FaultKind.OFFLINE, "battery")
    with pytest.raises(DeviceOffline, match="battery does not answer"):
        house.read_asset("battery")
    with pytest.raises(DeviceOffline):
        house.command("battery", 0.0)
    with pytest.raises(DeviceError):
        house.release("battery")
    house.step(60.0)
    assert house.true_powers_w()["battery"] == 2000.0
    lost = house.read().assets["battery"]
    assert not lost.online
    assert lost.power_w.quality is Quality.MISSING
    assert house.read().assets["tank"].online
    house.faults.clear("battery")
    house.command("battery", 0.0)
    assert house.read_asset("battery").online


def test_a_stuck_device_answers_and_keeps_its_power(house: House) -> None:
    house.command("battery", 1500.0)
    house.step(30.0)
    house.faults.inject(FaultKind.STUCK, "battery", duration_s=120.0)
    house.command("battery", -3000.0)
    house.step(60.0)
    assert house.true_powers_w()["battery"] == 1500.0
    assert house.read_asset("battery").online
    house.step(90.0)
    assert house.true_powers_w()["battery"] == -3000.0


def test_a_slow_device_takes_its_time(house: House) -> None:
    house.faults.inject(FaultKind.SLOW, "battery", factor=30.0)
    house.command("battery", 1000.0)
    house.step(25.0)
    assert house.true_powers_w()["battery"] == house.devices.battery.spec.standby_w
    house.step(10.0)
    assert house.true_powers_w()["battery"] == 1000.0


def test_a_meter_gap_repeats_the_last_sample(house: House) -> None:
    before = house.read_grid()
    house.faults.inject(FaultKind.METER_GAP, duration_s=300.0)
    house.command("battery", 5000.0)
    house.step(120.0)
    assert house.true_grid_w() > before.power_w.or_(0.0) + 3000.0
    stale = house.read_grid().power_w
    assert stale.quality is Quality.STALE
    assert stale.value == pytest.approx(before.power_w.value, abs=100.0)
    house.step(200.0)
    assert house.read_grid().power_w.quality is Quality.GOOD
    assert house.read_grid().power_w.value == pytest.approx(house.true_grid_w(), abs=100.0)


def test_a_lost_meter_says_so(house: House) -> None:
    house.faults.inject(FaultKind.OFFLINE, METER)
    with pytest.raises(DeviceOffline, match="meter"):
        house.read_grid()
    assert house.read().grid.power_w.value is None
    assert house.read().assets["battery"].online


def test_a_power_cut_stops_everything_and_it_comes_back(house: House) -> None:
    house.command("battery", 1000.0)
    house.step(30.0)
    imported = house.totals.import_kwh
    exported = house.totals.export_kwh
    house.faults.inject(FaultKind.POWER_CUT, start=house.now + timedelta(seconds=30), duration_s=600.0)
    house.step(30.0)
    between = (house.totals.import_kwh, house.totals.export_kwh)
    house.step(300.0)
    assert set(house.true_powers_w().values()) == {0.0}
    assert (house.totals.import_kwh, house.totals.export_kwh) == between
    assert sum(between) > imported + exported
    with pytest.raises(DeviceOffline):
        house.read_grid()
    house.step(400.0)
    assert house.true_powers_w()["household"] > 0.0
    assert house.true_powers_w()["battery"] == 1000.0


def test_a_fault_in_the_future_begins_on_time_within_a_step(house: House) -> None:
    house.command("battery", 1000.0)
    house.step(30.0)
    house.faults.inject(FaultKind.STUCK, "battery", start=house.now + timedelta(seconds=17), duration_s=1e6)
    assert not house.faults.active
    house.step(300.0)
    (fault,) = house.faults.active
    assert "battery: stuck" in house.faults.describe()[0]
    assert fault.start_s < house.now.timestamp()


def test_nonsense_is_refused(house: House) -> None:
    with pytest.raises(ValueError, match="lasts longer"):
        house.faults.inject(FaultKind.OFFLINE, "battery", duration_s=0.0)
    with pytest.raises(ValueError, match="at least 1"):
        house.faults.inject(FaultKind.SLOW, "battery", factor=0.5)
