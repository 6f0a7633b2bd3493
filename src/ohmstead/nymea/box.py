"""Another nymea box: its things with their states, kept up to date over a connection that comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.nymea.client import Address, NymeaClient

log = structlog.get_logger(__name__)

ALIVE_EVERY_S = 10.0
"""A connection without news is asked this often whether it still lives."""
ACTION_TIMEOUT_S = 16.0
"""nymea itself gives up after 15 s."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxClass:
    """A kind of thing: its interfaces, the names of its states by id, and its actions by name."""

    interfaces: frozenset[str]
    state_names: Mapping[str, str]
    actions: Mapping[str, tuple[str, str | None]]
    """Name → ids of the action and of its first parameter."""


@dataclass(kw_only=True, slots=True)
class BoxThing:
    """A thing of the box. ``states`` by name; ``changed_at`` when it told something last."""

    id: str
    name: str
    box_class: BoxClass
    parent_id: str | None = None
    states: dict[str, Any] = field(default_factory=dict)
    ranges: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    changed_at: datetime | None = None

    def number(self, name: str) -> float | None:
        """A state that is a number; ``None`` where it has none."""
        value = self.states.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def flag(self, name: str) -> bool | None:
        """A state that is yes or no; ``None`` where it is not there."""
        value = self.states.get(name)
        return value if isinstance(value, bool) else None


