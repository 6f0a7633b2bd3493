from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.session import Cause
from ohmstead.ocpp.transport import (
    MAX_MESSAGE_BYTES,
    SUBPROTOCOL,
    CallFailed,
    Connection,
    Handler,
    Refusal,
    open_connection,
)

TIME = "2026-01-01T00:00:00Z"


def nothing(action: str, payload: Payload) -> Payload:
    raise Refusal(ErrorCode.NOT_SUPPORTED, action)


@asynccontextmanager
async def pair(
    server_handler: Handler, client_handler: Handler = nothing, *, call_timeout_s: float = 30.0
) -> AsyncIterator[tuple[Connection, Connection]]:
    """Client and server ends of one connection over a real socket, both served."""
    opened: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def on_connect(websocket: ServerConnection) -> None:
        connection = Connection(websocket, server_handler, name="server")
        opened.set_result(connection)
        await connection.run()

    options: dict[str, Any] = {
        "subprotocols": [Subprotocol(SUBPROTOCOL)],
        "compression": None,
        "max_size": MAX_MESSAGE_BYTES,
    }
    async with asyncio.timeout(20), serve(on_connect, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        client = await open_connection(
            f"ws://127.0.0.1:{port}", "CP 1", client_handler, call_timeout_s=call_timeout_s
        )
        running = asyncio.create_task(client.run())
        try:
            yield client, await opened
        finally:
            await client.close()
            await running


async def test_both_ends_ask_and_answer_at_once_and_later() -> None:
    async def later(action: str, payload: Payload) -> Payload:
        await asyncio.sleep(0)
        return {"currentTime": TIME}

    async with pair(later, lambda action, payload: {"status": "Accepted"}) as (client, server):
        answers = await asyncio.gather(
            client.call("Heartbeat", {}), client.call("Heartbeat", {}), server.call("ClearCache", {})
        )
    assert list(answers) == [{"currentTime": TIME}, {"currentTime": TIME}, {"status": "Accepted"}]


async def test_a_handler_may_ask_back_before_it_answers() -> None:
    ends: list[Connection] = []

    async def asks_back(action: str, payload: Payload) -> Payload:
        assert await ends[1].call("ClearCache", {}) == {"status": "Accepted"}
        return {"currentTime": TIME}

    async with pair(asks_back, lambda action, payload: {"status": "Accepted"}) as both:
        ends.extend(both)
        assert await both[0].call("Heartbeat", {}) == {"currentTime": TIME}


async def test_a_refusal_and_a_failed_handler_reach_the_caller() -> None:
    def handler(action: str, payload: Payload) -> Payload:
        if action == "Heartbeat":
            raise Refusal(ErrorCode.NOT_SUPPORTED, "not here")
        raise DeviceError("broken")

    async with pair(handler) as (client, _):
        with pytest.raises(CallFailed, match="not here") as refused:
            await client.call("Heartbeat", {})
        assert refused.value.code is ErrorCode.NOT_SUPPORTED
        with pytest.raises(CallFailed) as failed:
            await client.call("Authorize", {"idTag": "A"})
        assert failed.value.code is ErrorCode.INTERNAL_ERROR


async def never(action: str, payload: Payload) -> Payload:
    await asyncio.Event().wait()
    return {}


async def test_a_call_times_out_and_the_connection_goes_on() -> None:
    async with pair(never, call_timeout_s=0.05) as (client, _):
        for timeout in (None, 0.01):
            with pytest.raises(CallFailed) as failed:
                await client.call("Heartbeat", {}, timeout)
            assert failed.value.cause is Cause.TIMEOUT


async def test_a_cancelled_caller_leaves_nothing_behind() -> None:
    async with pair(never) as (client, _):
        waiting = asyncio.create_task(client.call("Heartbeat", {}))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert client.session.outstanding is None


async def test_pending_calls_fail_when_the_connection_closes() -> None:
    async with pair(never) as (client, server):
        waiting = [asyncio.create_task(client.call("Heartbeat", {})) for _ in range(3)]
        await asyncio.sleep(0.01)
        await server.close()
        for task in waiting:
            with pytest.raises(CallFailed) as failed:
                await task
            assert failed.value.cause is Cause.CLOSED
        with pytest.raises(DeviceOffline):
            await client.call("Heartbeat", {})


async def test_an_answer_goes_out_before_the_connection_is_closed_because_of_it() -> None:
    ends: list[Connection] = []

    def hang_up(action: str, payload: Payload) -> Payload:
        closing.append(asyncio.ensure_future(ends[0].close()))
        return {"status": "Accepted"}

    closing: list[asyncio.Future[None]] = []
    async with pair(nothing, hang_up) as (client, server):
        ends.append(client)
        async with client._sending:  # somebody else is sending just then
            asked = asyncio.create_task(server.call("Reset", {"type": "Hard"}))
            await asyncio.sleep(0.05)
        assert await asked == {"status": "Accepted"}
        await asyncio.gather(*closing)


async def test_no_common_subprotocol_is_no_connection() -> None:
    async def hang_up(websocket: ServerConnection) -> None:
        await websocket.wait_closed()

    async with asyncio.timeout(20), serve(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeviceOffline, match=r"ocpp1\.6"):
            await open_connection(f"ws://127.0.0.1:{port}", "CP1", nothing)


@pytest.mark.parametrize(
    "make_url", [lambda: "ws://127.0.0.1:1", lambda: "nonsense", lambda: "http://127.0.0.1:1"]
)
async def test_nobody_there_is_offline(make_url: Callable[[], str]) -> None:
    with pytest.raises(DeviceOffline):
        await open_connection(make_url(), "CP1", nothing)


async def test_an_oversized_frame_is_answered_and_a_huge_one_ends_the_connection() -> None:
    async with pair(lambda action, payload: {"currentTime": TIME}) as (client, _server):
        await client.websocket.send('[2,"x","DataTransfer",{"vendorId":"' + "y" * (1 << 20) + '"}]')
        assert await client.call("Heartbeat", {}) == {"currentTime": TIME}
        await client.websocket.send("y" * (MAX_MESSAGE_BYTES + 1))
        with pytest.raises(DeviceError):
            await client.call("Heartbeat", {})


async def test_who_does_not_take_its_answers_is_not_read_any_further_and_loses_none() -> None:
    asked, sent = 0, 300  # with 30 MB of answers: more than the system keeps for a connection

    def wordy(action: str, payload: Payload) -> Payload:
        nonlocal asked
        asked += 1
        return {"status": "Accepted", "data": "x" * 100_000}

    served: list[Connection] = []

    async def on_connect(websocket: ServerConnection) -> None:
        served.append(Connection(websocket, wordy))
        await served[0].run()

    async with asyncio.timeout(120), serve(on_connect, "127.0.0.1", 0, compression=None) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as peer:
            peer.transport.pause_reading()
            for number in range(sent):
                await peer.send(json.dumps([2, f"{number}", "DataTransfer", {"vendorId": "V"}]))
            while not served or not served[0].websocket.transport.get_write_buffer_size():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)  # time in which more would be read, if anything were
            assert asked < sent
            peer.transport.resume_reading()
            for number in range(sent):
                assert json.loads(await peer.recv())[:2] == [3, f"{number}"]
