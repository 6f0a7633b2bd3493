"""What passes between the server and a home.

Powers are W from the consumer's perspective (import, charging and consumption positive; production and
export negative), energies kWh, moments aware. Things and their types carry UUIDs with braces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ohmstead.core.site import AssetId


class ThingError(StrEnum):
    """Outcome of what was asked of a thing; the whole of nymea's list."""

    NO_ERROR = "ThingErrorNoError"
    PLUGIN_NOT_FOUND = "ThingErrorPluginNotFound"
    VENDOR_NOT_FOUND = "ThingErrorVendorNotFound"
    THING_NOT_FOUND = "ThingErrorThingNotFound"
    THING_CLASS_NOT_FOUND = "ThingErrorThingClassNotFound"
    ACTION_TYPE_NOT_FOUND = "ThingErrorActionTypeNotFound"
    STATE_TYPE_NOT_FOUND = "ThingErrorStateTypeNotFound"
    EVENT_TYPE_NOT_FOUND = "ThingErrorEventTypeNotFound"
    THING_DESCRIPTOR_NOT_FOUND = "ThingErrorThingDescriptorNotFound"
    MISSING_PARAMETER = "ThingErrorMissingParameter"
    INVALID_PARAMETER = "ThingErrorInvalidParameter"
    SETUP_FAILED = "ThingErrorSetupFailed"
    DUPLICATE_UUID = "ThingErrorDuplicateUuid"
    CREATION_METHOD_NOT_SUPPORTED = "ThingErrorCreationMethodNotSupported"
    SETUP_METHOD_NOT_SUPPORTED = "ThingErrorSetupMethodNotSupported"
    HARDWARE_NOT_AVAILABLE = "ThingErrorHardwareNotAvailable"
    HARDWARE_FAILURE = "ThingErrorHardwareFailure"
    AUTHENTICATION_FAILURE = "ThingErrorAuthenticationFailure"
    THING_IN_USE = "ThingErrorThingInUse"
    THING_IN_RULE = "ThingErrorThingInRule"
    THING_IS_CHILD = "ThingErrorThingIsChild"
    PAIRING_TRANSACTION_ID_NOT_FOUND = "ThingErrorPairingTransactionIdNotFound"
    PARAMETER_NOT_WRITABLE = "ThingErrorParameterNotWritable"
    ITEM_NOT_FOUND = "ThingErrorItemNotFound"
    ITEM_NOT_EXECUTABLE = "ThingErrorItemNotExecutable"
    UNSUPPORTED_FEATURE = "ThingErrorUnsupportedFeature"
    TIMEOUT = "ThingErrorTimeout"


class EnergyError(StrEnum):
    """Outcome of a call of the energy namespaces."""

    NO_ERROR = "EnergyErrorNoError"
    MISSING_PARAMETER = "EnergyErrorMissingParameter"
    INVALID_PARAMETER = "EnergyErrorInvalidParameter"


class ChargingState(StrEnum):
    """Why a charger charges now."""

    IDLE = "ChargingStateIdle"
    SURPLUS = "ChargingStateSurplusCharging"
    SPOT_MARKET = "ChargingStateSpotMarketCharging"
    TIME_REQUIREMENT = "ChargingStateTimeRequirement"


class ChargingActionIssuer(StrEnum):
    """Which rule wants a slot of a charging schedule."""

    UNKNOWN = "ChargingActionIssuerUnknown"
    SURPLUS = "ChargingActionIssuerSurplusCharging"
    SPOT_MARKET = "ChargingActionIssuerSpotMarketCharging"
    TIME_REQUIREMENT = "ChargingActionIssuerTimeRequirement"
    OVERLOAD_PROTECTION = "ChargingActionIssuerOverloadProtection"


class SampleRate(StrEnum):
    """Length of the samples of a power log."""

    ANY = "SampleRateAny"
    MINUTE = "SampleRate1Min"
    QUARTER = "SampleRate15Mins"
    HOUR = "SampleRate1Hour"
    THREE_HOURS = "SampleRate3Hours"
    DAY = "SampleRate1Day"
    WEEK = "SampleRate1Week"
    MONTH = "SampleRate1Month"
    YEAR = "SampleRate1Year"

    @property
    def minutes(self) -> int:
        """Length; months count 30 days and years 365."""
        return _MINUTES[self]


