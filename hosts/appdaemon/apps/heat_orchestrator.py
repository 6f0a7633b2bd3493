"""AppDaemon app: two floors, one heat pump.

Thin on purpose: it maps entities into a snapshot, asks the state machine beside it, and carries the
commands out in their order. All rules are in ``heat_orchestrator_machine.py``.
"""

from __future__ import annotations

import json
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import appdaemon.plugins.hass.hassapi as hass
import heat_orchestrator_machine as machine
from appdaemon.exceptions import AppDaemonException

GONE = (None, "unavailable", "unknown", "")
FORECAST_AGE_S = 600.0
START_WAIT_S = 60.0
SERVICES = {"climate", "switch", "input_button", "input_number", "input_text", "input_datetime"}
NUMBERS = (*machine.SETTING_RANGES, "pump_on_minutes_today", "pump_starts_today")
TIMES = (
    "off_window_start",
    "off_window_end",
    "day_reset_time",
    "state_since",
    "last_pump_on",
    "last_pump_off",
)
TEXTS = ("heat_state", "active_floor", "active_rooms")
ARGUMENTS = {
    "clamp_rooms": bool,
    "satisfied_offset_k": float,
    "cap_only_when_contended": bool,
    "enable_offset_k": float,
    "quota_on_min": float,
    "quota_off_min": float,
    "setpoint_step_k": float,
    "guard_s": float,
    "readback_s": float,
    "echo_s": float,
}


