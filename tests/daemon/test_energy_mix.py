"""Where a kWh came from and what it was worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.memory import Memory
from ohmstead.core.record import CycleRecord
from ohmstead.core.state import BatteryState, ChargePointState, GridState, PvState, Reading, SiteState
from ohmstead.core.tariff import PriceSlot
from ohmstead.daemon.energy_mix import MixHistory, mix_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PRICE = PriceSlot(
    start=NOON - timedelta(days=3),
    end=NOON + timedelta(days=3),
    import_eur_per_kwh=0.30,
    export_eur_per_kwh=0.08,
)


def record(
    grid_w: float | None, pv_w: float, car_w: float, battery_w: float = 0.0, at: datetime = NOON
) -> CycleRecord:
    state = SiteState(
        at=at,
        grid=GridState(power_w=Reading(value=grid_w)),
        assets={
            "roof": PvState(id="roof", power_w=Reading(value=pv_w)),
            "car": ChargePointState(id="car", power_w=Reading(value=car_w)),
            "cellar": BatteryState(id="cellar", power_w=Reading(value=battery_w)),
        },
    )
    return CycleRecord(
        at=at,
        state=state,
        memory=Memory(),
        slot=None,
        plan_id=None,
        tariff_name="fixed",
        prices=(PRICE,),
        setpoints=(),
        conflicts=(),
        left_w=0.0,
    )


@pytest.mark.parametrize(
    ("grid_w", "pv_w", "battery_w", "share", "eur"),
    [
        (7000.0, 0.0, 0.0, 0.0, 0.30),
        (-500.0, -8000.0, 0.0, 1.0, 0.08),
        (4000.0, -4000.0, 0.0, 0.5, 0.19),
        (4000.0, -2000.0, -2000.0, 0.5, 0.19),
        (0.0, 0.0, 0.0, 1.0, 0.08),
    ],
)
def test_bought_energy_costs_its_price_and_own_energy_what_feeding_in_pays(
    grid_w: float, pv_w: float, battery_w: float, share: float, eur: float
) -> None:
    mix = mix_of(record(grid_w, pv_w, 7000.0, battery_w))
    assert mix is not None
    assert mix.solar_share == pytest.approx(share)
    assert mix.eur_per_kwh == pytest.approx(eur)


def test_without_a_meter_nobody_knows() -> None:
    assert mix_of(record(None, -1000.0, 0.0)) is None


def test_the_past_is_remembered_for_chargers_that_were_offline() -> None:
    history = MixHistory()
    for minute in range(3 * 24 * 60):
        history.cycle(record(1000.0, -1000.0 * (minute % 2), 0.0, at=NOON + timedelta(minutes=minute)))
    last = NOON + timedelta(minutes=3 * 24 * 60 - 1)
    for at, share in ((last, 0.5), (last - timedelta(minutes=1), 0.0), (last - timedelta(hours=40), 0.5)):
        mix = history.at(at)
        assert mix is not None
        assert mix.solar_share == share
    assert history.at(last + timedelta(hours=1)) is None
    assert history.at(NOON) is None, "after two days it is forgotten"
