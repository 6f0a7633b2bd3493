"""The adapter to YunKuaiChong piles: a gun of a pile that connects to the daemon is a charge point.

The protocol has one coarse power control: the whole pile's highest power in percent of its rating, from
30 % on. Below that there is only stopping, so an asset's ``min_a`` must not be less than 30 %.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from ohmstead.core.site import Asset, AssetId, ChargePoint, Phases
from ohmstead.core.state import MISSING, AssetState, ChargePointState, Quality, Reading
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.codes import GunStatus, PileKind
from ohmstead.ykc.messages.realtime import Realtime
from ohmstead.ykc.numbers import PILE_DIGITS, gun_code
from ohmstead.ykc.platform.events import Measured, PlatformEvent
from ohmstead.ykc.platform.records import BillStore
from ohmstead.ykc.platform.server import PlatformServer
from ohmstead.ykc.platform.session import PileEntry
from ohmstead.ykc.quirks import AcCurrent, CrcMode, Quirks, faults, power_w

MIN_PERCENT = 30
MAX_PERCENT = 100
ANSWER_S = 2.0
MAX_AGE_S = 45.0
"""Piles report each 15 s while charging; three missed make a value old."""
START_AGAIN_S = 1800.0
"""A vehicle that stopped by itself is asked again after this, as it may have warmed up or lost charge."""
BALANCE_YUAN = 100_000.0
"""Nobody pays here, and a pile stops where the balance is used up."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class YkcOptions(AdapterOptions):
    """Options of the YunKuaiChong adapter."""

    pile: str = Field(
        pattern=rf"^[0-9]{{{PILE_DIGITS}}}$", description="The pile's number, 14 digits, in quotation marks."
    )
    gun: int = Field(default=1, ge=1, le=99, description="The gun, counted from 1.")
    rating_w: float = Field(
        gt=0.0, le=1e6, description="Power that the pile takes from the grid at 100 %, all guns together."
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on, the same for all piles. Beyond this machine `address` is needed, "
        "because the protocol has neither passwords nor encryption: use a network of its own or a tunnel.",
    )
    port: int = Field(default=8768, ge=0, le=65535, description="Port to listen on, the same for all piles.")
    address: str | None = Field(default=None, description="The only IP address that this pile may come from.")
    bills: Path = Field(
        description="Absolute path of the file that keeps the piles' bills, the same for all piles."
    )
    efficiency: float = Field(
        default=1.0, gt=0.5, le=1.0, description="Of a DC pile: power out by power taken from the grid."
    )
    ac_current: AcCurrent = Field(
        default=AcCurrent.PER_PHASE,
        description="Whether an AC pile on three phases tells the current `per_phase` or the `total`.",
    )
    crc: CrcMode = Field(
        default=CrcMode.LE, description="Byte order of the checksums sent: `le`, `be` or `mirror` the pile's."
    )
    timezone: str = Field(default="Asia/Shanghai", description="Zone of the pile's clock.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"{name!r} is no time zone; allowed are IANA names such as Asia/Shanghai"
            ) from error
        return name


