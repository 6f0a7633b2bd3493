"""The adapter to Home Assistant: any asset whose power, and what commands it, are entities there.

An entity tells its unit itself. What a positive number means is configured, because Home Assistant has
no convention for it: ``in`` is into the asset (at the meter: import), ``out`` out of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

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
    Quality,
    Reading,
    RoomState,
    TankState,
)
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.devices.home_assistant_command import Knobs, Order, problems_of
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.devices.home_assistant_options import HomeAssistantOptions, Positive
from ohmstead.devices.home_assistant_wire import EntityState
from ohmstead.errors import ConfigError, DeviceOffline

RUNNING_W = 50.0
"""Below it a heat pump or charger is on standby."""
METER_LOOK_S = 10.0
"""A meter whose value has not changed for this long is asked whether it still reports."""
ON = frozenset({"on", "home", "connected", "charging", "ready", "preparing", "plugged", "true"})
"""States of a binary sensor, or of a charger's status, that mean that a vehicle is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """Reads entities, and knows what a positive number of theirs means."""

    link: HomeAssistantLink
    options: HomeAssistantOptions
    sign: float

    async def power(self, *, look_s: float) -> Reading:
        """The power in load convention; one that is silent for ``look_s`` is asked for."""
        entity_id = self.options.power
        if entity_id is None:
            return MISSING
        state = self.link.state(entity_id)
        if (datetime.now(UTC) - state.reported_at).total_seconds() > look_s:
            with contextlib.suppress(DeviceOffline):
                await self.link.refresh(entity_id)
            state = self.link.state(entity_id)
        value = state.watts
        if value is None:
            return Reading(value=None, at=state.reported_at, quality=Quality.INVALID)
        age_s = (datetime.now(UTC) - state.reported_at).total_seconds()
        stale = 0.0 < self.options.max_age_s < age_s
        return Reading(
            value=self.sign * value + 0.0,
            at=state.reported_at,
            quality=Quality.STALE if stale else Quality.GOOD,
        )

    def phases_w(self) -> tuple[float, float, float] | None:
        """Power of the phases, where all three are known."""
        states = [self.link.get(entity_id) for entity_id in self.options.phases]
        values = [state.watts for state in states if state is not None]
        known = [self.sign * value + 0.0 for value in values if value is not None]
        return (known[0], known[1], known[2]) if len(known) == 3 else None

    def seen(self, entity_id: str | None) -> EntityState | None:
        """An entity, where it is configured and known."""
        return None if entity_id is None else self.link.get(entity_id)

    def share(self, entity_id: str | None) -> Reading:
        """A percentage as a share."""
        state = self.seen(entity_id)
        return MISSING if state is None else Reading(value=state.share, at=state.reported_at)

    def celsius(self, entity_id: str | None) -> Reading:
        """A temperature, °C; of a thermostat the one that it measures."""
        state = self.seen(entity_id)
        if state is None:
            return MISSING
        thermostat = state.entity_id.startswith("climate.")
        value = state.attribute("current_temperature") if thermostat else state.celsius
        return Reading(value=value, at=state.reported_at)

    def is_on(self, entity_id: str | None) -> bool:
        """Whether a binary sensor or status says yes."""
        state = self.seen(entity_id)
        return state is not None and state.state.lower() in ON

    def target_c(self) -> float | None:
        """What people want: a number, or the setpoint of a thermostat."""
        state = self.seen(self.options.target)
        if state is None:
            return None
        return state.attribute("temperature") if state.entity_id.startswith("climate.") else state.celsius


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeAssistantMeter:
    """The meter at the grid connection; ``Announcing``."""

    reader: _Reader
    news: asyncio.Event

    async def update(self) -> GridState:
        """See :meth:`ohmstead.devices.base.Meter.update`."""
        await self.reader.link.ready()
        return GridState(
            power_w=await self.reader.power(look_s=METER_LOOK_S), phases_w=self.reader.phases_w()
        )

    async def changed(self) -> None:
        """See :meth:`ohmstead.devices.base.Announcing.changed`."""
        await self.news.wait()
        self.news.clear()


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeAssistantDevice:
    """An asset that can only be read."""

    asset: Asset
    reader: _Reader

    @property
    def id(self) -> AssetId:
        """See :attr:`ohmstead.devices.base.Device.id`."""
        return self.asset.id

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        reader = self.reader
        await reader.link.ready()
        look_s = reader.options.max_age_s / 2.0 or float("inf")
        power_w, phases_w = await reader.power(look_s=look_s), reader.phases_w()
        options, known = reader.options, self.asset.id
        match self.asset:
            case PvSystem():
                return PvState(id=known, power_w=power_w, phases_w=phases_w)
            case Battery():
                return BatteryState(
                    id=known, power_w=power_w, phases_w=phases_w, soc=reader.share(options.soc)
                )
            case ChargePoint():
                connected = reader.is_on(options.connected)
                return ChargePointState(
                    id=known,
                    power_w=power_w,
                    phases_w=phases_w,
                    connected=connected,
                    charging=connected and power_w.or_(0.0) > RUNNING_W,
                    soc=reader.share(options.soc) if connected else MISSING,
                )
            case HotWaterTank():
                warm = reader.celsius(options.temperature)
                return TankState(id=known, power_w=power_w, phases_w=phases_w, temperature_c=warm)
            case HeatPump():
                return HeatPumpState(
                    id=known,
                    power_w=power_w,
                    phases_w=phases_w,
                    running=power_w.or_(0.0) > RUNNING_W,
                    supply_c=reader.celsius(options.temperature),
                    sg_ready=options.sg_ready is not None,
                )
            case Room():
                return RoomState(
                    id=known,
                    power_w=Reading(value=0.0),
                    temperature_c=reader.celsius(options.temperature),
                    target_c=reader.target_c(),
                    window_open=reader.is_on(options.window),
                )
            case _:
                return LoadState(id=known, power_w=power_w, phases_w=phases_w)


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeAssistantActuator(HomeAssistantDevice):
    """An asset that obeys; ``Controllable``, a heat pump with contacts ``SgReadyControllable``.

    What it already shows is not sent again.
    """

    knobs: Knobs

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        await self.reader.link.ready()
        await self._carry_out(list(self.knobs.orders(power_w, self.reader.link.state)))

    async def ask_for(self, state: SgReady) -> None:
        """See :meth:`ohmstead.devices.base.SgReadyControllable.ask_for`."""
        await self.reader.link.ready()
        await self._carry_out(list(self.knobs.contact_orders(state)))

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        await self.reader.link.ready()
        await self._carry_out(list(self.knobs.release(self.reader.link.state)))

    async def _carry_out(self, orders: list[Order]) -> None:
        for order in orders:
            if not order.shows(self.reader.link.state(order.entity_id)):
                await self.reader.link.command(order.call, order.shows)


