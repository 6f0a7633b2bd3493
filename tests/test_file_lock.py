"""One process writes a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ohmstead.errors import DataError
from ohmstead.file_lock import FileLock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")

HOLD = """
import sys
from pathlib import Path
from ohmstead.file_lock import FileLock
lock = FileLock(Path(sys.argv[1]), "taken")
print("held", flush=True)
sys.stdin.read()
"""


def test_of_two_one_is_told_who_has_it_until_it_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "yet.db"
    first = FileLock(path, "taken")
    with pytest.raises(DataError, match=r"yet\.db: written by somebody else"):
        FileLock(path, "written by somebody else")
    first.release()
    first.release()
    FileLock(path, "taken").release()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(DataError, match="taken"):
            FileLock(path, "taken")
        other.kill()
        other.wait()
        FileLock(path, "taken").release()


def test_a_folder_that_cannot_be_made_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        FileLock(tmp_path / "file" / "x.db", "taken")