class _Platform:
    """The server that all piles of a home connect to; it listens from the first reading on."""

    def __init__(self, first: YkcOptions) -> None:
        self._first = first
        self._entries: dict[str, PileEntry] = {}
        self._lock = asyncio.Lock()
        self._bills: BillStore | None = None
        self._server: PlatformServer | None = None
        self.port: int | None = None
        self.measured: dict[tuple[str, str], datetime] = {}

    @property
    def piles(self) -> Mapping[str, PileEntry]:
        """The piles that may come."""
        return self._entries

    def expect(self, asset_id: AssetId, options: YkcOptions, entry: PileEntry) -> None:
        """Let a pile in.

        Raises:
            ConfigError: two assets are one pile, or piles disagree on where to listen.
        """
        for key in ("host", "port", "bills"):
            mine, first = getattr(options, key), getattr(self._first, key)
            if mine != first:
                raise ConfigError(
                    f"{asset_id}: device: {key}: {mine} here, {first} at another pile; allowed is one"
                )
        if options.pile in self._entries:
            raise ConfigError(
                f"{asset_id}: device: pile {options.pile} is another asset already; its power can only be "
                "limited as a whole"
            )
        self._entries[options.pile] = entry

    async def server(self) -> PlatformServer:
        """The server, listening.

        Raises:
            DeviceError: the port is taken, or the file with the bills cannot be used.
        """
        async with self._lock:
            if self._server is None:
                self._server = await self._listen()
            return self._server

    async def _listen(self) -> PlatformServer:
        bills = BillStore(self._first.bills)
        server = PlatformServer(self._entries, bills, heard=self._heard)
        try:
            self.port = await server.listen(self._first.host, self._first.port)
        except OSError as error:
            bills.close()
            raise DeviceError(
                f"cannot listen for piles on {self._first.host}:{self._first.port}: {error}"
            ) from error
        self._bills = bills
        return server

    def _heard(self, pile: str, event: PlatformEvent) -> None:
        if isinstance(event, Measured):
            self.measured[pile, event.realtime.gun] = datetime.now(UTC)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            await self._server.close()
            self._server = None
        if self._bills is not None:
            self._bills.close()
            self._bills = None


class YkcChargePoint:
    """One gun of one pile; ``Controllable``."""

    def __init__(self, asset: ChargePoint, options: YkcOptions, quirks: Quirks, platform: _Platform) -> None:
        self._asset = asset
        self._options = options
        self._quirks = quirks
        self._platform = platform
        self._gun = gun_code(options.gun)
        self._percent: int | None = None
        self._session: object = None
        self._serial: str | None = None
        self._start_again_at: datetime | None = None

    @property
    def id(self) -> AssetId:
        """See :attr:`ohmstead.devices.base.Device.id`."""
        return self._asset.id

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        server = await self._platform.server()
        realtime = await self._read(server)
        at = self._platform.measured.get((self._options.pile, self._gun))
        if not realtime.plugged:
            self._serial = self._start_again_at = None
        return self._state(realtime, server, at)

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        if not math.isfinite(power_w):
            raise DeviceError(f"{self.id}: {power_w} W is not a setpoint")
        percent = min(MAX_PERCENT, math.floor(100.0 * power_w / self._options.rating_w + 1e-6))
        server = await self._platform.server()
        if percent < MIN_PERCENT:
            await self._pause(server)
        else:
            await self._limit(server, percent)
            await self._charge(server)

    async def release(self) -> None:
        """Leave the pile with the least power that it can be told."""
        await self._limit(await self._platform.server(), MIN_PERCENT)

    async def _read(self, server: PlatformServer) -> Realtime:
        pile = self._options.pile
        try:
            async with asyncio.timeout(ANSWER_S):
                return await server.read(pile, self._gun)
        except TimeoutError as error:
            last = server.session(pile).realtime.get(self._gun)
            if last is None:
                raise DeviceOffline(f"{self.id}: pile {pile} does not tell about gun {self._gun}") from error
            return last

    async def _limit(self, server: PlatformServer, percent: int) -> None:
        session = server.session(self._options.pile)
        if percent != self._percent or session is not self._session:
            await server.limit(self._options.pile, percent)
            self._percent, self._session = percent, session

    async def _pause(self, server: PlatformServer) -> None:
        session = server.session(self._options.pile)
        realtime = session.realtime.get(self._gun)
        charging = realtime is not None and realtime.status == GunStatus.CHARGING
        if charging or session.open_order(self._gun) is not None:
            await server.stop(self._options.pile, self._gun)
        self._serial = self._start_again_at = None

    async def _charge(self, server: PlatformServer) -> None:
        session = server.session(self._options.pile)
        realtime = session.realtime.get(self._gun)
        if realtime is None or not realtime.plugged or realtime.status != GunStatus.IDLE:
            return
        if session.open_order(self._gun) is not None:
            return
        now = datetime.now(UTC)
        if self._serial is not None and self._start_again_at is None:
            self._start_again_at = now + timedelta(seconds=START_AGAIN_S)
        if self._start_again_at is not None and now < self._start_again_at:
            return
        self._start_again_at = None
        self._serial = await server.start(self._options.pile, self._gun, balance_yuan=BALANCE_YUAN)

    def _state(self, realtime: Realtime, server: PlatformServer, at: datetime | None) -> ChargePointState:
        login = server.session(self._options.pile).login
        kind = login.kind if login is not None else PileKind.AC
        charging = realtime.status == GunStatus.CHARGING
        taken_w = power_w(realtime, kind, self._quirks) / self._options.efficiency if charging else 0.0
        old = at is None or datetime.now(UTC) - at > timedelta(seconds=MAX_AGE_S)
        soc_known = kind == PileKind.DC and realtime.soc_percent > 0
        return ChargePointState(
            id=self.id,
            power_w=Reading(value=taken_w, at=at, quality=Quality.STALE if old else Quality.GOOD),
            connected=bool(realtime.plugged),
            charging=charging,
            soc=Reading(value=realtime.soc_percent / 100.0, at=at) if soc_known else MISSING,
            session_kwh=realtime.energy_kwh,
            fault=_fault(realtime, self._quirks),
        )


