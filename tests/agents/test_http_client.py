"""The lean client against a server that misbehaves in every way that servers do."""

from __future__ import annotations

import asyncio

import pytest

from ohmstead.agents.http_client import AgentClient, Reply
from ohmstead.errors import DeviceError, DeviceOffline
from tests.agents.homes import dead_url
from tests.agents.raw_server import Script, answering, http


async def ask(script: Script, deadline_s: float = 5.0) -> tuple[Reply, int]:
    async with answering(script) as server:
        client = AgentClient(server.url, "battery")
        try:
            return await client.ask("GET", "/status", deadline_s=deadline_s), len(server.requests)
        finally:
            await client.close()


async def test_a_connection_is_kept_and_the_request_is_whole() -> None:
    async with answering(lambda n, request: http(b"%d" % n)) as server:
        client = AgentClient(f"{server.url}/house/", "battery", token="secret-token")  # noqa: S106
        for n in (1, 2, 3):
            reply = await client.ask("POST", "/update", b'{"a":1}', deadline_s=5.0, correlation_id="abc")
            assert reply == Reply(200, b"%d" % n)
        await client.close()
    assert server.connections == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /house/update HTTP/1.1\r\n")
    assert b"authorization: Bearer secret-token" in head
    assert b"x-correlation-id: abc" in head
    assert body == b'{"a":1}'


@pytest.mark.parametrize("first", [b"", http(b"busy", "503 Service Unavailable")])
async def test_a_failed_attempt_is_repeated_once(first: bytes) -> None:
    assert await ask(lambda n, _: first if n == 1 else http(b"ok")) == (Reply(200, b"ok"), 2)


async def test_a_refusal_is_an_answer_and_not_repeated() -> None:
    assert await ask(lambda n, _: http(b"no", "422 Unprocessable")) == (Reply(422, b"no"), 1)


async def test_a_second_failure_is_told() -> None:
    with pytest.raises(DeviceOffline, match="the connection ended before an answer came"):
        await ask(lambda n, _: b"")
    assert (await ask(lambda n, _: http(b"", "503 Service Unavailable")))[0].status == 503


async def test_an_agent_that_hangs_costs_no_more_than_the_deadline() -> None:
    with pytest.raises(DeviceOffline, match=r"no answer within 0\.2 s"):
        await ask(lambda n, _: None, deadline_s=0.2)


async def test_nobody_listens() -> None:
    client = AgentClient(dead_url(), "battery")
    with pytest.raises(DeviceOffline, match="cannot connect"):
        await client.ask("GET", "/status", deadline_s=5.0)
    await client.close()


async def test_chunks_are_put_together() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b"4\r\nWiki\r\n5;x=1\r\npedia\r\n0\r\nt: 1\r\n\r\n"
    )
    assert (await ask(lambda n, _: chunked))[0].body == b"Wikipedia"


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n",
    ],
)
async def test_what_is_not_http_is_told_as_such(nonsense: bytes) -> None:
    with pytest.raises(DeviceError, match="not an answer in HTTP"):
        await ask(lambda n, _: nonsense)


async def test_a_connection_that_is_to_be_closed_is_not_used_again() -> None:
    async with answering(lambda n, _: http(b"x", "200 OK", "connection: close")) as server:
        client = AgentClient(server.url, "battery")
        for _ in range(2):
            await client.ask("GET", "/status", deadline_s=5.0)
        await client.close()
    assert server.connections == 2


async def test_after_a_time_out_the_late_answer_is_nobodys() -> None:
    async with answering(lambda n, _: None if n == 1 else http(b"%d" % n)) as server:
        client = AgentClient(server.url, "battery")
        with pytest.raises(DeviceOffline):
            await client.ask("GET", "/status", deadline_s=0.1)
        assert (await client.ask("GET", "/status", deadline_s=5.0)).body == b"2"
        await client.close()


async def test_several_at_once_do_not_mix() -> None:
    async with answering(lambda n, request: http(request.split(b" ")[1])) as server:
        client = AgentClient(server.url, "battery")
        replies = await asyncio.gather(*(client.ask("GET", f"/{i}", deadline_s=5.0) for i in range(30)))
        await client.close()
    assert [r.body for r in replies] == [b"/%d" % i for i in range(30)]
