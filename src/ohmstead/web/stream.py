"""The live stream: Server-Sent Events (WHATWG HTML, 9.2) out of a :class:`SiteView`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from ohmstead.web.view import Event, Mailbox, SiteView

STATE_INTERVAL_S = 0.25
HEARTBEAT_S = 15.0
RETRY_MS = 2000
"""How long a browser waits before it connects again."""


def encode(event: Event) -> bytes:
    """One event on the wire. JSON has no raw line break, so one data line is enough."""
    return f"event: {event.kind}\ndata: {event.payload.model_dump_json()}\n\n".encode()


async def _pump(events: AsyncIterator[Event], mailbox: Mailbox) -> None:
    async for event in events:
        mailbox.put(event)


async def event_stream(
    view: SiteView,
    closing: asyncio.Event,
    *,
    state_interval_s: float = STATE_INTERVAL_S,
    heartbeat_s: float = HEARTBEAT_S,
) -> AsyncGenerator[bytes, None]:
    """The bytes of one client's stream.

    It begins with the present state. States are at least ``state_interval_s`` apart (the latest
    wins); plans and decisions go out at once. A comment is sent when nothing else was for
    ``heartbeat_s``, so that dead connections are noticed. It ends when ``closing`` is set.
    """
    loop = asyncio.get_running_loop()
    mailbox = Mailbox()
    pump = asyncio.create_task(_pump(view.subscribe(), mailbox))
    closed = asyncio.create_task(closing.wait())
    arrival = asyncio.create_task(mailbox.wait())
    try:
        yield f"retry: {RETRY_MS}\n\n".encode()
        yield encode(Event(kind="state", payload=view.state()))
        state_due = loop.time() + state_interval_s
        while not closing.is_set():
            await asyncio.wait(
                {arrival, closed, pump}, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED
            )
            if closing.is_set():
                return
            if pump.done():
                pump.result()
                return
            if not arrival.done():
                yield b": alive\n\n"
                continue
            if not mailbox.urgent:
                pause = state_due - loop.time()
                if pause > 0:
                    await asyncio.wait({closed}, timeout=pause)
            with_state = loop.time() >= state_due
            events = mailbox.take(with_state=with_state)
            arrival = asyncio.create_task(mailbox.wait())
            for event in events:
                yield encode(event)
            if with_state:
                state_due = loop.time() + state_interval_s
    finally:
        for task in (pump, closed, arrival):
            task.cancel()
        await asyncio.gather(pump, closed, arrival, return_exceptions=True)
