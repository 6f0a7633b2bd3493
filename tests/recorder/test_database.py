from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ohmstead.errors import DataError
from ohmstead.recorder import Recorder, migrations
from tests.recorder.samples import T0, minute, minutes

V1 = Path(__file__).parent / "recorded" / "schema_v1.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history with a day of minutes, closed."""
    path = tmp_path / "history.db"
    with Recorder.open(path) as recorder:
        for m in minutes(200):
            recorder.commit_minute(m)
    return path


def assert_starts_fresh(path: Path) -> None:
    damaged = path.read_bytes()
    with pytest.raises(DataError, match="damaged"):
        Recorder.open_readonly(path)
    with Recorder.open(path) as recorder:
        moved_to = recorder.quarantined
        assert moved_to is not None
        assert moved_to.name.startswith("history.db.corrupt-")
        assert moved_to.read_bytes() == damaged
        assert recorder.last_minute() is None
        recorder.commit_minute(minute(0))
        assert recorder.last_minute() == T0


def test_a_file_with_a_damaged_page_is_moved_aside(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xa5" * 8192
    path.write_bytes(content)
    assert_starts_fresh(path)


def test_a_truncated_file_is_moved_aside(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert_starts_fresh(path)


def test_a_file_of_zeros_is_moved_aside(path: Path) -> None:
    path.write_bytes(bytes(8192))
    assert_starts_fresh(path)


def test_an_empty_file_is_a_new_history(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.touch()
    with Recorder.open(path) as recorder:
        assert recorder.quarantined is None
        recorder.commit_minute(minute(0))


def test_a_new_file_tells_at_once_whose_it_is(tmp_path: Path) -> None:
    """Also when the process is killed before anything is moved from the journal to the file."""
    path = tmp_path / "history.db"
    with Recorder.open(path):
        assert path.read_bytes()[68:72] == b"OHMS"


def test_somebody_elses_file_is_never_touched(tmp_path: Path) -> None:
    text_file = tmp_path / "config.yaml"
    text_file.write_text("site: {}\n" * 50)
    database_file = tmp_path / "photos.db"
    other = sqlite3.connect(database_file)
    other.execute("CREATE TABLE photo(id)")
    other.commit()
    other.close()
    broken = tmp_path / "broken.db"
    broken.write_bytes(database_file.read_bytes()[:5000])
    for path in (text_file, database_file, broken):
        before = path.read_bytes()
        for open_it in (Recorder.open, Recorder.open_readonly):
            with pytest.raises(DataError, match=f"{path.name}: this file is not an Ohmstead history"):
                open_it(path)
        assert path.read_bytes() == before


def test_a_newer_version_is_refused(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(DataError, match=r"history.db: schema version 99 was written by a newer Ohmstead"):
        Recorder.open(path)
    with pytest.raises(DataError, match="schema version 99"):
        Recorder.open_readonly(path)


def test_reading_a_file_that_is_not_there_does_not_create_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such history file"):
        Recorder.open_readonly(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def add_note(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE minute ADD COLUMN note VARCHAR"))


def add_note_and_fail(connection: Connection) -> None:
    add_note(connection)
    connection.execute(text("SELECT * FROM no_such_table"))


def test_an_older_file_is_brought_up_to_date_and_keeps_its_rows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, add_note))
    with pytest.raises(DataError, match="start the daemon of this version once"):
        Recorder.open_readonly(path)
    with Recorder.open(path) as recorder:
        assert recorder.costs(T0, minute(200).start).minutes == 200
    database = sqlite3.connect(path)
    assert "note" in [row[1] for row in database.execute("PRAGMA table_info(minute)")]
    assert database.execute("PRAGMA user_version").fetchone() == (migrations.newest_version(),)
    database.close()


def test_a_migration_that_fails_leaves_the_old_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", (*migrations.STEPS, add_note_and_fail))
        with pytest.raises(DataError, match="no_such_table"):
            Recorder.open(path)
    with Recorder.open(path) as recorder:
        recorder.commit_minute(minute(200))
        assert recorder.costs(T0, minute(201).start).minutes == 201


def schema_of(path: Path) -> list[tuple[str, str]]:
    database = sqlite3.connect(path)
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    found = [(name, " ".join(sql.split())) for name, sql in rows]
    database.close()
    return found


def test_a_file_of_the_first_version_becomes_the_schema_of_today(tmp_path: Path) -> None:
    """Fails when the tables change without a step in migrations."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    database = sqlite3.connect(old)
    database.executescript(V1.read_text())
    database.close()
    for path in (old, new):
        with Recorder.open(path) as recorder:
            recorder.commit_minute(minute(0))
            assert recorder.last_minute() == T0
    assert schema_of(old) == schema_of(new)
