"""The same seed gives the same run, to the last byte of the last message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def messages(file: Path, protocol: str, seed: int, hash_seed: int) -> bytes:
    """All messages of a short virtual run with cut lines, in a process of its own."""
    arguments = ["--virtual", "--protocol", protocol, "--count", "5", "--scenario", "flaky-network"]
    subprocess.run(
        [
            *(sys.executable, "-m", "ohmstead", "chargers", "run", *arguments),
            *("--duration", "1800", "--seed", str(seed), "--messages", str(file), "--json"),
        ],
        check=True,
        timeout=300.0,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
    )
    return file.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["ocpp16", "ykc"])
def test_two_runs_of_the_same_seed_say_the_same(protocol: str, tmp_path: Path) -> None:
    first = messages(tmp_path / "first", protocol, seed=1, hash_seed=1)
    again = messages(tmp_path / "again", protocol, seed=1, hash_seed=2)
    other = messages(tmp_path / "other", protocol, seed=2, hash_seed=1)
    assert first.count(b" in ") > 100
    assert first.count(b" out ") > 100
    assert first == again
    assert first != other
