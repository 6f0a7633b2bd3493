"""One connection to NATS: messages of :mod:`ohmstead.ocpp.cluster.wire` in and out, and two buckets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import KeyValueConfig
from nats.js.client import JetStreamContext
from nats.js.kv import KeyValue

from ohmstead.errors import ConfigError, SourceError
from ohmstead.ocpp.cluster import wire

log = structlog.get_logger(__name__)

FAILURES = (nats.errors.Error, nats.js.errors.Error, OSError, TimeoutError)

T = TypeVar("T", bound=msgspec.Struct)


class BrokerError(SourceError):
    """NATS could not be used now."""


class NobodyListens(BrokerError):  # noqa: N818 - what happened to the request
    """The worker that was asked is gone; it did not get the request."""


class NatsBroker:
    """Connects for good: a lost connection comes back by itself."""

    def __init__(self, url: str, worker: str, lease_s: float, connect_s: float) -> None:
        """Nothing is connected yet.

        Raises:
            ConfigError: ``url`` is no list of NATS servers.
        """
        self.worker = worker
        self._servers = servers_of(url)
        self._lease_s = lease_s
        self._connect_s = connect_s
        self._client = Client()
        self._closing = False
        self._on_back: Callable[[], object] = lambda: None
        self._owners: KeyValue | None = None
        self._beats: KeyValue | None = None

    @property
    def place(self) -> str:
        """Where the broker is, for messages: without user and password."""
        return ", ".join(server.rpartition("@")[2].rpartition("//")[2] for server in self._servers)

    @property
    def connected(self) -> bool:
        """Something can be sent now."""
        return self._client.is_connected

    async def connect(self, on_back: Callable[[], object]) -> None:
        """Connect; ``on_back`` is called after each later connection, when messages were missed.

        Raises:
            SourceError: it cannot be reached, or has no JetStream.
        """
        self._on_back = on_back
        try:
            async with asyncio.timeout(self._connect_s):
                await self._client.connect(
                    self._servers,
                    name=f"ohmstead {self.worker}",
                    connect_timeout=3,
                    reconnect_time_wait=1,
                    max_reconnect_attempts=-1,
                    ping_interval=10,
                    error_cb=self._failed,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._back,
                )
                await self.open_buckets()
        except (*FAILURES, BrokerError) as error:
            await self._client.close()
            raise SourceError(
                f"--cluster: no NATS server with JetStream (nats-server -js) at {self.place}: {_words(error)}"
            ) from error

    async def close(self) -> None:
        """Disconnect."""
        self._closing = True
        await self._client.close()

    async def open_buckets(self) -> None:
        """Find the buckets, or make them.

        Raises:
            BrokerError: JetStream cannot be used now.
        """
        with _as_broker_error():
            context = JetStreamContext(self._client)
            self._owners = await _bucket(context, wire.OWNERS, None)
            self._beats = await _bucket(context, wire.WORKERS, self._lease_s)

    async def subscribe(self, subject: str, kind: type[T], take: Callable[[T], object]) -> None:
        """Hear messages; what is not understood is left out.

        Raises:
            BrokerError: NATS cannot be used now.
        """

        async def heard(message: Msg) -> None:
            if message.data:  # a deleted entry has none
                found = _understood(message.data, kind)
                if found is not None:
                    take(found)

        with _as_broker_error():
            await self._client.subscribe(subject, cb=heard)

    async def serve(self, answer: Callable[[wire.Ask], Awaitable[wire.Answer]]) -> None:
        """Answer what other workers ask of this one, each on its own.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        running: set[asyncio.Task[None]] = set()

        async def respond(message: Msg) -> None:
            ask = _understood(message.data, wire.Ask)
            answered = wire.Answer(error="not understood") if ask is None else await answer(ask)
            try:
                await message.respond(msgspec.json.encode(answered))
            except FAILURES as error:
                log.warning("ocpp_cluster_not_answered", error=_words(error))

        async def heard(message: Msg) -> None:
            task = asyncio.ensure_future(respond(message))  # one slow charger must not hold up the others
            running.add(task)
            task.add_done_callback(running.discard)

        with _as_broker_error():
            await self._client.subscribe(f"{wire.ASKS}.{self.worker}", cb=heard)

    async def ask(self, worker: str, ask: wire.Ask, wait_s: float) -> wire.Answer:
        """Ask another worker.

        Raises:
            NobodyListens: it is gone.
            BrokerError: no answer in time, or NATS cannot be used now.
        """
        try:
            with _as_broker_error():
                subject = f"{wire.ASKS}.{worker}"
                reply = await self._client.request(subject, msgspec.json.encode(ask), timeout=wait_s)
        except BrokerError as error:
            if isinstance(error.__cause__, nats.errors.NoRespondersError):
                raise NobodyListens(str(error)) from error
            raise
        answer = _understood(reply.data, wire.Answer)
        if answer is None:
            raise BrokerError(f"the answer of worker {worker} is not understood")
        return answer

    async def publish(self, subject: str, message: msgspec.Struct) -> None:
        """Tell all workers.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        with _as_broker_error():
            await self._client.publish(subject, msgspec.json.encode(message))

    async def put_owner(self, record: wire.Owner) -> None:
        """Keep who has a charger; the other workers hear it.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        with _as_broker_error():
            await _opened(self._owners).put(wire.key_of(record.identity), msgspec.json.encode(record))

    async def purge_owner(self, identity: str) -> None:
        """Forget who has a charger.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        with _as_broker_error():
            await _opened(self._owners).purge(wire.key_of(identity))

    async def beat(self, *, leaving: bool = False) -> None:
        """Say that this worker lives, or that it leaves.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        with _as_broker_error():
            said = wire.Beat(worker=self.worker, leaving=leaving)
            await _opened(self._beats).put(self.worker, msgspec.json.encode(said))

    async def beats(self) -> list[wire.Beat]:
        """Workers that lived within a lease.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        with _as_broker_error():
            return await _entries(_opened(self._beats), wire.Beat)

    async def owners(self) -> list[wire.Owner]:
        """Who has which charger.

        Raises:
            BrokerError: NATS cannot be used now.
        """
        with _as_broker_error():
            return await _entries(_opened(self._owners), wire.Owner)

    async def _failed(self, error: Exception) -> None:
        log.debug("ocpp_cluster_error", error=_words(error))

    async def _lost(self) -> None:
        if not self._closing:
            log.warning("ocpp_cluster_lost", broker=self.place)

    async def _back(self) -> None:
        log.info("ocpp_cluster_back", broker=self.place)
        self._on_back()


def servers_of(url: str) -> list[str]:
    """The servers of a comma-separated list of URLs.

    Raises:
        ConfigError: one of them is no URL of a NATS server.
    """
    servers = [part.strip() for part in url.split(",") if part.strip()]
    if not servers or not all(server.startswith(("nats://", "tls://")) for server in servers):
        raise ConfigError(
            "--cluster: found something else, allowed: nats://HOST:PORT or tls://USER:PASSWORD@HOST:PORT, "
            "several separated by commas"
        )
    return servers


@contextmanager
def _as_broker_error() -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise BrokerError(_words(error)) from error


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _opened(bucket: KeyValue | None) -> KeyValue:
    if bucket is None:
        raise BrokerError("not connected yet")
    return bucket


def _understood(data: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        log.warning("ocpp_cluster_not_understood", kind=kind.__name__, error=str(error))
        return None


async def _bucket(context: JetStreamContext, name: str, ttl_s: float | None) -> KeyValue:
    try:
        return await context.key_value(name)
    except nats.js.errors.BucketNotFoundError:
        return await context.create_key_value(KeyValueConfig(bucket=name, history=1, ttl=ttl_s))


async def _entries(bucket: KeyValue, kind: type[T]) -> list[T]:
    """Every value that a bucket has now."""
    watcher = await bucket.watchall(ignore_deletes=True)
    found = []
    try:
        async for entry in watcher:
            if entry is None:  # the end of what was there
                break
            if entry.value and (value := _understood(entry.value, kind)) is not None:
                found.append(value)
    finally:
        await watcher.stop()  # type: ignore[no-untyped-call]
    return found
