from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.ocpp.schemas import judge_call
from ohmstead.ocpp.smart_charging import (
    Installed,
    Kind,
    Period,
    Profile,
    ProfileError,
    Purpose,
    RateUnit,
    Supply,
    Transaction,
    clear,
    composite_schedule,
    end_transaction,
    install,
    limit_at,
    read_profile,
    share_limit,
    write_profile,
)

T0 = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SUPPLIES = {1: Supply(max_a=32.0, phases=3), 2: Supply(max_a=16.0, phases=1)}


def profile(purpose: Purpose = Purpose.TX_DEFAULT, limit: float = 16.0, **more: Any) -> Profile:
    fields: dict[str, Any] = {"profile_id": 1, "kind": Kind.RELATIVE, "periods": (Period(0, limit),)}
    return Profile(purpose=purpose, **(fields | more))


def on(connector_id: int, *profiles: Profile) -> tuple[Installed, ...]:
    return tuple(Installed(connector_id=connector_id, profile=p, installed_at=T0) for p in profiles)


def composite(
    installed: tuple[Installed, ...], connector_id: int = 1, duration_s: int = 3600, **more: Any
) -> list[tuple[int, float]]:
    fields: dict[str, Any] = {"start": T0, "unit": RateUnit.A, "supplies": SUPPLIES}
    periods = composite_schedule(
        installed, connector_id=connector_id, duration_s=duration_s, **(fields | more)
    )
    return [(p.start_s, p.limit) for p in periods]


def running(started_at: datetime = T0, transaction_id: int = 7) -> dict[int, Transaction]:
    return {1: Transaction(transaction_id=transaction_id, started_at=started_at)}


def test_without_a_profile_the_supply_is_the_limit() -> None:
    assert composite(()) == [(0, 32.0)]
    assert composite((), 0) == [(0, 48.0)]
    assert composite((), duration_s=0) == []


def test_the_highest_stack_level_leads_and_falls_through_where_its_schedule_has_ended() -> None:
    low = profile(limit=20.0)
    high = profile(limit=10.0, profile_id=2, stack_level=3, duration_s=600)
    assert composite(on(1, low, high), transactions=running()) == [(0, 10.0), (600, 20.0)]


def test_without_a_duration_on_top_nothing_falls_through() -> None:
    low, high = profile(limit=20.0), profile(limit=10.0, profile_id=2, stack_level=3)
    assert composite(on(1, low, high), transactions=running()) == [(0, 10.0)]


def test_periods_after_the_duration_are_ignored_and_the_last_holds_until_it() -> None:
    one = profile(periods=(Period(0, 10.0), Period(300, 12.0), Period(900, 14.0)), duration_s=600)
    assert composite(on(1, one), transactions=running()) == [(0, 10.0), (300, 12.0), (600, 32.0)]


def test_a_tx_default_on_connector_0_applies_to_all_and_one_on_a_connector_overrides_only_that() -> None:
    held = on(0, profile(limit=10.0)) + on(1, profile(limit=13.0, profile_id=2))
    assert composite(held, 1) == [(0, 13.0)]
    assert composite(held, 2) == [(0, 10.0)]


def test_a_tx_profile_needs_its_transaction() -> None:
    held = on(1, profile(Purpose.TX, 10.0, transaction_id=7))
    assert composite(held) == [(0, 32.0)]
    assert composite(held, transactions=running(transaction_id=8)) == [(0, 32.0)]
    assert composite(held, transactions=running()) == [(0, 10.0)]


def test_the_lowest_over_the_purposes_wins() -> None:
    held = on(0, profile(Purpose.CHARGE_POINT_MAX, 14.0)) + on(1, profile(Purpose.TX, 20.0, profile_id=2))
    assert composite(held, transactions=running()) == [(0, 14.0)]


def test_connector_0_is_the_total_within_the_charge_point_maximum() -> None:
    held = on(0, profile(Purpose.CHARGE_POINT_MAX, 25.0))
    assert composite(held, 0) == [(0, 25.0)]
    assert composite(on(1, profile(limit=6.0)), 0) == [(0, 22.0)]


def test_a_relative_or_missing_start_is_the_start_of_the_transaction() -> None:
    periods = (Period(0, 10.0), Period(600, 16.0))
    for kind in (Kind.RELATIVE, Kind.ABSOLUTE):
        held = on(1, profile(kind=kind, periods=periods))
        assert composite(held, transactions=running(T0 - timedelta(seconds=500))) == [(0, 10.0), (100, 16.0)]


def test_daily_means_each_24_hours_from_the_start() -> None:
    start = T0 - timedelta(days=9, hours=1)
    one = profile(
        kind=Kind.RECURRING,
        every_s=86400,
        start=start,
        duration_s=7200,
        periods=(Period(0, 10.0), Period(5400, 8.0)),
    )
    day = composite(on(1, one), duration_s=86400)
    assert day == [(0, 10.0), (1800, 8.0), (3600, 32.0), (82800, 10.0)]


