"""The floor house outside Home Assistant: it reads setpoints, relay and button, and writes temperatures.

Every change that Home Assistant announces is recorded in its order, with the time of the state machine's
clock, so that the tests judge every moment and not samples of it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp

from ohmstead.simulator.floor_house import SEVEN_ROOMS, FloorHouse

SPEED = 120.0
OFF_C = 7.0
PUMP = "switch.sonoff_10017fadeb"
BUTTON = "input_button.wylacznik_pompy"
WARSAW = ZoneInfo("Europe/Warsaw")
FLOORS = {s.id: s.floor for s in SEVEN_ROOMS}


@dataclass(frozen=True)
class Event:
    """A state as announced; ``at`` on the accelerated clock."""

    at: datetime
    entity: str
    state: str
    attributes: dict[str, Any]


class Plant:
    """The house and its line to Home Assistant, in a thread of its own."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.clock_start = datetime(2026, 1, 14, 12, 0, tzinfo=WARSAW)
        self.epoch = time.time()
        self.outdoor_c = 8.0
        self.house = FloorHouse(self.clock_start.astimezone(UTC), lambda _: self.outdoor_c)
        self.warm(**dict.fromkeys(FLOORS, 24.0))
        self.states: dict[str, dict[str, Any]] = {}
        self.events: list[Event] = []
        self._shown: dict[str, float] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._guarded(),))
        self._running = True
        self._error: BaseException | None = None
        self._next_id = 1
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    # --- for the tests ---------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(30), "no connection to Home Assistant"
        self._check()

    def stop(self) -> None:
        self._running = False
        self._thread.join(30)

    def now(self) -> datetime:
        return self.clock_start + timedelta(seconds=(time.time() - self.epoch) * SPEED)

    def call(self, service: str, **data: Any) -> dict[str, Any]:
        """Call a service as a person does, from a connection that is not AppDaemon's."""
        return asyncio.run_coroutine_threadsafe(self._call(service, **data), self._loop).result(15)

    def number(self, name: str) -> float:
        return float(self.states[f"input_number.{name}"]["state"])

    def state(self) -> str:
        return str(self.states["input_text.heat_state"]["state"])

    def setpoint(self, room: str) -> float:
        return float(self.states[f"climate.{room}"]["attributes"]["temperature"])

    def opened(self) -> set[str]:
        return {room for room in FLOORS if self.setpoint(room) > OFF_C}

    def pump_on(self) -> bool:
        return bool(self.states[PUMP]["state"] == "on")

    def warm(self, **rooms: float) -> None:
        """Put rooms at a temperature."""
        for room, value in rooms.items():
            self.house.rooms[room].air_c = self.house.rooms[room].screed_c = value

    def until(self, what: Callable[[], bool], *, minutes: float, why: str) -> None:
        """Wait on the accelerated clock."""
        end = self.now() + timedelta(minutes=minutes)
        while not what():
            self._check()
            assert self.now() < end, f"not within {minutes} min: {why}; {self.state()} {self.opened()}"
            time.sleep(0.05)

    def wait(self, minutes: float) -> None:
        end = self.now() + timedelta(minutes=minutes)
        while self.now() < end:
            self._check()
            time.sleep(0.05)

    def _check(self) -> None:
        if self._error is not None:
            raise AssertionError("the plant has failed") from self._error

    # --- the line --------------------------------------------------------------------------------

    async def _guarded(self) -> None:
        try:
            await self._main()
        except (aiohttp.ClientError, OSError, KeyError, TypeError, AssertionError, TimeoutError) as error:
            self._error = error
            self._ready.set()

    async def _main(self) -> None:
        async with aiohttp.ClientSession() as session:
            self._socket = await session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0)
            await self._socket.receive_json()
            await self._socket.send_json({"type": "auth", "access_token": self.token})
            assert (await self._socket.receive_json())["type"] == "auth_ok"
            reader = asyncio.ensure_future(self._read())
            await self._ask({"type": "subscribe_events", "event_type": "state_changed"})
            for state in (await self._ask({"type": "get_states"}))["result"]:
                self.states.setdefault(state["entity_id"], state)
            self._ready.set()
            while self._running:
                await self._turn()
                await asyncio.sleep(0.1)
            reader.cancel()

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        number, self._next_id = self._next_id, self._next_id + 1
        self._answers[number] = self._loop.create_future()
        await self._socket.send_json({"id": number, **message})
        return await asyncio.wait_for(self._answers[number], 60)

    async def _call(self, service: str, **data: Any) -> dict[str, Any]:
        domain, name = service.split(".")
        return await self._ask(
            {"type": "call_service", "domain": domain, "service": name, "service_data": data}
        )

    async def _read(self) -> None:
        async for message in self._socket:
            data = message.json()
            if data["type"] == "result":
                self._answers.pop(data["id"]).set_result(data)
            elif data["type"] == "event":
                self._take(data["event"]["data"])

    def _take(self, change: dict[str, Any]) -> None:
        new = change["new_state"]
        if new is None:
            return
        entity, old = new["entity_id"], self.states.get(new["entity_id"])
        self.states[entity] = new
        self.events.append(Event(self.now(), entity, new["state"], new["attributes"]))
        if entity == BUTTON and old is not None and old["state"] != new["state"]:
            self.house.press_off()
        if entity == PUMP and new["state"] == "on" and not self.house.pump_on:
            self.house.switch_by_hand(True)
        if entity.startswith("climate.") and "temperature" in new["attributes"]:
            setpoint = new["attributes"]["temperature"]
            if setpoint is not None:
                self.house.rooms[entity.removeprefix("climate.")].setpoint_c = float(setpoint)

    async def _turn(self) -> None:
        was_on = self.house.pump_on
        self.house.advance(max(self.house.now, self.now().astimezone(UTC)))
        if was_on and not self.house.pump_on:
            await self._call("input_boolean.turn_off", entity_id="input_boolean.pump_relay")
        values = {f"t_{room}": round(r.air_c, 1) for room, r in self.house.rooms.items()}
        values["t_outdoor"] = self.outdoor_c
        for name, value in values.items():
            if self._shown.get(name) != value:
                self._shown[name] = value
                await self._call("input_number.set_value", entity_id=f"input_number.{name}", value=value)
