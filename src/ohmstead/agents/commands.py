"""Commands that were carried out: a repeated one is only answered, one that comes too late is refused.

A command that timed out at the central agent may still lie in a socket's buffer, and be read after the
newer one that was sent instead. So each central agent numbers its commands, and nothing older than the
newest one seen from it is carried out.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from ohmstead.agents.schema import Sequence
from ohmstead.errors import DeviceError

T = TypeVar("T")

KEPT = 256
KEPT_ISSUERS = 64


class SupersededError(DeviceError):
    """A newer command of the same issuer came first; nothing was changed."""


class Commands(Generic[T]):
    """Answers by command id, and the newest number by issuer; the oldest are forgotten first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._answers: OrderedDict[str, T] = OrderedDict()
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._kept = kept

    def once(self, command_id: str | None, carry_out: Callable[[], T], sequence: Sequence | None = None) -> T:
        """The answer to a command; carries it out only where its id is new. Errors are not kept.

        Raises:
            SupersededError: its issuer sent a newer one, which came first.
        """
        if command_id is not None and command_id in self._answers:
            return self._answers[command_id]
        if sequence is not None:
            self._take(sequence)
        answer = carry_out()
        if command_id is not None:
            self._answers[command_id] = answer
            if len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        return answer

    def _take(self, sequence: Sequence) -> None:
        newest = self._newest.get(sequence.issuer)
        if newest is not None and sequence.number < newest:
            raise SupersededError(
                f"command {sequence.number} came after {newest} of the same issuer; nothing was changed"
            )
        self._newest[sequence.issuer] = sequence.number
        self._newest.move_to_end(sequence.issuer)
        if len(self._newest) > KEPT_ISSUERS:
            self._newest.popitem(last=False)
