from __future__ import annotations

import asyncio

import pytest

from ohmstead.ocpp.charge_point.waiting import Waiting


async def test_who_waits_is_woken_when_it_holds_and_not_before() -> None:
    waiting, here = Waiting(), set[str]()
    tasks = {name: asyncio.create_task(waiting.until(lambda name=name: name in here)) for name in "ab"}  # type: ignore[misc]
    await asyncio.sleep(0)
    waiting.look_again()
    here.add("b")
    waiting.look_again()
    async with asyncio.timeout(30):
        await tasks["b"]
        await waiting.until(lambda: "b" in here)
    assert not tasks["a"].done()
    tasks["a"].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks["a"]
    here.add("a")
    waiting.look_again()
