"""Connections without sockets behave as TCP does, as far as protocols can tell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from ohmstead.chargers.virtual_network import HIGH_WATER, MemoryTransport
from ohmstead.chargers.virtual_time import run_virtually

T = TypeVar("T")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Dial = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[T]]


def connected(serve: Serve, dial: Dial[T]) -> T:
    """Run both ends; what the dialling one came to."""

    async def main() -> T:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert isinstance(writer.transport, MemoryTransport)
        found = await dial(reader, writer)
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return found

    return run_virtually(main())


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_everything_arrives_in_order_however_it_is_written() -> None:
    async def dial(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for number in range(1000):
            writer.write(f"{number},".encode())
        writer.writelines([b"e", b"nd"])
        return await reader.readuntil(b"end")

    assert connected(echo, dial) == b"".join(f"{n},".encode() for n in range(1000)) + b"end"


def test_who_does_not_read_is_not_sent_more_than_the_limit() -> None:
    async def sulk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600.0)
        assert len(await reader.read(1 << 24)) > 0
        await echo(reader, writer)

    async def dial(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, float]:
        loop, written = asyncio.get_running_loop(), 0
        while loop.time() < 3600.0:
            writer.write(b"x" * 10_000)
            written += 10_000
            await writer.drain()
            await asyncio.sleep(1.0)
        return written, loop.time()

    written, waited_s = connected(sulk, dial)
    assert HIGH_WATER < written < 10 * HIGH_WATER
    assert waited_s >= 3600.0


def test_what_was_written_before_the_end_arrives_and_then_the_end() -> None:
    async def farewell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"last words")
        writer.close()
        await writer.wait_closed()

    async def dial(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        await asyncio.sleep(1.0)
        return await reader.read()

    assert connected(farewell, dial) == b"last words"


def test_a_server_that_is_closed_refuses() -> None:
    async def main() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        server.close()
        await server.wait_closed()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)

    run_virtually(main())


def test_both_ends_know_their_addresses() -> None:
    async def dial(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        own, other = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
        writer.write(b"\n")
        return bool(own != other and own[0] == other[0] == "127.0.0.1")

    assert connected(echo, dial)