def test_watts_are_the_total_and_amperes_per_phase() -> None:
    held = on(1, profile(limit=6900.0, unit=RateUnit.W))
    assert composite(held) == [(0, 10.0)]
    assert composite(held, unit=RateUnit.W) == [(0, 6900.0)]
    one_phase = on(1, profile(limit=2300.0, unit=RateUnit.W, periods=(Period(0, 2300.0, 1),)))
    assert composite(one_phase) == [(0, 10.0)]
    limit = limit_at(one_phase, connector_id=1, when=T0, supply=SUPPLIES[1])
    assert (limit.phases, limit.power_w, limit.source) == (1, 2300.0, 1)


def test_valid_from_and_to_bound_a_profile() -> None:
    one = profile(limit=10.0, valid_from=T0 + timedelta(seconds=60), valid_to=T0 + timedelta(seconds=120.5))
    assert composite(on(1, one)) == [(0, 32.0), (60, 10.0), (121, 32.0)]


def test_a_profile_replaces_the_same_id_or_the_same_place() -> None:
    held = on(1, profile(limit=10.0))
    same_id = Installed(connector_id=2, profile=profile(stack_level=5), installed_at=T0)
    assert install(held, same_id) == (same_id,)
    same_place = Installed(connector_id=1, profile=profile(profile_id=9), installed_at=T0)
    assert install(held, same_place) == (same_place,)
    other = Installed(connector_id=1, profile=profile(profile_id=9, stack_level=1), installed_at=T0)
    assert install(held, other) == (*held, other)


def test_clearing_by_id_alone_by_all_conditions_or_everything() -> None:
    held = on(1, profile(), profile(Purpose.TX, profile_id=2)) + on(2, profile(profile_id=3))
    assert [one.profile.profile_id for one in clear(held, profile_id=2, connector_id=9)] == [1, 3]
    assert [one.profile.profile_id for one in clear(held, connector_id=1, purpose=Purpose.TX)] == [1, 3]
    assert clear(held) == ()
    assert clear(held, stack_level=4) == held


def test_a_tx_profile_dies_with_its_transaction() -> None:
    held = on(1, profile(), profile(Purpose.TX, profile_id=2))
    assert end_transaction(held, 1) == held[:1]
    assert end_transaction(held, 2) == held


def test_a_profile_is_read_as_it_was_written_and_the_schema_agrees() -> None:
    one = profile(
        kind=Kind.RECURRING,
        every_s=86400,
        start=T0,
        duration_s=60,
        valid_from=T0,
        valid_to=T0,
        min_rate=6.0,
        transaction_id=3,
        periods=(Period(0, 16.1, 3), Period(30, 0.0)),
    )
    assert (
        judge_call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": write_profile(one)}) is None
    )
    assert read_profile(write_profile(one)) == one


@pytest.mark.parametrize(
    "wrong",
    [
        {"periods": (Period(5, 1.0),)},
        {"periods": ()},
        {"periods": (Period(0, -1.0),)},
        {"periods": (Period(0, 1.0), Period(0, 2.0))},
        {"periods": (Period(0, 1.0, 4),)},
        {"stack_level": -1},
        {"duration_s": -1},
        {"kind": Kind.RECURRING},
    ],
)
def test_profiles_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        read_profile(write_profile(profile(**wrong)))


def test_a_shared_limit_is_never_exceeded_and_nobody_gets_less_than_6_a() -> None:
    assert share_limit(32.0, {1: 32.0, 2: 32.0}) == {1: 16.0, 2: 16.0}
    assert share_limit(32.0, {1: 10.0, 2: 32.0}) == {1: 10.0, 2: 22.0}
    assert share_limit(10.0, {1: 32.0, 2: 32.0}) == {1: 10.0, 2: 0.0}
    assert share_limit(5.0, {1: 32.0}) == {1: 0.0}
    assert share_limit(20.0, {1: 0.0, 2: 9.0}) == {1: 0.0, 2: 9.0}


# The oracle: second by second, every profile laid out as a table of its limits, written without any of the
# functions above.

SPAN_S = 400


@st.composite
def profiles(draw: st.DrawFn) -> Installed:
    purpose = draw(st.sampled_from(list(Purpose)))
    kind = draw(st.sampled_from(list(Kind)))
    starts = [0, *sorted(draw(st.sets(st.integers(1, 200), max_size=3)))]
    phases = st.sampled_from([None, 1, 3])
    moment = st.integers(-300, 500).map(lambda s: T0 + timedelta(seconds=s))
    start = draw(moment if kind is Kind.RECURRING else st.none() | moment)
    one = Profile(
        profile_id=draw(st.integers(1, 1000)),
        purpose=purpose,
        kind=kind,
        stack_level=draw(st.integers(0, 3)),
        unit=draw(st.sampled_from(list(RateUnit))),
        periods=tuple(Period(s, float(draw(st.integers(0, 40))), draw(phases)) for s in starts),
        duration_s=draw(st.none() | st.integers(0, 250)),
        start=None if kind is Kind.RELATIVE else start,
        every_s=100 if kind is Kind.RECURRING else None,
        valid_from=draw(st.none() | moment),
        valid_to=draw(st.none() | moment),
        transaction_id=draw(st.sampled_from([None, 7, 8])) if purpose is Purpose.TX else None,
    )
    connector = 0 if purpose is Purpose.CHARGE_POINT_MAX else draw(st.sampled_from([1, 2]))
    if purpose is Purpose.TX_DEFAULT:
        connector = draw(st.sampled_from([0, 1, 2]))
    return Installed(connector_id=connector, profile=one, installed_at=draw(moment))


