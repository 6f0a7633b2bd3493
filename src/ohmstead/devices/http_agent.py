"""The adapter to HTTP agents: the daemon reads and commands the services that the central agent would.

The contract of the agents counts kilowatts without a sign; here it becomes watts in load convention. A
command is given on a lease, so that a device falls back by itself where the daemon disappears.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from pydantic import Field, HttpUrl

from ohmstead.core.site import Asset, AssetId, Battery, ChargePoint, FlexibleLoad, Load, PvSystem
from ohmstead.core.state import (
    AssetState,
    BatteryState,
    ChargePointState,
    GridState,
    LoadState,
    PvState,
    Reading,
)
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline

TIMEOUT_S = 2.0
NOTHING_W = 1.0


class HttpAgentOptions(AdapterOptions):
    """Options of the HTTP agent adapter."""

    url: HttpUrl = Field(
        description="The agent, such as http://localhost:8002; for the meter the central agent's."
    )
    token_file: Path | None = Field(
        default=None,
        description="Absolute path of a file whose first line is the token of the agent, if it has one.",
    )
    valid_for_s: float = Field(
        default=900.0,
        ge=60.0,
        le=86400.0,
        description="Lease of a command: how long it holds if not renewed.",
    )


class _Agent:
    """One agent: asked, and its errors turned into those of a device."""

    def __init__(self, client: httpx2.AsyncClient, name: str, options: HttpAgentOptions) -> None:
        self._client = client
        self._name = name
        self._url = str(options.url).rstrip("/")
        self._headers = {}
        if options.token_file is not None:
            self._headers["authorization"] = f"Bearer {_token(options.token_file)}"
        self.valid_for_s = options.valid_for_s
        self._issuer = uuid.uuid4().hex
        self._number = 0

    async def status(self) -> Mapping[str, Any]:
        """The agent's status, as it is."""
        return await self._ask("GET", "/status", None)

    async def command(self, path: str, body: Mapping[str, Any], *, may_conflict: bool = False) -> None:
        """Send a command; it may be refused as impossible where that changes nothing.

        Commands are numbered: one that timed out is not carried out after a newer one.
        """
        self._number += 1
        sequence = {"issuer": self._issuer, "number": self._number}
        whole = dict(body) | {"valid_for_s": self.valid_for_s, "sequence": sequence}
        await self._ask("POST", path, whole, may_conflict)

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None, may_conflict: bool = False
    ) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._client.request(
                    method, self._url + path, json=body, headers=self._headers
                )
        except (httpx2.HTTPError, TimeoutError) as error:
            what = str(error) or type(error).__name__
            raise DeviceOffline(f"{self._name}: {self._url} does not answer: {what}") from error
        if may_conflict and answer.status_code == 409:
            return {}
        data = self._data(answer)
        if answer.status_code != 200:
            detail = data.get("detail", answer.reason_phrase)
            raise DeviceError(f"{self._name}: {self._url}{path} refused with {answer.status_code}: {detail}")
        return data

    def _data(self, answer: httpx2.Response) -> Mapping[str, Any]:
        try:
            data = answer.json()
        except ValueError as error:
            raise DeviceError(f"{self._name}: {self._url} answered no JSON") from error
        if not isinstance(data, dict):
            raise DeviceError(f"{self._name}: {self._url} answered no JSON object")
        return data

    def number(self, data: Mapping[str, Any], name: str) -> float:
        """A number of an answer.

        Raises:
            DeviceError: it is not there.
        """
        value = data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DeviceError(f"{self._name}: {self._url} answered {name} = {value!r}, expected a number")
        return float(value)


@dataclass(frozen=True, slots=True)
class _AgentDevice:
    """One asset behind one agent."""

    id: AssetId
    agent: _Agent

    def _watts(self, data: Mapping[str, Any], name: str, sign: float = 1.0) -> Reading:
        return Reading(value=sign * 1e3 * self.agent.number(data, name) + 0.0, at=datetime.now(UTC))

    def _share(self, data: Mapping[str, Any]) -> Reading:
        capacity_kwh = self.agent.number(data, "capacity_kwh")
        energy_kwh = self.agent.number(data, "state_of_charge_kwh")
        return Reading(value=energy_kwh / capacity_kwh if capacity_kwh > 0 else None, at=datetime.now(UTC))

    def _signed(self, data: Mapping[str, Any]) -> Reading:
        return self._watts(data, "power_kw", -1.0 if data.get("mode") == "discharge" else 1.0)


@dataclass(frozen=True, slots=True)
class SolarDevice(_AgentDevice):
    """A solar agent."""

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        data = await self.agent.status()
        return PvState(id=self.id, power_w=self._watts(data, "production_kw", -1.0))


@dataclass(frozen=True, slots=True)
class HouseholdDevice(_AgentDevice):
    """The critical load of a load agent."""

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        data = await self.agent.status()
        return LoadState(id=self.id, power_w=self._watts(data, "critical_load_kw"))


