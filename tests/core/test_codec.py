"""What the core stores comes back bit for bit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.memory import AssetMemory, ManualCommand, Memory
from ohmstead.core.plan import AssetSlot, Plan, PlanSlot, SolverReport
from ohmstead.core.reason import Limit, Reason, Rule
from ohmstead.core.state import BatteryState, ChargePointState, GridState, Reading, SiteState

T = TypeVar("T")

NOW = datetime(2026, 4, 13, 10, 15, tzinfo=UTC)

times = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
numbers = st.floats(allow_nan=False, allow_infinity=False)


def through_json(kind: type[T], value: T) -> T:
    return from_data(kind, json.loads(json.dumps(to_data(value))))


@given(numbers, times, st.none() | times, st.sampled_from(list(Rule)))
def test_memory_comes_back_bit_for_bit(
    power_w: float, at: datetime, since: datetime | None, rule: Rule
) -> None:
    memory = Memory(
        at=at,
        uncontrolled_w=power_w,
        assets={"battery": AssetMemory(commanded_w=power_w, commanded_at=since, rule=rule, latched=True)},
        manual={"charger": ManualCommand(asset="charger", power_w=power_w, until=since)},
    )
    back = through_json(Memory, memory)
    assert back == memory
    assert back.assets["battery"].rule is rule


def test_an_image_keeps_the_kind_of_every_asset() -> None:
    image = SiteState(
        at=NOW,
        grid=GridState(power_w=Reading(value=-812.5, at=NOW), phases_w=(1.0, -2.0, 0.1)),
        assets={
            "battery": BatteryState(id="battery", soc=Reading(value=0.1 + 0.2, at=NOW)),
            "charger": ChargePointState(id="charger", connected=True, departure=NOW + timedelta(hours=9)),
        },
    )
    back = through_json(SiteState, image)
    assert back == image
    assert isinstance(back.assets["charger"], ChargePointState)
    assert back.grid.phases_w == (1.0, -2.0, 0.1)


def test_a_plan_comes_back_and_finds_its_slots() -> None:
    slot = PlanSlot(
        start=NOW,
        end=NOW + timedelta(minutes=15),
        import_eur_per_kwh=0.3,
        export_eur_per_kwh=-0.01,
        price_known=False,
        pv_w=-900.0,
        load_w=400.0,
        grid_w=0.0,
        assets={"battery": AssetSlot(power_w=500.0, energy_low_kwh=1.0)},
    )
    solver = SolverReport(status="optimal", gap=0.0, duration_s=0.1, columns=10, rows=9)
    plan = Plan(id="p1", made_at=NOW, slots=(slot,), expected_cost_eur=1.5, solver=solver)
    back = through_json(Plan, plan)
    assert back == plan
    assert back.at(NOW) == slot


def test_reason_parameters_stay_text_or_number() -> None:
    reason = Reason(
        rule=Rule.DEADLINE, params={"departure": NOW.isoformat(), "soc": 0.5}, limit=Limit.CIRCUIT
    )
    assert through_json(Reason, reason) == reason


def test_fields_that_older_data_lacks_take_their_defaults() -> None:
    data = to_data(AssetMemory(commanded_w=5.0))
    del data["sanitised_at"]
    assert from_data(AssetMemory, data) == AssetMemory(commanded_w=5.0)


def test_fields_that_nobody_knows_any_more_are_left_out() -> None:
    data = to_data(AssetMemory()) | {"retired_field": 1}
    assert from_data(AssetMemory, data) == AssetMemory()


@pytest.mark.parametrize("data", [{"$": "Nonsense"}, {"$": "Reason"}, [], 5, {"$": "Reading", "value": 1.0}])
def test_other_data_is_refused_with_its_kind(data: object) -> None:
    with pytest.raises(ValueError, match="not the data of a Memory"):
        from_data(Memory, data)


def test_what_the_core_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot store a object"):
        to_data(object())