def _fault(realtime: Realtime, quirks: Quirks) -> str | None:
    if realtime.status == GunStatus.OFFLINE:
        return "the pile says that this gun is offline"
    found = faults(realtime, quirks)
    if found:
        return ", ".join((flag.name or hex(flag)).lower().replace("_", " ") for flag in found)
    return "fault" if realtime.status == GunStatus.FAULT else None


class YkcAdapter:
    """Opens guns of piles; all piles connect to one port."""

    def __init__(self) -> None:
        self._platform: _Platform | None = None

    @property
    def port(self) -> int | None:
        """Where piles are listened for, once the first device was read."""
        return None if self._platform is None else self._platform.port

    def meter(self, options: AdapterOptions) -> Meter:
        """A pile is not the meter of a home.

        Raises:
            TypeError: always; the configuration refuses it before.
        """
        raise TypeError(f"no meter behind {type(options).__name__}")

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The pile's gun for an asset.

        Raises:
            ConfigError: the options contradict each other, the asset, or another pile's.
            TypeError: the options are another adapter's, or the asset is no charge point.
        """
        if not isinstance(options, YkcOptions) or not isinstance(asset, ChargePoint):
            raise TypeError(f"{asset.id}: {type(options).__name__}, expected YkcOptions of a charge point")
        if options.host not in LOOPBACK and options.address is None:
            raise ConfigError(
                f"{asset.id}: device: host {options.host} is reached from other machines, and this protocol "
                "has no passwords; give `address`, the only IP address that the pile may come from"
            )
        phases = 3 if asset.phases is Phases.ALL else 1
        least_w = asset.min_a * asset.voltage_v * phases
        if least_w < options.rating_w * MIN_PERCENT / 100.0 - 1.0:
            allowed_a = math.ceil(options.rating_w * MIN_PERCENT / asset.voltage_v / phases) / 100.0
            raise ConfigError(
                f"{asset.id}: min_a: {asset.min_a:g} A is less than {MIN_PERCENT} % of rating_w, the "
                f"least that such a pile can be told; allowed: {allowed_a:g} A or more"
            )
        quirks = Quirks(
            crc=options.crc,
            ac_current=options.ac_current,
            phases=phases,
            zone=ZoneInfo(options.timezone),
        )
        if self._platform is None:
            self._platform = _Platform(options)
        entry = PileEntry(quirks=quirks, tariff=flat_tariff("0001", 0.0), address=options.address)
        self._platform.expect(asset.id, options, entry)
        return YkcChargePoint(asset, options, quirks, self._platform)

    async def close(self) -> None:
        """Stop listening; the piles keep what they do and their bills."""
        if self._platform is not None:
            await self._platform.close()


def open_ykc(environment: Environment) -> YkcAdapter:
    """Needs nothing of the environment."""
    del environment
    return YkcAdapter()


YKC = AdapterSpec(
    name="ykc",
    summary="A gun of a YunKuaiChong (云快充) pile that connects to Ohmstead.",
    options=YkcOptions,
    assets=(ChargePoint,),
    is_meter=False,
    open=open_ykc,
)
