"""The adapter to a nymea box: its things become devices by their interfaces, whoever made them.

Signs are nymea's own (consumer's perspective), which is load convention. A thing is named by its id or
name, or left out where the box has exactly one with the interface that the asset needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    Load,
    Phases,
    PvSystem,
    Room,
)
from ohmstead.core.state import (
    MISSING,
    AssetState,
    BatteryState,
    ChargePointState,
    GridState,
    HeatPumpState,
    LoadState,
    PvState,
    Reading,
    RoomState,
    TankState,
)
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.devices.nymea_orders import SG_READY, SG_READY_MODES, orders
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.nymea.box import BoxThing, NymeaBox
from ohmstead.nymea.client import Address

READY_S = 4.0
"""A first look may take so long; the daemon gives a device 5 s."""
RUNNING_W = 50.0

INTERFACES: dict[type[Asset], tuple[str, ...]] = {
    PvSystem: ("smartmeterproducer", "solarinverter"),
    Battery: ("energystorage",),
    ChargePoint: ("evcharger",),
    HotWaterTank: ("heating", "powersocket", "powerswitch"),
    HeatPump: ("smartgridheatpump", "simpleheatpump"),
    Room: ("thermostat",),
    FlexibleLoad: ("powersocket", "powerswitch", "heating"),
    Load: ("smartmeterconsumer",),
}
"""What a thing must have one of to be an asset of a kind; the first that any thing has counts."""
METER_INTERFACES = ("energymeter",)


class NymeaOptions(AdapterOptions):
    """Options of the nymea adapter."""

    url: str = Field(
        description="The box: nymeas://HOST:2222 or wss://HOST:4444 (encrypted), nymea:// or ws:// (plain)."
    )
    thing: str | None = Field(
        default=None,
        min_length=1,
        description="Id or name of the thing there; needed where several could be meant.",
    )
    temperature_thing: str | None = Field(
        default=None, min_length=1, description="Id or name of a thermometer, where it is another thing."
    )
    car: str | None = Field(
        default=None, min_length=1, description="Id or name of the electric vehicle of a charger."
    )
    certificate_sha256: str | None = Field(
        default=None,
        description="SHA-256 of its certificate, as `ohmstead nymea things` tells it; no other is accepted.",
    )
    token_file: Path | None = Field(
        default=None,
        description="Absolute path of a file whose first line is a user's token, where the box asks for it.",
    )

    @field_validator("certificate_sha256")
    @classmethod
    def _is_a_fingerprint(cls, text: str | None) -> str | None:
        plain = None if text is None else text.replace(":", "").lower()
        if plain is not None and not re.fullmatch(r"[0-9a-f]{64}", plain):
            raise ValueError("allowed: 64 hexadecimal digits")
        return plain

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            Address.parse(url)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return url


class Found:
    """One thing of a box, looked up again with every use: the box may have changed it."""

    def __init__(self, box: NymeaBox, name: str | None, interfaces: tuple[str, ...]) -> None:
        self.box = box
        self._name = name
        self._interfaces = interfaces

    async def thing(self) -> BoxThing:
        """The thing now.

        Raises:
            DeviceOffline: the box does not answer, or says that it has lost the thing.
            DeviceError: the box has no such thing, or several.
        """
        await self.box.ready(READY_S)
        fitting: list[BoxThing] = []
        for interface in self._interfaces:
            fitting = fitting or [t for t in self.box.things.values() if self.is_meant(t, interface)]
        if len(fitting) != 1:
            raise DeviceError(self._words(fitting))
        (thing,) = fitting
        if thing.flag("connected") is False:
            raise DeviceOffline(f"{self.box.address}: {thing.name!r} is not connected")
        return thing

    def is_meant(self, thing: BoxThing, interface: str) -> bool:
        """Whether a thing has an interface, and the name that was asked for."""
        named = self._name is None or self._name in (thing.id, thing.id.strip("{}"), thing.name)
        return named and interface in thing.box_class.interfaces

    def reading(self, thing: BoxThing, name: str) -> Reading:
        """A number of the thing: as fresh as the connection, since the box tells of every change."""
        value = thing.number(name)
        return MISSING if value is None else Reading(value=value, at=self.box.seen_at)

    def _words(self, fitting: list[BoxThing]) -> str:
        kinds = " or ".join(self._interfaces)
        wanted = f"a thing with interface {kinds}" if self._name is None else f"{self._name!r} with {kinds}"
        if fitting:
            names = ", ".join(sorted(t.name for t in fitting))
            return f"{self.box.address}: several things could be meant by {wanted}: {names}; set `thing`"
        return f"{self.box.address}: there is no {wanted}"


class NymeaMeter:
    """An ``energymeter``; ``Announcing``."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._news = asyncio.Event()
        found.box.listen(self._told)

    def _told(self, thing: BoxThing) -> None:
        if any(self._found.is_meant(thing, interface) for interface in METER_INTERFACES):
            self._news.set()

    async def changed(self) -> None:
        """See :meth:`ohmstead.devices.base.Announcing.changed`."""
        await self._news.wait()
        self._news.clear()

    async def update(self) -> GridState:
        """See :meth:`ohmstead.devices.base.Meter.update`."""
        thing = await self._found.thing()
        return GridState(power_w=self._found.reading(thing, "currentPower"), phases_w=phases_of(thing))


