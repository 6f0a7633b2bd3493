"""The central system: one WebSocket server, one store, and every charger on its own.

What a charger sends is decided by :mod:`ohmstead.ocpp.central.inbound`, committed, and then answered. The
messages of one charger are taken in turn, those of different chargers do not wait for each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog
from msgspec.structs import replace
from websockets.asyncio.server import Server, ServerConnection

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.ocpp.central.accounting import MixAt, unknown_mix
from ohmstead.ocpp.central.charger import Admission, Charger
from ohmstead.ocpp.central.commands import Commands
from ohmstead.ocpp.central.decision import Context, Decision, Ledger, Refusal, SaveCharger
from ohmstead.ocpp.central.door import Door
from ohmstead.ocpp.central.gate import identity_of
from ohmstead.ocpp.central.inbound import decide
from ohmstead.ocpp.central.listening import listen
from ohmstead.ocpp.central.peers import Alone, Peers
from ohmstead.ocpp.central.settings import CentralSettings, SecurityProfile
from ohmstead.ocpp.central.store_port import Claim, StaleClaim, StoreError, TransactionStore
from ohmstead.ocpp.central.turn import Turn
from ohmstead.ocpp.clock import Clock, RealClock
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.transport import SUBPROTOCOL, Connection
from ohmstead.ocpp.transport import Refusal as Refused

log = structlog.get_logger(__name__)

T = TypeVar("T")

CALL_TIMEOUT_S = 30.0
NOT_WHILE_PENDING = frozenset({"RemoteStartTransaction", "RemoteStopTransaction"})
"""OCPP 1.6, 4.2: a charger that is only pending is not to charge."""

Watcher = Callable[[Charger, str], object]
"""Told after each message that changed a charger: its new state, and the action (or ``connected``,
``disconnected``)."""


@dataclass(slots=True)
class _Link:
    """What exists of a charger only while the process runs."""

    identity: str
    turn: Turn = field(default_factory=Turn)
    connection: Connection | None = None
    claim: Claim | None = None
    """Of the newest connection that there was here."""
    watchers: list[Watcher] = field(default_factory=list)


class CentralSystem:
    """Accepts chargers, books what they tell and passes commands on. Use as an async context manager."""

    def __init__(
        self,
        settings: CentralSettings,
        store: TransactionStore,
        *,
        clock: Clock | None = None,
        network_clock: Clock | None = None,
        mix: MixAt = unknown_mix,
        peers: Peers | None = None,
    ) -> None:
        """Nothing listens yet; the store stays the caller's to close.

        Args:
            clock: the time of day, and of everything that is waited for.
            network_clock: for time-outs of calls; real, where a virtual clock meets a real network.

        Raises:
            ConfigError: the settings would let anybody in.
        """
        settings.check()
        self.settings = settings
        self.store = store
        self.port = settings.port
        """Where it listens; the free port it took where 0 was asked for."""
        self.clock: Clock = clock or RealClock()
        self._clock = self.clock
        self._network_clock = network_clock or self.clock
        self._context = Context(ledger=store, mix=mix, heartbeat_s=round(settings.heartbeat_s))
        self._door = Door(settings, store, self._clock)
        self._peers = peers or Alone()
        self._links: dict[str, _Link] = {}
        self._server: Server | None = None
        self._tasks: set[asyncio.Future[Any]] = set()
        self.id_prefix: Callable[[], str] | None = None
        """Of message ids, anew for each connection; random without it, as ids must not repeat."""

    @property
    def url(self) -> str:
        """What a charger is pointed at."""
        scheme = "wss" if self.settings.security_profile >= SecurityProfile.TLS else "ws"
        host = self.settings.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}/ocpp"

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            ConfigError: the address cannot be used, or TLS files cannot.
        """
        self._server = await listen(self.settings, self._door, self._serve)
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections; chargers keep their limits and come back by themselves."""
        if self._server is not None:
            self._server.close(code=1001, reason="the central system stops")
            await self._server.wait_closed()
            self._server = None
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def chargers(self) -> Mapping[str, Charger]:
        """Every known charger, by identity."""
        return self.store.chargers

    def now(self) -> datetime:
        """The time of day by the central system's clock."""
        return self._clock.now()

    def connected(self, identity: str) -> bool:
        """A charger has a connection now, here or to another worker."""
        return self._connection(identity) is not None or self._peers.elsewhere(identity)

    def _connection(self, identity: str) -> Connection | None:
        link = self._links.get(identity)
        return None if link is None else link.connection

    def commands(self, identity: str) -> Commands:
        """The operations of one charger."""

        async def call(action: str, payload: Payload) -> Payload:
            return await self.call(identity, action, payload)

        return Commands(call=call)

    async def call(
        self,
        identity: str,
        action: str,
        payload: Payload,
        timeout: float | None = CALL_TIMEOUT_S,  # noqa: ASYNC109 - of waiting for its turn too
        *,
        urgent: bool = False,
    ) -> Payload:
        """Ask a charger anything that the standard knows.

        Raises:
            DeviceOffline: it is not connected.
            DeviceError: it waits for adoption, and must not charge before.
            CallFailed: it refused, or did not answer in time.
            SchemaError: the payload does not follow the schema; nothing was sent.
        """
        if self._connection(identity) is None and self._peers.elsewhere(identity):
            return await self._peers.call(identity, action, payload, timeout, urgent=urgent)
        return await self.call_here(identity, action, payload, timeout, urgent=urgent)

    async def call_here(
        self,
        identity: str,
        action: str,
        payload: Payload,
        timeout: float | None = CALL_TIMEOUT_S,  # noqa: ASYNC109 - of waiting for its turn too
        *,
        urgent: bool = False,
    ) -> Payload:
        """Ask a charger that is connected to this process; see :meth:`call`."""
        charger = self.store.chargers.get(identity)
        if charger is not None and not charger.adopted and action in NOT_WHILE_PENDING:
            raise DeviceError(f"charger {identity!r} is not adopted; {action} comes after that")
        connection = self._connection(identity)
        if connection is None:
            raise DeviceOffline(f"charger {identity!r} is not connected")
        return await connection.call(action, payload, timeout, urgent=urgent)

    async def adopt(self, identity: str) -> None:
        """Make a held charger one of ours; it is asked to boot again, so that it need not wait.

        Raises:
            KeyError: it is not known.
            DeviceOffline: the worker that has its connection cannot be reached.
        """
        if self._connection(identity) is None and await self._peers.adopt(identity):
            return
        link = self._link(identity)
        async with link.turn:
            charger = replace(self.store.chargers[identity], admission=Admission.ADOPTED)
            claim = link.claim if link.connection is not None else None
            await self.store.commit((SaveCharger(charger=charger),), claim)
        self._tell(link, "adopted")
        if link.connection is not None:
            self._spawn(self._boot_again(link.connection))

    def expect(self, identity: str) -> None:
        """A person named this charger: it is one of ours as soon as it comes, and if it is held now."""
        self._door.expected.add(identity)
        known = self.store.chargers.get(identity)
        if known is not None and not known.adopted:
            self._spawn(self.adopt(identity))

    async def forget(self, identity: str) -> bool:
        """Forget a charger and its password, and close its connection; its sessions stay.

        Returns:
            False where it is not known.
        """
        known = await self.store.forget(identity)
        self._peers.forgotten(identity)
        await self.dropped(identity)
        return known

    async def dropped(self, identity: str) -> None:
        """A charger is forgotten, here or by another worker."""
        self.store.forgotten(identity)
        link = self._links.pop(identity, None)
        if link is not None and link.connection is not None:
            await link.connection.close(1008, "forgotten")

    async def superseded(self, claim: Claim) -> None:
        """Another worker holds this claim; an older connection here is closed."""
        link = self._links.get(claim.identity)
        if link is None or link.connection is None or link.claim is None or link.claim >= claim:
            return
        connection, link.connection = link.connection, None
        self._peers.left(link.claim)
        log.info("ocpp_replaced", charger=claim.identity, by="another worker")
        await connection.close(1000, "a newer connection")

    def heard(self, charger: Charger, action: str) -> None:
        """Another worker tells of a charger. Of one that is connected here only that it is adopted counts."""
        link = self._link(charger.identity)
        if link.connection is not None:
            mine = self.store.chargers.get(charger.identity)
            if mine is not None and charger.adopted and not mine.adopted:
                self._spawn(self.adopt(charger.identity))
            return
        self.store.note(charger)
        self._tell_watchers(link, charger, action)

    def lost(self, identity: str) -> None:
        """The worker that had a charger's connection is gone."""
        charger, link = self.store.chargers.get(identity), self._links.get(identity)
        if charger is not None and link is not None and link.connection is None:
            self._tell_watchers(link, charger, "disconnected")

    def watch(self, identity: str, watcher: Watcher) -> Callable[[], None]:
        """Be told of a charger from now on; returns what ends that. The charger need not be known yet."""
        watchers = self._link(identity).watchers
        watchers.append(watcher)
        return lambda: watchers.remove(watcher)

    @property
    def door(self) -> Door:
        """Passwords."""
        return self._door

    def _link(self, identity: str) -> _Link:
        return self._links.setdefault(identity, _Link(identity))

    async def _serve(self, websocket: ServerConnection) -> None:
        if websocket.subprotocol is None:
            await websocket.close(1002, f"only {SUBPROTOCOL} is spoken here")
            return
        request = websocket.request
        identity = identity_of(request.path) if request is not None else None
        try:
            claim = None if identity is None else await self.store.claim(identity)
        except StoreError as error:
            log.error("ocpp_store_failed", error=str(error))  # noqa: TRY400 - expected
            await websocket.close(1013, "cannot be recorded now")
            return
        if identity is None or claim is None:
            await websocket.close(1008, "forgotten")
            return
        link = self._link(identity)
        if link.claim is not None and claim < link.claim:
            await websocket.close(1000, "a newer connection")
            return
        connection = Connection(
            websocket,
            lambda action, payload: self._answer(link, claim, action, payload),
            name=identity,
            clock=self._network_clock,
            tolerant=True,
            call_timeout_s=CALL_TIMEOUT_S,
            id_prefix=None if self.id_prefix is None else self.id_prefix(),
        )
        old, link.connection, link.claim = link.connection, connection, claim
        self._peers.joined(claim)
        if old is not None:
            log.info("ocpp_replaced", charger=identity)
            self._spawn(old.close(1000, "a newer connection"))
        log.info("ocpp_connected", charger=identity)
        self._tell(link, "connected")
        try:
            reason = await connection.run()
        finally:
            if link.connection is connection:
                link.connection = None
                self._peers.left(claim)
                self._tell(link, "disconnected")
        log.info("ocpp_disconnected", charger=identity, reason=reason)

    def _answer(
        self, link: _Link, claim: Claim, action: str, payload: Payload
    ) -> Payload | asyncio.Future[Payload]:
        """Answer at once, or with the commit; a commit that has begun does not end with the connection."""
        ledger = self.store.ledger_at_hand(action) if link.turn.free else None
        if ledger is None:
            return self._spawn(self._in_turn(link, claim, action, payload))
        decision = self._decide(link, action, payload, ledger)
        if not decision.changes:
            return self._done(link, action, decision)
        link.turn.take()
        answer = self._kept(link, claim, action, decision)
        self._tasks.add(answer)

        def over(answer: asyncio.Future[Payload]) -> None:
            link.turn.give_back()
            self._ended(answer)

        answer.add_done_callback(over)
        return answer

    async def _in_turn(self, link: _Link, claim: Claim, action: str, payload: Payload) -> Payload:
        async with link.turn:
            ledger = await self.store.ledger(link.identity, action, payload)
            return await self._kept(link, claim, action, self._decide(link, action, payload, ledger))

    def _kept(self, link: _Link, claim: Claim, action: str, decision: Decision) -> asyncio.Future[Payload]:
        """The answer, once what it says is booked."""
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()

        def booked(commit: asyncio.Future[None]) -> None:
            if commit.cancelled():
                answer.cancel()
            elif isinstance(failed := commit.exception(), StaleClaim):
                self._spawn(self._hang_up(link, claim, answer, failed))
            elif failed is not None:
                _settle(answer, failed)
            else:
                try:
                    _settle(answer, self._done(link, action, decision))
                except Exception as error:  # noqa: BLE001 - unanswered, a charger's turn would never end
                    _settle(answer, error)

        self.store.commit(decision.changes, claim).add_done_callback(booked)
        return answer

    @staticmethod
    async def _hang_up(link: _Link, claim: Claim, answer: asyncio.Future[Payload], stale: StaleClaim) -> None:
        """Closed before anything is answered: the charger repeats it on its newer connection."""
        try:
            if link.claim == claim and link.connection is not None:
                await link.connection.close(1000, "a newer connection")
        finally:
            _settle(answer, stale)

    def _decide(self, link: _Link, action: str, payload: Payload, ledger: Ledger) -> Decision:
        charger = self.store.chargers.get(link.identity)
        if charger is None:
            raise Refused(ErrorCode.SECURITY_ERROR, "this charge point was forgotten")
        context = self._context
        if ledger is not context.ledger:
            context = replace(context, ledger=ledger)
        return decide(charger, action, payload, self._clock.now(), context)

    def _done(self, link: _Link, action: str, decision: Decision) -> Payload:
        if link.identity in self.store.chargers:
            self.store.note(decision.charger)
            self._tell(link, action)
        if isinstance(decision.answer, Refusal):
            raise Refused(decision.answer.code, decision.answer.description)
        return dict(decision.answer)

    def _tell(self, link: _Link, action: str) -> None:
        charger = self.store.chargers.get(link.identity)
        if charger is not None:
            self._peers.told(charger, action)
            self._tell_watchers(link, charger, action)

    @staticmethod
    def _tell_watchers(link: _Link, charger: Charger, action: str) -> None:
        for watcher in tuple(link.watchers):
            watcher(charger, action)

    async def _boot_again(self, connection: Connection) -> None:
        """A held charger asks again by itself; this only shortens the wait."""
        try:
            await connection.call("TriggerMessage", {"requestedMessage": "BootNotification"}, 10.0)
        except DeviceError as error:
            log.debug("ocpp_not_triggered", error=str(error))

    def _spawn(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; nobody may be waiting any more


def _settle(answer: asyncio.Future[Payload], outcome: Payload | BaseException) -> None:
    """Tell whoever waits for an answer; nobody does any more where it was cancelled."""
    if answer.done():
        return
    if isinstance(outcome, BaseException):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
