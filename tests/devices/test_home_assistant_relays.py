"""A water heater behind Home Assistant whose stages are made by several relays."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ohmstead.core.site import Asset, FlexibleLoad, HotWaterTank
from ohmstead.devices.adapter import Environment
from ohmstead.devices.home_assistant import HOME_ASSISTANT
from ohmstead.devices.home_assistant_command import relays_for
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.errors import ConfigError
from tests.devices.test_home_assistant import actuator, house, options

TANK = HotWaterTank(id="tank", max_w=3000.0, stages_w=(1000.0, 2000.0, 3000.0))
RELAYS = {"switch.one": 1000.0, "switch.two": 2000.0}


async def test_every_stage_is_made_and_what_goes_off_goes_first() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.t", 50.0)
        for entity_id in RELAYS:
            peer.set(entity_id, "off")
        device = actuator(adapter, TANK, temperature="sensor.t", relays=RELAYS)
        for power_w, shown, sent in (
            (1000.0, ["on", "off"], ["turn_on one"]),
            (2000.0, ["off", "on"], ["turn_off one", "turn_on two"]),
            (1999.9, ["off", "on"], []),
            (1990.0, ["on", "off"], ["turn_off two", "turn_on one"]),
            (3000.0, ["on", "on"], ["turn_on two"]),
            (0.0, ["off", "off"], ["turn_off one", "turn_off two"]),
        ):
            before = len(peer.calls)
            await device.apply(power_w)
            assert [peer.states[entity_id]["s"] for entity_id in RELAYS] == shown
            calls = [(service, entity_id) for service, entity_id, _ in peer.calls[before:]]
            assert [f"{s.removeprefix('switch.')} {e.removeprefix('switch.')}" for s, e in calls] == sent
        await device.apply(3000.0)
        await device.release()
        assert [peer.states[entity_id]["s"] for entity_id in RELAYS] == ["off", "off"]


@settings(derandomize=True, max_examples=200)
@given(
    st.lists(st.sampled_from([500.0, 700.0, 1000.0, 1500.0, 2000.0]), min_size=1, max_size=5),
    st.floats(-100.0, 10_000.0),
)
def test_never_more_than_was_wanted_and_nothing_larger_fits(powers_w: list[float], wanted_w: float) -> None:
    relays = [(f"switch.r{i}", power_w) for i, power_w in enumerate(powers_w)]
    closed = relays_for(wanted_w, relays)
    made_w = sum(w for entity_id, w in relays if entity_id in closed)
    assert made_w <= max(0.0, wanted_w) + 1.0
    every = (sum(c) for count in range(len(powers_w) + 1) for c in combinations(powers_w, count))
    assert not any(made_w < other_w <= wanted_w for other_w in every)


@pytest.mark.parametrize(
    ("asset", "given_options", "told"),
    [
        (FlexibleLoad(id="pool"), {"relays": RELAYS}, "relays: only a water heater has stages"),
        (HotWaterTank(id="tank"), {"relays": RELAYS}, "relays: the tank needs `stages_w`"),
        (TANK, {"relays": RELAYS, "command": "switch.rod"}, "found together with `command`"),
        (TANK, {"relays": {"sensor.one": 1000.0}}, "found 'sensor.one', allowed: entities of switch"),
        (TANK, {"relays": {"switch.one": 0.0}}, "switch.one: found 0, allowed: a power above 0 W"),
        (
            TANK,
            {"relays": {"switch.one": 1000.0}},
            "no relays make 2000 W, a stage of `stages_w`",
        ),
    ],
)
def test_what_cannot_be_it_is_refused(asset: Asset, given_options: dict[str, Any], told: str) -> None:
    link = HomeAssistantLink("http://localhost:1", SecretStr("x"))
    adapter = HOME_ASSISTANT.open(Environment(home_assistant=link))
    with pytest.raises(ConfigError) as error:
        adapter.device(asset, options(power="sensor.p", temperature="sensor.t", **given_options))
    assert told in str(error.value)
