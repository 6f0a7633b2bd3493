from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ohmstead.ocpp.central.charger import Transaction
from ohmstead.ocpp.central.open_transactions import OpenTransactions

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def transaction(number: int, charger: int, connector: int) -> Transaction:
    return Transaction(
        id=number,
        identity=f"CP{charger}",
        connector=connector,
        id_tag=f"Tag{connector}",
        started_at=NOON,
        meter_start_wh=0,
    )


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.floats(0, 9)), max_size=30))
def test_it_finds_what_a_look_at_all_of_them_finds(steps: list[tuple[int, bool, float]]) -> None:
    running, all_of_them = OpenTransactions(), dict[int, Transaction]()
    for number, stopped, energy_kwh in steps:
        # Numbers belong to two chargers with three connectors each.
        one = replace(transaction(number, number % 2, number % 3), energy_kwh=energy_kwh)
        one = replace(one, stopped_at=NOON) if stopped else one
        running.put(one)
        all_of_them[number] = one
        if stopped:
            del all_of_them[number]
    for number in range(1, 7):
        assert running.get(number) == all_of_them.get(number)
    for charger in ("CP0", "CP1", "CP2"):
        mine = [one for one in all_of_them.values() if one.identity == charger]
        assert list(running.of(charger)) == mine
        assert list(running.of(charger, 2)) == [one for one in mine if one.connector == 2]
    again = OpenTransactions(all_of_them.values())
    assert [again.of("CP0"), again.of("CP1")] == [running.of("CP0"), running.of("CP1")]


def test_a_tag_charges_without_regard_to_case_but_for_the_transaction_that_is_asked_about() -> None:
    running = OpenTransactions([transaction(1, 1, 1)])
    assert running.charging_with("TAG1")
    assert not running.charging_with("TAG1", except_transaction=1)
    assert not running.charging_with("TAG2")