@dataclass(frozen=True, slots=True)
class FlexibleLoadDevice(_AgentDevice):
    """The flexible load of a load agent; ``Controllable``: a setpoint is what it may take."""

    max_w: float = field(default=math.inf)

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        data = await self.agent.status()
        flexible, shed = self._watts(data, "flexible_load_kw"), self._watts(data, "shed_kw")
        return LoadState(id=self.id, power_w=Reading(value=flexible.or_(0.0) - shed.or_(0.0), at=flexible.at))

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        _checked(self.id, power_w)
        shed_w = 0.0
        if power_w < self.max_w:
            flexible_w = 1e3 * self.agent.number(await self.agent.status(), "flexible_load_kw")
            shed_w = max(0.0, flexible_w - max(0.0, power_w))
        await self.agent.command("/shed", {"shed_kw": _kw(shed_w)})

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        await self.agent.command("/shed", {"shed_kw": 0.0})


@dataclass(frozen=True, slots=True)
class BatteryDevice(_AgentDevice):
    """A battery agent; ``Controllable``."""

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        data = await self.agent.status()
        return BatteryState(id=self.id, power_w=self._signed(data), soc=self._share(data))

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        _checked(self.id, power_w)
        mode = "idle" if abs(power_w) < NOTHING_W else "charge" if power_w > 0 else "discharge"
        await self.agent.command("/control", {"mode": mode, "power_kw": _kw(abs(power_w))})

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        await self.agent.command("/control", {"mode": "idle", "power_kw": 0.0})


@dataclass(frozen=True, slots=True)
class VehicleDevice(_AgentDevice):
    """A vehicle agent as a charge point; ``Controllable``. Without a vehicle, stopping is no error."""

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        data = await self.agent.status()
        connected = data.get("connected") is True
        power = self._signed(data)
        return ChargePointState(
            id=self.id,
            power_w=power,
            connected=connected,
            charging=power.or_(0.0) > NOTHING_W,
            soc=self._share(data) if connected else Reading(value=None),
        )

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        _checked(self.id, power_w)
        charge = power_w >= NOTHING_W
        body = {"mode": "charge" if charge else "idle", "power_kw": _kw(power_w) if charge else 0.0}
        await self.agent.command("/control", body, may_conflict=not charge)

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        await self.apply(0.0)


@dataclass(frozen=True, slots=True)
class CentralMeter:
    """The balance that a central agent makes from its devices, where there is no meter."""

    agent: _Agent

    async def update(self) -> GridState:
        """See :meth:`ohmstead.devices.base.Meter.update`."""
        flows = (await self.agent.status()).get("flows")
        if not isinstance(flows, dict):
            raise DeviceError("meter: the agent told no flows; it must be the central agent")
        grid_w = 1e3 * self.agent.number(flows, "grid_kw")
        return GridState(power_w=Reading(value=grid_w, at=datetime.now(UTC)))


def _checked(asset: AssetId, power_w: float) -> None:
    if not math.isfinite(power_w):
        raise DeviceError(f"{asset}: {power_w} W is not a setpoint")


def _token(file: Path) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: the token of an agent cannot be read ({error})") from error
    token = lines[0].strip() if lines else ""
    if not token or not token.isascii():
        raise ConfigError(f"{file}: the first line must be the agents' token, in ASCII")
    return token


def _kw(power_w: float) -> float:
    return round(power_w / 1e3, 6)


class HttpAgentAdapter:
    """Opens devices behind agents; they share one pool of connections."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_S)

    def meter(self, options: AdapterOptions) -> Meter:
        """The balance at the central agent."""
        return CentralMeter(_Agent(self._client, "meter", _own(options)))

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The agent's device for an asset.

        Raises:
            ConfigError: the file with the token cannot be used.
            TypeError: an asset that no agent can be; the configuration refuses it before.
        """
        agent = _Agent(self._client, asset.id, _own(options))
        match asset:
            case PvSystem():
                return SolarDevice(asset.id, agent)
            case Battery():
                return BatteryDevice(asset.id, agent)
            case ChargePoint():
                return VehicleDevice(asset.id, agent)
            case FlexibleLoad():
                return FlexibleLoadDevice(asset.id, agent, asset.max_w)
            case Load():
                return HouseholdDevice(asset.id, agent)
            case _:
                raise TypeError(f"{asset.id}: no agent can be a {type(asset).__name__}")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _own(options: AdapterOptions) -> HttpAgentOptions:
    if not isinstance(options, HttpAgentOptions):
        raise TypeError(f"{type(options).__name__}, expected HttpAgentOptions")
    return options


def open_http_agent(environment: Environment) -> HttpAgentAdapter:
    """Needs nothing of the environment."""
    del environment
    return HttpAgentAdapter()


HTTP_AGENT = AdapterSpec(
    name="http_agent",
    summary="A device behind one of the five HTTP agents; as the meter, the central agent's balance.",
    options=HttpAgentOptions,
    assets=(PvSystem, Battery, ChargePoint, Load, FlexibleLoad),
    is_meter=True,
    open=open_http_agent,
)
