"""The home as the API sees it before anything has happened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ohmstead.core.engine import Engine
from ohmstead.core.memory import Memory
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.view import DaemonView
from ohmstead.recorder import Recorder
from ohmstead.simulator.scenario import demo_house
from tests.daemon.homes import NOON


def test_before_the_first_cycle_a_resumed_run_tells_where_it_ended(tmp_path: Path) -> None:
    ended = NOON + timedelta(minutes=40)
    for memory, expected in ((Memory(), NOON), (Memory(at=ended), ended)):
        with Recorder.open(tmp_path / "history.db") as recorder:
            view = DaemonView(
                engine=Engine(demo_house(start=NOON).site, memory=memory),
                ledger=Ledger(zone=ZoneInfo("Europe/Vienna"), since=NOON),
                recorder=recorder,
                mode="run",
                speed=1.0,
                health=lambda: ({}, None),
                warnings=list,
                plan_status=lambda: ("off", None),
            )
            assert view.state().at == expected
            assert view.heating().at == expected
