"""Energy, cost and sun of a transaction, whatever order its readings come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.ocpp.central.accounting import EnergyMix, advance, unknown_mix
from ohmstead.ocpp.central.charger import Transaction

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEGUN = Transaction(id=1, identity="A", connector=1, id_tag="C", started_at=START, meter_start_wh=1000)


def half_sun(_at: datetime) -> EnergyMix:
    return EnergyMix(eur_per_kwh=0.2, solar_share=0.5)


def test_cost_and_sun_follow_the_energy() -> None:
    found = advance(BEGUN, 3000.0, START + timedelta(hours=1), half_sun)
    found = advance(found, 5000.0, START + timedelta(hours=2), unknown_mix, soc=0.7)
    assert (found.energy_kwh, found.priced_kwh, found.cost_eur, found.solar_kwh) == (4.0, 2.0, 0.4, 1.0)
    assert found.soc == 0.7


def test_a_new_meter_keeps_what_was_charged() -> None:
    found = advance(BEGUN, 4000.0, START + timedelta(hours=1), half_sun)
    found = advance(found, 10.0, START + timedelta(hours=2), half_sun)
    assert found.energy_kwh == 3.0
    found = advance(found, 1010.0, START + timedelta(hours=3), half_sun)
    assert found.energy_kwh == 4.0
    assert advance(found, 1e11, START + timedelta(hours=4), half_sun).energy_kwh == 4.0


@given(
    steps=st.lists(st.integers(0, 5000), min_size=1, max_size=20),
    repeats=st.lists(st.integers(0, 19), max_size=20),
)
def test_repeated_and_late_readings_change_nothing(steps: list[int], repeats: list[int]) -> None:
    register, found = 1000, BEGUN
    readings: list[tuple[float, datetime]] = []
    for n, step in enumerate(steps):
        register += step
        readings.append((float(register), START + timedelta(minutes=10 * (n + 1))))
        found = advance(found, *readings[-1], half_sun)
        for again in repeats:
            found = advance(found, *readings[min(again, n)], half_sun)
    assert found.energy_kwh == pytest.approx(sum(steps) / 1e3)
    assert found.cost_eur == pytest.approx(0.2 * found.energy_kwh)
    assert found.register_wh == register
