"""The connection to Home Assistant: states, services with read-back, and what happens when it is lost."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from ohmstead.devices.home_assistant_library import ServiceCall
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.devices.home_assistant_wire import EntityState, StateChange
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from tests.devices.home_assistant_peer import TOKEN, Peer, running_peer, set_value

POWER, LIMIT = "sensor.power", "number.limit"
PATIENCE_S = 30.0


@asynccontextmanager
async def linked(peer: Peer, *entities: str, token: str = TOKEN) -> AsyncIterator[HomeAssistantLink]:
    link = HomeAssistantLink(peer.url, SecretStr(token), retry_s=0.05)
    link.want(entities)
    try:
        yield link
    finally:
        await link.close()


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - many different things are waited for
            await asyncio.sleep(0.01)


def shows(value: float) -> Callable[[EntityState], bool]:
    return lambda state: state.number == value


def set_limit(value: float) -> ServiceCall:
    return ServiceCall(service="number.set_value", entity_id=LIMIT, data={"value": value})


async def test_states_are_those_of_now_and_changes_are_told() -> None:
    async with running_peer() as peer, linked(peer, POWER, "sensor.nobody") as link:
        peer.set(POWER, 1.5, unit_of_measurement="kW")
        heard: list[StateChange] = []
        link.watch([POWER], heard.append)
        await link.ready()
        assert link.state(POWER).watts == 1500.0
        peer.set(POWER, 2.25)
        await until(lambda: link.state(POWER).watts == 2250.0)
        assert [change.new.watts for change in heard if change.new] == [1500.0, 2250.0]
        with pytest.raises(DeviceOffline, match=r"sensor\.nobody: there is no such entity"):
            link.state("sensor.nobody")
        peer.set(POWER, "unavailable")
        await until(lambda: link.get(POWER) is None)
        with pytest.raises(DeviceOffline, match=r"sensor\.power: Home Assistant shows 'unavailable'"):
            link.state(POWER)
        peer.remove(POWER)
        await until(lambda: heard[-1].new is None)


async def test_a_lost_connection_is_taken_up_again_with_all_subscriptions() -> None:
    async with running_peer() as peer, linked(peer) as link:
        peer.set(POWER, 100.0)
        heard: list[StateChange] = []
        link.watch([POWER], heard.append)
        await link.ready()
        for round_ in range(3):
            await peer.drop()
            peer.set(POWER, 200.0 + round_)
            await until(lambda: link.connections == round_ + 2)  # noqa: B023 - awaited at once
            await link.ready()
            assert link.state(POWER).number == 200.0 + round_
            peer.set(POWER, 300.0 + round_)
            await until(lambda: link.state(POWER).number == 300.0 + round_)  # noqa: B023
        assert peer.greeted == 4


async def test_while_home_assistant_restarts_nothing_is_known_and_it_is_said_why() -> None:
    async with running_peer() as peer, linked(peer, POWER) as link:
        peer.set(POWER, 100.0)
        await link.ready()
        await peer.stop()
        await until(lambda: not link.connected)
        assert link.get(POWER) is None
        with pytest.raises(DeviceOffline, match=f"Home Assistant at {peer.url} cannot be reached"):
            link.state(POWER)
        with pytest.raises(DeviceOffline, match="cannot be reached"):
            await link.call(set_limit(1.0))
        await peer.start()
        await until(lambda: link.connected)
        assert link.state(POWER).number == 100.0


async def test_what_changed_while_nobody_listened_is_a_wish_only_of_a_person() -> None:
    async with running_peer() as peer, linked(peer) as link:
        peer.set("climate.a", "heat", temperature=20.0)
        peer.set("climate.b", "heat", temperature=20.0)
        heard: list[StateChange] = []
        link.watch(["climate.a", "climate.b"], heard.append)
        await link.ready()
        heard.clear()
        await peer.stop()
        peer.set("climate.a", "heat", temperature=22.0)
        peer.set("climate.b", "heat", temperature=22.0, user="anna")
        await peer.start()
        await until(lambda: len(heard) == 2)
        old = {change.entity_id: change.old for change in heard}
        assert old["climate.a"] is None
        known = old["climate.b"]
        assert known is not None
        assert known.attribute("temperature") == 20.0


async def test_a_command_returns_when_the_entity_shows_it() -> None:
    async with running_peer() as peer, linked(peer, LIMIT) as link:
        peer.services["number.set_value"] = set_value
        peer.set(LIMIT, 0.0)
        await link.ready()
        await link.command(set_limit(1500.0), shows(1500.0))
        assert link.state(LIMIT).number == 1500.0
        assert len(peer.calls) == 1


async def test_a_command_without_effect_is_repeated_and_then_an_error() -> None:
    async with running_peer() as peer, linked(peer, LIMIT) as link:
        peer.set(LIMIT, 0.0)
        await link.ready()
        with pytest.raises(DeviceError, match=r"value: 7\.0\): no effect within 0\.05 s, 2 times; .* '0\.0'"):
            await link.command(set_limit(7.0), shows(7.0), within_s=0.05)
        assert len(peer.calls) == 2


async def test_an_effect_of_the_second_try_is_enough() -> None:
    def hard_of_hearing(peer: Peer, entity_id: str, data: dict[str, Any]) -> None:
        if len(peer.calls) == 2:
            peer.set(entity_id, data["value"])

    async with running_peer() as peer, linked(peer, LIMIT) as link:
        peer.services["number.set_value"] = hard_of_hearing
        peer.set(LIMIT, 0.0)
        await link.ready()
        await link.command(set_limit(7.0), shows(7.0), within_s=1.0)
        assert len(peer.calls) == 2


async def test_a_refusal_is_an_error_with_its_words() -> None:
    async with running_peer() as peer, linked(peer, LIMIT) as link:
        peer.refused.add("number.set_value")
        peer.set(LIMIT, 0.0)
        await link.ready()
        with pytest.raises(DeviceError, match="refused: not in that range"):
            await link.call(set_limit(1e9))


async def test_a_connection_lost_under_a_call_fails_the_call_and_nothing_else() -> None:
    async with running_peer() as peer, linked(peer, LIMIT) as link:
        peer.set(LIMIT, 0.0)
        await link.ready()
        peer.silent = True
        calling = asyncio.create_task(link.call(set_limit(1.0)))
        await asyncio.sleep(0.05)
        peer.silent = False
        await peer.drop()
        with pytest.raises(DeviceOffline, match=r"connection to .* ended"):
            await calling
        await until(lambda: link.connected)


async def test_a_wrong_token_is_told_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    async with running_peer() as peer, linked(peer, POWER, token="wrong-secret") as link:  # noqa: S106
        with pytest.raises(DeviceOffline, match="the token is refused"):
            await link.ready()
        assert peer.greeted == 0
    assert "wrong-secret" not in caplog.text
    assert "wrong-secret" not in repr(vars(link))


async def test_a_peer_that_is_not_home_assistant_is_told_as_such() -> None:
    async with running_peer() as peer, linked(peer, POWER) as link:
        peer.garbage = True
        with pytest.raises(DeviceOffline, match="cannot be reached"):
            await link.ready()
        peer.garbage = False
        await until(lambda: link.connected)


async def test_the_last_report_of_an_unchanged_value_can_be_asked_for() -> None:
    async with running_peer() as peer, linked(peer, POWER) as link:
        peer.set(POWER, 100.0)
        await link.ready()
        before = link.state(POWER)
        await asyncio.sleep(0.02)
        await link.refresh(POWER)
        after = link.state(POWER)
        assert after.updated_at == before.updated_at
        assert after.reported_at > before.reported_at


async def test_own_services_are_recognised_by_their_context() -> None:
    async with running_peer() as peer, linked(peer, LIMIT) as link:
        peer.set(LIMIT, 0.0)
        await link.ready()
        await link.call(set_limit(1.0))
        peer.set(LIMIT, 1.0, context="own3")
        await until(lambda: link.state(LIMIT).number == 1.0)
        assert link.is_own(link.state(LIMIT))
        peer.set(LIMIT, 2.0, user="anna")
        await until(lambda: link.state(LIMIT).number == 2.0)
        assert not link.is_own(link.state(LIMIT))


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="url: found 'homeassistant', allowed: an address such as"):
        HomeAssistantLink("homeassistant", SecretStr("x"))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hass_client", None)
    with pytest.raises(ConfigError, match=r"pip install 'ohmstead\[home-assistant\]'"):
        HomeAssistantLink("http://localhost:8123", SecretStr("x"))
