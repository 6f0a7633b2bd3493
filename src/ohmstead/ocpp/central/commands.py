"""Every operation that OCPP 1.6 and its security whitepaper let a central system ask for, typed.

A method raises :class:`~ohmstead.errors.DeviceError` where the charger refused with an error or did not
answer (:class:`~ohmstead.errors.DeviceOffline`: it is not there). That it answered *Rejected* is no error:
the status is what is returned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ohmstead.ocpp.central.times import plausible_time
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.smart_charging import Period, Profile, Purpose, RateUnit, write_profile
from ohmstead.ocpp.times import write_time

Caller = Callable[[str, Payload], Awaitable[Payload]]
"""Sends an action with its payload to one charger and gives the answer's payload."""

MAX_KEYS = 1000
"""Configuration keys that are kept of one answer."""

OPERATIONS = (
    "CancelReservation",
    "CertificateSigned",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "DeleteCertificate",
    "ExtendedTriggerMessage",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetInstalledCertificateIds",
    "GetLocalListVersion",
    "GetLog",
    "InstallCertificate",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "SignedUpdateFirmware",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
)
"""The actions behind the methods of :class:`Commands`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationKey:
    """One key of a charger's configuration; ``value`` is ``None`` where it may not be read."""

    key: str
    value: str | None
    readonly: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """An answer to GetConfiguration."""

    keys: tuple[ConfigurationKey, ...]
    unknown: tuple[str, ...] = ()

    def get(self, name: str) -> str | None:
        """The value of a key, whose name is compared without regard to case (OCPP 1.6, 9)."""
        wanted = name.casefold()
        return next((item.value for item in self.keys if item.key.casefold() == wanted), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class CompositeSchedule:
    """What a charger says that it will allow; offsets of ``periods`` count from ``start``."""

    connector_id: int
    start: datetime | None
    duration_s: int | None
    unit: RateUnit
    periods: tuple[Period, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Commands:
    """The operations of one charger."""

    call: Caller

    async def cancel_reservation(self, reservation_id: int) -> str:
        """OCPP 1.6, 5.1."""
        return await self._status("CancelReservation", {"reservationId": reservation_id})

    async def change_availability(self, connector_id: int, *, operative: bool) -> str:
        """OCPP 1.6, 5.2; connector 0 means all. ``Scheduled``: after the running transaction."""
        kind = "Operative" if operative else "Inoperative"
        return await self._status("ChangeAvailability", {"connectorId": connector_id, "type": kind})

    async def change_configuration(self, key: str, value: str) -> str:
        """OCPP 1.6, 5.3."""
        return await self._status("ChangeConfiguration", {"key": key, "value": value})

    async def clear_cache(self) -> str:
        """OCPP 1.6, 5.4."""
        return await self._status("ClearCache", {})

    async def clear_charging_profile(
        self,
        *,
        profile_id: int | None = None,
        connector_id: int | None = None,
        purpose: Purpose | None = None,
        stack_level: int | None = None,
    ) -> str:
        """OCPP 1.6, 5.5; without arguments all profiles."""
        payload = _given(
            id=profile_id, connectorId=connector_id, chargingProfilePurpose=purpose, stackLevel=stack_level
        )
        return await self._status("ClearChargingProfile", payload)

    async def data_transfer(
        self, vendor_id: str, *, message_id: str | None = None, data: str | None = None
    ) -> tuple[str, str | None]:
        """OCPP 1.6, 5.6; the status and the charger's data."""
        payload = _given(vendorId=vendor_id, messageId=message_id, data=data)
        answer = await self.call("DataTransfer", payload)
        return str(answer["status"]), answer.get("data")

    async def get_composite_schedule(
        self, connector_id: int, duration_s: int, *, unit: RateUnit | None = None
    ) -> CompositeSchedule | None:
        """OCPP 1.6, 5.7; ``None`` where the charger rejects, or leaves out what it says."""
        payload = _given(connectorId=connector_id, duration=duration_s, chargingRateUnit=unit)
        answer = await self.call("GetCompositeSchedule", payload)
        schedule = answer.get("chargingSchedule")
        if answer.get("status") != "Accepted" or not isinstance(schedule, Mapping):
            return None
        return CompositeSchedule(
            connector_id=int(answer.get("connectorId", connector_id)),
            start=plausible_time(answer.get("scheduleStart") or schedule.get("startSchedule")),
            duration_s=schedule.get("duration"),
            unit=RateUnit(schedule["chargingRateUnit"]),
            periods=tuple(
                Period(int(p["startPeriod"]), float(p["limit"]), p.get("numberPhases"))
                for p in schedule["chargingSchedulePeriod"]
            ),
        )

    async def get_configuration(self, keys: Sequence[str] = ()) -> Configuration:
        """OCPP 1.6, 5.8; without names all keys."""
        answer = await self.call("GetConfiguration", {"key": list(keys)} if keys else {})
        found = tuple(
            ConfigurationKey(
                key=str(item["key"]), value=item.get("value"), readonly=bool(item.get("readonly"))
            )
            for item in (answer.get("configurationKey") or ())[:MAX_KEYS]
        )
        unknown = tuple(str(name) for name in (answer.get("unknownKey") or ())[:MAX_KEYS])
        return Configuration(keys=found, unknown=unknown)

    async def get_diagnostics(
        self,
        location: str,
        *,
        start: datetime | None = None,
        stop: datetime | None = None,
        retries: int | None = None,
        retry_interval_s: int | None = None,
    ) -> str | None:
        """OCPP 1.6, 5.9; the name of the file that will be uploaded, ``None`` where there is nothing."""
        payload = _given(
            location=location,
            startTime=start,
            stopTime=stop,
            retries=retries,
            retryInterval=retry_interval_s,
        )
        name = (await self.call("GetDiagnostics", payload)).get("fileName")
        return str(name) if name else None

    async def get_local_list_version(self) -> int:
        """OCPP 1.6, 5.10; 0: the list is empty, −1: there is none."""
        return int((await self.call("GetLocalListVersion", {}))["listVersion"])

    async def remote_start_transaction(
        self, id_tag: str, *, connector_id: int | None = None, profile: Profile | None = None
    ) -> str:
        """OCPP 1.6, 5.11; a profile must be a TxProfile without transaction."""
        payload = _given(
            idTag=id_tag,
            connectorId=connector_id,
            chargingProfile=None if profile is None else write_profile(profile),
        )
        return await self._status("RemoteStartTransaction", payload)

    async def remote_stop_transaction(self, transaction_id: int) -> str:
        """OCPP 1.6, 5.12."""
        return await self._status("RemoteStopTransaction", {"transactionId": transaction_id})

    async def reserve_now(
        self,
        connector_id: int,
        reservation_id: int,
        id_tag: str,
        expires_at: datetime,
        *,
        parent_id_tag: str | None = None,
    ) -> str:
        """OCPP 1.6, 5.13."""
        payload = _given(
            connectorId=connector_id,
            reservationId=reservation_id,
            idTag=id_tag,
            expiryDate=expires_at,
            parentIdTag=parent_id_tag,
        )
        return await self._status("ReserveNow", payload)

    async def reset(self, *, hard: bool = False) -> str:
        """OCPP 1.6, 5.14; soft: transactions are stopped before."""
        return await self._status("Reset", {"type": "Hard" if hard else "Soft"})

    async def send_local_list(
        self, version: int, tags: Sequence[Mapping[str, Any]], *, full: bool = True
    ) -> str:
        """OCPP 1.6, 5.15; entries as ``AuthorizationData`` of the standard."""
        payload = {
            "listVersion": version,
            "localAuthorizationList": [dict(tag) for tag in tags],
            "updateType": "Full" if full else "Differential",
        }
        return await self._status("SendLocalList", payload)

    async def set_charging_profile(self, connector_id: int, profile: Profile) -> str:
        """OCPP 1.6, 5.16."""
        payload = {"connectorId": connector_id, "csChargingProfiles": write_profile(profile)}
        return await self._status("SetChargingProfile", payload)

    async def trigger_message(self, requested: str, *, connector_id: int | None = None) -> str:
        """OCPP 1.6, 5.17."""
        return await self._status(
            "TriggerMessage", _given(requestedMessage=requested, connectorId=connector_id)
        )

    async def unlock_connector(self, connector_id: int) -> str:
        """OCPP 1.6, 5.18; stops the connector's transaction."""
        return await self._status("UnlockConnector", {"connectorId": connector_id})

    async def update_firmware(
        self,
        location: str,
        retrieve_at: datetime,
        *,
        retries: int | None = None,
        retry_interval_s: int | None = None,
    ) -> None:
        """OCPP 1.6, 5.19; how it goes comes as FirmwareStatusNotification."""
        payload = _given(
            location=location, retrieveDate=retrieve_at, retries=retries, retryInterval=retry_interval_s
        )
        await self.call("UpdateFirmware", payload)

    async def certificate_signed(self, chain_pem: str) -> str:
        """Whitepaper, 5.1; the chain has at most 10000 characters."""
        return await self._status("CertificateSigned", {"certificateChain": chain_pem})

    async def delete_certificate(self, hash_data: Mapping[str, str]) -> str:
        """Whitepaper, 5.2; ``hash_data`` as :meth:`get_installed_certificate_ids` gives it."""
        return await self._status("DeleteCertificate", {"certificateHashData": dict(hash_data)})

    async def extended_trigger_message(self, requested: str, *, connector_id: int | None = None) -> str:
        """Whitepaper, 5.3."""
        return await self._status(
            "ExtendedTriggerMessage", _given(requestedMessage=requested, connectorId=connector_id)
        )

    async def get_installed_certificate_ids(self, certificate_type: str) -> tuple[Mapping[str, str], ...]:
        """Whitepaper, 5.4; ``CentralSystemRootCertificate`` or ``ManufacturerRootCertificate``."""
        answer = await self.call("GetInstalledCertificateIds", {"certificateType": certificate_type})
        return tuple(answer.get("certificateHashData") or ())

    async def get_log(
        self,
        request_id: int,
        location: str,
        *,
        security: bool = False,
        oldest: datetime | None = None,
        latest: datetime | None = None,
        retries: int | None = None,
        retry_interval_s: int | None = None,
    ) -> tuple[str, str | None]:
        """Whitepaper, 5.5; the status and the name of the file that will be uploaded."""
        payload = _given(
            logType="SecurityLog" if security else "DiagnosticsLog",
            requestId=request_id,
            log=_given(remoteLocation=location, oldestTimestamp=oldest, latestTimestamp=latest),
            retries=retries,
            retryInterval=retry_interval_s,
        )
        answer = await self.call("GetLog", payload)
        return str(answer["status"]), answer.get("filename")

    async def install_certificate(self, certificate_type: str, certificate_pem: str) -> str:
        """Whitepaper, 5.6."""
        payload = {"certificateType": certificate_type, "certificate": certificate_pem}
        return await self._status("InstallCertificate", payload)

    async def signed_update_firmware(
        self,
        request_id: int,
        location: str,
        retrieve_at: datetime,
        *,
        signing_certificate_pem: str,
        signature: str,
        install_at: datetime | None = None,
        retries: int | None = None,
        retry_interval_s: int | None = None,
    ) -> str:
        """Whitepaper, 5.11; ``signature`` in base64, over the whole file."""
        firmware = _given(
            location=location,
            retrieveDateTime=retrieve_at,
            installDateTime=install_at,
            signingCertificate=signing_certificate_pem,
            signature=signature,
        )
        payload = _given(
            requestId=request_id, firmware=firmware, retries=retries, retryInterval=retry_interval_s
        )
        return await self._status("SignedUpdateFirmware", payload)

    async def _status(self, action: str, payload: Payload) -> str:
        return str((await self.call(action, payload))["status"])


def _given(**fields: Any) -> Payload:
    """A payload of what is given; times as chargers can read them."""
    return {
        name: write_time(value) if isinstance(value, datetime) else value
        for name, value in fields.items()
        if value is not None
    }
