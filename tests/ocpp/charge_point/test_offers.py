from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.ocpp.charge_point.offers import offers_at
from ohmstead.ocpp.smart_charging import Installed, Kind, Period, Profile, Purpose, Supply, Transaction

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RUNNING = Transaction(transaction_id=1, started_at=NOW)


def held(profile_id: int, connector_id: int, purpose: Purpose, limit: float) -> Installed:
    profile = Profile(profile_id=profile_id, purpose=purpose, kind=Kind.ABSOLUTE, periods=(Period(0, limit),))
    return Installed(connector_id=connector_id, profile=profile, installed_at=NOW)


@settings(max_examples=300, derandomize=True)
@given(
    maximum=st.none() | st.floats(0, 200),
    own=st.dictionaries(st.integers(1, 5), st.floats(0, 80)),
    running=st.sets(st.integers(1, 5)),
    phases=st.lists(st.sampled_from([1, 3]), min_size=5, max_size=5),
)
def test_together_they_keep_the_maximum_and_each_keeps_its_own(
    maximum: float | None, own: dict[int, float], running: set[int], phases: list[int]
) -> None:
    supplies = {c: Supply(max_a=32.0, phases=phases[c - 1]) for c in range(1, 6)}
    installed = tuple(held(c, c, Purpose.TX_DEFAULT, limit) for c, limit in own.items())
    if maximum is not None:
        installed += (held(99, 0, Purpose.CHARGE_POINT_MAX, maximum),)
    offers = offers_at(
        NOW, installed=installed, supplies=supplies, transactions=dict.fromkeys(sorted(running), RUNNING)
    )
    assert set(offers) == running
    for c, limit in offers.items():
        assert limit.current_a <= min(32.0, own.get(c, 32.0)) + 1e-9
        assert limit.power_w <= limit.current_a * limit.phases * 230.0 + 1e-6
    if maximum is not None:
        assert sum(limit.current_a for limit in offers.values()) <= maximum + 1e-9


def test_who_would_get_less_than_6_a_gets_nothing() -> None:
    supplies = {1: Supply(), 2: Supply()}
    installed = (held(1, 0, Purpose.CHARGE_POINT_MAX, 11.0),)
    offers = offers_at(NOW, installed=installed, supplies=supplies, transactions={1: RUNNING, 2: RUNNING})
    assert [offers[c].current_a for c in (1, 2)] == [11.0, 0.0]