class NymeaDevice:
    """A thing that is read."""

    def __init__(self, asset: Asset, found: Found, options: NymeaOptions) -> None:
        self.asset = asset
        self.found = found
        box = found.box
        self._thermometer = (
            None
            if options.temperature_thing is None
            else Found(box, options.temperature_thing, ("temperaturesensor", "thermostat"))
        )
        self._car = None if options.car is None else Found(box, options.car, ("electricvehicle",))

    @property
    def id(self) -> AssetId:
        """See :attr:`ohmstead.devices.base.Device.id`."""
        return self.asset.id

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        thing = await self.found.thing()
        power_w = self.found.reading(thing, "currentPower")
        match self.asset:
            case PvSystem():
                return PvState(id=self.id, power_w=_at_most_zero(power_w))
            case Battery():
                return BatteryState(id=self.id, power_w=power_w, soc=_share(self.found, thing))
            case ChargePoint():
                return await self._charge_point(self.asset, thing, power_w)
            case HotWaterTank():
                return TankState(id=self.id, power_w=power_w, temperature_c=await self._temperature(thing))
            case HeatPump():
                running = power_w.or_(0.0) > RUNNING_W
                supply_c = self.found.reading(thing, "flowTemperature")
                return HeatPumpState(
                    id=self.id,
                    power_w=power_w,
                    running=running,
                    supply_c=supply_c,
                    sg_ready=SG_READY in thing.box_class.actions,
                )
            case Room():
                return RoomState(
                    id=self.id,
                    power_w=Reading(value=0.0, at=self.found.box.seen_at),
                    temperature_c=await self._temperature(thing),
                    target_c=thing.number("targetTemperature"),
                    window_open=bool(thing.flag("windowOpenDetected") or thing.flag("windowOpen")),
                )
            case Load() | FlexibleLoad():
                return LoadState(id=self.id, power_w=power_w)

    async def _charge_point(self, point: ChargePoint, thing: BoxThing, power_w: Reading) -> ChargePointState:
        if power_w.value is None:
            power_w = self._estimated(point, thing)
        charging = thing.flag("charging")
        charging = power_w.or_(0.0) > RUNNING_W if charging is None else charging
        plugged_in = thing.flag("pluggedIn")
        soc = MISSING
        if self._car is not None:
            with contextlib.suppress(DeviceError):  # a car that is away is no fault of the charger
                soc = _share(self._car, await self._car.thing())
        return ChargePointState(
            id=self.id,
            power_w=power_w,
            # A charger that cannot tell may have a vehicle: else it would never be offered anything.
            connected=True if plugged_in is None else plugged_in,
            charging=charging,
            soc=soc,
            session_kwh=thing.number("sessionEnergy") or 0.0,
        )

    def _estimated(self, point: ChargePoint, thing: BoxThing) -> Reading:
        """What a charger without a meter takes: nothing, or what it was set to."""
        if thing.flag("power") is False or thing.flag("charging") is False:
            return Reading(value=0.0, at=self.found.box.seen_at)
        current_a = thing.number("maxChargingCurrent")
        if thing.flag("charging") is None or current_a is None:
            return MISSING
        phases = thing.number("phaseCount") or (3 if point.phases is Phases.ALL else 1)
        return Reading(value=current_a * phases * point.voltage_v, at=self.found.box.seen_at)

    async def _temperature(self, thing: BoxThing) -> Reading:
        if self._thermometer is None:
            return self.found.reading(thing, "temperature")
        try:
            return self._thermometer.reading(await self._thermometer.thing(), "temperature")
        except DeviceError:
            return MISSING