class HomeAssistantAdapter:
    """Opens devices behind one Home Assistant. The connection belongs to whoever lent it."""

    def __init__(self, link: HomeAssistantLink) -> None:
        """Nothing is asked before the first reading."""
        self._link = link

    def meter(self, options: AdapterOptions) -> Meter:
        """The meter whose power is the entity ``power``.

        Raises:
            ConfigError: there is no ``power``.
        """
        own = _own(options)
        for key, words in problems_of_options(None, own):
            raise ConfigError(f"meter: {key}: {words}")
        reader, news = self._reader(own, Positive.IN), asyncio.Event()
        self._link.watch((str(own.power), *own.phases), lambda _: news.set())
        return HomeAssistantMeter(reader=reader, news=news)

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The device that the entities make.

        Raises:
            ConfigError: an entity that the asset needs is missing, or of a kind that cannot be it.
        """
        own = _own(options)
        natural = Positive.OUT if isinstance(asset, PvSystem) else Positive.IN
        for key, words in problems_of_options(asset, own):
            raise ConfigError(f"assets: {asset.id}: device: {key}: {words}")
        reader = self._reader(own, natural)
        knobs = _knobs(asset, own, natural)
        if not knobs.entities():
            return HomeAssistantDevice(asset=asset, reader=reader)
        self._link.want(knobs.entities())
        return HomeAssistantActuator(asset=asset, reader=reader, knobs=knobs)

    async def close(self) -> None:
        """The connection is closed by whoever opened it."""

    def _reader(self, options: HomeAssistantOptions, natural: Positive) -> _Reader:
        named = (
            options.power, options.soc, options.temperature, options.target, options.window, options.connected
        )  # fmt: skip
        self._link.want([*(entity for entity in named if entity is not None), *options.phases])
        sign = 1.0 if (options.positive or natural) is Positive.IN else -1.0
        return _Reader(link=self._link, options=options, sign=sign)


def problems_of_options(asset: Asset | None, options: AdapterOptions) -> Iterator[tuple[str, str]]:
    """What an asset (``None``: the meter) lacks, as the option to blame and words."""
    own = _own(options)
    for key in _needed(asset):
        if getattr(own, key) is None:
            yield key, "missing; needed: an entity id"
    if asset is not None:
        yield from problems_of(_knobs(asset, own, Positive.IN))


def _knobs(asset: Asset, own: HomeAssistantOptions, natural: Positive) -> Knobs:
    positive = own.command_positive or own.positive or natural
    return Knobs(
        asset=asset,
        command=own.command,
        discharge_command=own.discharge_command,
        enable=own.enable,
        mode=own.mode,
        sign=1.0 if positive is Positive.IN else -1.0,
        charge_option=own.charge_option,
        discharge_option=own.discharge_option,
        idle_option=own.idle_option,
        release_option=own.release_option,
        contacts=own.sg_ready or (),
        relays=tuple((own.relays or {}).items()),
    )


def _needed(asset: Asset | None) -> tuple[str, ...]:
    match asset:
        case None:
            return ("power",)
        case PvSystem() | Load():
            return ("power",)
        case Battery():
            return ("power", "soc")
        case ChargePoint():
            return ("power", "connected")
        case Room() | HotWaterTank():
            return ("temperature",)
        case _:
            return ()


def _own(options: AdapterOptions) -> HomeAssistantOptions:
    if not isinstance(options, HomeAssistantOptions):
        raise TypeError(f"{type(options).__name__}, expected HomeAssistantOptions")
    return options


def open_home_assistant(environment: Environment) -> HomeAssistantAdapter:
    """Use the daemon's connection.

    Raises:
        ConfigError: none is configured.
    """
    if environment.home_assistant is None:
        raise ConfigError("adapter 'home_assistant' needs the section home_assistant with url and token_file")
    return HomeAssistantAdapter(environment.home_assistant)


HOME_ASSISTANT = AdapterSpec(
    name="home_assistant",
    summary="Entities of a Home Assistant, reached by the section `home_assistant`.",
    options=HomeAssistantOptions,
    assets=(PvSystem, Battery, ChargePoint, HotWaterTank, HeatPump, Room, Load, FlexibleLoad),
    is_meter=True,
    open=open_home_assistant,
    problems=problems_of_options,
)
