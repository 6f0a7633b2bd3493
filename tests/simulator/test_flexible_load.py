"""The pool pump."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ohmstead.simulator.flexible_load import FlexibleLoadProgramme, FlexibleLoadSpec, FlexibleLoadTwin


def day_of(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) // 86400  # type: ignore[arg-type, misc]


def test_programme_runs_longer_in_summer() -> None:
    programme = FlexibleLoadProgramme(1, ZoneInfo("Europe/Vienna"), FlexibleLoadSpec())
    assert sum(programme.series.day(day_of(2026, 6, 10))) / 60.0 == 6 * 800.0
    assert sum(programme.series.day(day_of(2026, 2, 10))) / 60.0 == 2 * 800.0
    assert programme.series.day(day_of(2026, 6, 10))[10 * 60] == 800.0


def test_it_is_shed_when_it_may_take_less_than_it_needs() -> None:
    load = FlexibleLoadTwin(FlexibleLoadSpec())
    load.decide(0.0, 800.0)
    assert load.power_w == 800.0
    load.latch.put(0.0, 0.0, 1.0)
    load.decide(1.0, 800.0)
    assert load.power_w == 0.0
    load.latch.put(800.0, 2.0, 1.0)
    load.decide(3.0, 800.0)
    assert load.power_w == 800.0
    load.decide(4.0, 0.0)
    assert load.power_w == 0.0