class NymeaActuator(NymeaDevice):
    """A thing that obeys; ``Controllable``, and ``SgReadyControllable`` where it is such a heat pump."""

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        if not math.isfinite(power_w):
            raise DeviceError(f"{self.id}: {power_w} W is not a setpoint")
        thing = await self.found.thing()
        for action, value in orders(self.asset, thing, power_w):
            await self._tell(thing, action, value)

    async def ask_for(self, state: SgReady) -> None:
        """See :meth:`ohmstead.devices.base.SgReadyControllable.ask_for`."""
        await self._tell(await self.found.thing(), SG_READY, SG_READY_MODES[state])

    async def _tell(self, thing: BoxThing, action: str, value: Any) -> None:
        if thing.states.get(action) != value:
            await self.found.box.execute(thing, action, value)

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        thing = await self.found.thing()
        match self.asset:
            case ChargePoint():
                phases = 3 if self.asset.phases is Phases.ALL and not self.asset.phase_switching else 1
                await self.apply(phases * self.asset.min_a * self.asset.voltage_v)
            case HeatPump() if SG_READY in thing.box_class.actions:
                await self.found.box.execute(thing, SG_READY, SG_READY_MODES[SgReady.NORMAL])
            case HeatPump() | FlexibleLoad():
                await self.found.box.execute(thing, "power", value=True)
            case _:
                await self.apply(0.0)


def phases_of(thing: BoxThing) -> tuple[float, float, float] | None:
    """The powers per phase, W: as metered, else out of currents, which may have no sign of their own."""
    powers = [thing.number(f"currentPowerPhase{phase}") for phase in "ABC"]
    if all(p is not None for p in powers):
        a, b, c = (p or 0.0 for p in powers)
        return a, b, c
    total_w = thing.number("currentPower")
    currents = [thing.number(f"currentPhase{phase}") for phase in "ABC"]
    if total_w is None or any(c is None for c in currents):
        return None
    volts = [thing.number(f"voltagePhase{phase}") or 230.0 for phase in "ABC"]
    sign = -1.0 if total_w < 0 and all((c or 0.0) >= 0 for c in currents) else 1.0
    a, b, c = (sign * (i or 0.0) * v for i, v in zip(currents, volts, strict=True))
    return a, b, c


def _share(found: Found, thing: BoxThing) -> Reading:
    percent = thing.number("batteryLevel")
    if percent is None or not 0.0 <= percent <= 100.0:
        return MISSING
    return Reading(value=percent / 100, at=found.box.seen_at)


def _at_most_zero(power_w: Reading) -> Reading:
    """A producer never takes: a few watts of standby, or a wrong sign, are none of the sun's."""
    if power_w.value is None or power_w.value <= 0:
        return power_w
    return Reading(value=0.0, at=power_w.at)


@dataclass(frozen=True, slots=True)
class Access:
    """A box and who asks: devices that share both share a connection."""

    url: str
    token_file: Path | None

    def token(self) -> str | None:
        """The token, read anew with each connection."""
        if self.token_file is None:
            return None
        try:
            lines = self.token_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DeviceError(f"{self.token_file}: the token cannot be read ({error})") from error
        return lines[0].strip() if lines else None


class NymeaAdapter:
    """Opens things of any number of boxes; one connection each."""

    def __init__(self, boxes: Callable[[Address, Callable[[], str | None]], NymeaBox]) -> None:
        self._make = boxes
        self._boxes: dict[tuple[Access, str | None], NymeaBox] = {}

    def meter(self, options: AdapterOptions) -> Meter:
        """The energy meter that these options name."""
        own = _own(options)
        return NymeaMeter(Found(self._box(own), own.thing, METER_INTERFACES))

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The thing that these options name, as an asset."""
        own = _own(options)
        found = Found(self._box(own), own.thing, INTERFACES[type(asset)])
        obeys = isinstance(asset, ChargePoint | HotWaterTank | HeatPump | FlexibleLoad)
        return (NymeaActuator if obeys else NymeaDevice)(asset, found, own)

    async def close(self) -> None:
        """End the connections."""
        for box in self._boxes.values():
            await box.close()

    def _box(self, options: NymeaOptions) -> NymeaBox:
        access, certificate = Access(options.url, options.token_file), options.certificate_sha256
        if (access, certificate) not in self._boxes:
            address = Address.parse(options.url, certificate)
            self._boxes[access, certificate] = self._make(address, access.token)
        return self._boxes[access, certificate]


def _own(options: AdapterOptions) -> NymeaOptions:
    if not isinstance(options, NymeaOptions):
        raise TypeError(f"{type(options).__name__}, expected NymeaOptions")
    return options


def open_nymea(environment: Environment) -> NymeaAdapter:
    """An adapter that connects as soon as its first device is read."""
    del environment
    return NymeaAdapter(lambda address, token: NymeaBox(address, token=token))


NYMEA = AdapterSpec(
    name="nymea",
    summary="A thing of a nymea box, by its interface.",
    options=NymeaOptions,
    assets=tuple(INTERFACES),
    is_meter=True,
    open=open_nymea,
)