class HeatOrchestrator(hass.Hass):
    """One instance per plant."""

    def initialize(self) -> None:
        self.speed = float(self.args.get("clock_speed", 1.0))
        self.tick_s = float(self.args.get("tick_s", 60.0))
        self.entities = self._entities()
        self.rooms = {
            room: str(entity) for floor in ("GF", "FF") for room, entity in self.args["rooms"][floor].items()
        }
        self.tz = ZoneInfo(str(self.args.get("time_zone") or self.get_timezone()))
        self.config = machine.Config(
            rooms={
                room: machine.Floor(floor) for floor in ("GF", "FF") for room in self.args["rooms"][floor]
            },
            tz=self.tz,
            tick_s=self.tick_s,
            **{name: kind(self.args[name]) for name, kind in ARGUMENTS.items() if name in self.args},
        )
        self.memory_file = Path(
            str(self.args.get("memory_file") or Path(self.app_dir) / "heat_orchestrator.json")
        )
        self.memory: machine.Memory | None = None
        self.own_contexts: deque[str] = deque(maxlen=200)
        self.written: dict[str, str] = {}
        self.failed: set[str] = set()
        self.forecast: tuple[float, float | None] = (0.0, None)
        self.wake: str | None = None
        self.waiting_since = time.monotonic()
        self.begin()

    def _entities(self) -> dict[str, str]:
        """Helper names to entity ids: the shipped names, or those of ``helpers`` in apps.yaml."""
        named = {name: f"input_number.{name}" for name in NUMBERS}
        named |= {name: f"input_datetime.{name}" for name in TIMES}
        named |= {name: f"input_text.{name}" for name in TEXTS}
        for floor in ("GF", "FF"):
            for room in self.args["rooms"][floor]:
                for name in (f"user_sp_{room}", f"priority_{room}", f"heating_minutes_{room}"):
                    named[name] = f"input_number.{name}"
        return {**named, **self.args.get("helpers", {})}

    def now(self) -> datetime:
        """The clock of the state machine; faster than real in tests."""
        if self.speed == 1.0 and "clock_start" not in self.args:
            return datetime.now(UTC)
        elapsed_s = time.time() - float(self.args["clock_epoch"])
        return datetime.fromisoformat(str(self.args["clock_start"])) + timedelta(
            seconds=elapsed_s * self.speed
        )

    # --- start -----------------------------------------------------------------------------------

    def begin(self, **_: Any) -> None:
        """Wait for Home Assistant's states and services, then take up where the last run left off."""
        if not self._home_assistant_is_there():
            self.run_in(self.begin, 1)
            return
        driven = self._radiator_driven()
        if driven:
            self.log(
                "[CONFIG] %s is also driven by a radiator regulator; one thermostat takes orders from one "
                "program only. The heat orchestrator does not start.",
                ", ".join(sorted(driven)),
                level="ERROR",
            )
            return
        for entity in (*self.rooms.values(), self.args["pump_switch"], self.args["pump_off_button"]):
            if not self.entity_exists(entity):
                self.log("[CONFIG] %s does not exist in Home Assistant", entity, level="ERROR")
        self.memory = machine.begin(self.config, self._helpers(), self.now(), self._stored())
        for entity in self.rooms.values():
            self.listen_state(self.on_thermostat, entity, attribute="all")
        self.listen_state(self.on_change, self.args["pump_switch"])
        self.listen_state(self.on_change, self.args["weather"], attribute="all")
        for entity in self.entities.values():
            self.listen_state(self.on_helper, entity)
        self.log("[START] %d rooms, state %s", len(self.rooms), self.memory.state)
        self.run_every(self.on_tick, "immediate", self.tick_s / self.speed)

    def _home_assistant_is_there(self) -> bool:
        known = {str(s["domain"]) for s in self.list_services(namespace="default")}
        if not known >= SERVICES:
            return False
        waited_s = time.monotonic() - self.waiting_since
        plant = (*self.rooms.values(), self.args["pump_switch"], self.args["pump_off_button"])
        states = [self.get_state(e) for e in (*plant, *self.entities.values())]
        return all(s is not None for s in states) or waited_s > START_WAIT_S

    def _radiator_driven(self) -> set[str]:
        """Our thermostats that a regulator of radiator valves names as its own."""
        ours = set(self.rooms.values())
        driven = ours & set(self.args.get("radiator_climates", ()))
        for state in (self.get_state() or {}).values():
            named = (state.get("attributes") or {}).get("trv_entities") or ()
            driven |= ours & ({named} if isinstance(named, str) else set(map(str, named)))
        return driven

    def _stored(self) -> machine.Memory | None:
        try:
            return machine.memory_from_plain(json.loads(self.memory_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            self.log(
                "[START] %s is not usable (%s); the helpers are", self.memory_file, error, level="WARNING"
            )
            return None

    # --- what is heard ---------------------------------------------------------------------------

    def on_tick(self, **_: Any) -> None:
        self.evaluate(tick=True)

    def on_change(self, _entity: str, _attribute: str, old: Any, new: Any, **_: Any) -> None:
        if old != new:
            self.evaluate()

    def on_helper(self, entity: str, _attribute: str, old: Any, new: Any, **_: Any) -> None:
        if old != new and self.written.get(entity) != _plain(new):
            self.evaluate()

    def on_thermostat(self, entity: str, _attribute: str, old: Any, new: Any, **_: Any) -> None:
        before, after = _setpoint(old), _setpoint(new)
        changes: tuple[machine.SetpointChange, ...] = ()
        if after is not None and before != after:
            context = (new or {}).get("context") or {}
            user = context.get("user_id")
            own_user = self.args.get("own_user_id")
            own = context.get("id") in self.own_contexts or (own_user is not None and user == own_user)
            room = next(r for r, e in self.rooms.items() if e == entity)
            changes = (
                machine.SetpointChange(
                    room=room, old_c=before, new_c=after, own=own, human=user is not None and not own
                ),
            )
        if changes or _seen(old) != _seen(new):
            self.evaluate(changes=changes)

    def on_wake(self, **_: Any) -> None:
        self.wake = None
        self.evaluate()

    # --- snapshot --------------------------------------------------------------------------------

    def _helpers(self) -> dict[str, object]:
        shown = {name: self.get_state(entity) for name, entity in self.entities.items()}
        return {name: value for name, value in shown.items() if value not in GONE or name in TEXTS}

    def _room(self, entity: str) -> machine.RoomReading:
        state = self.get_state(entity, attribute="all") or {}
        if state.get("state") in GONE:
            return machine.RoomReading(current_c=None, setpoint_c=None, available=False)
        attributes = state.get("attributes") or {}
        return machine.RoomReading(
            current_c=machine.number(attributes.get("current_temperature")),
            setpoint_c=machine.number(attributes.get("temperature")),
            off=state.get("state") == "off",
        )

    def _outdoor_c(self) -> float | None:
        """The weather's attribute; else its hourly forecast, asked for every ten minutes at most."""
        weather = self.args["weather"]
        shown = machine.number(self.get_state(weather, attribute="temperature"))
        if shown is not None:
            return shown
        asked_at, value = self.forecast
        if asked_at and time.monotonic() - asked_at < FORECAST_AGE_S / self.speed:
            return value
        answer = self._call("weather/get_forecasts", entity_id=weather, type="hourly", return_response=True)
        try:
            value = machine.number(answer["result"]["response"][weather]["forecast"][0]["temperature"])
        except (KeyError, IndexError, TypeError):
            value = None
        self.forecast = (time.monotonic(), value)
        return value

    def evaluate(self, *, tick: bool = False, changes: tuple[machine.SetpointChange, ...] = ()) -> None:
        """One step of the state machine."""
        if self.memory is None:
            return
        pump = self.get_state(self.args["pump_switch"])
        inputs = machine.Inputs(
            pump_on={"on": True, "off": False}.get(pump),
            outdoor_c=self._outdoor_c(),
            rooms={room: self._room(entity) for room, entity in self.rooms.items()},
            helpers=self._helpers(),
            tick=tick,
            changes=changes,
            failed=tuple(self.failed),
        )
        self.failed.clear()
        outcome = machine.step(self.config, inputs, self.now(), self.memory)
        self.memory = outcome.memory
        for line in outcome.log:
            self.log("%s", line.text, level="WARNING" if line.warning else "INFO")
        for command in outcome.commands:
            self._carry_out(command)
        if tick or outcome.commands:
            self._store()
        self._arm(outcome.wake_at)

    def _arm(self, wake_at: datetime | None) -> None:
        if self.wake is not None:
            self.cancel_timer(self.wake, silent=True)
            self.wake = None
        delay_s = 0.1 if self.failed else None
        if wake_at is not None and delay_s is None:
            delay_s = max(0.1, (wake_at - self.now()).total_seconds() / self.speed)
        if delay_s is not None:
            self.wake = self.run_in(self.on_wake, delay_s)

    def _store(self) -> None:
        """Whole or not at all: the file is replaced, never written over."""
        fresh = self.memory_file.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(machine.to_plain(self.memory)), encoding="utf-8")
            fresh.replace(self.memory_file)
        except OSError as error:
            self.log("[STORE] %s: %s", self.memory_file, error, level="WARNING")

    # --- commands --------------------------------------------------------------------------------

    def _carry_out(self, command: machine.Command) -> None:
        match command:
            case machine.SetSetpoint(room, setpoint_c):
                answer = self._call(
                    "climate/set_temperature", entity_id=self.rooms[room], temperature=setpoint_c
                )
                if not _succeeded(answer):
                    self.failed.add(room)
            case machine.PumpOn():
                self._call("switch/turn_on", entity_id=self.args["pump_switch"])
            case machine.PumpOff():
                self._call("input_button/press", entity_id=self.args["pump_off_button"])
            case machine.WriteHelper(name, value):
                self._write_helper(self.entities[name], value)
            case machine.Notify(text):
                self._call("persistent_notification/create", title="Heat orchestrator", message=text)
                if "notify" in self.args:
                    self._call(str(self.args["notify"]).replace(".", "/"), message=text)

    def _write_helper(self, entity: str, value: float | str | datetime) -> None:
        domain = entity.split(".", 1)[0]
        if isinstance(value, datetime):
            value = value.astimezone(self.tz).replace(tzinfo=None, microsecond=0).isoformat(" ")
        self.written[entity] = _plain(value)
        if domain == "input_datetime":
            service, data = "input_datetime/set_datetime", {_time_key(str(value)): value}
        else:
            service, data = f"{domain}/set_value", {"value": value}
        try:
            # Not waited for: a lost write is noticed and repeated with the next tick.
            self.call_service(service, entity_id=entity, callback=self._helper_written, **data)
        except (AppDaemonException, RuntimeError, ValueError) as error:
            self.log("[CALL] %s %s: %s", service, entity, error, level="WARNING")

    def _helper_written(self, answer: Any) -> None:
        if not _succeeded(answer):
            self.log("[CALL] a helper was not written: %s", answer, level="WARNING")

    def _call(self, service: str, **data: Any) -> Any:
        """Call a service; the answer, or ``None`` after a failure, which is logged."""
        try:
            answer = self.call_service(service, suppress_log_messages=True, hass_timeout=10, **data)
        except (AppDaemonException, RuntimeError, ValueError, TimeoutError) as error:
            self.log("[CALL] %s %s: %s", service, data.get("entity_id", ""), error, level="WARNING")
            return None
        if not _succeeded(answer):
            self.log("[CALL] %s %s: %s", service, data.get("entity_id", ""), answer, level="WARNING")
            return answer
        context = ((answer or {}).get("result") or {}).get("context") or {}
        if context.get("id"):
            self.own_contexts.append(context["id"])
        return answer


def _succeeded(answer: Any) -> bool:
    return isinstance(answer, dict) and bool(answer.get("success"))


def _setpoint(state: Any) -> float | None:
    if not isinstance(state, dict) or state.get("state") in GONE:
        return None
    return machine.number((state.get("attributes") or {}).get("temperature"))


def _seen(state: Any) -> tuple[Any, Any]:
    if not isinstance(state, dict):
        return None, None
    return state.get("state"), (state.get("attributes") or {}).get("current_temperature")


def _plain(value: Any) -> str:
    """Numbers and their texts alike: Home Assistant shows 22.0 as "22.0"."""
    number = machine.number(value)
    return str(value) if number is None else f"{number:g}"


def _time_key(text: str) -> str:
    return "datetime" if "-" in text else "time"
