"""Home Assistant's states, compressed and whole, and its addresses."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.devices.home_assistant_wire import EntityState, addresses, changes, finite, from_rest

AT = 1_700_000_000.0
CLIMATE = "climate.salon"


def known(**more: object) -> dict[str, EntityState]:
    raw = {
        "s": "heat",
        "a": {"temperature": 21.0, "current_temperature": 20.4, "preset": "eco"},
        "c": {"id": "c1", "parent_id": None, "user_id": "anna"},
        "lc": AT,
        "lu": AT + 5,
    }
    (change,) = changes({}, {"a": {CLIMATE: {**raw, **more}}})
    assert change.new is not None
    return {CLIMATE: change.new}


def after(**diff: object) -> EntityState:
    (change,) = changes(known(), {"c": {CLIMATE: diff}})
    assert change.new is not None
    return change.new


def test_a_new_entity_comes_whole() -> None:
    state = known()[CLIMATE]
    assert state.attribute("temperature") == 21.0
    assert state.updated_at == datetime.fromtimestamp(AT + 5, UTC)
    assert (state.context_id, state.user_id) == ("c1", "anna")
    assert known(c="c2")[CLIMATE].user_id is None


def test_a_change_leaves_what_it_does_not_name() -> None:
    state = after(**{"+": {"a": {"temperature": 22.5}, "lu": AT + 60}, "-": {"a": ["preset"]}})
    assert state.state == "heat"
    assert dict(state.attributes) == {"temperature": 22.5, "current_temperature": 20.4}
    assert state.changed_at == datetime.fromtimestamp(AT, UTC)
    assert state.updated_at == datetime.fromtimestamp(AT + 60, UTC)
    off = after(**{"+": {"s": "off", "lc": AT + 90}})
    assert (off.state, off.updated_at) == ("off", datetime.fromtimestamp(AT + 90, UTC))


def test_a_context_tells_only_its_differences() -> None:
    assert after(**{"+": {"c": "c2"}}).user_id == "anna"
    ours = after(**{"+": {"c": {"id": "c2", "user_id": None}}})
    assert (ours.context_id, ours.user_id) == ("c2", None)
    same = after(**{"+": {"c": {"user_id": "ben"}}})
    assert (same.context_id, same.user_id) == ("c1", "ben")


def test_an_entity_that_goes_is_told_once_and_a_stranger_not_at_all() -> None:
    (gone,) = changes(known(), {"r": [CLIMATE]})
    assert gone.new is None
    assert list(changes(known(), {"c": {"sensor.stranger": {"+": {"s": "1"}}}})) == []


@pytest.mark.parametrize("event", [{"a": {CLIMATE: {"s": "heat"}}}, {"a": [1]}, {"c": {CLIMATE: {"+": 3}}}])
def test_what_is_no_event_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an event of subscribe_entities"):
        list(changes(known(), event))


KEYS = ["s", "a", "c", "+", "-", "lc", "lu", "id", CLIMATE]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(event=st.dictionaries(st.sampled_from(["a", "c", "r", "x"]), JSON, max_size=4), rest=JSON)
def test_whatever_a_peer_says_is_understood_or_refused(event: dict[str, Any], rest: Any) -> None:
    with suppress(ValueError):
        for change in changes(known(), event):
            assert change.new is None or isinstance(change.new.state, str)
    with suppress(ValueError):
        from_rest(rest)


def state(value: str, unit: str | None = None) -> EntityState:
    now = datetime.now(UTC)
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    return EntityState(
        entity_id="sensor.x",
        state=value,
        attributes=attributes,
        changed_at=now,
        updated_at=now,
        reported_at=now,
    )


def test_units_are_converted_and_a_wrong_one_is_no_value() -> None:
    assert state("1.5", "kW").watts == 1500.0
    assert state("1500").watts == 1500.0
    assert state("1500", "kWh").watts is None
    assert state("68", "°F").celsius == pytest.approx(20.0)
    assert state("20", "°C").celsius == 20.0
    assert state("85", "%").share == pytest.approx(0.85)
    for lost in ("unavailable", "unknown", "nan", "inf", "heat", ""):
        assert state(lost, "W").watts is None


def test_only_finite_numbers_are_numbers() -> None:
    assert [finite(x) for x in ("7", 7, 7.5, True, None, "x", "nan", [1])] == [
        7.0, 7.0, 7.5, None, None, None, None, None
    ]  # fmt: skip


def test_rest_tells_the_last_report() -> None:
    told = from_rest(
        {
            "entity_id": CLIMATE,
            "state": "heat",
            "attributes": {"temperature": 21},
            "last_changed": "2026-01-01T10:00:00+00:00",
            "last_updated": "2026-01-01T11:00:00+00:00",
            "last_reported": "2026-01-01T13:00:00+01:00",
            "context": {"id": "c", "user_id": None},
        }
    )
    assert told.reported_at == datetime(2026, 1, 1, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="not a state"):
        from_rest({"message": "Entity not found."})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://ha.local:8123", ("ws://ha.local:8123/api/websocket", "http://ha.local:8123/api")),
        ("https://ha.example/", ("wss://ha.example/api/websocket", "https://ha.example/api")),
        ("ws://supervisor/core/websocket", ("ws://supervisor/core/websocket", "http://supervisor/core/api")),
        ("http://[::1]:8123/home", ("ws://[::1]:8123/home/api/websocket", "http://[::1]:8123/home/api")),
    ],
)
def test_addresses(url: str, expected: tuple[str, str]) -> None:
    assert addresses(url) == expected


@pytest.mark.parametrize(
    "url", ["", "ha.local:8123", "ftp://ha.local", "http://me@ha.local", "http://ha.local?x=1"]
)
def test_no_addresses(url: str) -> None:
    with pytest.raises(ValueError, match="an address"):
        addresses(url)
