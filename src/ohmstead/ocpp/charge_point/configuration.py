"""Configuration keys (OCPP 1.6 §9, security whitepaper §5) as one table, and how they are changed.

A charge point keeps only what was changed; everything else comes from the table and from its facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

MAX_INT: Final = 2**31 - 1
MEASURANDS: Final = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
    "Current.Offered",
    "Power.Offered",
    "Frequency",
    "Temperature",
)
"""What the meter of the charge point can tell."""
PHASED: Final = ("Current.Import", "Voltage", "Power.Active.Import")
PHASES: Final = ("L1", "L2", "L3")
SAMPLED: Final = frozenset(MEASURANDS) | {f"{m}.{p}" for m in PHASED for p in PHASES}
FEATURE_PROFILES: Final = (
    "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger,Security"
)


class ChangeStatus(StrEnum):
    """The answer to ChangeConfiguration."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    REBOOT_REQUIRED = "RebootRequired"
    NOT_SUPPORTED = "NotSupported"


class KeyType(StrEnum):
    """How a value is written."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    LIST = "list"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One configuration key. ``default`` is the text on the wire."""

    name: str
    type: KeyType
    default: str
    readonly: bool = False
    reboot: bool = False
    """Takes effect at the next boot."""
    secret: bool = False
    """Can be written, never read."""
    minimum: int = 0
    maximum: int = MAX_INT
    allowed: frozenset[str] = frozenset()
    max_items: int = 20
    max_length: int = 500


def _switch(name: str, default: bool, **more: Any) -> Key:
    return Key(name=name, type=KeyType.BOOLEAN, default="true" if default else "false", **more)


def _number(name: str, default: int, **more: Any) -> Key:
    return Key(name=name, type=KeyType.INTEGER, default=str(default), **more)


def _fact(name: str, value: str | int) -> Key:
    kind = KeyType.INTEGER if isinstance(value, int) else KeyType.TEXT
    return Key(name=name, type=kind, default=str(value), readonly=True)


def _measurands(name: str, default: str) -> Key:
    return Key(name=name, type=KeyType.LIST, default=default, allowed=SAMPLED)


_MEASURAND_LISTS: Final = (
    ("MeterValuesAlignedData", "Energy.Active.Import.Register"),
    ("MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import,Current.Import,SoC"),
    ("StopTxnAlignedData", ""),
    ("StopTxnSampledData", ""),
)

KEYS: Final[tuple[Key, ...]] = (
    _switch("AllowOfflineTxForUnknownId", False),
    _switch("AuthorizationCacheEnabled", True),
    _switch("AuthorizeRemoteTxRequests", False),
    _number("ClockAlignedDataInterval", 0, maximum=86400),
    _number("ConnectionTimeOut", 60, maximum=86400),
    Key(name="ConnectorPhaseRotation", type=KeyType.LIST, default="0.RST", reboot=True),
    _fact("ConnectorPhaseRotationMaxLength", 20),
    _fact("GetConfigurationMaxKeys", 100),
    _number("HeartbeatInterval", 300, maximum=7 * 86400),
    _switch("LocalAuthorizeOffline", True),
    _switch("LocalPreAuthorize", False),
    _number("MaxEnergyOnInvalidId", 0),
    *(_measurands(name, default) for name, default in _MEASURAND_LISTS),
    *(_fact(name + "MaxLength", 20) for name, _ in _MEASURAND_LISTS),
    _number("MeterValueSampleInterval", 60, maximum=86400),
    _number("MinimumStatusDuration", 0, maximum=3600),
    _fact("NumberOfConnectors", 1),
    _number("ResetRetries", 3, maximum=100),
    _switch("StopTransactionOnEVSideDisconnect", True),
    _switch("StopTransactionOnInvalidId", True),
    _number("StopTransactionMaxMeterValues", 100, minimum=2, maximum=600),
    _fact("SupportedFeatureProfiles", FEATURE_PROFILES),
    _fact("SupportedFeatureProfilesMaxLength", 7),
    _number("TransactionMessageAttempts", 3, minimum=1, maximum=1000),
    _number("TransactionMessageRetryInterval", 60, maximum=86400),
    _switch("UnlockConnectorOnEVSideDisconnect", True),
    _number("WebSocketPingInterval", 60, maximum=86400, reboot=True),
    _switch("LocalAuthListEnabled", True),
    _fact("LocalAuthListMaxLength", 1000),
    _fact("SendLocalListMaxLength", 1000),
    _fact("ReserveConnectorZeroSupported", "true"),
    _fact("ChargeProfileMaxStackLevel", 10),
    _fact("ChargingScheduleAllowedChargingRateUnit", "Current,Power"),
    _fact("ChargingScheduleMaxPeriods", 100),
    _fact("ConnectorSwitch3to1PhaseSupported", "false"),
    _fact("MaxChargingProfilesInstalled", 20),
    _fact("SupportedFileTransferProtocols", "HTTP,HTTPS"),
    _fact("AdditionalRootCertificateCheck", "false"),
    Key(name="AuthorizationKey", type=KeyType.TEXT, default="", secret=True, max_length=40),
    _fact("CertificateSignedMaxChainSize", 10000),
    _fact("CertificateStoreMaxLength", 20),
    Key(name="CpoName", type=KeyType.TEXT, default=""),
    _number("SecurityProfile", 0, maximum=3),
)
BY_NAME: Final[Mapping[str, Key]] = {key.name.lower(): key for key in KEYS}
"""Names are case-insensitive (OCPP 1.6 §7.27: CiString)."""
MIN_KEY_BYTES, MAX_KEY_BYTES = 16, 20


