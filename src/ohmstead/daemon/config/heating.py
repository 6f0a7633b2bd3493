"""The sections ``home_assistant`` and ``heating``: rooms and floors that the daemon regulates itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from ohmstead.daemon.config.problems import KeyPath
from ohmstead.devices.home_assistant_wire import addresses
from ohmstead.errors import ConfigError
from ohmstead.heating.heat_orchestrator import PRIORITY_DEFAULT, Floor
from ohmstead.heating.heat_orchestrator import Settings as FloorSettings

Complaint = tuple[KeyPath, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeAssistantSettings:
    """The Home Assistant that devices and rooms are reached through."""

    url: str
    """Its address, as ``http://homeassistant.local:8123``."""
    token_file: Path
    """File whose first line is a long-lived access token; relative to the configuration."""

    def token(self) -> SecretStr:
        """The access token.

        Raises:
            ConfigError: the file cannot be read or holds no token.
        """
        try:
            lines = self.token_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.token_file}: the token cannot be read ({error})") from error
        token = lines[0].strip() if lines else ""
        if not token or not token.isascii():
            raise ConfigError(
                f"{self.token_file}: the first line must be the token; Home Assistant makes one under "
                "your name, Security, Long-lived access tokens"
            )
        return SecretStr(token)


class RoomAdapter(StrEnum):
    """How rooms are reached."""

    HOME_ASSISTANT = "home_assistant"
    SIMULATED = "simulated"


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorRoom:
    """A room on underfloor heating: its valve is open only while it is colder than its setpoint."""

    id: str
    """Names it in the API and in its stored memory."""
    name: str | None = None
    """For display; without it the id as words."""
    floor: Floor
    """Ground floor or first floor: never both are heated at once."""
    thermostat: str | None = None
    """Its ``climate`` entity."""
    target_c: float | None = None
    """What people want, to begin with; then what they set at the thermostat. Changing it here counts too."""
    priority: float = PRIORITY_DEFAULT
    """Weight of its deficit against other rooms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorHeating:
    """Two floors on one heat pump: the heat orchestrator."""

    adapter: RoomAdapter = RoomAdapter.HOME_ASSISTANT
    """``simulated`` is a house to look at."""
    rooms: tuple[FloorRoom, ...] = ()
    """At least one. A simulated house without any has seven."""
    pump_switch: str | None = None
    """The ``switch`` that starts the pump; it is never turned off."""
    pump_stop_button: str | None = None
    """The ``input_button`` or ``button`` of the graceful shutdown."""
    outdoor: str | None = None
    """A ``weather`` or ``sensor`` entity; without it the weather forecast of Ohmstead."""
    clamp_rooms: bool = True
    """Clamp the number of rooms by the bulk and sequential temperatures."""
    satisfied_offset_k: float = 0.0
    """Widens the band of a room's latch."""
    cap_only_when_contended: bool = False
    """Let a room pass its continuous maximum while nobody waits."""
    enable_offset_k: float = 0.0
    """Added to commanded setpoints, for thermostats that close early."""
    settings: FloorSettings = field(default_factory=FloorSettings)
    """Hysteresis, minimum times, off window, hot-water quota; named as the helpers of the AppDaemon app."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RadiatorRoom:
    """A room with radiators and thermostatic valves: the room regulator."""

    id: str
    """Names it in the API and in its stored memory."""
    name: str | None = None
    """In the log and for display; without it the id."""
    adapter: RoomAdapter = RoomAdapter.HOME_ASSISTANT
    """``simulated`` is a room to look at."""
    temperature: str | None = None
    """``sensor`` of the room's temperature, the only one that is compared with the target."""
    target: str | None = None
    """``input_number`` or ``number`` with the wanted temperature."""
    target_c: float | None = None
    """The wanted temperature, instead of ``target``."""
    valves: tuple[str, ...] = ()
    """``climate`` entities of the valves; all are driven alike."""
    left_alone: tuple[str, ...] = ()
    """Those of the valves that are not to be driven."""
    windows: tuple[str, ...] = ()
    """``binary_sensor`` entities of windows and doors; heating pauses while one is open."""
    hysteresis_k: float = 0.3
    """Heats at this far below the target; 0.2 holds ±0.3 K better."""
    learning_cycles: int = 10
    """Valid cycles until it predicts; also how many it averages over."""
    cooldown_s: float = 1200.0
    """How long the overshoot is watched."""
    min_heating_s: float = 180.0
    """A shorter heating is not learned from."""
    max_heating_s: float = 7200.0
    """Heating ends after this time."""
    max_valid_overshoot_k: float = 3.0
    """A larger overshoot is not learned from."""
    desired_overshoot_k: float = 0.1
    """The peak that predictions aim at."""
    window_open_delay_s: float = 120.0
    """A window open for less does not pause the heating."""
    sensor_silence_s: float = 7200.0
    """A sensor without any report for this long counts as failed; 0: never."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatingSettings:
    """Rooms that Ohmstead regulates itself."""

    floors: FloorHeating | None = None
    """Underfloor heating of two floors on one heat pump."""
    radiators: tuple[RadiatorRoom, ...] = ()
    """Rooms with radiators."""

    def uses(self, adapter: RoomAdapter) -> bool:
        """Whether any room is reached that way."""
        floors = self.floors is not None and self.floors.adapter is adapter
        return floors or any(room.adapter is adapter for room in self.radiators)


def problems_of_home_assistant(settings: HomeAssistantSettings) -> Iterator[Complaint]:
    """What is wrong with the section ``home_assistant``; its path must be absolute."""
    try:
        addresses(settings.url)
    except ValueError as error:
        yield ("home_assistant", "url"), f"found {settings.url!r}, allowed: {error}"
    try:
        settings.token()
    except ConfigError as error:
        yield ("home_assistant", "token_file"), str(error)


def problems_of_heating(heating: HeatingSettings) -> Iterator[Complaint]:
    """What no field of the section ``heating`` alone can tell."""
    floors = heating.floors
    if floors is not None:
        yield from _floors(floors)
    for i, room in enumerate(heating.radiators):
        yield from _radiator(room, ("heating", "radiators", i))
    yield from _taken_twice(heating)


def _floors(floors: FloorHeating) -> Iterator[Complaint]:
    key: KeyPath = ("heating", "floors")
    if floors.adapter is RoomAdapter.HOME_ASSISTANT:
        for name, domains in (("pump_switch", ("switch", "input_boolean")), ("pump_stop_button", _BUTTONS)):
            yield from _entity(getattr(floors, name), domains, (*key, name))
        if not floors.rooms:
            yield (*key, "rooms"), "missing; needed: a list with at least one room"
        for i, room in enumerate(floors.rooms):
            yield from _entity(room.thermostat, ("climate",), (*key, "rooms", i, "thermostat"))
        if floors.outdoor is not None:
            yield from _entity(floors.outdoor, ("weather", "sensor"), (*key, "outdoor"))
    s = floors.settings
    if s.heating_hyst_off >= s.heating_hyst_on:
        yield (
            (*key, "settings", "heating_hyst_off"),
            f"found {s.heating_hyst_off:g}, allowed: below heating_hyst_on, {s.heating_hyst_on:g}",
        )


def _radiator(room: RadiatorRoom, key: KeyPath) -> Iterator[Complaint]:
    if room.min_heating_s >= room.max_heating_s:
        yield (
            (*key, "min_heating_s"),
            f"found {room.min_heating_s:g} s, allowed: below max_heating_s, {room.max_heating_s:g} s",
        )
    if room.adapter is RoomAdapter.SIMULATED:
        return
    yield from _entity(room.temperature, ("sensor", "input_number", "number"), (*key, "temperature"))
    if (room.target is None) == (room.target_c is None):
        yield (*key, "target"), "needed: either target (an entity) or target_c (a temperature), and not both"
    if room.target is not None:
        yield from _entity(room.target, ("input_number", "number"), (*key, "target"))
    if not room.valves:
        yield (*key, "valves"), "missing; needed: a list with at least one climate entity"
    for i, valve in enumerate(room.valves):
        yield from _entity(valve, ("climate",), (*key, "valves", i))
    for i, valve in enumerate(room.left_alone):
        if valve not in room.valves:
            yield (
                (*key, "left_alone", i),
                f"found {valve!r}, allowed: {', '.join(room.valves)}",
            )
    if room.valves and set(room.valves) <= set(room.left_alone):
        yield (*key, "left_alone"), "at least one of the valves must be driven"
    for i, window in enumerate(room.windows):
        yield from _entity(window, ("binary_sensor", "input_boolean"), (*key, "windows", i))


def _taken_twice(heating: HeatingSettings) -> Iterator[Complaint]:
    """A thermostat takes orders from one program only; an id names one room."""
    ids: dict[str, str] = {}
    driven: dict[str, str] = {}
    rooms = heating.floors.rooms if heating.floors is not None else ()
    for i, room in enumerate(rooms):
        key: KeyPath = ("heating", "floors", "rooms", i)
        yield from _once(ids, room.id, (*key, "id"), f"the room {room.id!r}")
        if room.thermostat is not None:
            yield from _once(driven, room.thermostat, (*key, "thermostat"), f"the floor room {room.id!r}")
    for i, radiator in enumerate(heating.radiators):
        key = ("heating", "radiators", i)
        yield from _once(ids, radiator.id, (*key, "id"), f"the room {radiator.id!r}")
        for j, valve in enumerate(radiator.valves):
            yield from _once(driven, valve, (*key, "valves", j), f"the radiator room {radiator.id!r}")


def _once(seen: dict[str, str], found: str, key: KeyPath, owner: str) -> Iterator[Complaint]:
    if found in seen:
        yield key, f"found {found!r}, which {seen[found]} has already"
    seen.setdefault(found, owner)


_BUTTONS = ("input_button", "button", "script")


def _entity(found: str | None, domains: tuple[str, ...], key: KeyPath) -> Iterator[Complaint]:
    allowed = f"an entity of {', '.join(domains)}"
    if found is None:
        yield key, f"missing; needed: {allowed}"
    elif found.partition(".")[0] not in domains:
        yield key, f"found {found!r}, allowed: {allowed}"
