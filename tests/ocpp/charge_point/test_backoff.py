from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.ocpp.charge_point.backoff import Backoff


@settings(max_examples=200, derandomize=True)
@given(failures=st.integers(0, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_the_wait_is_never_above_five_minutes_and_never_nothing(failures: int, jitter: float) -> None:
    delay_s = Backoff().delay_s(failures, jitter)
    assert 0.5 <= delay_s <= 300.0


def test_it_doubles_until_its_bound() -> None:
    backoff = Backoff(first_s=1.0, max_s=60.0)
    assert [backoff.delay_s(n, 1.0) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_many_do_not_come_back_together() -> None:
    assert len({Backoff().delay_s(5, n / 1000) for n in range(1000)}) == 1000