@dataclass(slots=True)
class Configuration:
    """The values of one charge point.

    Attributes:
        changed: what differs from the table, by the key's own name.
        facts: read-only values of this charge point.
    """

    changed: dict[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A value as it stands on the wire."""
        if name in self.facts:
            return self.facts[name]
        return self.changed.get(name) or _default(name, self.changed)

    def number(self, name: str) -> int:
        """An integer value."""
        return int(self.text(name))

    def switch(self, name: str) -> bool:
        """A boolean value."""
        return self.text(name).lower() == "true"

    def items(self, name: str) -> tuple[str, ...]:
        """A comma-separated list."""
        return _split(self.text(name))

    def report(self, names: Iterable[str] = ()) -> dict[str, Any]:
        """The answer to GetConfiguration; no names, or only empty ones, mean all keys."""
        wanted = [name for name in names if name]
        known = [key for name in wanted if (key := BY_NAME.get(name.lower()))] if wanted else list(KEYS)
        unknown = [name for name in wanted if name.lower() not in BY_NAME]
        rows = []
        for key in dict.fromkeys(known):
            row: dict[str, Any] = {"key": key.name, "readonly": key.readonly}
            if not key.secret:
                row["value"] = self.text(key.name)
            rows.append(row)
        answer: dict[str, Any] = {"configurationKey": rows}
        if unknown:
            answer["unknownKey"] = unknown
        return answer

    def change(
        self, name: str, value: str, *, profile_ready: Callable[[int], bool] = lambda _: False
    ) -> ChangeStatus:
        """Change a key, or say why not; nothing is changed then.

        Args:
            profile_ready: whether all that a security profile needs is there.
        """
        key = BY_NAME.get(name.lower())
        if key is None:
            return ChangeStatus.NOT_SUPPORTED
        if key.readonly or not _fits(key, value):
            return ChangeStatus.REJECTED
        if key.name == "SecurityProfile" and not (
            int(value) > self.number("SecurityProfile") and profile_ready(int(value))
        ):
            return ChangeStatus.REJECTED
        self.changed[key.name] = _tidy(key, value)
        return ChangeStatus.REBOOT_REQUIRED if key.reboot else ChangeStatus.ACCEPTED


def _default(name: str, changed: Mapping[str, str]) -> str:
    return changed[name] if name in changed else BY_NAME[name.lower()].default


def _split(text: str) -> tuple[str, ...]:
    return tuple(item for part in text.split(",") if (item := part.strip()))


def _tidy(key: Key, value: str) -> str:
    value = value.strip()
    if key.type is KeyType.INTEGER:
        return str(int(value))
    if key.type is KeyType.BOOLEAN:
        return value.lower()
    return ",".join(_split(value)) if key.type is KeyType.LIST else value


def _fits(key: Key, value: str) -> bool:
    value = value.strip()
    if key.name == "AuthorizationKey":
        return _is_authorization_key(value)
    match key.type:
        case KeyType.BOOLEAN:
            return value.lower() in ("true", "false")
        case KeyType.INTEGER:
            if not value.removeprefix("-").isascii() or not value.removeprefix("-").isdigit():
                return False
            return len(value) < 12 and key.minimum <= int(value) <= key.maximum
        case KeyType.LIST:
            items = _split(value)
            known = not key.allowed or all(item in key.allowed for item in items)
            return known and len(items) <= key.max_items
        case KeyType.TEXT:
            return len(value) <= key.max_length


def _is_authorization_key(value: str) -> bool:
    try:
        return MIN_KEY_BYTES <= len(bytes.fromhex(value)) <= MAX_KEY_BYTES and " " not in value
    except ValueError:
        return False
