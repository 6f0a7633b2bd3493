"""The adapter to OCPP chargers: a connector of a charger is a charge point of the home.

Chargers connect to the daemon's own central system; what they tell is read out of it, and a setpoint
becomes a charging profile.
"""

from __future__ import annotations

import math
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from ohmstead.core.site import Asset, AssetId, ChargePoint, Phases
from ohmstead.core.state import MISSING, AssetState, ChargePointState, Quality, Reading
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ocpp.central.charger import Connector, ConnectorStatus, Transaction
from ohmstead.ocpp.central.limit_profile import Wiring
from ohmstead.ocpp.central.limiter import Limiter
from ohmstead.ocpp.central.measured import phases_of, power_of_sample
from ohmstead.ocpp.central.system import CentralSystem

CHARGING_W = 50.0
"""A vehicle that takes less is not charging."""
MISSED = 3.0
"""A value is old once so many were due."""
SHORTEST_AGE_S = 60.0
IDLE = frozenset(
    {
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.PREPARING,
        ConnectorStatus.FINISHING,
        ConnectorStatus.RESERVED,
        ConnectorStatus.UNAVAILABLE,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
    }
)
"""In these nothing is charged by the standard; chargers often measure nothing then."""


class WhenReleased(StrEnum):
    """What a charger may do while nobody controls it."""

    MINIMUM = "minimum"
    FREE = "free"
    PAUSE = "pause"


class OcppOptions(AdapterOptions):
    """Options of the OCPP adapter."""

    charger: str = Field(
        min_length=1,
        max_length=48,
        description="The charger's identity: what it puts behind the address that it is pointed at.",
    )
    connector: int = Field(default=1, ge=1, le=64, description="Its connector, counted from 1.")
    remote_start: bool = Field(
        default=False,
        description="Begin charging without a card, as soon as a vehicle is plugged in and may charge.",
    )
    measure_every_s: int = Field(
        default=10, ge=1, le=300, description="How often the charger is asked to send its meter values."
    )
    when_released: WhenReleased = Field(
        default=WhenReleased.MINIMUM,
        description="What it may do when Ohmstead stops: `minimum` current, `free` or `pause`.",
    )


class OcppChargePoint:
    """One connector of one charger; ``Controllable``."""

    def __init__(
        self, asset: ChargePoint, options: OcppOptions, central: CentralSystem, *, dry_run: bool = False
    ) -> None:
        self._asset = asset
        self._options = options
        self._central = central
        self.limiter = Limiter(
            central,
            options.charger,
            wiring_of(asset, options.connector),
            settle_s=asset.reaction_s + options.measure_every_s,
            sample_s=None if dry_run else options.measure_every_s,
            remote_start=options.remote_start,
        )
        self.limiter.start()

    @property
    def id(self) -> AssetId:
        """See :attr:`ohmstead.devices.base.Device.id`."""
        return self._asset.id

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        identity, connector_id = self._options.charger, self._options.connector
        charger = self._central.chargers.get(identity)
        if charger is None or not self._central.connected(identity):
            raise DeviceOffline(f"{self.id}: charger {identity!r} is not connected")
        connector = charger.connector(connector_id)
        running = self._central.store.running(identity, connector_id)
        memory = self.limiter.memory
        return state_of(
            self._asset,
            connector,
            running[-1] if running else None,
            self._central.now(),
            max_age_s=max(SHORTEST_AGE_S, MISSED * self._options.measure_every_s),
            unruly=memory.words or "ignores its limit" if memory.unruly else None,
        )

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        if not math.isfinite(power_w):
            raise DeviceError(f"{self.id}: {power_w} W is not a setpoint")
        await self.limiter.apply(max(0.0, power_w))

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        match self._options.when_released:
            case WhenReleased.FREE:
                await self.limiter.free()
            case WhenReleased.PAUSE:
                await self.limiter.apply(0.0)
            case WhenReleased.MINIMUM:
                wiring = self.limiter.wiring
                phases = 1 if wiring.phase_switching else wiring.phases
                await self.limiter.apply(wiring.min_a * phases * wiring.voltage_v)


def wiring_of(asset: ChargePoint, connector: int) -> Wiring:
    """How the connector of an asset is wired."""
    return Wiring(
        connector=connector,
        min_a=asset.min_a,
        max_a=asset.max_a,
        phases=3 if asset.phases is Phases.ALL else 1,
        phase_switching=asset.phase_switching,
        voltage_v=asset.voltage_v,
    )


