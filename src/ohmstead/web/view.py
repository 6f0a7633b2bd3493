"""What the daemon offers to the web: one protocol, and a hub for live events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ohmstead.web.schema import (
    DecisionPayload,
    HealthPayload,
    HeatingPayload,
    HistoryPayload,
    LearningInfo,
    PlanPayload,
    StatePayload,
)

MAX_PENDING_DECISIONS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened, with its payload."""

    kind: Literal["state", "plan", "decision"]
    payload: StatePayload | PlanPayload | DecisionPayload


class SiteView(Protocol):
    """The home as the web sees it.

    ``decisions`` and ``history`` may read a database and are called from worker threads; all others are
    called on the event loop and must not block.
    """

    def state(self) -> StatePayload:
        """The home now."""
        ...

    def plan(self) -> PlanPayload | None:
        """The plan in force, or ``None`` as long as there is none."""
        ...

    def heating(self) -> HeatingPayload:
        """The rooms and floors that are regulated here; empty where there are none."""
        ...

    def reset_learning(self, room: str) -> LearningInfo:
        """Forget what a radiator room has learned; what that was.

        Raises:
            KeyError: no such room is regulated here.
        """
        ...

    def decisions(self, limit: int, asset: str | None) -> list[DecisionPayload]:
        """The latest decisions, newest first; of one asset only where ``asset`` is given."""
        ...

    def history(
        self, start: datetime, end: datetime, resolution_s: int, series: Sequence[str] | None
    ) -> HistoryPayload:
        """Mean values over [start, end).

        Series are named ``grid``, ``<asset>`` (W), ``<asset>.soc`` (0..1), ``<asset>.temperature_c``
        and ``price.import`` (EUR/kWh); ``None`` asks for all. A name that nobody recorded is left
        out of the answer.
        """
        ...

    def health(self) -> HealthPayload:
        """How the daemon is."""
        ...

    def subscribe(self) -> AsyncIterator[Event]:
        """Events from now on, until the iterator is closed. See :class:`Hub`."""
        ...


class Mailbox:
    """Events waiting for one reader: the latest state and plan, and a bounded run of decisions.

    Putting never blocks and memory is bounded, however slow the reader is.
    """

    __slots__ = ("_arrived", "_decisions", "_plan", "_state")

    def __init__(self) -> None:
        self._state: Event | None = None
        self._plan: Event | None = None
        self._decisions: deque[Event] = deque(maxlen=MAX_PENDING_DECISIONS)
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Keep an event; a newer state or plan takes the place of an unread one."""
        if event.kind == "state":
            self._state = event
        elif event.kind == "plan":
            self._plan = event
        else:
            self._decisions.append(event)
        self._arrived.set()

    async def wait(self) -> None:
        """Return as soon as something is there."""
        await self._arrived.wait()

    def take(self, *, with_state: bool = True) -> list[Event]:
        """Everything that waits: decisions oldest first, then the plan, then the state.

        ``with_state=False`` leaves the state for later.
        """
        events = list(self._decisions)
        self._decisions.clear()
        if self._plan is not None:
            events.append(self._plan)
            self._plan = None
        if with_state and self._state is not None:
            events.append(self._state)
            self._state = None
        self._arrived.clear()
        if self._state is not None:
            self._arrived.set()
        return events

    @property
    def urgent(self) -> bool:
        """There is a plan or a decision, which are not throttled."""
        return self._plan is not None or bool(self._decisions)


class Hub:
    """Hands events from the control loop to any number of readers.

    To be used from one event loop. ``publish`` never waits, so a reader cannot slow the loop.
    """

    def __init__(self) -> None:
        self._mailboxes: set[Mailbox] = set()

    @property
    def readers(self) -> int:
        """How many readers there are now; with none, payloads need not be built."""
        return len(self._mailboxes)

    def publish(self, event: Event) -> None:
        """Give an event to every reader."""
        for mailbox in self._mailboxes:
            mailbox.put(event)

    async def subscribe(self) -> AsyncIterator[Event]:
        """Events from the first ``anext`` on; the reader is forgotten when the iterator closes."""
        mailbox = Mailbox()
        self._mailboxes.add(mailbox)
        try:
            while True:
                await mailbox.wait()
                for event in mailbox.take():
                    yield event
        finally:
            with suppress(KeyError):
                self._mailboxes.remove(mailbox)
