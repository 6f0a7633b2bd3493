from __future__ import annotations

import asyncio

import pytest

from ohmstead.ocpp.central.turn import Turn


async def settle() -> None:
    """Let all tasks come as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_comes_in_order_and_nobody_in_between() -> None:
    turn, order = Turn(), list[str]()

    async def wants(name: str) -> None:
        async with turn:
            order.append(name)
            assert not turn.free
            await asyncio.sleep(0)

    assert turn.free
    turn.take()
    waiting = [asyncio.create_task(wants(name)) for name in "abc"]
    await settle()
    assert order == []
    turn.give_back()
    assert not turn.free, "it was given to the first one, who has not come yet"
    with pytest.raises(RuntimeError):
        turn.take()
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c"]
    assert turn.free


@pytest.mark.parametrize("given_first", [False, True])
async def test_who_is_cancelled_holds_up_nobody(given_first: bool) -> None:
    turn, order = Turn(), list[str]()

    async def wants(name: str) -> None:
        async with turn:
            order.append(name)

    turn.take()
    first, second = asyncio.create_task(wants("first")), asyncio.create_task(wants("second"))
    await settle()
    if given_first:
        turn.give_back()
        first.cancel()
    else:
        first.cancel()
        await settle()
        turn.give_back()
    with pytest.raises(asyncio.CancelledError):
        await first
    await second
    assert order == ["second"]
    assert turn.free


async def test_it_is_given_back_after_an_error() -> None:
    turn = Turn()
    with pytest.raises(ValueError, match="no"):
        async with turn:
            raise ValueError("no")
    assert turn.free
