"""The same conversation in WebSocket frames, and TLS on both transports."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ohmstead.errors import ConfigError
from ohmstead.nymea.connection import Limits
from ohmstead.nymea.server import NymeaServer
from ohmstead.nymea.tls import client_context, server_context
from tests.nymea.sample_home import SampleHome
from tests.nymea.serving import IDENTITY, PATIENCE_S, Client, serving

HELLO = '{"id":0,"method":"JSONRPC.Hello"}'


async def said(socket: ClientConnection) -> dict[str, object]:
    async with asyncio.timeout(PATIENCE_S):
        frame = await socket.recv()
    assert isinstance(frame, str)
    assert frame.endswith("}\n")
    message: dict[str, object] = json.loads(frame)
    return message


async def test_frames_carry_packets_whole_glued_or_cut() -> None:
    async with serving() as it, connect(f"ws://127.0.0.1:{it.websocket_port}") as socket:
        await socket.send(HELLO[:10])
        await socket.send(b"binary frames are ignored")
        await socket.send(HELLO[10:] + '\n{"id":1,"method":"JSONRPC.Nothing"}')
        assert (await said(socket))["id"] == 0
        assert await said(socket) == {"id": 1, "status": "error", "error": "No such method"}
        asked = {"namespaces": ["Integrations"]}
        await socket.send(json.dumps({"id": 2, "method": "JSONRPC.SetNotificationStatus", "params": asked}))
        assert (await said(socket))["id"] == 2
        it.home.meter_reads(7.0)
        told = await said(socket)
        assert told["notification"] == "Integrations.StateChanged"


async def test_the_limits_hold_on_websockets_too() -> None:
    async with serving(limits=Limits(handshake_s=0.2, backlog_bytes=200_000)) as it:
        url = f"ws://127.0.0.1:{it.websocket_port}"
        async with connect(url) as silent:
            with pytest.raises(ConnectionClosed):
                await said(silent)
        async with connect(url, max_queue=1, close_timeout=0.1) as slow:
            await slow.send(HELLO)
            await said(slow)
            await slow.send('{"id":1,"method":"JSONRPC.SetNotificationStatus","params":{"enabled":true}}')
            await said(slow)
            for power_w in range(200_000):
                it.home.meter_reads(float(power_w))
                if not it.server.hub.connections:
                    break
                if power_w % 100 == 0:
                    await asyncio.sleep(0)
            assert not it.server.hub.connections
        async with connect(url) as again:
            await again.send(HELLO)
            assert (await said(again))["id"] == 0


@pytest.mark.parametrize(
    ("headers", "admitted"),
    [
        ({}, True),
        ({"Origin": "http://127.0.0.1:8080"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, False),
        ({"Origin": "null"}, False),
    ],
)
async def test_pages_of_other_sites_have_no_access(headers: dict[str, str], admitted: bool) -> None:
    async with serving() as it:
        url = f"ws://127.0.0.1:{it.websocket_port}"
        if admitted:
            async with connect(url, additional_headers=headers) as socket:
                await socket.send(HELLO)
                assert (await said(socket))["id"] == 0
            return
        host = headers.get("Host")
        extra = {"Origin": headers["Origin"]}
        uri = url if host is None else f"ws://{host}:{it.websocket_port}"
        with pytest.raises(InvalidStatus) as refused:
            async with connect(uri, host="127.0.0.1", port=it.websocket_port, additional_headers=extra):
                pass
        assert refused.value.response.status_code == 403


async def test_a_locked_door_is_locked_for_websockets() -> None:
    async with serving(limits=Limits(lockdown_s=30.0)) as it:
        url = f"ws://127.0.0.1:{it.websocket_port}"
        async with connect(url) as socket:
            await socket.send(HELLO)
            await said(socket)
            await socket.send('{"id":1,"method":"JSONRPC.Version","token":"x"}')
            assert (await said(socket))["status"] == "unauthorized"
            with pytest.raises(ConnectionClosed):
                await said(socket)
        with pytest.raises(InvalidStatus):
            await connect(url)


async def test_tls_on_both_transports_with_a_certificate_of_our_own(tmp_path: Path) -> None:
    server = NymeaServer(SampleHome(), IDENTITY)
    try:
        context = server_context(tmp_path, "Sample home")
        port = await server.listen_tcp("127.0.0.1", 0, tls=context)
        websocket_port = await server.listen_websocket("127.0.0.1", 0, tls=context)
        async with await Client.connect(port, ssl=client_context()) as client:
            assert (await client.call("JSONRPC.Hello"))["server"] == "nymea"
        async with connect(f"wss://127.0.0.1:{websocket_port}", ssl=client_context()) as socket:
            await socket.send(HELLO)
            assert (await said(socket))["id"] == 0
    finally:
        await server.close()
    key, certificate = tmp_path / "nymea-key.pem", tmp_path / "nymea-certificate.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = certificate.read_bytes()
    server_context(tmp_path, "Another name")
    assert certificate.read_bytes() == before
    key.write_text("broken")
    with pytest.raises(ConfigError, match="nymea-certificate"):
        server_context(tmp_path, "Sample home")
