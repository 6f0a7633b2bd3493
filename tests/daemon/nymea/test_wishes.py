"""What people asked for survives a power cut within the minute, and gives way to what is newer."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.codec import to_data
from ohmstead.core.engine import Engine
from ohmstead.core.memory import ManualCommand, Memory
from ohmstead.core.settings import Tuning
from ohmstead.daemon.nymea.wishes import WISHES_STATE, resume_wishes, store_wishes
from ohmstead.recorder import Recorder
from tests.daemon.homes import NOON, home

ASKED = ChargingInfo(charge_point="charger", mode=ChargingMode.NORMAL)


def engine(at_s: float | None) -> Engine:
    """An engine with a memory of some seconds after noon."""
    at = None if at_s is None else NOON + timedelta(seconds=at_s)
    return Engine(home().house.site, memory=Memory(at=at))


def test_wishes_newer_than_the_memory_are_taken_up(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        before = engine(50.0)
        before.set_charging_info(ASKED)
        before.command(ManualCommand(asset="tank", power_w=2000.0, until=NOON))
        before.tune(Tuning(phase_limit_a=16.0))
        store_wishes(before, recorder)
        for at_s in (None, 0.0, 50.0):
            after = engine(at_s)
            resume_wishes(after, recorder)
            assert after.memory.charging == before.memory.charging
            assert after.memory.manual == before.memory.manual
            assert after.tuned.phase_limit_a == 16.0
        newer = engine(60.0)
        resume_wishes(newer, recorder)
        assert newer.memory == engine(60.0).memory


def test_stored_wishes_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        resume_wishes(engine(None), recorder)
        for stored in (b"x", json.dumps(to_data(ASKED)).encode(), b"[]"):
            recorder.save_state(WISHES_STATE, stored)
            after = engine(0.0)
            resume_wishes(after, recorder)
            assert after.memory == engine(0.0).memory


def test_a_history_that_cannot_be_written_does_not_refuse_a_wish(tmp_path: Path) -> None:
    Recorder.open(tmp_path / "home.db").close()
    with Recorder.open_readonly(tmp_path / "home.db") as recorder:
        store_wishes(engine(0.0), recorder)
        assert recorder.load_state(WISHES_STATE) is None
