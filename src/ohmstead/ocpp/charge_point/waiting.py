"""Waiting for something to hold that changes bring about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiting:
    """Who waits, and for what. Whoever changes something calls :meth:`look_again`."""

    def __init__(self) -> None:
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once it holds."""
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, future))
        try:
            await future
        finally:
            self._waiters = [waiter for waiter in self._waiters if waiter[1] is not future]

    def look_again(self) -> None:
        """Wake those whose condition holds now."""
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)
