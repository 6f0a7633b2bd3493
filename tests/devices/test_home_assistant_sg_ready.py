"""A heat pump behind Home Assistant with two switches as its contacts."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import HeatPump, HotWaterTank
from ohmstead.core.state import HeatPumpState
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Controllable, SgReadyControllable
from ohmstead.devices.home_assistant import HOME_ASSISTANT
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.errors import ConfigError
from tests.devices.test_home_assistant import house, options

PUMP = HeatPump(id="pump", rooms=("living",))
CONTACTS = ["switch.one", "input_boolean.two"]


async def test_the_contacts_show_the_states_of_the_label() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.p", 900.0)
        for entity_id in CONTACTS:
            peer.set(entity_id, "off")
        device = adapter.device(PUMP, options(power="sensor.p", sg_ready=CONTACTS))
        assert isinstance(device, SgReadyControllable)
        assert isinstance(device, Controllable)
        seen = await device.update()
        assert isinstance(seen, HeatPumpState)
        assert seen.sg_ready
        for state, shown in (
            (SgReady.FORCED, ["on", "on"]),
            (SgReady.BLOCKED, ["on", "off"]),
            (SgReady.RECOMMENDED, ["off", "on"]),
            (SgReady.NORMAL, ["off", "off"]),
        ):
            await device.ask_for(state)
            assert [peer.states[entity_id]["s"] for entity_id in CONTACTS] == shown
        sent = len(peer.calls)
        await device.ask_for(SgReady.NORMAL)
        assert len(peer.calls) == sent
        await device.apply(PUMP.max_w)
        assert [peer.states[entity_id]["s"] for entity_id in CONTACTS] == ["on", "on"]
        await device.release()
        assert [peer.states[entity_id]["s"] for entity_id in CONTACTS] == ["off", "off"]


async def test_from_a_block_to_a_boost_it_never_looks_like_a_forced_start() -> None:
    async with house() as (peer, adapter):
        peer.set("sensor.p", 0.0)
        peer.set(CONTACTS[0], "on")
        peer.set(CONTACTS[1], "off")
        device = adapter.device(PUMP, options(power="sensor.p", sg_ready=CONTACTS))
        assert isinstance(device, SgReadyControllable)
        await device.ask_for(SgReady.RECOMMENDED)
        assert [call[0] for call in peer.calls] == ["switch.turn_off", "input_boolean.turn_on"]


@pytest.mark.parametrize(
    ("asset", "given", "told"),
    [
        (HotWaterTank(id="tank"), {"temperature": "sensor.t", "sg_ready": CONTACTS}, "only a heat pump"),
        (PUMP, {"sg_ready": ["sensor.a", "switch.b"]}, "sg_ready: found 'sensor.a', allowed: entities of"),
        (PUMP, {"sg_ready": CONTACTS, "command": "number.p"}, "found together with `command`"),
    ],
)
def test_what_cannot_be_it_is_refused(
    asset: HeatPump | HotWaterTank, given: dict[str, object], told: str
) -> None:
    link = HomeAssistantLink("http://localhost:1", SecretStr("x"))
    adapter = HOME_ASSISTANT.open(Environment(home_assistant=link))
    with pytest.raises(ConfigError) as error:
        adapter.device(asset, options(**given))
    assert told in str(error.value)


def test_one_contact_is_not_enough() -> None:
    with pytest.raises(ValidationError, match="sg_ready"):
        options(sg_ready=CONTACTS[:1])
