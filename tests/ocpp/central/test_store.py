"""The database of a central system: what goes wrong with disks and files."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from ohmstead.errors import DataError
from ohmstead.ocpp.central.charger import Admission, Charger
from ohmstead.ocpp.central.committer import StoreError
from ohmstead.ocpp.central.decision import AddEvent, SaveCharger
from ohmstead.ocpp.central.store import EVENTS_KEPT, Store
from ohmstead.ocpp.central.store_schema import APPLICATION_ID
from ohmstead.ocpp.times import read_time
from tests.ocpp.central.serving import NOON, charger, serving


def let_the_disk_be_full(store: Store, *, full: bool) -> None:
    """SQLite's own limit stands for the disk's: what does not fit fails with SQLITE_FULL."""
    pages = store._committer._connection.execute("PRAGMA page_count").fetchone()[0]
    limit = pages if full else 1_000_000
    store._committer._connection.execute(f"PRAGMA max_page_count = {limit}")


async def test_on_a_full_disk_nothing_is_answered_and_the_repeat_is_booked_once(tmp_path: Path) -> None:
    start = {"connectorId": 1, "idTag": "C", "meterStart": 0, "timestamp": NOON}
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        assert isinstance(central.store, Store)
        filler = AddEvent(identity="CP1", at=read_time(NOON), kind="x", text="y" * 1900)
        let_the_disk_be_full(central.store, full=True)
        with pytest.raises(StoreError, match="full"):
            await central.store.commit((filler,) * 100)
        refused = []
        for n in range(40):
            answer = await cp.ask("StartTransaction", start | {"connectorId": 1 + n % 9, "meterStart": n})
            if answer[0] == 4:
                refused.append((1 + n % 9, n))
                assert answer[2] == "InternalError"
        assert refused
        let_the_disk_be_full(central.store, full=False)
        connector, wh = refused[0]
        number = await cp.start(connector, tag="C", wh=wh)
        assert await cp.start(connector, tag="C", wh=wh) == number
        same = [t for t in central.store.transactions(limit=1000) if t.meter_start_wh == wh]
        assert [t.id for t in same] == [number]


async def test_one_bad_write_does_not_take_others_with_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    good = [SaveCharger(charger=Charger(identity=f"C{n}")) for n in range(50)]
    try:
        writes = [store.commit((one,)) for one in good[:25]]
        broken = [
            store._committer.commit(lambda c: c.execute("INSERT INTO nowhere VALUES (1)")),
            store.commit((AddEvent(identity="X", at=read_time(NOON), kind="x", text="\ud800"),)),
            store._committer.commit(lambda c: c.execute("SELECT ?", (1 << 70,))),
            store._committer.commit(lambda c: c.execute("SELECT ?", (object(),))),
        ]
        writes += [store.commit((one,)) for one in good[25:]]
        results = await asyncio.gather(*writes, *broken, return_exceptions=True)
        assert all(isinstance(result, StoreError) for result in results[50:])
        assert results[:50] == [None] * 50
        assert len(store.chargers) == 50
    finally:
        store.close()
    again = Store.open(tmp_path / "x.db")
    assert len(again.chargers) == 50
    again.close()


async def test_what_comes_in_one_round_of_the_event_loop_is_one_commit(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    said: list[str] = []
    store._committer._connection.set_trace_callback(said.append)
    try:
        await asyncio.gather(
            *(store.commit((SaveCharger(charger=Charger(identity=f"C{n}")),)) for n in range(50))
        )
    finally:
        store.close()
    assert len(said) == 52
    assert [words for words in said if not words.startswith("INSERT")] == ["BEGIN IMMEDIATE", "COMMIT"]


async def test_events_are_kept_up_to_a_number(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    try:
        at = read_time(NOON)
        for n in range(EVENTS_KEPT + 300):
            await store.commit((AddEvent(identity="A", at=at, kind="k", text=f"{n}"),))
        found = store.events("A", 100_000)
        assert EVENTS_KEPT <= len(found) <= EVENTS_KEPT + 100
        assert found[0].text == str(EVENTS_KEPT + 299)
    finally:
        store.close()


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    foreign, text, newer = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "c.db"
    other = sqlite3.connect(foreign)
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    text.write_text("not a database at all, but long enough to look at" * 100, encoding="utf-8")
    other = sqlite3.connect(newer)
    other.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    other.execute("PRAGMA user_version = 99")
    other.commit()
    other.close()
    before = {path: path.read_bytes() for path in (foreign, text)}
    for path, words in (
        (foreign, "another program's"),
        (text, "file is not a database"),
        (newer, "version 99 was written by a newer"),
        (tmp_path / "b.db" / "x.db", "b.db"),
    ):
        with pytest.raises(DataError, match=words):
            Store.open(path)
    assert text.read_bytes() == before[text]


def test_only_one_process_writes_it(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    with pytest.raises(DataError, match=r"x\.db: another central system is writing it"):
        Store.open(tmp_path / "x.db")
    Store.open(tmp_path / "x.db", exclusive=False).close()
    store.close()
    Store.open(tmp_path / "x.db").close()


@pytest.mark.parametrize(("named", "next_number"), [(1 << 40, 1), (5000, 5001)])
async def test_a_number_that_a_charger_names_is_not_given_again_but_nonsense_is_ignored(
    tmp_path: Path, named: int, next_number: int
) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        await cp.stop(named, wh=1)
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        assert await cp.start() == next_number


async def test_after_closing_nothing_is_taken(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "x.db")
    charger = Charger(identity="A", admission=Admission.ADOPTED)
    waiting = store.commit((SaveCharger(charger=charger),))
    store.close()
    await waiting
    with pytest.raises(StoreError, match="closed"):
        await store.commit((SaveCharger(charger=charger),))
    again = Store.open(tmp_path / "x.db")
    assert again.chargers == {"A": charger}
    again.close()
