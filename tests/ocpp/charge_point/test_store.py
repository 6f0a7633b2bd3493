from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ohmstead.errors import DataError
from ohmstead.ocpp.charge_point.store import Store


def test_the_queue_keeps_its_order_per_charge_point(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "cp.db")
    for n in range(3):
        store.enqueue("A", "MeterValues", {"n": n}, None)
        store.enqueue("B", "MeterValues", {"n": 10 + n}, None)
    store.close()
    store = Store(tmp_path / "deep" / "cp.db")
    seen = []
    while (head := store.head("A")) is not None:
        seen.append(head.payload["n"])
        store.remove(head)
    assert seen == [0, 1, 2]
    assert store.queue_length("B") == 3
    store.close()


def test_a_transaction_is_forgotten_with_its_last_message() -> None:
    store = Store()
    local_id = store.begin("A", 1, b"{}")
    store.enqueue("A", "StartTransaction", {}, local_id)
    store.set_transaction_id(local_id, 7)
    start = store.head("A")
    assert start is not None
    store.remove(start)
    assert [t.transaction_id for t in store.running("A")] == [7]
    store.enqueue("A", "StopTransaction", {}, local_id)
    store.end(local_id)
    assert store.running("A") == []
    assert store.transaction_id(local_id) == 7
    stop = store.head("A")
    assert stop is not None
    store.remove(stop)
    assert store.transaction_id(local_id) is None
    store.close()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "cp.db"
    store = Store(path)
    store.put("A", "secret", 1)
    assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}
    store.close()


def test_all_or_nothing() -> None:
    store = Store()

    def fail_half_way() -> None:
        with store.transaction():
            store.put("A", "x", 1)
            store.enqueue("A", "StartTransaction", {}, None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert store.get("A", "x", None) is None
    assert store.queue_length("A") == 0
    store.close()


def test_thinning_drops_samples_only() -> None:
    store = Store()
    for _ in range(10):
        store.enqueue("A", "MeterValues", {}, None)
        store.enqueue("A", "StopTransaction", {}, None)
    assert store.thin_out("A") == 5
    assert store.queue_length("A") == 15
    store.close()


def test_other_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("something else, and long enough to be read as a database header, surely" * 20)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (a)")
    database.close()
    newer = tmp_path / "newer.db"
    Store(newer).close()
    with sqlite3.connect(newer) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    for path in (text, other, newer, tmp_path):
        with pytest.raises(DataError, match=str(path)):
            Store(path)
    assert text.read_text().startswith("something else")
