"""Whose turn it is: the messages of one charger are decided and booked one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class Turn:
    """A lock that is taken without waiting where it is free; who has to wait comes in order.

    Either ``async with turn``, or :meth:`take` where it is :attr:`free`, and :meth:`give_back` later.
    """

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] | None = None

    @property
    def free(self) -> bool:
        """Nobody has it, and nobody waits for it."""
        return not self._taken

    def take(self) -> None:
        """Take it now.

        Raises:
            RuntimeError: somebody has it.
        """
        if self._taken:
            raise RuntimeError("it is somebody else's turn")
        self._taken = True

    def give_back(self) -> None:
        """The next one's turn."""
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)  # it stays taken meanwhile: nobody comes in between
                return
        self._waiting = None
        self._taken = False

    async def __aenter__(self) -> None:
        """Wait for it."""
        if not self._taken:
            self._taken = True
            return
        if self._waiting is None:
            self._waiting = deque()
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():  # it was given to us just then
                self.give_back()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""
        self.give_back()