def state_of(
    asset: ChargePoint,
    connector: Connector,
    transaction: Transaction | None,
    now: datetime,
    *,
    max_age_s: float,
    unruly: str | None = None,
) -> ChargePointState:
    """A connector as the core sees it.

    Args:
        max_age_s: a measurement older than this is stale while the charger says that it charges.
        unruly: why it cannot be controlled although it answers; then it counts as a load of its own.
    """
    wiring = wiring_of(asset, connector.id)
    power = _power(connector, wiring, now, max_age_s)
    fresh = power.quality is Quality.GOOD and connector.sample is not None
    phases = phases_of(connector.sample, wiring) if fresh and connector.sample is not None else None
    if phases is not None and power.value is not None and abs(sum(phases) - power.value) > _tolerance(power):
        phases = None
    fault = unruly
    if connector.status is ConnectorStatus.FAULTED:
        fault = connector.error_code + (f": {connector.info}" if connector.info else "")
    elif connector.status is ConnectorStatus.UNAVAILABLE:
        fault = "out of service"
    # Some chargers tell no status at all; a transaction says as much.
    told = connector.status is not ConnectorStatus.UNKNOWN
    plugged = connector.plugged if told else transaction is not None
    soc = None if connector.sample is None or not plugged else connector.sample.soc
    return ChargePointState(
        id=asset.id,
        power_w=power,
        phases_w=_on_wires(phases, asset.phases),
        fault=fault,
        connected=plugged,
        charging=power.or_(0.0) > CHARGING_W,
        soc=MISSING if soc is None else Reading(value=soc, at=connector.sampled_at),
        session_kwh=0.0 if transaction is None else transaction.energy_kwh,
    )


def _power(connector: Connector, wiring: Wiring, now: datetime, max_age_s: float) -> Reading:
    sample, at = connector.sample, connector.power_at
    power_w = None if sample is None else power_of_sample(sample, wiring)
    fresh = at is not None and (now - at).total_seconds() <= max_age_s
    if connector.status in IDLE:
        newer = at is not None and (connector.status_at is None or at >= connector.status_at)
        if power_w is not None and fresh and newer:
            return Reading(value=power_w, at=at)
        return Reading(value=0.0, at=now)
    if power_w is None:
        return MISSING
    return Reading(value=power_w, at=at, quality=Quality.GOOD if fresh else Quality.STALE)


def _tolerance(power: Reading) -> float:
    return 100.0 + 0.1 * abs(power.or_(0.0))


def _on_wires(
    phases_w: tuple[float, float, float] | None, phases: Phases
) -> tuple[float, float, float] | None:
    """A charger counts its own phases; one on a single phase calls it L1 wherever it is wired."""
    if phases_w is None or phases is Phases.ALL:
        return phases_w
    total_w = sum(phases_w)
    match phases:
        case Phases.L1:
            return (total_w, 0.0, 0.0)
        case Phases.L2:
            return (0.0, total_w, 0.0)
        case Phases.L3:
            return (0.0, 0.0, total_w)
        case _:
            return None


class OcppAdapter:
    """Opens connectors of the chargers at one central system."""

    def __init__(self, central: CentralSystem, *, dry_run: bool = False) -> None:
        self._central = central
        self._dry_run = dry_run
        self._opened: list[OcppChargePoint] = []

    def meter(self, options: AdapterOptions) -> Meter:
        """A charger is not the meter of a home.

        Raises:
            TypeError: always; the configuration refuses it before.
        """
        raise TypeError(f"no meter behind {type(options).__name__}")

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The charger's connector for an asset. The charger is one of ours from now on.

        Raises:
            ConfigError: another asset is that connector already.
            TypeError: the options are another adapter's, or the asset is no charge point.
        """
        if not isinstance(options, OcppOptions) or not isinstance(asset, ChargePoint):
            raise TypeError(f"{asset.id}: {type(options).__name__}, expected OcppOptions of a charge point")
        for other in self._opened:
            if (other.limiter.identity, other.limiter.wiring.connector) == (
                options.charger,
                options.connector,
            ):
                raise ConfigError(
                    f"{asset.id}: device: charger {options.charger!r}, connector {options.connector} is "
                    f"{other.id!r} already; one asset per connector"
                )
        self._central.expect(options.charger)
        opened = OcppChargePoint(asset, options, self._central, dry_run=self._dry_run)
        self._opened.append(opened)
        return opened

    async def close(self) -> None:
        """Stop commanding; connections are the central system's."""
        for opened in self._opened:
            await opened.limiter.close()
        self._opened.clear()


def open_ocpp(environment: Environment) -> OcppAdapter:
    """Use the daemon's central system.

    Raises:
        ConfigError: this command runs without one.
    """
    if environment.ocpp is None:
        raise ConfigError(
            "adapter 'ocpp' needs the central system that chargers connect to, and this command has none; "
            "use `ohmstead run`"
        )
    return OcppAdapter(environment.ocpp, dry_run=environment.dry_run)


OCPP = AdapterSpec(
    name="ocpp",
    summary="A connector of an OCPP 1.6J charger that connects to Ohmstead.",
    options=OcppOptions,
    assets=(ChargePoint,),
    is_meter=False,
    open=open_ocpp,
)
