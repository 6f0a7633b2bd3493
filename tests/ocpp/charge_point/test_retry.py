from __future__ import annotations

from ohmstead.ocpp.charge_point.retry import retry_delay_s


def test_the_wait_is_the_interval_times_the_transmissions_and_ends_with_the_attempts() -> None:
    assert [retry_delay_s(n, attempts=4, interval_s=60) for n in range(1, 6)] == [60, 120, 180, None, None]
    assert retry_delay_s(1, attempts=1, interval_s=60) is None
    assert retry_delay_s(1, attempts=2, interval_s=0) == 0
