"""What chargers measure, read out of whatever they send."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ohmstead.ocpp.central.limit_profile import Wiring
from ohmstead.ocpp.central.measured import phases_of, power_of_sample
from ohmstead.ocpp.central.meter_values import MeterSample, number, parse_meter_values

AT = "2026-06-01T12:00:00.123+02:00"


def sample(*sampled: dict[str, Any]) -> MeterSample:
    (found,) = parse_meter_values([{"timestamp": AT, "sampledValue": list(sampled)}])
    return found


def test_everything_that_a_charger_may_measure() -> None:
    found = sample(
        {"value": "12.5", "unit": "kWh", "context": "Sample.Clock"},
        {"value": "7.2", "measurand": "Power.Active.Import", "unit": "kW"},
        {"value": "10", "measurand": "Current.Import", "phase": "L1", "unit": "A"},
        {"value": "11", "measurand": "Current.Import", "phase": "L2-N"},
        {"value": "0.3", "measurand": "Current.Import", "phase": "N"},
        {"value": "231", "measurand": "Voltage", "phase": "L1-N"},
        {"value": "400", "measurand": "Voltage", "phase": "L1-L2"},
        {"value": "80.5", "measurand": "SoC", "location": "EV", "unit": "Percent"},
        {"value": "320", "measurand": "Temperature", "unit": "K"},
        {"value": "16", "measurand": "Current.Offered"},
        {"value": "0.98", "measurand": "Power.Factor"},
        {"value": "3", "measurand": "Power.Reactive.Import", "unit": "kvar"},
    )
    assert found.at is not None
    assert found.at.isoformat() == "2026-06-01T10:00:00.123000+00:00"
    assert (found.context, found.energy_wh, found.power_w) == ("Sample.Clock", 12500.0, 7200.0)
    assert (found.phases_a, found.phases_v) == ((10.0, 11.0, None), (231.0, None, None))
    assert (found.soc, found.offered_a, found.temperature_c) == (0.805, 16.0, 320 - 273.15)
    assert found.others == {"Power.Factor": 0.98, "Power.Reactive.Import": 3000.0}


def test_sums_are_made_of_phases_and_export_is_negative() -> None:
    power = {"measurand": "Power.Active.Import"}
    phases = [power | {"value": str(1000 * n), "phase": f"L{n}"} for n in (1, 2, 3)]
    assert sample(*phases).power_w == 6000.0
    assert sample(*phases).phases_w == (1000.0, 2000.0, 3000.0)
    assert sample(*phases, power | {"value": "6100"}).power_w == 6100.0
    given_back = sample({"value": "2.5", "unit": "kW", "measurand": "Power.Active.Export"})
    assert given_back.power_w == -2500.0


def test_the_outlet_counts_where_several_places_are_measured() -> None:
    power = {"measurand": "Power.Active.Import"}
    inlet, outlet = power | {"value": "9", "location": "Inlet"}, power | {"value": "7", "location": "Outlet"}
    assert sample(inlet, outlet).power_w == sample(outlet, inlet).power_w == 7.0
    assert sample(inlet, outlet, inlet).power_w == 7.0
    assert sample(inlet).power_w == 9.0
    assert sample(power | {"value": "5", "location": "EV"}).power_w is None


def test_power_comes_from_currents_where_nothing_else_is_told() -> None:
    current = {"measurand": "Current.Import"}
    three = sample(*(current | {"value": "10", "phase": f"L{n}"} for n in (1, 2, 3)))
    assert power_of_sample(three, Wiring()) == 6900.0
    one = sample(current | {"value": "10", "phase": "L1"}, {"value": "235", "measurand": "Voltage"})
    assert phases_of(one, Wiring()) == (2350.0, 0.0, 0.0)
    bare = sample(current | {"value": "10"})
    assert power_of_sample(bare, Wiring()) == 6900.0
    assert power_of_sample(bare, Wiring(phases=1)) == 2300.0
    assert power_of_sample(sample({"value": "1"}), Wiring()) is None


def test_signed_data_and_unknown_units_are_left_out() -> None:
    assert sample({"value": "AQID", "format": "SignedData"}) == sample()
    assert sample({"value": "3", "unit": "horses"}) == sample()
    assert parse_meter_values("nonsense") == ()
    assert parse_meter_values([1, None, {"timestamp": AT}])[0] == sample()


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(["value", "measurand", "unit", "phase", "location", "context", "format"])


@given(
    st.lists(st.dictionaries(_FIELDS, _ANYTHING | st.sampled_from(["1e9", "L1", "SoC", "kW"])), max_size=6)
)
def test_no_sample_breaks_it_and_every_number_is_one(sampled: list[dict[str, Any]]) -> None:
    for found in parse_meter_values([{"timestamp": AT, "sampledValue": sampled}]):
        for value in (found.energy_wh, found.power_w, found.soc, found.current_a, *found.others.values()):
            assert value is None or math.isfinite(value)
        assert found.soc is None or 0.0 <= found.soc <= 1.0


@given(_ANYTHING)
def test_no_number_breaks_it(value: object) -> None:
    found = number(value)
    assert found is None or math.isfinite(found)
