"""The client against our own server, and against a scripted peer that misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.nymea.box import NymeaBox
from ohmstead.nymea.client import Address, LoginRefused, NymeaClient, WrongCertificate
from ohmstead.nymea.server import NymeaServer
from ohmstead.nymea.session import User
from ohmstead.nymea.tls import server_context
from ohmstead.nymea.users import UserStore
from tests.nymea.sample_home import CHARGER, METER, SampleHome
from tests.nymea.serving import IDENTITY, PATIENCE_S, serving

SOON = (0.01,)
PASSWORD = "Sunny2026"  # noqa: S105 - of a test


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - what is looked at tells nobody of its changes
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("nymea://box", "nymea://box:2223"),
        ("nymeas://10.0.0.5", "nymeas://10.0.0.5:2222"),
        ("wss://box.lan:5555/", "wss://box.lan:5555"),
        ("ws://[::1]", "ws://[::1]:4445"),
    ],
)
def test_addresses(url: str, wanted: str) -> None:
    assert str(Address.parse(url)) == wanted


@pytest.mark.parametrize("url", ["http://box", "box", "nymea://", "nymea://box:x", "nymea://box/path"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError):
        Address.parse(url)


@pytest.mark.parametrize("scheme", ["nymea", "ws"])
async def test_requests_and_notifications_on_both_transports(scheme: str) -> None:
    async with serving() as it:
        told: list[tuple[str, dict[str, Any]]] = []
        port = it.port if scheme == "nymea" else it.websocket_port
        client = await NymeaClient.connect(
            Address.parse(f"{scheme}://127.0.0.1:{port}"), notified=lambda n, p: told.append((n, p))
        )
        try:
            assert client.hello["server"] == "nymea"
            await client.request("JSONRPC.SetNotificationStatus", {"namespaces": ["Integrations"]})
            it.home.meter_reads(77.0)
            await until(lambda: bool(told))
            assert (told[0][0], told[0][1]["value"]) == ("Integrations.StateChanged", 77.0)
            with pytest.raises(DeviceError, match="No such method"):
                await client.request("Integrations.Nothing")
            answers = await asyncio.gather(*(client.request("JSONRPC.Version") for _ in range(20)))
            assert len(answers) == 20
        finally:
            await client.close()
        with pytest.raises(DeviceOffline):
            await client.request("JSONRPC.Version")


async def test_a_login_gives_a_token_that_works_the_next_time(tmp_path: Path) -> None:
    users = UserStore(tmp_path / "users.json")
    await users.create(User(username="anna"), PASSWORD)
    async with serving(authenticate=True, users=users) as it:
        address = Address.parse(f"nymea://127.0.0.1:{it.port}")
        with pytest.raises(LoginRefused, match="missing"):
            await NymeaClient.connect(address)
        first = await NymeaClient.connect(address, token=(await users.log_in("anna", PASSWORD, "x")).token)  # type: ignore[union-attr]
        token = await first.log_in("anna", PASSWORD, "test")
        await first.request("Integrations.GetThings")
        await first.close()
        second = await NymeaClient.connect(address, token=token)
        assert second.hello["username"] == "anna"
        await second.close()


async def test_nobody_there() -> None:
    with pytest.raises(DeviceOffline, match="does not answer"):
        await NymeaClient.connect(Address.parse("nymea://127.0.0.1:1"))


@contextlib.asynccontextmanager
async def peer(*answers: bytes) -> AsyncIterator[Address]:
    """A peer that answers the first requests with these bytes and then says nothing more."""
    script = list(answers)

    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                number = json.loads(line)["id"]
                if not script:
                    continue
                answer = script.pop(0)
                if answer == b"bye":
                    break
                answer = answer.replace(b"ID", str(number).encode())
                for i in range(0, len(answer), 7):
                    writer.write(answer[i : i + 7])
                    await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield Address.parse(f"nymea://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*tasks)


HELLO = b'{"id":ID,"status":"success","params":{"server":"nymea"}}'


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (b'{"id":ID,"status":"error","error":"No"}\n', DeviceError, "refused: No"),
        (b'{"id":ID,"status":"unauthorized","error":"Go"}', LoginRefused, "refused: Go"),
        (b'{"id":ID,"status":"success","params":[]}', DeviceError, "no reason given"),
        (b"nonsense\n", DeviceOffline, "connection is gone"),
        (b"bye", DeviceOffline, "connection is gone"),
        (b'{"id":99,"status":"success","params":{}}\n', DeviceOffline, "no answer to A.B in 0.3 s"),
    ],
)
async def test_a_peer_that_misbehaves(answer: bytes, error: type[DeviceError], words: str) -> None:
    async with peer(HELLO, answer) as address:
        client = await NymeaClient.connect(address)
        try:
            with pytest.raises(error, match=words):
                await client.request("A.B", timeout_s=0.3)
        finally:
            await client.close()


async def test_a_peer_that_never_says_hello() -> None:
    async with peer() as address:
        with pytest.raises(DeviceOffline, match="no answer to JSONRPC"):
            await NymeaClient.connect(address, timeout_s=0.2)


async def test_a_box_is_looked_at_once_and_followed() -> None:
    async with serving() as it:
        box = NymeaBox(Address.parse(f"nymea://127.0.0.1:{it.port}"), retry_s=SOON, alive_every_s=0.05)
        try:
            await box.ready(PATIENCE_S)
            meter, charger = box.things[METER], box.things[CHARGER]
            assert meter.box_class.interfaces == {"energymeter"}
            assert meter.number("currentPower") == 1200.0
            assert charger.flag("power") is False
            it.home.meter_reads(-300.0)
            await until(lambda: meter.number("currentPower") == -300.0)
            await box.execute(charger, "maxChargingCurrent", 10.0)
            assert it.home.states[CHARGER]["maxChargingCurrent"] == 10.0
            with pytest.raises(DeviceError, match="did not take maxChargingCurrent"):
                await box.execute(charger, "maxChargingCurrent", 99.0)
            with pytest.raises(DeviceError, match="no action 'fly'"):
                await box.execute(charger, "fly")
            seen = box.seen_at
            assert seen is not None
            await until(lambda: box.seen_at is not None and box.seen_at > seen)
        finally:
            await box.close()


async def test_a_box_comes_back_after_its_server_was_away() -> None:
    async with serving() as it:
        address = Address.parse(f"nymea://127.0.0.1:{it.port}")
        box = NymeaBox(address, retry_s=SOON)
        try:
            await box.ready(PATIENCE_S)
            it.server.hub.drop_all()
            await until(lambda: not box.connected)
            it.home.states[METER]["currentPower"] = 5.0
            await until(lambda: box.connected)
            assert box.things[METER].number("currentPower") == 5.0
            await it.server.close()
            await until(lambda: not box.connected)
            with pytest.raises(DeviceOffline):
                await box.ready(0.05)
            await it.server.listen_tcp("127.0.0.1", address.port)
            await until(lambda: box.connected)
            await box.ready(0.05)
        finally:
            await box.close()


async def test_a_box_survives_things_that_make_no_sense() -> None:
    classes = (
        b'{"id":ID,"status":"success","params":{"thingClasses":[5,{"id":"k","interfaces":null,'
        b'"stateTypes":[7,{"id":"s","name":"currentPower"}],"actionTypes":"x"}]}}'
    )
    things = (
        b'{"id":ID,"status":"success","params":{"things":["x",{"id":5},{"id":"t","thingClassId":"k",'
        b'"name":"T","states":[null,{"stateTypeId":"s","value":"much"}]},{"id":"u","thingClassId":"none"}]}}'
    )
    ok = b'{"id":ID,"status":"success","params":{}}'
    async with peer(HELLO, ok, classes, things) as address:
        box = NymeaBox(address, retry_s=SOON)
        try:
            await box.ready(PATIENCE_S)
            assert set(box.things) == {"t", "u"}
            assert box.things["t"].number("currentPower") is None
        finally:
            await box.close()


@pytest.mark.parametrize("scheme", ["nymeas", "wss"])
async def test_a_certificate_is_pinned_before_anything_secret_is_sent(tmp_path: Path, scheme: str) -> None:
    server = NymeaServer(SampleHome(), IDENTITY)
    try:
        context = server_context(tmp_path, "Sample home")
        listen = server.listen_tcp if scheme == "nymeas" else server.listen_websocket
        url = f"{scheme}://127.0.0.1:{await listen('127.0.0.1', 0, tls=context)}"
        first = await NymeaClient.connect(Address.parse(url))
        certificate = first.certificate_sha256
        assert certificate is not None
        assert len(certificate) == 64
        await first.close()
        again = await NymeaClient.connect(Address.parse(url, certificate))
        await again.close()
        with pytest.raises(WrongCertificate, match=certificate):
            await NymeaClient.connect(Address.parse(url, "0" * 64), token="secret")  # noqa: S106
        assert not any(c.session.handshaken for c in server.hub.connections)
    finally:
        await server.close()
