from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohmstead.errors import DataError
from ohmstead.ykc.frame import Frame, FrameDecoder
from ohmstead.ykc.messages.orders import TransactionRecord
from ohmstead.ykc.platform.records import BillStore, Stored, doubts
from tests.ykc import vectors

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def captured() -> TransactionRecord:
    (frame,) = FrameDecoder().feed(bytes.fromhex(vectors.RECORD))
    assert isinstance(frame, Frame)
    return TransactionRecord.from_bytes(frame.body)


def test_a_bill_is_kept_once_and_across_restarts(tmp_path: Path) -> None:
    store = BillStore(tmp_path / "bills")
    assert store.store(captured(), NOW).new
    store.close()
    store = BillStore(tmp_path / "bills")
    assert store.store(captured(), NOW) == Stored(False)
    assert store.bills() == [captured()]
    assert store.bills("1" * 14) == []
    store.close()


def test_another_bill_of_the_same_order_does_not_replace_the_first(tmp_path: Path) -> None:
    store = BillStore(":memory:")
    store.store(captured(), NOW)
    other = replace(captured(), energy_kwh=9.9)
    for _ in range(2):
        assert store.store(other, NOW) == Stored(False, ("differs from the bill that came first",))
    assert store.bills() == [captured()]
    store.close()


def test_real_firmware_leaves_the_meter_out_and_truncates_which_is_told_and_taken() -> None:
    assert doubts(captured()) == ("the meter says 0.0000 kWh, the bill 0.1650",)
    assert doubts(replace(captured(), energy_kwh=0.2, meter_end_kwh=0.2)) == (
        "the classes add up to 0.1650 kWh, the bill says 0.2000",
    )


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA application_id = 42")
        db.execute("CREATE TABLE t (x)")
    db.close()
    with pytest.raises(DataError, match="another program"):
        BillStore(path)
    (tmp_path / "text").write_text("not a database" * 100)
    with pytest.raises(DataError, match="not a database"):
        BillStore(tmp_path / "text")
