"""A charge point by words: what people do at it, one line each, typed or from a script."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from typing import Final

from ohmstead.errors import ConfigError
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.connector import ERROR_CODES, NO_ERROR, Status
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle

HELP: Final = """\
plug [CONNECTOR] [SOC%]      plug a car in
unplug [CONNECTOR]           pull the cable out
tag ID [CONNECTOR]           hold a card to the reader: starts or stops
start [ID] [CONNECTOR]       plug in and start charging
stop [CONNECTOR]             stop charging and leave
fault CODE [CONNECTOR]       a fault comes (connector 0: the charge point); NoError ends it
status                       what is the case
meter [CONNECTOR]            send meter values
heartbeat                    send a heartbeat
wait SECONDS                 let time pass
await STATE [CONNECTOR]      wait for Registered, or for a connector's status
help                         this text
quit                         leave"""


class Console:
    """Carries out lines; answers are handed to ``say``."""

    def __init__(self, charge_point: ChargePoint, say: Callable[[str], None]) -> None:
        self._point = charge_point
        self._say = say
        self._commands: dict[str, Callable[[list[str]], Awaitable[None]]] = {
            "plug": self._plug,
            "unplug": self._unplug,
            "tag": self._tag,
            "start": self._start,
            "stop": self._stop,
            "fault": self._fault,
            "status": self._status,
            "meter": self._meter,
            "heartbeat": self._heartbeat,
            "wait": self._wait,
            "await": self._await,
            "help": self._help,
        }

    async def run(self, line: str) -> bool:
        """Carry out one line; ``#`` begins a comment. False: it was ``quit``.

        Raises:
            ConfigError: no such command, or words that it does not understand.
            DeviceError, DataError: it could not be done.
        """
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise ConfigError(f"{line.strip()!r}: {error}") from error
        if not words:
            return True
        name, *arguments = words
        if name in ("quit", "exit"):
            return False
        command = self._commands.get(name)
        if command is None:
            raise ConfigError(f"found {name!r}, allowed: {', '.join(self._commands)}, quit")
        await command(arguments)
        return True

    async def _plug(self, words: list[str]) -> None:
        soc = _number(words, 1, 30.0)
        if not 0 <= soc <= 100:
            raise ConfigError(f"found a state of charge of {soc:g} %, allowed: 0 to 100")
        self._point.plug_in(_connector(words, 0), SimulatedVehicle(soc=soc / 100.0))

    async def _unplug(self, words: list[str]) -> None:
        self._point.unplug(_connector(words, 0))

    async def _tag(self, words: list[str]) -> None:
        if not words:
            raise ConfigError("tag: needed: the tag's ID")
        allowed = await self._point.present_id_tag(_connector(words, 1), words[0])
        self._say("accepted" if allowed else "not accepted")

    async def _start(self, words: list[str]) -> None:
        id_tag = words[0] if words else "OHMSTEAD"
        transaction_id = await self._point.start_transaction(_connector(words, 1), id_tag)
        known = "not known yet" if transaction_id is None else transaction_id
        self._say(f"charging, transaction {known}")

    async def _stop(self, words: list[str]) -> None:
        await self._point.stop_transaction(connector_id=_connector(words, 0) if words else None)
        self._say("stopped")

    async def _fault(self, words: list[str]) -> None:
        if not words or words[0] not in ERROR_CODES:
            raise ConfigError(f"fault: allowed: {', '.join(ERROR_CODES)}")
        self._point.set_error(_connector(words, 1), words[0])

    async def _status(self, _words: list[str]) -> None:
        point = self._point
        self._say(f"{point.settings.identity}: {point.state.value}, {point.sender.waiting} messages waiting")
        for connector_id, outlet in point.charging.outlets.items():
            parts = [f"connector {connector_id}: {outlet.state.status.value}"]
            if outlet.state.error_code != NO_ERROR:
                parts.append(outlet.state.error_code)
            if outlet.transaction is not None:
                parts.append(f"transaction {outlet.transaction.transaction_id}")
                parts.append(f"{outlet.power_w / 1000:.2f} kW of {outlet.offered.power_w / 1000:.2f} kW")
            if outlet.vehicle is not None and outlet.vehicle.soc is not None:
                parts.append(f"SoC {100 * outlet.vehicle.soc:.0f} %")
            self._say(", ".join([*parts, f"{outlet.energy_wh / 1000:.3f} kWh"]))

    async def _meter(self, words: list[str]) -> None:
        await self._point.send_meter_values(_connector(words, 0))

    async def _heartbeat(self, _words: list[str]) -> None:
        self._say(f"the central system's time is {(await self._point.send_heartbeat())['currentTime']}")

    async def _wait(self, words: list[str]) -> None:
        await self._point.clock.sleep(max(0.0, _number(words, 0, 1.0)))

    async def _await(self, words: list[str]) -> None:
        point, wanted = self._point, words[0] if words else ""
        if wanted in list(ChargePointState):
            await point.wait_until(lambda: point.state == wanted)
        elif wanted in list(Status):
            connector_id = _connector(words, 1)
            await point.wait_until(lambda: point.status(connector_id) == wanted)
        else:
            allowed = [*ChargePointState, *Status]
            raise ConfigError(f"await: found {wanted!r}, allowed: {', '.join(a.value for a in allowed)}")

    async def _help(self, _words: list[str]) -> None:
        self._say(HELP)


def _connector(words: list[str], at: int) -> int:
    return int(_number(words, at, 1))


def _number(words: list[str], at: int, default: float) -> float:
    if len(words) <= at:
        return default
    try:
        return float(words[at].rstrip("%"))
    except ValueError:
        raise ConfigError(f"found {words[at]!r}, allowed: a number") from None
