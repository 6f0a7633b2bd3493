"""Commands that were carried out, so that a repeated one is answered and not carried out again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 256


class Commands(Generic[T]):
    """Answers by command id; the oldest is forgotten first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._answers: OrderedDict[str, T] = OrderedDict()
        self._kept = kept

    def once(self, command_id: str | None, carry_out: Callable[[], T]) -> T:
        """The answer to a command; carries it out only where its id is new. Errors are not kept."""
        if command_id is None:
            return carry_out()
        if command_id not in self._answers:
            self._answers[command_id] = carry_out()
            if len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        return self._answers[command_id]
