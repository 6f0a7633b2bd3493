"""One connection to a Home Assistant, kept up for as long as the daemon runs.

It knows the states of the entities that were asked for, tells those who watch them, and calls services.
The library below (hass-client, extra ``home-assistant``) speaks for one connection; reconnecting,
subscribing again and read-back are done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import SecretStr

from ohmstead.devices.home_assistant_library import CALL_S, ServiceCall, answered, load_library
from ohmstead.devices.home_assistant_wire import EntityState, StateChange, addresses, changes, from_rest
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline

if TYPE_CHECKING:
    import aiohttp
    from hass_client import HomeAssistantClient

log = structlog.get_logger(__name__)

CONNECT_S = 10.0
FIRST_ANSWER_S = 4.0
"""Whoever asks first waits this long for the connection; below the time that reading a device may take."""
READ_BACK_S = 4.0
TRIES = 2
RETRY_MIN_S, RETRY_MAX_S = 1.0, 60.0
REFUSED_RETRY_S = 300.0
"""Home Assistant may ban an address that keeps showing a wrong token."""
SETTLED_S = 30.0
"""A connection that lasted this long was sound: the next try comes soon again."""
OWN_CONTEXTS = 500

Watcher = Callable[[StateChange], None]


class HomeAssistantLink:
    """See the module.

    Args:
        url: such as ``http://homeassistant.local:8123``.
        token: a long-lived access token of a user of that Home Assistant.
        retry_s: shortest wait before the next try; doubled up to 60 s, and spread by a quarter.

    Raises:
        ConfigError: the library is missing, or the address is none.
    """

    def __init__(self, url: str, token: SecretStr, *, retry_s: float = RETRY_MIN_S) -> None:
        """Nothing is connected yet; see :meth:`start`."""
        self._library = load_library()
        try:
            self._ws_url, self._rest_url = addresses(url)
        except ValueError as error:
            raise ConfigError(f"home_assistant: url: found {url!r}, allowed: {error}") from None
        self.url = url
        self._token = token
        self._retry_s = retry_s
        self._wanted: set[str] = set()
        self._subscribed: set[str] = set()
        self._states: dict[str, EntityState] = {}
        self._fresh: set[str] = set()
        """Entities seen on this connection."""
        self._watchers: list[tuple[frozenset[str], Watcher]] = []
        self._own: deque[str] = deque(maxlen=OWN_CONTEXTS)
        self._session: aiohttp.ClientSession | None = None
        self._client: HomeAssistantClient | None = None
        self._task: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()
        self._snapshot = asyncio.Event()
        """The states of this connection have come."""
        self._error = "not connected yet"
        self.connections = 0
        """How often a connection was made."""

    # --- life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect in the background; starting again does nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Disconnect for good."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _run(self) -> None:
        import aiohttp  # noqa: PLC0415 - comes with the library

        self._session = aiohttp.ClientSession()
        loop, wait_s = asyncio.get_running_loop(), self._retry_s
        failures = (
            self._library.exceptions.BaseHassClientError,
            aiohttp.ClientError,
            OSError,
            TimeoutError,
            DeviceError,
            # The library takes a peer at its word: what is not Home Assistant ends in one of these.
            ValueError,
            KeyError,
            TypeError,
        )
        while True:
            began = loop.time()
            try:
                await self._connect_once(aiohttp)
                error = "the connection was closed"
            except self._library.exceptions.AuthenticationFailed:
                error = "the token is refused; make a long-lived access token in its user profile"
                wait_s = max(wait_s, REFUSED_RETRY_S)
            except failures as failure:
                error = str(failure) or type(failure).__name__
            if loop.time() - began > SETTLED_S:
                wait_s = self._retry_s
            if error != self._error:
                log.warning("home_assistant_lost", url=self.url, error=error)
            self._error = error
            self._asked.set()
            await asyncio.sleep(wait_s * random.uniform(0.75, 1.25))
            wait_s = min(max(RETRY_MAX_S, self._retry_s), 2.0 * wait_s)

    async def _connect_once(self, aiohttp: ModuleType) -> None:
        """Connect, subscribe, and listen until the connection ends."""
        client = self._library.HomeAssistantClient(
            self._ws_url, self._token.get_secret_value(), aiohttp_session=self._session
        )
        listener: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(CONNECT_S):
                await client.connect()
                listener = asyncio.create_task(client.start_listening())
                self._subscribed, self._fresh = set(), set()
                self._snapshot.clear()
                self._client = client
                await self._subscribe_wanted()
            self._error = ""
            self.connections += 1
            log.info("home_assistant_connected", url=self.url, version=client.version)
            self._asked.set()
            await listener
        finally:
            self._client = None
            if listener is not None:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)
            with contextlib.suppress(aiohttp.ClientError, OSError):
                await client.disconnect()

    async def _subscribe_wanted(self) -> None:
        """Ask for the entities that were not asked for on this connection."""
        new = sorted(self._wanted - self._subscribed)
        if self._client is None or not new:
            return
        self._subscribed |= set(new)
        await self._answer(self._client.subscribe_entities(self._take, new))
        await self._snapshot.wait()

    # --- states ----------------------------------------------------------------------------------

    def want(self, entity_ids: Iterable[str]) -> None:
        """Follow these entities from the next connection on; call it before :meth:`start`."""
        self._wanted |= set(entity_ids)

    def watch(self, entity_ids: Iterable[str], watcher: Watcher) -> None:
        """Follow entities and tell of every change of theirs, on the event loop."""
        ids = frozenset(entity_ids)
        self.want(ids)
        self._watchers.append((ids, watcher))

    @property
    def connected(self) -> bool:
        """There is a connection, and its states are the present ones."""
        return self._client is not None and not self._error

    @property
    def error(self) -> str:
        """Why there is no connection, in words; empty while there is one."""
        return self._error

    async def ready(self) -> None:
        """Return when connected; the first time it may take a moment.

        Raises:
            DeviceOffline: there is no connection.
        """
        self.start()
        if not self._asked.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIRST_ANSWER_S):
                    await self._asked.wait()
        if not self.connected:
            raise self._offline()

    def get(self, entity_id: str) -> EntityState | None:
        """An entity now; ``None`` while it is unknown, unavailable or there is no connection."""
        state = self._states.get(entity_id) if self.connected and entity_id in self._fresh else None
        return state if state is not None and state.available else None

    def state(self, entity_id: str) -> EntityState:
        """An entity now.

        Raises:
            DeviceOffline: no connection, no such entity, or it holds no value.
        """
        if not self.connected:
            raise self._offline()
        state = self._states.get(entity_id) if entity_id in self._fresh else None
        if state is None:
            raise DeviceOffline(f"{entity_id}: there is no such entity in Home Assistant at {self.url}")
        if not state.available:
            raise DeviceOffline(f"{entity_id}: Home Assistant shows {state.state or 'nothing'!r}")
        return state

    async def refresh(self, entity_id: str) -> None:
        """Ask for one entity's last report, which the subscription does not tell of unchanged values.

        Raises:
            DeviceOffline: it was not answered.
        """
        import aiohttp  # noqa: PLC0415 - comes with the library

        if not self.connected or self._session is None:
            raise self._offline()
        headers = {"authorization": f"Bearer {self._token.get_secret_value()}"}
        try:
            async with (
                asyncio.timeout(CALL_S),
                self._session.get(f"{self._rest_url}/states/{entity_id}", headers=headers) as answer,
            ):
                if answer.status != 200:
                    return
                fresh = from_rest(await answer.json())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise DeviceOffline(f"{entity_id}: {self.url} does not answer: {error!r}") from error
        known = self._states.get(entity_id)
        if known is None or fresh.updated_at >= known.updated_at:
            self._put(StateChange(entity_id=entity_id, old=known, new=fresh))

    async def temperature_unit(self) -> str:
        """Unit of its thermostats, which show none themselves: °C or °F.

        Raises:
            DeviceOffline: no connection, or no answer.
        """
        await self.ready()
        if self._client is None:
            raise self._offline()
        found = await self._answer(self._client.get_config(), what="get_config")
        try:
            return str(found["unit_system"]["temperature"])
        except (KeyError, TypeError) as error:
            raise DeviceOffline(f"get_config: not understood: {error!r}") from error

    async def attributes_of_all(self) -> Mapping[str, Mapping[str, Any]]:
        """Attributes of every entity that there is, by entity id.

        Raises:
            DeviceOffline: no connection, or no answer.
        """
        await self.ready()
        if self._client is None:
            raise self._offline()
        found = await self._answer(self._client.get_states(), what="get_states")
        try:
            return {state["entity_id"]: state["attributes"] for state in found}
        except (KeyError, TypeError) as error:
            raise DeviceOffline(f"get_states: not understood: {error!r}") from error

    def is_own(self, state: EntityState) -> bool:
        """Its context is of a service that was called here."""
        return state.context_id is not None and state.context_id in self._own

    def _take(self, event: Mapping[str, Any]) -> None:
        try:
            for change in changes(self._states, event):
                self._put(change)
        except ValueError as error:
            log.warning("home_assistant_event_not_understood", error=str(error))
        self._snapshot.set()

    def _put(self, change: StateChange) -> None:
        if change.new is None:
            self._states.pop(change.entity_id, None)
            self._fresh.discard(change.entity_id)
        else:
            first = change.entity_id not in self._fresh
            self._states[change.entity_id] = change.new
            self._fresh.add(change.entity_id)
            if first and change.new.user_id is None:
                # What happened while nobody listened is not known to be anybody's wish.
                change = StateChange(entity_id=change.entity_id, old=None, new=change.new)
        for ids, watcher in tuple(self._watchers):
            if change.entity_id in ids:
                watcher(change)

    # --- services --------------------------------------------------------------------------------

    async def call(self, call: ServiceCall) -> None:
        """Call a service once, and return when Home Assistant has carried it out.

        Raises:
            DeviceOffline: no connection, or no answer.
            DeviceError: Home Assistant refused.
        """
        await self._call(call)

    async def ask(self, call: ServiceCall) -> object:
        """Call a service that answers, and give its answer.

        Raises:
            DeviceOffline: no connection, or no answer.
            DeviceError: Home Assistant refused.
        """
        answer = await self._call(call, return_response=True)
        return answer.get("response") if isinstance(answer, dict) else None

    async def _call(self, call: ServiceCall, **more: bool) -> object:
        client = self._client
        if client is None or not self.connected:
            raise self._offline()
        domain, _, service = call.service.partition(".")
        target = {} if call.entity_id is None else {"target": {"entity_id": call.entity_id}}
        asking = client.send_command(
            "call_service", domain=domain, service=service, service_data=dict(call.data), **target, **more
        )
        answer = await self._answer(asking, what=str(call))
        context = answer.get("context") if isinstance(answer, dict) else None
        if isinstance(context, dict) and isinstance(context.get("id"), str):
            self._own.append(context["id"])
        return answer

    async def command(
        self,
        call: ServiceCall,
        shows: Callable[[EntityState], bool],
        *,
        within_s: float = READ_BACK_S,
        tries: int = TRIES,
    ) -> None:
        """Call a service until the entity shows its effect.

        Raises:
            DeviceOffline: no connection, or no answer.
            DeviceError: Home Assistant refused, or the entity never showed the effect.
        """
        entity_id = str(call.entity_id)
        for _ in range(tries):
            await self.call(call)
            if await self._shown(entity_id, shows, within_s):
                return
        found = self._states.get(entity_id)
        told = "does not exist" if found is None else f"shows {found.state!r}"
        raise DeviceError(f"{call}: no effect within {within_s:g} s, {tries} times; {entity_id} {told}")

    async def _shown(self, entity_id: str, shows: Callable[[EntityState], bool], within_s: float) -> bool:
        def now() -> bool:
            state = self.get(entity_id)
            return state is not None and shows(state)

        changed = asyncio.Event()
        entry: tuple[frozenset[str], Watcher] = (frozenset({entity_id}), lambda _: changed.set())
        self._watchers.append(entry)
        try:
            async with asyncio.timeout(within_s):
                while not now():
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return now()
        finally:
            self._watchers.remove(entry)
        return True

    async def _answer(self, asking: Any, what: str = "subscribe") -> Any:
        return await answered(self._library, asking, what=what, url=self.url)

    def _offline(self) -> DeviceOffline:
        why = self._error or "not connected"
        return DeviceOffline(f"Home Assistant at {self.url} cannot be reached: {why}")
