"""The demo as a person starts it: a real process, its real database file, its real sockets."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.core.codec import to_data
from ohmstead.daemon.bookkeeping import ENGINE_STATE, resume_memory, resume_plan
from ohmstead.daemon.demo import DATABASE
from ohmstead.recorder import Recorder
from tests.daemon.process import Program, demo_arguments, run_to_end, started

pytestmark = pytest.mark.slow

MINUTE = timedelta(minutes=1)
ROUNDING_W = 0.5


def balanced(state: dict[str, Any]) -> bool:
    """The grid is the sum of all assets."""
    powers = dict(state["powers_w"])
    grid_w = powers.pop("grid")
    return bool(abs(grid_w - sum(powers.values())) < ROUNDING_W)


def minutes_in(database: Path) -> list[datetime]:
    """The starts of all recorded minutes, straight from the file."""
    with Recorder.open_readonly(database) as recorder:
        last = recorder.last_minute()
        if last is None:
            return []
        points = recorder.history(["grid"], last - timedelta(days=2), last + MINUTE, 60)["grid"]
    return [at for at, _ in points]


def without_gap(minutes: list[datetime]) -> bool:
    return minutes == [minutes[0] + i * MINUTE for i in range(len(minutes))]


def running_for(program: Program, duration: timedelta) -> dict[str, Any]:
    """Wait until a simulated time has passed; the state then."""
    since = datetime.fromisoformat(program.state()["at"])

    def look() -> dict[str, Any] | None:
        state = program.state()
        return state if datetime.fromisoformat(state["at"]) - since >= duration else None

    return program.until(f"state {duration} later", look)


def test_the_demo_lives(tmp_path: Path) -> None:
    with started(*demo_arguments(tmp_path, "--fresh", "--start", "2026-04-13T06:00")) as demo:
        first = demo.until("first cycle", lambda: _with_power(demo.state()))
        assert balanced(first)
        assert first["mode"] == "demo"
        later = running_for(demo, timedelta(minutes=20))
        assert balanced(later)
        assert later["powers_w"] != first["powers_w"]
        assert later["today"]["saved_eur"] is not None
        assert later["warnings"] == []

        plan = demo.until("plan", lambda: demo.state()["plan"])
        served = demo.get("api/plan")
        assert plan["status"] in ("optimal", "time_limit", "rounded")
        hours = datetime.fromisoformat(served["slots"][-1]["end"]) - datetime.fromisoformat(served["made_at"])
        assert hours >= timedelta(hours=47)

        decisions = demo.until("decision", lambda: demo.get("api/decisions?limit=20"))
        assert all(d["sentence"].endswith(".") and d["asset_name"] for d in decisions)
        assert all("{" not in d["sentence"] for d in decisions)

        events = demo.events(8)
        assert events[0][0] == "state"
        times = [payload["at"] for kind, payload in events if kind == "state"]
        assert times == sorted(times)
        assert len(set(times)) > 1
        assert all(balanced(payload) for kind, payload in events if kind == "state")
        assert demo.get("healthz")["status"] == "ok"
        assert demo.terminate() == 0, demo.log()
        assert "Traceback" not in demo.log()
    assert without_gap(minutes_in(tmp_path / DATABASE))


def _with_power(state: dict[str, Any]) -> dict[str, Any] | None:
    return state if state["powers_w"]["grid"] is not None else None


def test_a_demo_killed_in_the_middle_of_a_day_goes_on_where_it_was(tmp_path: Path) -> None:
    database = tmp_path / DATABASE
    with started(*demo_arguments(tmp_path, "--fresh")) as demo:
        demo.until("plan", lambda: demo.state()["plan"])
        running_for(demo, timedelta(minutes=30))
        demo.kill()
    before = minutes_in(database)
    assert len(before) >= 25
    assert without_gap(before)
    with Recorder.open_readonly(database) as recorder:
        blob = recorder.load_state(ENGINE_STATE)
        memory, plan = resume_memory(recorder), resume_plan(recorder)
    assert blob is not None
    assert memory is not None
    assert plan is not None
    assert to_data(memory) == json.loads(blob)
    assert memory.at is not None
    assert before[-1] <= memory.at <= before[-1] + 2 * MINUTE

    # So slow that no new plan can be due before it is looked at.
    with started(*demo_arguments(tmp_path, speed=1.0)) as demo:
        assert "Continuing the demo" in demo.log()
        resumed = demo.until("first cycle", lambda: _with_power(demo.state()))
        assert timedelta(0) <= datetime.fromisoformat(resumed["at"]) - memory.at <= MINUTE
        assert demo.get("api/plan")["id"] == plan.id
        assert balanced(resumed)
        assert demo.terminate() == 0
    with started(*demo_arguments(tmp_path)) as demo:
        running_for(demo, timedelta(minutes=10))
        assert demo.terminate() == 0
    after = minutes_in(database)
    assert after[: len(before)] == before
    assert len(after) >= len(before) + 9
    assert without_gap(after)
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_fresh_demo_forgets_the_one_before(tmp_path: Path) -> None:
    for start in ("2026-04-13T06:00", "2026-04-10T06:00"):
        with started(*demo_arguments(tmp_path, "--fresh", "--start", start)) as demo:
            running_for(demo, timedelta(minutes=3))
            assert demo.terminate() == 0
    minutes = minutes_in(tmp_path / DATABASE)
    assert minutes[0] == datetime.fromisoformat("2026-04-10T06:00+00:00")
    assert without_gap(minutes)


def test_two_demos_do_not_share_a_history(tmp_path: Path) -> None:
    with started(*demo_arguments(tmp_path, "--fresh")) as demo:
        running_for(demo, timedelta(minutes=3))
        second = run_to_end(*demo_arguments(tmp_path, "--fresh"))
        assert (second.returncode, second.stdout) == (1, "")
        assert "another Ohmstead is writing this history; stop it first" in second.stderr
        running_for(demo, timedelta(minutes=3))
        assert demo.terminate() == 0