_MINUTES = {
    SampleRate.ANY: 0,
    SampleRate.MINUTE: 1,
    SampleRate.QUARTER: 15,
    SampleRate.HOUR: 60,
    SampleRate.THREE_HOURS: 180,
    SampleRate.DAY: 1440,
    SampleRate.WEEK: 10_080,
    SampleRate.MONTH: 43_200,
    SampleRate.YEAR: 525_600,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class StateType:
    """One state of a thing class. A writable one is an action too, of the same id and name."""

    id: str
    name: str
    display_name: str
    type: str
    """A basic type, such as ``Double``."""
    default: Any
    unit: str = "UnitNone"
    writable: bool = False
    min_value: float | None = None
    max_value: float | None = None
    possible_values: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionType:
    """An action that is not a writable state; ours have no parameters."""

    id: str
    name: str
    display_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ParamType:
    """One parameter of an event."""

    id: str
    name: str
    display_name: str
    type: str = "String"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventType:
    """Something that a thing may report."""

    id: str
    name: str
    display_name: str
    params: tuple[ParamType, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingClass:
    """What things of a kind can do; clients go by the interfaces."""

    id: str
    name: str
    display_name: str
    interfaces: tuple[str, ...]
    state_types: tuple[StateType, ...] = ()
    action_types: tuple[ActionType, ...] = ()
    event_types: tuple[EventType, ...] = ()

    def state_type(self, state_type_id: str) -> StateType | None:
        """A state by its id."""
        return next((s for s in self.state_types if s.id == state_type_id), None)

    def named(self, name: str) -> StateType:
        """A state by its name.

        Raises:
            KeyError: there is none.
        """
        for state_type in self.state_types:
            if state_type.name == name:
                return state_type
        raise KeyError(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class StateValue:
    """The value of a state now, with the range that it has at the moment where that differs."""

    value: Any
    min_value: float | None = None
    max_value: float | None = None
    possible_values: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """One thing; ``states`` by the name of the state type."""

    id: str
    thing_class: ThingClass
    name: str
    states: Mapping[str, StateValue] = field(default_factory=dict)
    parent_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerBalance:
    """The home's flows now and since counting began.

    ``acquisition`` is the root meter, ``return`` what went out through it; production ≤ 0.
    """

    consumption_w: float = 0.0
    production_w: float = 0.0
    acquisition_w: float = 0.0
    storage_w: float = 0.0
    total_consumption_kwh: float = 0.0
    total_production_kwh: float = 0.0
    total_acquisition_kwh: float = 0.0
    total_return_kwh: float = 0.0

    @property
    def powers_w(self) -> tuple[float, float, float, float]:
        """The four current values."""
        return self.consumption_w, self.production_w, self.acquisition_w, self.storage_w


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerBalanceEntry:
    """A sample of the balance: mean powers over the sample, totals at its end (``at``)."""

    at: datetime
    balance: PowerBalance


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingPowerEntry:
    """A sample of one thing: its mean power, and its totals at the sample's end (``at``)."""

    at: datetime
    thing_id: str
    power_w: float
    total_consumption_kwh: float = 0.0
    total_production_kwh: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingSchedule:
    """What a charger is going to do in [start, end)."""

    charge_point: AssetId
    start: datetime
    end: datetime
    enabled: bool
    max_current_a: float
    phase_count: int
    issuer: ChargingActionIssuer


@dataclass(frozen=True, kw_only=True, slots=True)
class SpotMarketProvider:
    """Somebody who publishes prices."""

    id: str
    name: str
    country: str | None = None
    website: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SpotMarket:
    """Whether charging looks at spot prices, and whose."""

    enabled: bool
    available: bool
    provider_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreEntry:
    """A price slot [start, end); ``value`` as delivered, ``weighting`` 1 (best) … 0."""

    start: datetime
    end: datetime
    value: float
    weighting: float
