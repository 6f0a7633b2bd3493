from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2

from ohmstead.web import Event
from ohmstead.web.stream import event_stream
from tests.web.sample import SampleHouse
from tests.web.serving import served


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    kind = ""
    async for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


async def _until_read(house: SampleHouse) -> None:
    while house.hub.readers == 0:  # noqa: ASYNC110 - the hub has no event for this
        await asyncio.sleep(0.01)


async def test_the_stream_begins_with_the_state_and_follows_changes() -> None:
    house = SampleHouse()
    async with (
        served(house) as url,
        httpx2.AsyncClient(base_url=url) as client,
        client.stream("GET", "/api/stream") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = _events(answer.aiter_lines())
        kind, state = await anext(events)
        assert (kind, state["at"]) == ("state", "2026-04-17T10:20:00Z")
        await _until_read(house)
        house.move(timedelta(minutes=15))
        seen: dict[str, Any] = {}
        while not {"state", "plan"} <= set(seen):
            kind, payload = await anext(events)
            seen[kind] = payload
        assert seen["state"]["at"] == "2026-04-17T10:35:00Z"
        assert seen["plan"]["slots"][0]["start"] == "2026-04-17T10:30:00Z"


async def test_many_states_in_a_short_time_become_one() -> None:
    house = SampleHouse()
    stream = event_stream(house, asyncio.Event(), state_interval_s=0.05)
    assert (await anext(stream)).startswith(b"retry: ")
    assert (await anext(stream)).startswith(b"event: state\n")
    following = asyncio.ensure_future(anext(stream))
    await _until_read(house)
    for _ in range(40):
        house.move(timedelta(seconds=1))
    assert json.loads((await following).split(b"data: ")[1])["at"] == "2026-04-17T10:20:40Z"
    silent = asyncio.ensure_future(anext(stream))
    done, _ = await asyncio.wait({silent}, timeout=0.15)
    assert not done, "the 39 states before the latest must not be sent"
    silent.cancel()
    await asyncio.gather(silent, return_exceptions=True)


async def test_a_quiet_stream_shows_that_it_is_alive() -> None:
    house = SampleHouse()
    stream = event_stream(house, asyncio.Event(), heartbeat_s=0.01)
    assert [await anext(stream) for _ in range(3)][2] == b": alive\n\n"
    await stream.aclose()


async def test_a_client_that_leaves_is_forgotten() -> None:
    house = SampleHouse()
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        async with client.stream("GET", "/api/stream") as answer:
            await anext(_events(answer.aiter_lines()))
            await _until_read(house)
        async with asyncio.timeout(60):
            while house.hub.readers:  # noqa: ASYNC110 - the hub has no event for this
                await asyncio.sleep(0.01)


async def test_a_client_that_does_not_read_does_not_hold_up_the_others() -> None:
    house = SampleHouse()
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        host, port = url.removeprefix("http://").split(":")
        _reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(f"GET /api/stream HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        await _until_read(house)
        plan = house.plan()
        assert plan is not None
        for _ in range(80):  # Together more than the buffers of a connection hold.
            house.hub.publish(Event(kind="plan", payload=plan))
            await asyncio.sleep(0.002)
        assert (await client.get("/api/state")).status_code == 200
        writer.close()
        await writer.wait_closed()


async def test_the_server_stops_while_a_stream_is_open() -> None:
    house = SampleHouse()
    async with httpx2.AsyncClient() as client, asyncio.timeout(60):
        async with served(house) as url:
            answer = await client.send(client.build_request("GET", f"{url}/api/stream"), stream=True)
            lines = answer.aiter_lines()
            await anext(lines)
        rest = [line async for line in lines]
        await answer.aclose()
    assert any(line.startswith("event: state") for line in rest)
