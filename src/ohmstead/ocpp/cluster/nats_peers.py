"""Finds the other workers and their chargers through NATS.

Leases: each worker tells every few seconds that it lives; one that is silent for a lease has no chargers
any more. Which worker has a charger is a record per charger in a JetStream bucket. Both are heard live and
read again after each new connection to the broker. Without the broker a worker goes on serving its own
chargers; only lists of, and commands to, the chargers of others wait until it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable
from typing import Any, Protocol

import structlog

from ohmstead.errors import DataError, DeviceOffline, OhmsteadError
from ohmstead.ocpp.central.charger import Charger
from ohmstead.ocpp.central.store_port import Claim
from ohmstead.ocpp.clock import Clock, RealClock
from ohmstead.ocpp.cluster import wire
from ohmstead.ocpp.cluster.nats_broker import BrokerError, NatsBroker, NobodyListens
from ohmstead.ocpp.cluster.owners import Owners
from ohmstead.ocpp.frames import Payload

log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 3
OUTAGE_S = 1.0
"""Between two tries to tell the others something."""
ASK_MARGIN_S = 5.0
"""For the way to the other worker and back, beyond what the charger may take."""
NO_LIMIT_S = 300.0
QUIET_ACTIONS = frozenset({"Heartbeat", "MeterValues"})
QUIET_S = 5.0
"""How often such a message of one charger is passed on at most."""
AT_ONCE = 100

Resync = Callable[[Collection[str]], Awaitable[None]]
"""Learn again from the database what other workers wrote, but of chargers that are connected here."""


class Home(Protocol):
    """This worker's central system."""

    async def superseded(self, claim: Claim) -> None:
        """Another worker holds this claim; an older connection here is closed."""
        ...

    def heard(self, charger: Charger, action: str) -> None:
        """Another worker tells of a charger."""
        ...

    def lost(self, identity: str) -> None:
        """The worker that had a charger's connection is gone."""
        ...

    async def dropped(self, identity: str) -> None:
        """Another worker forgot a charger."""
        ...

    async def call_here(
        self,
        identity: str,
        action: str,
        payload: Payload,
        timeout: float | None,  # noqa: ASYNC109 - as the central system has it
        *,
        urgent: bool = False,
    ) -> Payload:
        """Ask a charger that is connected here."""
        ...

    async def adopt(self, identity: str) -> None:
        """Make a held charger one of ours."""
        ...


