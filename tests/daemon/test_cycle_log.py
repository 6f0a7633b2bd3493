"""A recorded run can be decided again, bit for bit."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohmstead.core.engine import Engine
from ohmstead.core.settings import Settings
from ohmstead.daemon.cycle_log import CycleLog, recording, replay_file
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.errors import ConfigError, DataError
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import demo_house

START = datetime(2026, 4, 3, 10, tzinfo=UTC)


def record_hours(path: Path, hours: float) -> House:
    house = demo_house(start=START)
    engine = Engine(house.site)
    with CycleLog(path, house.site, Settings()) as log:
        for cycle in range(int(hours * 120)):
            if cycle % 30 == 0:
                engine.set_tariff(known_tariff(FORMULAS["dynamic"], house.now))
            engine.observe(house.read())
            record = engine.step(house.now)
            log.cycle(record)
            for setpoint in record.setpoints:
                if setpoint.send:
                    house.command(setpoint.asset, setpoint.power_w)
            house.step(30)
    return house


def test_every_recorded_cycle_comes_out_the_same(tmp_path: Path) -> None:
    record_hours(tmp_path / "cycles.jsonl.gz", 1.5)
    cycles = list(replay_file(tmp_path / "cycles.jsonl.gz"))
    assert len(cycles) == 180
    assert all(cycle.same for cycle in cycles)
    assert any(s.power_w != 0 for c in cycles for s in c.record.setpoints)


def test_another_decision_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "cycles.jsonl.gz"
    record_hours(path, 0.5)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    tampered = json.loads(lines[-1])
    tampered["setpoints"][0]["power_w"] += 1.0
    lines[-1] = json.dumps(tampered)
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode()))
    assert [c.same for c in replay_file(path)] == [True] * 59 + [False]


def test_a_run_that_was_killed_ends_with_its_last_whole_cycle(tmp_path: Path) -> None:
    path = tmp_path / "cycles.jsonl.gz"
    record_hours(path, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    cycles = list(replay_file(path))
    assert 0 < len(cycles) < 120
    assert all(cycle.same for cycle in cycles)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "cycles.jsonl.gz"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="is there already"):
        CycleLog(path, demo_house(start=START).site, Settings())
    assert path.read_text() == "precious"


def test_other_files_are_refused_with_their_place(tmp_path: Path) -> None:
    other = tmp_path / "other.gz"
    other.write_bytes(gzip.compress(b'{"hello": 1}\n'))
    with pytest.raises(DataError, match=r"other.gz:1: found no site"):
        list(replay_file(other))
    plain = tmp_path / "plain.txt"
    plain.write_text("text")
    with pytest.raises(DataError, match=r"plain\.txt"):
        list(replay_file(plain))


def test_without_a_file_nothing_is_recorded() -> None:
    site = replace(demo_house(start=START).site)
    with recording(None, site, Settings()) as listeners:
        assert listeners == ()
