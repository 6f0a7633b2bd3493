"""What is asked of a charger when it comes, and what is set so that it can be controlled.

Each question may fail by itself: many chargers know half of the keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.ocpp.central.charger import MAX_CONNECTORS, Charger
from ohmstead.ocpp.central.commands import Commands, Configuration
from ohmstead.ocpp.central.limit_profile import Abilities
from ohmstead.ocpp.central.meter_values import number
from ohmstead.ocpp.central.quirks import quirk_of
from ohmstead.ocpp.smart_charging import RateUnit
from ohmstead.ocpp.transport import CallFailed

log = structlog.get_logger(__name__)

ASKED = (
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargeProfileMaxStackLevel",
    "NumberOfConnectors",
    "MeterValueSampleInterval",
    "MeterValuesSampledData",
)
WANTED_MEASURANDS: Sequence[str] = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,SoC",
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage",
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import",
    "Energy.Active.Import.Register,Power.Active.Import",
    "Energy.Active.Import.Register,Current.Import",
)
"""A list with one measurand that a charger does not have is refused as a whole (OCPP 1.6, 9.1.18)."""
HIGHEST_STACK_LEVEL = 100


def abilities_of(charger: Charger, configuration: Configuration) -> Abilities:
    """What a charger can, from its configuration and what is known of its model. Numbers are clamped."""
    quirk = quirk_of(charger.vendor, charger.model)
    told = (configuration.get("ChargingScheduleAllowedChargingRateUnit") or "").casefold()
    units = tuple(
        unit for unit, words in _UNIT_WORDS.items() if any(word in told.split(",") for word in words)
    )
    if quirk.unit is not None:
        units = (quirk.unit,)
    highest = _clamped(configuration.get("ChargeProfileMaxStackLevel"), 0, HIGHEST_STACK_LEVEL, 0)
    if quirk.stack_level is not None:
        highest = quirk.stack_level
    return Abilities(
        units=units or (RateUnit.A, RateUnit.W),
        stack_levels=(highest, 0) if highest else (0,),
        purposes=quirk.purposes,
        whole_amps=quirk.whole_amps,
        number_phases=quirk.number_phases,
        connectors=_clamped(configuration.get("NumberOfConnectors"), 1, MAX_CONNECTORS, 1),
    )


_UNIT_WORDS = {RateUnit.A: ("current", "a", " current"), RateUnit.W: ("power", "w", " power")}


def _clamped(text: str | None, low: int, high: int, default: int) -> int:
    value = number(text)
    return default if value is None else round(min(max(value, low), high))


async def onboard(commands: Commands, charger: Charger, connector_id: int, sample_s: int | None) -> Abilities:
    """Ask a charger what it can, let it measure often enough, and hear how it is now.

    Args:
        sample_s: how often it is to measure; ``None``: its configuration is left alone.

    Raises:
        DeviceOffline: the connection was lost meanwhile.
    """
    configuration = await _configuration(commands)
    if sample_s is not None:
        await _measure(commands, configuration, sample_s)
    for message in ("StatusNotification", "MeterValues"):
        try:
            await commands.trigger_message(message, connector_id=connector_id)
        except DeviceOffline:
            raise
        except DeviceError as error:
            log.debug("ocpp_not_triggered", charger=charger.identity, error=str(error))
    return abilities_of(charger, configuration)


async def _configuration(commands: Commands) -> Configuration:
    try:
        found = await commands.get_configuration(ASKED)
        return found if found.keys else await commands.get_configuration()
    except DeviceOffline:
        raise
    except DeviceError:
        return Configuration(keys=())


async def _measure(commands: Commands, configuration: Configuration, sample_s: int) -> None:
    """Set what differs only: some chargers write each change to flash memory."""
    if number(configuration.get("MeterValueSampleInterval")) != sample_s:
        await _set(commands, "MeterValueSampleInterval", str(sample_s))
    have = configuration.get("MeterValuesSampledData")
    if have is not None and _measures_enough(have):
        return
    for wanted in WANTED_MEASURANDS:
        if await _set(commands, "MeterValuesSampledData", wanted):
            return


def _measures_enough(measurands: str) -> bool:
    have = {name.strip() for name in measurands.split(",")}
    return {"Energy.Active.Import.Register", "Power.Active.Import", "Current.Import"} <= have


async def _set(commands: Commands, key: str, value: str) -> bool:
    try:
        status = await commands.change_configuration(key, value)
    except DeviceOffline:
        raise
    except CallFailed:
        return False
    return status in ("Accepted", "RebootRequired")
