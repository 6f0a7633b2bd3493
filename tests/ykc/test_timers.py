from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ohmstead.ykc.timers import Timers, first_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_due_ones_come_once_in_their_order() -> None:
    timers = Timers()
    for name, in_s in (("c", 3.0), ("a", 1.0), ("b", 2.0), ("gone", 1.0)):
        timers.set(name, NOW, in_s)
    timers.clear("gone")
    assert timers.next() == NOW + timedelta(seconds=1)
    assert timers.take_due(NOW) == []
    assert timers.take_due(NOW + timedelta(seconds=2)) == ["a", "b"]
    assert "c" in timers
    assert "a" not in timers
    timers.clear_all()
    assert timers.next() is None
    assert timers.take_due(NOW + timedelta(days=1)) == []


def test_the_first_of_none_is_none() -> None:
    assert first_of([None, None]) is None
    assert first_of([None, NOW + timedelta(1), NOW]) == NOW


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["set", "clear", "take"]), st.integers(0, 9)),
        max_size=30,
    )
)
def test_the_next_is_the_least_of_what_is_armed(steps: list[tuple[str, str, int]]) -> None:
    timers, armed = Timers(), dict[str, datetime]()
    for name, what, seconds in steps:
        at = NOW + timedelta(seconds=seconds)
        if what == "set":
            timers.set(name, NOW, seconds)
            armed[name] = at
        elif what == "clear":
            timers.clear(name)
            armed.pop(name, None)
        else:
            assert set(timers.take_due(at)) == {n for n, due in armed.items() if due <= at}
            armed = {n: due for n, due in armed.items() if due > at}
        assert timers.next() == min(armed.values(), default=None)
