from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

from ohmstead.chargers.virtual_time import LoopClock, run_virtually

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_year_of_sleep_takes_no_time() -> None:
    async def main() -> timedelta:
        clock = LoopClock(START)
        await asyncio.sleep(365 * 86400.0)
        return clock() - START

    began = time.monotonic()
    assert run_virtually(main()) == timedelta(days=365)
    assert time.monotonic() - began < 60.0


def test_timers_run_in_their_order() -> None:
    async def main() -> list[int]:
        seen: list[int] = []

        async def wait(seconds: int) -> None:
            await asyncio.sleep(seconds)
            seen.append(seconds)

        async with asyncio.TaskGroup() as group:
            for seconds in (50, 3, 7, 1, 20):
                group.create_task(wait(seconds))
        return seen

    assert run_virtually(main()) == [1, 3, 7, 20, 50]


def test_bytes_arrive_before_time_passes() -> None:
    """A server and a client of one process answer each other without a second going by."""

    async def main() -> tuple[int, float]:
        loop = asyncio.get_running_loop()

        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(100):
                writer.write(data)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        began, answers = loop.time(), 0
        for _ in range(200):
            async with asyncio.timeout(5.0):
                writer.write(b"x")
                answers += len(await reader.readexactly(1))
        spent = loop.time() - began
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return answers, spent

    answers, spent = run_virtually(main())
    assert answers == 200
    assert spent < 1.0


def test_a_thread_is_waited_for_while_time_stands_still() -> None:
    def slow() -> str:
        time.sleep(0.2)
        return "done"

    async def main() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        alarm = loop.call_later(3600.0, lambda: None)
        done = await asyncio.to_thread(slow)
        alarm.cancel()
        return done, loop.time()

    assert run_virtually(main()) == ("done", 0.0)