class NatsPeers:
    """The other workers: :class:`~ohmstead.ocpp.central.peers.Peers`."""

    def __init__(
        self, broker: NatsBroker, resync: Resync, *, lease_s: float, clock: Clock | None = None
    ) -> None:
        """Nothing is told or heard before :meth:`join`."""
        self._broker = broker
        self._resync = resync
        self._clock = clock or RealClock()
        self._owners = Owners(broker.worker, lease_s)
        self._home: Home | None = None
        self._records: dict[str, wire.Owner] = {}
        self._states: dict[str, wire.State] = {}
        self._forgotten: set[str] = set()
        self._told_at: dict[str, float] = {}
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, home: Home) -> None:
        """Connect to the broker, and work for a central system from now on.

        Raises:
            SourceError: the broker cannot be reached.
        """
        self._home = home
        broker = self._broker
        await broker.connect(lambda: self._spawn(self._catch_up()))
        await broker.subscribe(f"$KV.{wire.OWNERS}.>", wire.Owner, self._learn)
        await broker.subscribe(f"$KV.{wire.WORKERS}.>", wire.Beat, self._on_beat)
        await broker.subscribe(f"{wire.STATES}.>", wire.State, self._on_state)
        await broker.subscribe(wire.FORGOTTEN, wire.Forgotten, self._on_forgotten)
        await broker.serve(self._carry_out)
        await broker.beat()
        await self._read_buckets()
        self._spawn(self._keep_lease())
        self._spawn(self._keep_telling())

    async def leave(self) -> None:
        """Tell the others what ended, and disconnect."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(OUTAGE_S):
                if self._broker.connected:
                    await self._tell()
                    await self._broker.beat(leaving=True)
        except (BrokerError, TimeoutError) as error:
            log.info("ocpp_cluster_not_told", error=str(error))
        await self._broker.close()

    def workers(self) -> list[str]:
        """The other workers that live."""
        return self._owners.workers()

    def joined(self, claim: Claim) -> None:
        """A charger connected here."""
        self._records[claim.identity] = self._owners.joined(claim)
        self._news.set()

    def left(self, claim: Claim) -> None:
        """A charger's connection here ended."""
        record = self._owners.left(claim)
        if self._owners.record(claim.identity) == record:  # else there is a newer connection
            self._records[claim.identity] = record
            self._news.set()

    def told(self, charger: Charger, action: str) -> None:
        """What is known of a charger changed here."""
        now_s = self._clock.monotonic()
        if action in QUIET_ACTIONS and now_s - self._told_at.get(charger.identity, -QUIET_S) < QUIET_S:
            return
        self._told_at[charger.identity] = now_s
        self._states[charger.identity] = wire.State(
            worker=self._broker.worker, action=action, charger=charger
        )
        self._news.set()

    def forgotten(self, identity: str) -> None:
        """A charger was forgotten here."""
        self._owners.forget(identity)
        self._records.pop(identity, None)
        self._states.pop(identity, None)
        self._told_at.pop(identity, None)
        self._forgotten.add(identity)
        self._news.set()

    def elsewhere(self, identity: str) -> bool:
        """Another worker has the charger's connection."""
        return self._owners.elsewhere(identity) is not None

    async def call(
        self,
        identity: str,
        action: str,
        payload: Payload,
        timeout: float | None,  # noqa: ASYNC109 - carried out by the other worker
        *,
        urgent: bool,
    ) -> Payload:
        """Let the worker that has the connection ask the charger.

        Raises:
            DeviceOffline: no worker has a connection, or that worker cannot be reached.
            CallFailed: the charger refused, or did not answer in time.
            SchemaError: the payload does not follow the schema; nothing was sent.
        """
        ask = wire.Ask(
            identity=identity, action=action, payload=dict(payload), timeout_s=timeout, urgent=urgent
        )
        answer = await self._ask(ask)
        if answer is None:
            raise DeviceOffline(f"charger {identity!r} is not connected")
        return wire.result(action, answer)

    async def adopt(self, identity: str) -> bool:
        """Let the worker that has the connection adopt a charger.

        Returns:
            False where no worker has a connection (any more): it is to be adopted here.

        Raises:
            DeviceOffline: that worker cannot be reached.
        """
        answer = await self._ask(wire.Ask(identity=identity))
        if answer is not None:
            wire.result("adopt", answer)
        return answer is not None

    async def _ask(self, ask: wire.Ask) -> wire.Answer | None:
        """Ask the owner; where the charger moved meanwhile, the next one, since nothing was done yet.

        Returns:
            ``None`` where no worker has a connection.
        """
        asked: set[str] = set()
        while True:
            worker = self._owners.elsewhere(ask.identity)
            if worker is None or worker in asked:
                return None
            asked.add(worker)
            answer = await self._ask_worker(worker, ask)
            if not answer.moved:
                return answer

    async def _ask_worker(self, worker: str, ask: wire.Ask) -> wire.Answer:
        charger = f"charger {ask.identity!r}"
        if not self._broker.connected:
            raise DeviceOffline(
                f"{charger} is connected to worker {worker}, and NATS at {self._broker.place} cannot be "
                "reached now"
            )
        wait_s = (NO_LIMIT_S if ask.timeout_s is None else ask.timeout_s) + ASK_MARGIN_S
        try:
            return await self._broker.ask(worker, ask, wait_s)
        except NobodyListens:
            return wire.Answer(moved=True)
        except BrokerError as error:
            raise DeviceOffline(
                f"{charger}: no answer from worker {worker}, which has it: {error}; whether the charger was "
                "asked is not known"
            ) from error

    async def _carry_out(self, ask: wire.Ask) -> wire.Answer:
        if self._home is None or ask.identity not in self._owners.mine:
            return wire.Answer(moved=True)
        try:
            if ask.action is None:
                await self._home.adopt(ask.identity)
                return wire.Answer()
            done = await self._home.call_here(
                ask.identity, ask.action, ask.payload, ask.timeout_s, urgent=ask.urgent
            )
        except OhmsteadError as error:
            return wire.failure(ask.action, error)
        return wire.Answer(payload=dict(done))

    def _learn(self, record: wire.Owner) -> None:
        if self._owners.learn(record):
            self._records[record.identity] = self._owners.joined(self._owners.mine[record.identity])
            self._news.set()
        claim = self._owners.superseded(record.identity)
        if claim is not None and self._home is not None:
            self._spawn(self._home.superseded(claim))

    def _on_beat(self, beat: wire.Beat) -> None:
        now_s = self._clock.monotonic()
        if beat.leaving:
            self._lose(self._owners.expire(now_s, leaving=beat.worker))
        else:
            self._owners.beat(beat.worker, now_s)

    def _on_state(self, state: wire.State) -> None:
        if state.worker != self._broker.worker and self._home is not None:
            self._home.heard(state.charger, state.action)

    def _on_forgotten(self, told: wire.Forgotten) -> None:
        if told.worker != self._broker.worker and self._home is not None:
            self._owners.forget(told.identity)
            self._spawn(self._home.dropped(told.identity))

    def _lose(self, identities: Iterable[str]) -> None:
        for identity in identities:
            if self._home is not None:
                self._home.lost(identity)

    async def _keep_lease(self) -> None:
        while True:
            await self._clock.sleep(self._owners.lease_s / BEATS_PER_LEASE)
            self._lose(self._owners.expire(self._clock.monotonic()))
            try:
                if self._broker.connected:
                    await self._broker.beat()
            except BrokerError as error:
                log.debug("ocpp_cluster_not_told", error=str(error))

    async def _keep_telling(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._tell()
            except BrokerError as error:
                log.debug("ocpp_cluster_not_told", error=str(error))
                self._news.set()
                await self._clock.sleep(OUTAGE_S)

    async def _tell(self) -> None:
        """Who has which charger first, then what is new of it. What fails is told again."""
        if not self._broker.connected:
            raise BrokerError("the broker is not connected")
        while self._records:
            batch = [self._records[identity] for identity in list(self._records)[:AT_ONCE]]
            await asyncio.gather(*(self._broker.put_owner(record) for record in batch))
            for record in batch:
                if self._records.get(record.identity) is record:
                    del self._records[record.identity]
        while self._states:
            identity, state = next(iter(self._states.items()))
            await self._broker.publish(f"{wire.STATES}.{wire.key_of(identity)}", state)
            if self._states.get(identity) is state:
                del self._states[identity]
        while self._forgotten:
            identity = next(iter(self._forgotten))
            told = wire.Forgotten(worker=self._broker.worker, identity=identity)
            await self._broker.publish(wire.FORGOTTEN, told)
            await self._broker.purge_owner(identity)
            self._forgotten.discard(identity)

    async def _read_buckets(self) -> None:
        """What the others told before this worker listened."""
        for beat in await self._broker.beats():
            self._on_beat(beat)
        for record in await self._broker.owners():
            self._learn(record)

    async def _catch_up(self) -> None:
        """Tell again what is here, and read what was missed; the broker may have lost everything."""
        try:
            await self._broker.open_buckets()
            for claim in self._owners.mine.values():
                self._records[claim.identity] = self._owners.joined(claim)
            self._news.set()
            await self._broker.beat()
            await self._read_buckets()
            await self._resync(tuple(self._owners.mine))
        except (BrokerError, DataError) as error:
            log.warning("ocpp_cluster_not_caught_up", error=str(error))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
