"""What goes out, in which order: the persistent queue of transaction messages, and the others around it.

Transaction messages keep their order, and wait as a whole while the first of them is to be sent again.
Other messages keep their place between them, but do not wait for that (OCPP 1.6 §3.7).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from ohmstead.errors import DeviceOffline
from ohmstead.ocpp.charge_point.configuration import Configuration
from ohmstead.ocpp.charge_point.registration import Registration
from ohmstead.ocpp.charge_point.retry import retry_delay_s
from ohmstead.ocpp.charge_point.store import Queued, Store
from ohmstead.ocpp.clock import Clock, Timer
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.schemas import SchemaError
from ohmstead.ocpp.session import Cause
from ohmstead.ocpp.transport import CallFailed, Connection

MAX_WAITING_MESSAGES: Final = 20_000
"""Transaction messages kept while offline: two weeks of samples a minute apart."""
MAX_OTHERS: Final = 200
NO_TRANSACTION: Final = -1
"""``transactionId`` of a transaction that never got one (errata 3.18)."""

log = structlog.get_logger(__name__)

OnAnswer = Callable[[Payload], None]


@dataclass(frozen=True, slots=True)
class _Other:
    action: str
    payload: Payload
    after: int
    triggered: bool
    keep: bool
    on_answer: OnAnswer | None


class Sender:
    """Sends one message after the other while there is a connection."""

    __slots__ = (
        "_clock",
        "_configuration",
        "_connection",
        "_identity",
        "_last_seq",
        "_not_before_s",
        "_on_delivered",
        "_on_idle",
        "_others",
        "_registration",
        "_store",
        "_task",
        "_timer",
        "_waiting",
    )

    def __init__(
        self,
        *,
        store: Store,
        identity: str,
        clock: Clock,
        configuration: Configuration,
        registration: Callable[[], Registration],
        on_delivered: Callable[[Queued, Payload], None],
        on_idle: Callable[[], None],
    ) -> None:
        """Begin without a connection.

        Args:
            on_delivered: called with the answer to a transaction message, in the commit that removes it.
            on_idle: called when there is nothing more to send for now.
        """
        self._store = store
        self._identity = identity
        self._clock = clock
        self._configuration = configuration
        self._registration = registration
        self._on_delivered = on_delivered
        self._on_idle = on_idle
        self._connection: Connection | None = None
        self._others: deque[_Other] = deque()
        self._waiting = store.queue_length(identity)
        self._last_seq = 0
        self._not_before_s = 0.0
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Transaction messages that are not delivered yet."""
        return self._waiting

    @property
    def is_idle(self) -> bool:
        """Everything is delivered."""
        return not self._waiting and not self._others and self._task is None

    def enqueue(self, action: str, payload: Payload, local_id: int | None) -> None:
        """Keep a transaction message, to be sent in its turn; called inside a store transaction."""
        if self._waiting >= MAX_WAITING_MESSAGES:
            self._waiting -= self._store.thin_out(self._identity)
            log.warning("ocpp_queue_thinned", charge_point=self._identity, left=self._waiting)
        self._last_seq = self._store.enqueue(self._identity, action, payload, local_id)
        self._waiting += 1

    def send(
        self,
        action: str,
        payload: Payload,
        *,
        triggered: bool = False,
        keep: bool = False,
        on_answer: OnAnswer | None = None,
    ) -> bool:
        """Send another message, after the transaction messages before it.

        Args:
            triggered: asked for by the central system: allowed while the registration is pending.
            keep: also if it cannot be sent now.

        Returns:
            False: it is dropped, because nothing may be sent now.
        """
        online = self._connection is not None and self._registration().may_send(triggered=triggered)
        if not online and not keep:
            return False
        if len(self._others) >= MAX_OTHERS:
            self._others.popleft()
        self._others.append(_Other(action, payload, self._last_seq, triggered, keep, on_answer))
        self.wake()
        return True

    def connect(self, connection: Connection) -> None:
        """There is a connection; nothing is sent before :meth:`wake`."""
        self._connection = connection
        self._last_seq = 0  # what comes now goes before the backlog

    def disconnect(self) -> None:
        """The connection is gone: what it said is old when the next one comes."""
        self._connection = None
        self._others = deque(other for other in self._others if other.keep)

    def stop(self) -> None:
        """No timer is left."""
        self.disconnect()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def wake(self) -> None:
        """Something can be sent, perhaps."""
        if self._connection is not None and self._task is None and (self._others or self._waiting):
            self._task = asyncio.ensure_future(self._run(self._connection))
            self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            raise error
        registration = self._registration()
        if self._next_other(registration) or (registration.accepted and self._head()):
            self.wake()  # there is another connection already
        else:
            self._on_idle()

    async def _run(self, connection: Connection) -> None:
        while connection is self._connection and not connection.session.closed:
            registration = self._registration()
            head = self._head() if registration.accepted else None
            other = self._next_other(registration)
            if head is not None and (other is None or head.seq <= other.after):
                await self._send_head(connection, head)
            elif other is not None:
                self._others.remove(other)
                await self._send_other(connection, other)
            else:
                return

    def _head(self) -> Queued | None:
        if not self._waiting:
            return None
        wait_s = self._not_before_s - self._clock.monotonic()
        if wait_s <= 0:
            return self._store.head(self._identity)
        if self._timer is None:
            self._timer = self._clock.call_later(wait_s, self._retry)
        return None

    def _retry(self) -> None:
        self._timer = None
        self.wake()

    def _next_other(self, registration: Registration) -> _Other | None:
        return next((o for o in self._others if registration.may_send(triggered=o.triggered)), None)

    async def _send_other(self, connection: Connection, other: _Other) -> None:
        try:
            answer = await connection.call(other.action, other.payload)
        except (CallFailed, DeviceOffline, SchemaError) as error:
            log.warning("ocpp_message_failed", charge_point=self._identity, error=str(error))
            if other.keep and connection is not self._connection:
                self._others.appendleft(other)
            return
        if other.on_answer is not None:
            other.on_answer(answer)

    async def _send_head(self, connection: Connection, head: Queued) -> None:
        payload = head.payload
        if head.local_id is not None and head.action != "StartTransaction":
            known = self._store.transaction_id(head.local_id)
            payload = payload | {"transactionId": NO_TRANSACTION if known is None else known}
        try:
            answer = await connection.call(head.action, payload)
        except DeviceOffline:
            return
        except SchemaError as error:
            log.warning("ocpp_message_dropped", charge_point=self._identity, error=str(error))
            self._forget(head)
            return
        except CallFailed as failed:
            if failed.cause not in (Cause.CLOSED, Cause.CANCELLED):
                self._failed(head, failed)
            return
        with self._store.transaction():
            self._on_delivered(head, answer)
            self._store.remove(head)
        self._waiting -= 1

    def _failed(self, head: Queued, failed: CallFailed) -> None:
        delay_s = retry_delay_s(
            head.transmissions + 1,
            attempts=self._configuration.number("TransactionMessageAttempts"),
            interval_s=self._configuration.number("TransactionMessageRetryInterval"),
        )
        if delay_s is None:
            log.warning("ocpp_message_dropped", charge_point=self._identity, error=str(failed))
            self._forget(head)
            return
        self._store.count_transmission(head.seq)
        self._not_before_s = self._clock.monotonic() + delay_s

    def _forget(self, head: Queued) -> None:
        self._store.remove(head)
        self._waiting -= 1
