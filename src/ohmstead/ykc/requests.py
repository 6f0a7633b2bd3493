"""Requests that wait for their reply: one at a time for each frame type and gun, others wait their turn.

A reply should repeat its request's sequence. Some piles send their own counter instead; then what both
frames name (order, pile, gun) tells which request is meant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmstead.ykc.layout import Message

_KEYS = ("serial", "pile", "gun")
MAX_WAITING = 32


@dataclass(frozen=True, slots=True)
class Request:
    """A request on the wire."""

    id: int
    message: Message
    seq: bytes
    deadline: datetime


class Requests:
    """Args: how a request is put on the wire (gives the sequence used) and how long a reply may take."""

    def __init__(self, send: Callable[[Message], bytes], timeout_s: float) -> None:
        self._send = send
        self._timeout_s = timeout_s
        self._out: dict[tuple[int, str], Request] = {}
        self._waiting: dict[tuple[int, str], deque[tuple[int, Message]]] = {}
        self._last_id = 0

    def ask(self, message: Message, now: datetime) -> int | None:
        """Send a request now or in its turn.

        Returns:
            Its id, or ``None`` where too many of its kind wait already.
        """
        slot = _slot(message)
        self._last_id += 1
        if slot not in self._out:
            self._put(slot, self._last_id, message, now)
            return self._last_id
        waiting = self._waiting.setdefault(slot, deque())
        if len(waiting) >= MAX_WAITING:
            return None
        waiting.append((self._last_id, message))
        return self._last_id

    def answered(self, reply: Message, seq: bytes, now: datetime) -> Request | None:
        """The request that a reply belongs to; ``None`` where nobody asked. The next of its kind is sent."""
        candidates = [
            r for r in self._out.values() if r.message.REPLY == reply.TYPE and _agree(r.message, reply)
        ]
        if not candidates:
            return None
        request = next((r for r in candidates if r.seq == seq), candidates[0])
        self._finish(request, now)
        return request

    def expire(self, now: datetime) -> list[Request]:
        """Requests whose reply is overdue; they are forgotten, and the next of their kind are sent."""
        if not self._out:
            return []
        late = [request for request in self._out.values() if request.deadline <= now]
        for request in late:
            self._finish(request, now)
        return late

    def next_timeout(self) -> datetime | None:
        """When the first reply is overdue."""
        if not self._out:
            return None
        return min(request.deadline for request in self._out.values())

    def drop_all(self) -> list[int]:
        """Forget everything, as when the connection is gone; the ids of what got no reply."""
        ids = [request.id for request in self._out.values()]
        ids += [waiting_id for waiting in self._waiting.values() for waiting_id, _ in waiting]
        self._out.clear()
        self._waiting.clear()
        return ids

    def _put(self, slot: tuple[int, str], request_id: int, message: Message, now: datetime) -> None:
        deadline = now + timedelta(seconds=self._timeout_s)
        self._out[slot] = Request(request_id, message, self._send(message), deadline)

    def _finish(self, request: Request, now: datetime) -> None:
        slot = _slot(request.message)
        del self._out[slot]
        waiting = self._waiting.get(slot)
        if waiting:
            self._put(slot, *waiting.popleft(), now)
        else:
            self._waiting.pop(slot, None)


def _slot(message: Message) -> tuple[int, str]:
    return message.TYPE, getattr(message, "gun", "")


def _agree(request: Message, reply: Message) -> bool:
    for key in _KEYS:
        asked, told = getattr(request, key, None), getattr(reply, key, None)
        if asked is not None and told is not None and asked != told:
            return False
    return True