class NymeaBox:
    """A box that is connected to as long as this runs.

    Args:
        token: gives the user's token, asked on each connection.
        retry_s: pauses between attempts; the last one goes on.
    """

    def __init__(
        self,
        address: Address,
        *,
        token: Callable[[], str | None] = lambda: None,
        retry_s: tuple[float, ...] = (1.0, 2.0, 5.0, 15.0, 30.0),
        alive_every_s: float = ALIVE_EVERY_S,
    ) -> None:
        self.address = address
        self._token = token
        self._retry_s = retry_s
        self._alive_every_s = alive_every_s
        self._client: NymeaClient | None = None
        self._running: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        """Set once the first attempt has succeeded or failed."""
        self._failures = 0
        self._classes: dict[str, BoxClass] = {}
        self.things: dict[str, BoxThing] = {}
        self._listeners: list[Callable[[BoxThing], None]] = []
        self.seen_at: datetime | None = None
        """When the box last said something."""
        self.trouble = "not connected yet"

    @property
    def connected(self) -> bool:
        """The things are up to date."""
        return self._client is not None

    @property
    def certificate_sha256(self) -> str | None:
        """Of the box's certificate; ``None`` without TLS, or while there is no connection."""
        return None if self._client is None else self._client.certificate_sha256

    def listen(self, listener: Callable[[BoxThing], None]) -> None:
        """Tell of every thing that has told a new state, at once."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Connect in the background; nothing happens where it does already."""
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def ready(self, timeout_s: float) -> None:
        """Wait for the first look at the things; later on, say at once whether they are up to date.

        Raises:
            DeviceOffline: there is no connection (any more).
        """
        self.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._tried.wait()
        if self._client is None:
            raise DeviceOffline(self.trouble)

    async def execute(self, thing: BoxThing, action: str, value: Any = None) -> None:
        """Have a thing do something.

        Raises:
            DeviceOffline: there is no connection.
            DeviceError: the thing has no such action, or it failed.
        """
        client = self._client
        if client is None:
            raise DeviceOffline(self.trouble)
        known = thing.box_class.actions.get(action)
        if known is None:
            raise DeviceError(f"{self.address}: {thing.name!r} has no action {action!r}")
        action_id, param_id = known
        params = [] if param_id is None else [{"paramTypeId": param_id, "value": value}]
        result = await client.request(
            "Integrations.ExecuteAction",
            {"thingId": thing.id, "actionTypeId": action_id, "params": params},
            timeout_s=ACTION_TIMEOUT_S,
        )
        if result.get("thingError") != "ThingErrorNoError":
            words = result.get("displayMessage") or result.get("thingError")
            raise DeviceError(f"{self.address}: {thing.name!r} did not take {action}: {words}")

    async def close(self) -> None:
        """End the connection and do not come back."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def _run(self) -> None:
        while True:
            try:
                await self._stay()
            except DeviceError as error:
                if str(error) != self.trouble:
                    log.warning("nymea_box_offline", error=str(error))
                self.trouble = str(error)
            self._tried.set()
            await asyncio.sleep(self._retry_s[min(self._failures, len(self._retry_s) - 1)])
            self._failures += 1

    async def _stay(self) -> None:
        """Connect, look at everything, and follow it until the connection ends."""
        client = await NymeaClient.connect(self.address, token=self._token(), notified=self._notified)
        try:
            await client.request("JSONRPC.SetNotificationStatus", {"namespaces": ["Integrations"]})
            await self._look(client)
            self._client = client
            self.trouble = f"{self.address}: the connection is gone"
            self._failures = 0
            self._tried.set()
            log.info("nymea_box_connected", address=str(self.address), things=len(self.things))
            await self._follow(client)
        finally:
            self._client = None
            await client.close()

    async def _look(self, client: NymeaClient) -> None:
        classes = _objects((await client.request("Integrations.GetThingClasses")).get("thingClasses"))
        self._classes = {str(c.get("id")): _class_of(c) for c in classes}
        things = (await client.request("Integrations.GetThings")).get("things")
        self.things = {}
        for data in _objects(things):
            self._add(data)
        self.seen_at = datetime.now(UTC)

    async def _follow(self, client: NymeaClient) -> None:
        while not client.ended.is_set():
            try:
                async with asyncio.timeout(self._alive_every_s):
                    await client.ended.wait()
            except TimeoutError:
                await client.request("JSONRPC.KeepAlive", {"sessionId": "ohmstead"})
                self.seen_at = datetime.now(UTC)
        raise DeviceOffline(self.trouble)

    def _notified(self, name: str, params: dict[str, Any]) -> None:
        self.seen_at = datetime.now(UTC)
        match name:
            case "Integrations.StateChanged":
                self._changed(params)
            case "Integrations.ThingAdded" | "Integrations.ThingChanged":
                self._add(params.get("thing"))
            case "Integrations.ThingRemoved":
                self.things.pop(str(params.get("thingId")), None)

    def _changed(self, params: Mapping[str, Any]) -> None:
        thing = self.things.get(str(params.get("thingId")))
        if thing is None:
            return
        name = thing.box_class.state_names.get(str(params.get("stateTypeId")))
        if name is not None:
            thing.states[name] = params.get("value")
            thing.ranges[name] = (params.get("minValue"), params.get("maxValue"))
            thing.changed_at = datetime.now(UTC)
            for listener in self._listeners:
                listener(thing)

    def _add(self, data: object) -> None:
        """Take a thing; one of a class that nobody described has no states."""
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            return
        box_class = self._classes.get(str(data.get("thingClassId")), _NO_CLASS)
        thing = BoxThing(
            id=data["id"],
            name=str(data.get("name", "")),
            box_class=box_class,
            parent_id=data.get("parentId"),
            changed_at=datetime.now(UTC),
        )
        for state in _objects(data.get("states")):
            name = box_class.state_names.get(str(state.get("stateTypeId")))
            if name is not None:
                thing.states[name] = state.get("value")
                thing.ranges[name] = (state.get("minValue"), state.get("maxValue"))
        self.things[thing.id] = thing


_NO_CLASS = BoxClass(interfaces=frozenset(), state_names={}, actions={})


def _class_of(data: Mapping[str, Any]) -> BoxClass:
    actions: dict[str, tuple[str, str | None]] = {}
    for action in _objects(data.get("actionTypes")):
        params = _objects(action.get("paramTypes"))
        actions[str(action.get("name"))] = (str(action.get("id")), params[0].get("id") if params else None)
    return BoxClass(
        interfaces=frozenset(map(str, data.get("interfaces") or ())),
        state_names={str(s.get("id")): str(s.get("name")) for s in _objects(data.get("stateTypes"))},
        actions=actions,
    )


def _objects(data: object) -> list[dict[str, Any]]:
    """The objects of a list; what is none is left out."""
    return [d for d in data if isinstance(d, dict)] if isinstance(data, list) else []
