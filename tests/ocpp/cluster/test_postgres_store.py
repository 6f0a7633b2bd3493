"""Both stores keep the same promises; PostgreSQL keeps them between workers too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from ohmstead.errors import ConfigError, DataError
from ohmstead.ocpp.central.charger import Admission, Charger, Connector, ConnectorStatus, Tag, Transaction
from ohmstead.ocpp.central.decision import (
    AddEvent,
    AddSamples,
    OrphanStop,
    SaveCharger,
    SaveTransaction,
)
from ohmstead.ocpp.central.meter_values import MeterSample
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.store_port import StaleClaim, StoreError, TransactionStore
from ohmstead.ocpp.cluster.postgres_store import PostgresStore
from tests.ocpp.cluster.servers import Postgres

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
START = {"connectorId": 1, "idTag": "Card", "timestamp": "2026-06-01T12:00:00Z", "meterStart": 1000}
FULL = Charger(
    identity="CP1",
    admission=Admission.ADOPTED,
    vendor="Ohmstead",
    model="Test",
    serial="1",
    firmware="2",
    first_seen=NOON,
    last_seen=NOON + timedelta(microseconds=1),
    booted_at=NOON,
    connectors={1: Connector(id=1, status=ConnectorStatus.CHARGING, info="ä", status_at=NOON)},
)


def a_transaction(number: int, **facts: object) -> Transaction:
    begun = Transaction(
        id=number,
        identity="CP1",
        connector=1,
        id_tag="Card",
        started_at=NOON,
        start_told=str(START["timestamp"]),
        meter_start_wh=1000,
    )
    return replace(begun, **facts)


@pytest.fixture
def url(postgres_server: Postgres) -> str:
    return postgres_server.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TransactionStore]:
    if request.param == "sqlite":
        file = Store.open(tmp_path / "ocpp.db")
        yield file
        file.close()
    else:
        database = await PostgresStore.open(request.getfixturevalue("url"))
        yield database
        await database.close()


@pytest.fixture
async def workers(url: str) -> AsyncIterator[tuple[PostgresStore, PostgresStore]]:
    """Two at one database; one charger is known to both."""
    one = await PostgresStore.open(url)
    await one.commit((SaveCharger(charger=FULL),))
    two = await PostgresStore.open(url)
    yield one, two
    await one.close()
    await two.close()


async def test_a_charger_is_kept_with_its_connectors(store: TransactionStore) -> None:
    await store.commit((SaveCharger(charger=Charger(identity="CP1")),))
    claim = await store.claim("CP1")
    await store.commit((SaveCharger(charger=FULL),), claim)
    assert store.chargers == {"CP1": FULL}
    await store.refresh("CP1")
    assert store.chargers["CP1"] == FULL
    assert await store.claim("CP2") is None


async def test_a_transaction_is_found_by_its_number_its_start_and_its_charger(
    store: TransactionStore,
) -> None:
    number = store.next_transaction_id()
    assert number > 0
    begun = a_transaction(number, reservation_id=7, soc=12.5)
    await store.commit((SaveTransaction(transaction=begun),))
    for ledger in (store, await store.ledger("CP1", "StartTransaction", START)):
        assert ledger.same_start("CP1", 1, "Card", str(START["timestamp"]), 1000) == begun
        assert ledger.running("CP1") == ledger.running("CP1", 1) == (begun,)
        assert ledger.running("CP1", 2) == ()
        assert ledger.charging_with("cARD")
        assert not ledger.charging_with("cARD", except_transaction=number)
        assert ledger.transaction(number) == begun
        assert ledger.transaction(number + 1) is None
        assert ledger.next_transaction_id() > number
    ended = replace(begun, stopped_at=NOON, meter_stop_wh=2000, energy_kwh=1.0, reason="Local")
    await store.commit((SaveTransaction(transaction=ended),))
    stop = {"transactionId": number, "idTag": "Card"}
    assert (await store.ledger("CP1", "StopTransaction", stop)).transaction(number) == ended
    assert not store.charging_with("Card")
    assert store.running("CP1") == ()
    assert store.transactions() == store.transactions(identity="CP1") == (ended,)
    assert store.transactions(identity="CP2") == store.transactions(before_id=number) == ()
    for impossible in (0, -1, 1 << 40, 1 << 70):
        assert store.transaction(impossible) is None
        ledger = await store.ledger("CP1", "StopTransaction", {"transactionId": impossible})
        assert ledger.transaction(impossible) is None


async def test_meter_values_stops_without_a_start_and_events_are_kept_once(store: TransactionStore) -> None:
    samples = tuple(
        MeterSample(at=NOON + timedelta(minutes=minute), energy_wh=1000.0 + minute, power_w=11_000.0)
        for minute in (1, 0)
    )
    values = AddSamples(transaction_id=5, samples=(*samples, MeterSample(at=None, energy_wh=3.0)))
    stop = OrphanStop(
        identity="CP1", transaction_id=-1, id_tag=None, stopped_at=NOON, meter_stop_wh=9, reason="Local"
    )
    event = AddEvent(identity="CP1", at=NOON, kind="fault", text="GroundFailure")
    await store.commit((values, stop, event))
    await store.commit((values, stop))
    assert store.samples(5) == tuple(reversed(samples))
    assert store.orphan_stops() == 1
    assert store.events("CP1") == (event,)


async def test_only_so_many_events_of_a_charger_are_kept(store: TransactionStore) -> None:
    for hundred in range(13):
        events = [
            AddEvent(identity="CP1", at=NOON, kind="fault", text=f"{hundred} {number}")
            for number in range(100)
        ]
        await store.commit(events)
    kept = store.events("CP1", limit=5000)
    assert 1000 <= len(kept) <= 1100
    assert kept[0].text == "12 99"


async def test_meter_values_of_old_sessions_are_forgotten_and_the_sessions_kept(
    store: TransactionStore,
) -> None:
    old = a_transaction(1, started_at=NOON - timedelta(days=181), start_told="old")
    curve = (MeterSample(at=NOON, energy_wh=1.0),)
    await store.commit(
        (
            SaveTransaction(transaction=old),
            AddSamples(transaction_id=1, samples=curve),
            AddSamples(transaction_id=2, samples=curve),
        )
    )
    stopped = [
        SaveTransaction(transaction=a_transaction(number, start_told=str(number), stopped_at=NOON))
        for number in range(2, 502)
    ]
    await store.commit(stopped)
    assert store.samples(1) == ()
    assert len(store.samples(2)) == 1
    assert store.transaction(1) == old


async def test_tags_are_compared_without_regard_to_case(store: TransactionStore) -> None:
    asks = {"idTag": "ÄB"}
    assert not (await store.ledger("CP1", "Authorize", asks)).any_tags()
    tag = Tag(id_tag="äB", name="Ann", parent="P", expires_at=NOON, blocked=True, several_at_once=False)
    await store.put_tag(tag)
    ledger = await store.ledger("CP1", "Authorize", asks)
    assert ledger.any_tags()
    assert ledger.tag("ÄB") == store.tag("Äb") == tag
    await store.put_tag(replace(tag, blocked=False))
    await store.put_tag(Tag(id_tag="2"))
    assert store.tags() == (Tag(id_tag="2"), replace(tag, blocked=False))
    assert await store.remove_tag("ÄB")
    assert not await store.remove_tag("ÄB")
    assert (await store.ledger("CP1", "Authorize", asks)).tag("ÄB") is None


async def test_passwords_are_kept_until_the_charger_is_forgotten(store: TransactionStore) -> None:
    await store.commit((SaveCharger(charger=FULL),))
    await store.put_password("CP1", "hash", "next")
    await store.refresh("CP1")
    assert store.password("CP1") == ("hash", "next")
    await store.commit((SaveTransaction(transaction=a_transaction(1)),))
    assert await store.forget("CP1")
    assert not await store.forget("CP1")
    await store.refresh("CP1")
    assert store.password("CP1") == (None, None)
    assert not store.chargers
    assert await store.claim("CP1") is None
    assert len(store.transactions()) == 1


async def test_texts_that_a_database_may_refuse_are_kept_readable(store: TransactionStore) -> None:
    await store.commit((SaveCharger(charger=FULL),))
    claim = await store.claim("CP1")
    odd = replace(
        FULL, vendor="a\0b", connectors={1: Connector(id=1, info="a\0b", error_code="'; DROP TABLE charger")}
    )
    told = "2026" + "0" * 5000 + "\0"
    event = AddEvent(identity="CP1", at=NOON, kind="fault", text="\0" * 3000)
    begun = a_transaction(3, id_tag="C\0", start_told=told, reason="\0")
    await store.commit((SaveCharger(charger=odd), SaveTransaction(transaction=begun), event), claim)
    assert store.same_start("CP1", 1, "C\0", told, 1000) is not None
    start = {**START, "idTag": "C\0", "timestamp": told}
    ledger = await store.ledger("CP1", "StartTransaction", start)
    assert ledger.same_start("CP1", 1, "C\0", told, 1000) is not None
    assert ledger.charging_with("c\0")


async def test_a_charger_is_kept_for_the_next_process(url: str) -> None:
    first = await PostgresStore.open(url)
    await first.commit((SaveCharger(charger=FULL), SaveTransaction(transaction=a_transaction(1))))
    await first.close()
    again = await PostgresStore.open(url)
    assert again.chargers == {"CP1": FULL}
    assert again.transactions() == (a_transaction(1),)
    await again.close()


async def test_no_number_is_given_twice_by_several_workers(
    workers: tuple[PostgresStore, PostgresStore],
) -> None:
    ledgers = await asyncio.gather(
        *(worker.ledger("CP1", "StartTransaction", START) for worker in workers for _ in range(50))
    )
    assert len({ledger.next_transaction_id() for ledger in ledgers}) == 100


async def test_of_two_workers_that_book_the_same_start_one_is_refused(
    workers: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = workers
    first = await one.ledger("CP1", "StartTransaction", START)
    second = await two.ledger("CP1", "StartTransaction", START)
    begun = a_transaction(first.next_transaction_id())
    await one.commit((SaveTransaction(transaction=begun),))
    other = a_transaction(second.next_transaction_id())
    with pytest.raises(StoreError, match="begun before"):
        await two.commit((SaveTransaction(transaction=other),))
    known = await two.ledger("CP1", "StartTransaction", START)
    assert known.same_start("CP1", 1, "Card", str(START["timestamp"]), 1000) == begun
    assert two.transactions() == (begun,)


async def test_a_worker_whose_charger_went_elsewhere_writes_nothing(
    workers: tuple[PostgresStore, PostgresStore],
) -> None:
    one, two = workers
    old = await one.claim("CP1")
    new = await two.claim("CP1")
    assert old is not None
    assert new is not None
    assert old < new
    late = (SaveTransaction(transaction=a_transaction(1)), SaveCharger(charger=replace(FULL, vendor="late")))
    with pytest.raises(StaleClaim):
        await one.commit(late, old)
    assert one.chargers["CP1"] == FULL
    assert two.transactions() == ()
    await two.commit((SaveTransaction(transaction=a_transaction(1)),), new)
    await two.forget("CP1")
    with pytest.raises(StaleClaim):
        await two.commit((SaveCharger(charger=FULL),), new)


async def test_an_adoption_is_not_undone_by_a_worker_that_did_not_hear_of_it(url: str) -> None:
    held = replace(FULL, admission=Admission.HELD)
    one = await PostgresStore.open(url)
    await one.commit((SaveCharger(charger=held),))
    claim = await one.claim("CP1")
    two = await PostgresStore.open(url)
    await two.commit((SaveCharger(charger=replace(held, admission=Admission.ADOPTED, vendor="old")),))
    await one.commit((SaveCharger(charger=replace(held, model="New")),), claim)
    await one.reload()
    assert one.chargers["CP1"] == replace(FULL, model="New")
    await one.close()
    await two.close()


async def test_workers_that_start_together_create_the_tables_once(url: str) -> None:
    stores = await asyncio.gather(*(PostgresStore.open(url) for _ in range(4)))
    for store in stores:
        await store.close()


async def test_a_lost_connection_is_replaced_without_anybody_noticing(url: str) -> None:
    store = await PostgresStore.open(url)
    await store.commit((SaveCharger(charger=FULL),))
    assert store.orphan_stops() == 0
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await store.commit((SaveTransaction(transaction=a_transaction(1)),))
    assert len(store.transactions()) == 1
    await store.close()


async def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="database 'home' at") as refused:
        await PostgresStore.open(f"postgresql://me:secret@/home?host={tmp_path}")
    assert "secret" not in str(refused.value)
    for wrong in ("home.db", "postgresql://me:secret@[/home"):
        with pytest.raises(ConfigError, match=r"--database: .*allowed: postgresql://") as unreadable:
            await PostgresStore.open(wrong)
        assert "secret" not in str(unreadable.value)


async def test_a_database_that_does_not_keep_all_characters_is_refused(postgres_server: Postgres) -> None:
    with pytest.raises(DataError, match="its encoding is SQL_ASCII, UTF8 is needed"):
        await PostgresStore.open(postgres_server.new_database("SQL_ASCII"))


async def test_tables_of_a_newer_version_are_left_alone(url: str) -> None:
    await (await PostgresStore.open(url)).close()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("UPDATE ohmstead_ocpp.version SET number = 2")
    with pytest.raises(DataError, match=r"version 2 was written by a newer Ohmstead.*up to 1"):
        await PostgresStore.open(url)


async def test_commits_are_durable_whatever_the_servers_default(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "ALTER DATABASE CURRENT_DATABASE SET synchronous_commit = off".replace(
                "CURRENT_DATABASE", url.partition("?")[0].rpartition("/")[2]
            )
        )
    store = await PostgresStore.open(url)
    rows = await store._pool.run(lambda c: c.execute("SHOW synchronous_commit"))
    assert await rows.fetchone() == {"synchronous_commit": "on"}
    await store.close()
