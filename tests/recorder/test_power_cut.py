"""A real process writes at full speed and is killed at random moments."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sqlite3
from multiprocessing.connection import Connection
from pathlib import Path

from ohmstead.recorder import Recorder
from tests.recorder.samples import MINUTE, T0, at, minute

CUTS = 16
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.recorder.test_power_cut"])


def write_for_ever(path: Path, acknowledge: Connection) -> None:
    """What the killed process does: go on where the history ends, as fast as it can."""
    recorder = Recorder.open(path)
    last = recorder.last_minute()
    index = 0 if last is None else (last - T0) // MINUTE + 1
    while True:
        recorder.commit_minute(minute(index))
        acknowledge.send(index)
        index += 1
        if index % 60 == 0:
            recorder.rollup(at(index))
            recorder.save_plan(b"%d" % index, at(index))


def cut(path: Path, after_minutes: int) -> int:
    """Let a writer acknowledge some minutes, kill it, and give the last one it acknowledged."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    writer = PROCESSES.Process(target=write_for_ever, args=(path, theirs), daemon=True)
    writer.start()
    theirs.close()
    for _ in range(after_minutes):
        last: int = ours.recv()
    writer.kill()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL
    try:
        while True:
            last = ours.recv()
    except (EOFError, OSError):
        ours.close()
    return last


def check(path: Path, acknowledged: int) -> int:
    """Check the file as the cut left it; gives the index of its last minute."""
    with Recorder.open(path) as recorder:
        assert recorder.quarantined is None
        last = recorder.last_minute()
        assert last is not None
        index = (last - T0) // MINUTE
        # One more may have reached the disk before its acknowledgement was read.
        assert index >= acknowledged
        assert recorder.load_state("memory") == str(index).encode()
        points = recorder.history(["grid.power_w"], T0, at(index + 1), 60)["grid.power_w"]
        assert points == [(at(i), float(i)) for i in range(index + 1)]
        assert [d.setpoint_w for d in recorder.decisions(3)] == [
            float(i) for i in range(index, index - 3, -1)
        ]
        assert recorder.costs(T0, at(index + 1)).minutes == index + 1
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    return index


def test_killing_the_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    rng = random.Random(7)
    known = -1
    for _ in range(CUTS):
        acknowledged = cut(path, after_minutes=rng.randint(3, 150))
        assert acknowledged > known
        known = check(path, acknowledged)
