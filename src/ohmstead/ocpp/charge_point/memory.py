"""What a charge point knows beyond one connection, and keeps in its store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ohmstead.errors import ConfigError
from ohmstead.ocpp.charge_point.authorization import Cache, LocalList, TagInfo, known_info
from ohmstead.ocpp.charge_point.configuration import ChangeStatus, Configuration
from ohmstead.ocpp.charge_point.reservation import Reservation
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.smart_charging import Installed, Purpose, read_profile, write_profile
from ohmstead.ocpp.times import read_time, write_time


@dataclass(slots=True)
class TransactionRecord:
    """A running transaction, as it is kept. Times as on the wire, energies of the connector's register.

    Attributes:
        stop_data: for StopTransaction, so far.
        last_wh: register at the last sample; after a power cut nothing newer is known.
        invalid_at_wh: the register when the central system refused the tag; ``None``: it did not.
    """

    id_tag: str
    started_at: str
    meter_start_wh: float
    last_wh: float
    parent_id_tag: str | None = None
    stop_data: list[dict[str, Any]] = field(default_factory=list)
    invalid_at_wh: float | None = None


class Memory:
    """The lasting state of one charge point."""

    __slots__ = (
        "cache",
        "configuration",
        "firmware_version",
        "identity",
        "installed",
        "local_list",
        "operative",
        "registers",
        "reservations",
        "store",
    )

    def __init__(self, store: Store, settings: ChargePointSettings) -> None:
        """Read what was kept.

        Raises:
            ConfigError: ``settings.configuration`` names a key that is not known, or a value that is not
                allowed.
        """
        self.store = store
        self.identity = settings.identity
        facts = {"NumberOfConnectors": str(len(settings.connectors))}
        self.configuration = Configuration(facts=facts)
        for name, value in settings.configuration.items():
            changed = self.configuration.change(name, value, profile_ready=lambda _: True)
            if changed not in (ChangeStatus.ACCEPTED, ChangeStatus.REBOOT_REQUIRED):
                raise ConfigError(
                    f"configuration of {settings.identity}: {name}={value!r} is {changed.value}"
                )
        if settings.security_profile:
            self.configuration.changed["SecurityProfile"] = str(settings.security_profile)
        self.configuration.changed |= self._get("configuration", {})
        version, entries = self._get("local_list", [0, {}])
        self.local_list = LocalList(version, entries)
        self.cache = Cache(self._get("cache", {}))
        inoperative = set(self._get("inoperative", []))
        self.operative = {c: c not in inoperative for c in (0, *settings.connectors)}
        self.installed = tuple(_read_installed(row) for row in self._get("profiles", []))
        self.reservations = {
            r.reservation_id: r for r in map(_read_reservation, self._get("reservations", []))
        }
        registers = self._get("registers", {})
        self.registers = {c: float(registers.get(str(c), 0.0)) for c in settings.connectors}
        self.firmware_version: str = self._get("firmware_version", settings.firmware_version)

    def _get(self, name: str, default: Any) -> Any:
        return self.store.get(self.identity, name, default)

    def _put(self, name: str, value: Any) -> None:
        self.store.put(self.identity, name, value)

    def save_configuration(self) -> None:
        """Keep what was changed."""
        self._put("configuration", self.configuration.changed)

    def set_heartbeat_interval(self, interval_s: int) -> None:
        """BootNotification.conf named it; 0 or less leaves it as it is."""
        if interval_s > 0 and interval_s != self.configuration.number("HeartbeatInterval"):
            self.configuration.change("HeartbeatInterval", str(interval_s))
            self.save_configuration()

    def save_local_list(self) -> None:
        """Keep the list and its version."""
        self._put("local_list", [self.local_list.version, self.local_list.entries])

    def learn_tag(self, id_tag: str, info: TagInfo) -> None:
        """Keep what the central system said about a tag, if the cache is on."""
        if self.configuration.switch("AuthorizationCacheEnabled"):
            self.cache.learn(id_tag, info)
            self._put("cache", self.cache.entries)

    def clear_cache(self) -> None:
        """Forget all tags."""
        self.cache.entries.clear()
        self._put("cache", {})

    def tag_info(self, id_tag: str) -> TagInfo | None:
        """What is known here about a tag."""
        return known_info(id_tag, self.configuration, self.local_list, self.cache)

    def set_operative(self, connector_id: int, operative: bool) -> None:
        """ChangeAvailability, kept over a reboot."""
        self.operative[connector_id] = operative
        self._put("inoperative", [c for c, is_operative in self.operative.items() if not is_operative])

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """Keep the charging profiles; a TxProfile only as long as the process runs."""
        if installed == self.installed:
            return
        self.installed = installed
        lasting = [one for one in installed if one.profile.purpose is not Purpose.TX]
        self._put("profiles", [_write_installed(one) for one in lasting])

    def save_reservations(self) -> None:
        """Keep the reservations."""
        self._put("reservations", [_write_reservation(r) for r in self.reservations.values()])

    def save_registers(self) -> None:
        """Keep the meters' registers."""
        self._put("registers", {str(c): wh for c, wh in self.registers.items()})

    def set_firmware_version(self, version: str) -> None:
        """Another firmware runs now."""
        self.firmware_version = version
        self._put("firmware_version", version)

    def take_reset_reason(self) -> str | None:
        """Why the last run ended, if it was told to; asked once."""
        reason = self._get("reset_reason", None)
        if reason is not None:
            self.set_reset_reason(None)
        return reason if isinstance(reason, str) else None

    def set_reset_reason(self, reason: str | None) -> None:
        """A reset begins: transactions that it cuts off get this reason after the boot."""
        self._put("reset_reason", reason)


def _write_installed(one: Installed) -> dict[str, Any]:
    return {
        "connector_id": one.connector_id,
        "installed_at": write_time(one.installed_at),
        "profile": write_profile(one.profile),
    }


def _read_installed(row: dict[str, Any]) -> Installed:
    return Installed(
        connector_id=row["connector_id"],
        installed_at=read_time(row["installed_at"]),
        profile=read_profile(row["profile"]),
    )


def _write_reservation(one: Reservation) -> dict[str, Any]:
    return {
        "reservation_id": one.reservation_id,
        "connector_id": one.connector_id,
        "id_tag": one.id_tag,
        "expires_at": write_time(one.expires_at),
        "parent_id_tag": one.parent_id_tag,
    }


def _read_reservation(row: dict[str, Any]) -> Reservation:
    expires_at: datetime = read_time(row["expires_at"])
    return Reservation(**(row | {"expires_at": expires_at}))
