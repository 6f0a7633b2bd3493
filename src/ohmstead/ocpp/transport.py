"""A session over a WebSocket (OCPP-J 1.6 §3), for either end."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final
from urllib.parse import quote

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from ohmstead.errors import DeviceError, DeviceOffline, OhmsteadError
from ohmstead.ocpp.clock import Clock, RealClock, Timer
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import MAX_FRAME_BYTES, Payload
from ohmstead.ocpp.schemas import SchemaError
from ohmstead.ocpp.session import CALL_TIMEOUT_S, Cause, Failed, Ignored, InboundCall, Result, Session

SUBPROTOCOL: Final = "ocpp1.6"
PING_INTERVAL_S: Final = 60.0
PING_TIMEOUT_S: Final = 20.0
CLOSE_TIMEOUT_S: Final = 2.0
MAX_MESSAGE_BYTES: Final = 2 * MAX_FRAME_BYTES
"""Up to here a frame that is too large is answered; beyond it the connection is closed (1009)."""

log = structlog.get_logger(__name__)


class CallFailed(DeviceError):  # noqa: N818 - what happened to the call
    """A call got no result."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(f"{failed.action}: {failed.cause}: {failed.code}: {failed.description}")
        self.failed = failed
        self.cause: Cause = failed.cause
        self.code: ErrorCode = failed.code


class ConnectFailed(DeviceOffline):
    """No connection; ``__cause__`` says why."""


class Refusal(Exception):  # noqa: N818 - an answer, not a failure
    """Raised by a handler: answer the call with this CALLERROR."""

    def __init__(self, code: ErrorCode, description: str = "", details: Payload | None = None) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.details = details or {}


Handler = Callable[[str, Payload], "Payload | Awaitable[Payload] | None"]
"""Answers a call of the peer, at once or later; ``None``: never. May raise :class:`Refusal`.

A coroutine ends with the connection; a future is its maker's, and is not cancelled."""


Observer = Callable[[str, str], None]
"""Sees every frame: ``in`` or ``out``, and the text. Secrets included: it must not go to a log as it is."""


