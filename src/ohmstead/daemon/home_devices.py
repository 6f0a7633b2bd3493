"""The meter and the devices of a configured home, opened together and given back together."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from ohmstead.daemon.config.sections import Config
from ohmstead.devices.adapter import Adapter, Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.devices.registry import AdapterRegistry
from ohmstead.errors import ConfigError, DataError, DeviceError
from ohmstead.ocpp.central.accounting import MixAt, unknown_mix
from ohmstead.ocpp.central.charger import Tag
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class HomeDevices:
    """What a home reads and commands."""

    meter: Meter
    devices: tuple[Device, ...]


@contextlib.asynccontextmanager
async def connected(config: Config) -> AsyncIterator[HomeAssistantLink | None]:
    """The line to Home Assistant, where one is configured. It is made when somebody needs it.

    Raises:
        ConfigError: the token cannot be read, or the library is missing.
    """
    settings = config.home_assistant
    if settings is None:
        yield None
        return
    link = HomeAssistantLink(settings.url, settings.token())
    try:
        yield link
    finally:
        await link.close()


@contextlib.asynccontextmanager
async def central_system(
    config: Config, *, mix: MixAt = unknown_mix, serve: bool = True
) -> AsyncIterator[CentralSystem | None]:
    """The central system for OCPP chargers, where the home has one.

    Args:
        mix: what a kWh costs and how much of it is own; for the cost of sessions.
        serve: let chargers connect; without it only what is stored can be looked at.

    Raises:
        ConfigError: its address or TLS files cannot be used, or its database cannot.
    """
    settings = config.ocpp
    if settings is None:
        yield None
        return
    try:
        store = Store.open(settings.database, exclusive=serve)
    except DataError as error:
        raise ConfigError(f"{config.file}: ocpp: database: {error}") from error
    store.configure_tags(
        Tag(id_tag=tag.id_tag, name=tag.name, several_at_once=tag.several_at_once) for tag in settings.tags
    )
    try:
        central = CentralSystem(settings, store, mix=mix)
        if not serve:
            yield central
            return
        async with central:
            yield central
    finally:
        store.close()


@contextlib.asynccontextmanager
async def opened(
    config: Config, environment: Environment, registry: AdapterRegistry | None = None
) -> AsyncIterator[HomeDevices]:
    """The devices of a configuration. Each adapter is opened once and closed at the end.

    Raises:
        ConfigError: an adapter lacks what it needs.
    """
    registry = registry or AdapterRegistry()
    adapters: dict[str, Adapter] = {}
    try:
        for name in sorted({config.meter.adapter, *(d.adapter for d in config.devices.values())}):
            adapters[name] = registry[name].open(environment)
        yield HomeDevices(
            meter=adapters[config.meter.adapter].meter(config.meter.options),
            devices=tuple(
                adapters[settings.adapter].device(config.site.asset(asset_id), settings.options)
                for asset_id, settings in config.devices.items()
            ),
        )
    finally:
        for name, adapter in adapters.items():
            try:
                await adapter.close()
            except (DeviceError, OSError) as error:
                log.warning("adapter_not_closed", adapter=name, error=str(error))