def table_of(one: Installed, zero_s: float, supply: Supply) -> dict[int, tuple[float, float, int]]:
    """Second → (A, W, phases) where this profile says anything."""
    p = one.profile
    rows = {}
    for second in range(SPAN_S):
        when = T0 + timedelta(seconds=second)
        if (p.valid_from and when < p.valid_from) or (p.valid_to and not when < p.valid_to):
            continue
        into = second - zero_s
        if into < 0:
            continue
        while p.every_s and into >= p.every_s:
            into -= p.every_s
        if p.duration_s is not None and not into < p.duration_s:
            continue
        for period in p.periods:
            if period.start_s <= into:
                n = min(3 if period.phases is None else period.phases, supply.phases)
                per_phase_w = supply.voltage_v * n
                if p.unit == "A":
                    rows[second] = (period.limit, period.limit * per_phase_w, n)
                else:
                    rows[second] = (period.limit / per_phase_w, period.limit, n)
    return rows


def oracle(
    held: tuple[Installed, ...], connector: int, transaction: Transaction | None
) -> list[tuple[float, float, int]]:
    supply = SUPPLIES[connector]
    tx_zero = (transaction.started_at - T0).total_seconds() if transaction else 0.0

    def best(wanted: list[Installed], zero_of: Any) -> list[tuple[float, float, int] | None]:
        tables = [
            table_of(one, zero_of(one), supply)
            for one in sorted(wanted, key=lambda o: -o.profile.stack_level)
        ]
        return [next((t[s] for t in tables if s in t), None) for s in range(SPAN_S)]

    def zero_of(one: Installed) -> float:
        return (one.profile.start - T0).total_seconds() if one.profile.start else tx_zero

    def zero_of_max(one: Installed) -> float:
        return ((one.profile.start or one.installed_at) - T0).total_seconds()

    default = [o for o in held if o.profile.purpose == "TxDefaultProfile"]
    groups = [
        best(
            [
                o
                for o in held
                if o.profile.purpose == "TxProfile"
                and o.connector_id == connector
                and transaction
                and o.profile.transaction_id in (None, transaction.transaction_id)
            ],
            zero_of,
        ),
        best([o for o in default if o.connector_id == connector], zero_of),
        best([o for o in default if o.connector_id == 0], zero_of),
    ]
    ceiling = best([o for o in held if o.profile.purpose == "ChargePointMaxProfile"], zero_of_max)
    rows = []
    for second in range(SPAN_S):
        limits = [(supply.max_a, supply.max_a * supply.phases * 230.0, supply.phases)]
        limits += [row for row in [next((g[second] for g in groups if g[second]), None)] if row]
        limits += [row for row in [ceiling[second]] if row]
        rows.append((min(r[0] for r in limits), min(r[1] for r in limits), min(r[2] for r in limits)))
    return rows


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    found=st.lists(profiles(), max_size=6),
    connector=st.sampled_from([1, 2]),
    unit=st.sampled_from(list(RateUnit)),
    started_s=st.none() | st.integers(-250, 0),
)
def test_the_composite_schedule_is_what_an_oracle_finds_second_by_second(
    found: list[Installed], connector: int, unit: RateUnit, started_s: int | None
) -> None:
    held: tuple[Installed, ...] = ()
    for one in found:
        held = install(held, one)
    transaction = (
        None
        if started_s is None
        else Transaction(transaction_id=7, started_at=T0 + timedelta(seconds=started_s))
    )
    periods = composite_schedule(
        held,
        connector_id=connector,
        start=T0,
        duration_s=SPAN_S,
        unit=unit,
        supplies=SUPPLIES,
        transactions={connector: transaction} if transaction else {},
    )
    assert all(a.start_s < b.start_s for a, b in itertools.pairwise(periods))
    expected = oracle(held, connector, transaction)
    for second in range(SPAN_S):
        period = [p for p in periods if p.start_s <= second][-1]
        row = expected[second]
        assert (period.limit, period.phases) == (round(row[0 if unit is RateUnit.A else 1], 1), row[2])


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    total=st.floats(0, 100),
    wishes=st.dictionaries(st.integers(1, 6), st.floats(0, 63), max_size=6),
)
def test_shares_keep_the_limit_and_each_wish(total: float, wishes: dict[int, float]) -> None:
    shares = share_limit(total, wishes)
    assert sum(shares.values()) <= total + 1e-9
    for connector, share in shares.items():
        assert share <= wishes[connector]
        assert share == 0.0 or share >= 6.0 - 1e-9