class Connection:
    """Runs one session over one open WebSocket until it closes."""

    __slots__ = (
        "_background",
        "_clock",
        "_crash",
        "_guess_times",
        "_handler",
        "_name",
        "_observer",
        "_sending",
        "_session",
        "_timer",
        "_waiting",
        "_websocket",
    )

    def __init__(
        self,
        websocket: ClientConnection | ServerConnection,
        handler: Handler,
        *,
        name: str = "",
        clock: Clock | None = None,
        tolerant: bool = False,
        guess_times: bool = True,
        call_timeout_s: float = CALL_TIMEOUT_S,
        id_prefix: str | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Serve an open WebSocket.

        Args:
            tolerant: mend what peers are known to get wrong.
            guess_times: and take now for a time that cannot be read.
            id_prefix: of message ids, as of :class:`Session`.
            observer: sees every frame.
        """
        self._observer = observer
        self._guess_times = guess_times
        self._websocket = websocket
        self._handler = handler
        self._name = name
        self._clock = clock or RealClock()
        self._session = Session(tolerant=tolerant, call_timeout_s=call_timeout_s, id_prefix=id_prefix)
        self._waiting: dict[str, asyncio.Future[Payload]] = {}
        self._background: set[asyncio.Future[Any]] = set()
        self._sending = asyncio.Lock()
        self._timer: Timer | None = None
        self._crash: BaseException | None = None

    @property
    def session(self) -> Session:
        """The session, to look at."""
        return self._session

    @property
    def websocket(self) -> ClientConnection | ServerConnection:
        """The WebSocket underneath."""
        return self._websocket

    async def run(self) -> str:
        """Serve until the connection is closed; returns the reason.

        Calls still waiting then fail with :class:`CallFailed`, cause ``closed``. A handler that fails
        with anything but an :class:`OhmsteadError` ends this connection, and its error is raised here.
        """
        reason = "closed"
        try:
            while True:
                self._take(await self._websocket.recv())
                if not self._flush_at_once():
                    await self._flush()
        except ConnectionClosed as closed:
            reason = str(closed)
        finally:
            self._end(reason)
            for task in self._background:
                task.cancel()
        if self._crash is not None:
            raise self._crash
        return reason

    async def call(
        self,
        action: str,
        payload: Payload,
        timeout: float | None = None,  # noqa: ASYNC109 - bounds the wait in the queue too
        *,
        urgent: bool = False,
    ) -> Payload:
        """Ask the peer.

        Args:
            timeout: seconds, waiting for its turn included; ``None``: the session's time-out per call.

        Raises:
            CallFailed: refused, timed out, an answer that is none, or the connection closed.
            DeviceOffline: it is closed already.
            SchemaError: the payload does not follow the schema; nothing was sent.
        """
        try:
            message_id = self._session.call(action, payload, self._clock.monotonic(), urgent=urgent)
        except (ConnectionError, BufferError) as error:
            raise DeviceOffline(f"{self._name}: {error}") from error
        future: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        alarm = None
        if timeout is not None:
            alarm = self._clock.call_later(timeout, lambda: self._give_up(message_id))
        try:
            await self._flush()
            return await future
        finally:
            if alarm is not None:
                alarm.cancel()
            if self._waiting.pop(message_id, None) is not None:  # the caller was cancelled
                self._session.cancel(message_id, self._clock.monotonic())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, after what was said already; :meth:`run` returns."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._flush()
        await self._websocket.close(code, reason)

    def _give_up(self, message_id: str) -> None:
        for failed in self._session.cancel(message_id, self._clock.monotonic(), Cause.TIMEOUT):
            self._settle(failed)
        self._flush_soon()

    def _take(self, data: str | bytes) -> None:
        if self._observer is not None:
            self._observer("in", data if isinstance(data, str) else data.decode(errors="replace"))
        now = self._clock.monotonic()
        received_at = self._clock.now() if self._guess_times else None
        for event in self._session.receive(data, now, received_at=received_at):
            match event:
                case InboundCall():
                    if event.deviations:
                        log.debug("ocpp_mended", peer=self._name, action=event.action, at=event.deviations)
                    self._answer(event)
                case Ignored(message_id, reason):
                    log.warning("ocpp_ignored", peer=self._name, message_id=message_id, reason=reason)
                case Result() | Failed():
                    self._settle(event)

    def _settle(self, event: Result | Failed) -> None:
        future = self._waiting.pop(event.message_id, None)
        if future is None or future.done():
            return
        if isinstance(event, Result):
            future.set_result(event.payload)
        else:
            future.set_exception(CallFailed(event))

    def _answer(self, call: InboundCall) -> None:
        try:
            answer = self._handler(call.action, call.payload)
        except (Refusal, OhmsteadError) as error:
            self._decline(call.message_id, call.action, error)
            return
        if answer is None:
            self._session.stay_silent(call.message_id)
        elif isinstance(answer, dict):
            self._reply(call.message_id, answer)
        else:
            future = asyncio.ensure_future(answer)
            if future is not answer:
                self._background.add(future)
            # Without the payload: thousands of calls may wait for a disk, and the memory is used again.
            future.add_done_callback(partial(self._answered, call.message_id, call.action))

    def _answered(self, message_id: str, action: str, answer: asyncio.Future[Payload]) -> None:
        self._background.discard(answer)
        if answer.cancelled():
            return
        error = answer.exception()
        if error is None:
            self._reply(message_id, answer.result())
        elif isinstance(error, Refusal | OhmsteadError):
            self._decline(message_id, action, error)
        else:
            self._crash = error
            self._websocket.transport.abort()
            return
        self._flush_soon()

    def _reply(self, message_id: str, payload: Payload) -> None:
        if self._session.closed:
            return
        try:
            self._session.answer(message_id, payload)
        except SchemaError as error:
            log.warning("ocpp_answer_refused", peer=self._name, error=str(error))

    def _decline(self, message_id: str, action: str, error: Refusal | OhmsteadError) -> None:
        if isinstance(error, OhmsteadError):
            log.warning("ocpp_call_failed", peer=self._name, action=action, error=str(error))
            error = Refusal(ErrorCode.INTERNAL_ERROR, "the call could not be carried out")
        if not self._session.closed:
            self._session.refuse(message_id, error.code, error.description, error.details)

    async def _flush(self) -> None:
        """Send what waits, in order; who comes while another sends waits, so that a flood is slowed down."""
        self._arm()
        try:
            async with self._sending:
                for text in self._session.data_to_send():
                    if self._observer is not None:
                        self._observer("out", text)
                    await self._websocket.send(text)
        except ConnectionClosed:
            return  # run() reads what arrived before, and ends then

    def _flush_at_once(self) -> bool:
        """Send what waits without waiting; False where the peer has not taken what was sent before."""
        if self._sending.locked() or self._websocket.transport.get_write_buffer_size():
            return False
        self._arm()
        for text in self._session.data_to_send():
            if self._observer is not None:
                self._observer("out", text)
            broadcast((self._websocket,), text)
        return True

    def _flush_soon(self) -> None:
        if self._flush_at_once():
            return
        task = asyncio.ensure_future(self._flush())
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _arm(self) -> None:
        """One timer per connection; it looks again when it comes too early."""
        deadline = self._session.next_timeout()
        if self._timer is None and deadline is not None:
            self._timer = self._clock.call_later(deadline - self._clock.monotonic(), self._expire)

    def _expire(self) -> None:
        self._timer = None
        for failed in self._session.expire(self._clock.monotonic()):
            self._settle(failed)
        self._flush_soon()

    def _end(self, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for failed in self._session.close(reason):
            self._settle(failed)


async def open_connection(
    url: str,
    identity: str,
    handler: Handler,
    *,
    password: bytes | None = None,
    tls: ssl.SSLContext | None = None,
    clock: Clock | None = None,
    tolerant: bool = False,
    guess_times: bool = True,
    call_timeout_s: float = CALL_TIMEOUT_S,
    open_timeout_s: float = 10.0,
    ping_interval_s: float | None = PING_INTERVAL_S,
    id_prefix: str | None = None,
    observer: Observer | None = None,
) -> Connection:
    """Connect as the charge point ``identity`` to ``url/identity`` (OCPP-J 1.6 §3.1.1).

    Args:
        password: of HTTP basic authentication, bytes as they are (security profiles 1 and 2).
        ping_interval_s: ``None`` for no pings.
        id_prefix: of message ids, as of :class:`Session`.

    Raises:
        ConnectFailed: no connection, refused, or the other end does not speak OCPP 1.6.
    """
    target = f"{url.rstrip('/')}/{quote(identity, safe='')}"
    headers: dict[str, str] = {}
    if password is not None:
        headers["Authorization"] = "Basic " + b64encode(identity.encode() + b":" + password).decode()
    options: dict[str, Any] = {"ssl": tls} if tls is not None else {}
    try:
        websocket = await connect(
            target,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers=headers,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=4,
            open_timeout=open_timeout_s,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=ping_interval_s,
            ping_timeout=PING_TIMEOUT_S,
            proxy=None,
            user_agent_header=None,
            **options,
        )
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        raise ConnectFailed(f"{url}: {error}") from error
    if websocket.subprotocol != SUBPROTOCOL:
        await websocket.close(1002, "no common subprotocol")
        raise ConnectFailed(f"{url}: the central system does not speak {SUBPROTOCOL}")
    return Connection(
        websocket,
        handler,
        name=identity,
        clock=clock,
        tolerant=tolerant,
        guess_times=guess_times,
        call_timeout_s=call_timeout_s,
        id_prefix=id_prefix,
        observer=observer,
    )
