from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.recorder import DecisionRow, Minute
from ohmstead.recorder.minute import epoch_s, finite, from_epoch_s
from tests.recorder.samples import T0


def test_a_minute_starts_on_the_minute_in_aware_time() -> None:
    with pytest.raises(ValueError, match="on the minute, found 2026-04-13T00:00:01"):
        Minute(start=T0 + timedelta(seconds=1))
    with pytest.raises(ValueError, match="aware"):
        Minute(start=datetime(2026, 4, 13))  # noqa: DTZ001 - that is the point
    with pytest.raises(ValueError, match="review_at"):
        DecisionRow(at=T0, asset="a", setpoint_w=1.0, code="x", review_at=datetime(2026, 4, 13))  # noqa: DTZ001


def test_cost_is_import_minus_export_and_unknown_where_either_is() -> None:
    assert Minute(start=T0, import_eur=0.5, export_eur=0.2).cost_eur == pytest.approx(0.3)
    assert Minute(start=T0, import_eur=0.5).cost_eur is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_a_gap(value: float | None) -> None:
    assert finite(value) is None


def test_seconds_since_1970_round_trip_before_and_after() -> None:
    for when in (T0, datetime(1969, 12, 31, 23, 59, tzinfo=UTC)):
        assert from_epoch_s(epoch_s(when)) == when
