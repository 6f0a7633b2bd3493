"""Firmware Management profile and the whitepaper's logs and signed updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.ocpp.charge_point.updates import DEFAULT_RETRY_S, DIAGNOSTICS, Delivery, Update
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import read_time
from ohmstead.ocpp.transport import Refusal

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

MAX_RETRIES = 10


def update_firmware(cp: ChargePoint, payload: Payload) -> Payload:
    """Without a signature; refused once signed updates are on (L01.FR.20)."""
    if cp.security.manufacturer_roots():
        raise Refusal(ErrorCode.NOT_SUPPORTED, "only SignedUpdateFirmware is allowed here")
    update = Update(
        location=payload["location"],
        retrieve_at=read_time(payload["retrieveDate"]),
        retries=_retries(payload),
        retry_interval_s=_retry_interval_s(payload),
    )
    cp.soon(lambda: cp.updates.update(update))
    return {}


def signed_update_firmware(cp: ChargePoint, payload: Payload) -> Payload:
    """The certificate is judged now, the signature after the download."""
    firmware = payload["firmware"]
    if not cp.updates.certificate_is_valid(firmware["signingCertificate"]):
        cp.security.event("InvalidFirmwareSigningCertificate")
        return {"status": "InvalidCertificate"}
    install_at = firmware.get("installDateTime")
    update = Update(
        location=firmware["location"],
        retrieve_at=read_time(firmware["retrieveDateTime"]),
        install_at=None if install_at is None else read_time(install_at),
        retries=_retries(payload),
        retry_interval_s=_retry_interval_s(payload),
        request_id=payload["requestId"],
        certificate=firmware["signingCertificate"],
        signature=firmware["signature"],
    )
    return {"status": "AcceptedCanceled" if cp.updates.update(update) else "Accepted"}


def get_diagnostics(cp: ChargePoint, payload: Payload) -> Payload:
    """Deliver what is known about this charge point."""
    delivery = Delivery(
        location=payload["location"],
        kind=DIAGNOSTICS,
        file_name=_file_name(cp, "diagnostics"),
        retries=_retries(payload),
        retry_interval_s=_retry_interval_s(payload),
    )
    cp.soon(lambda: cp.updates.deliver(delivery))
    return {"fileName": delivery.file_name}


def get_log(cp: ChargePoint, payload: Payload) -> Payload:
    """The same with a request id, or the security log."""
    kind = payload["logType"]
    delivery = Delivery(
        location=payload["log"]["remoteLocation"],
        kind=kind,
        file_name=_file_name(cp, "diagnostics" if kind == DIAGNOSTICS else "security"),
        retries=_retries(payload),
        retry_interval_s=_retry_interval_s(payload),
        request_id=payload["requestId"],
    )
    cancelled = cp.updates.deliver(delivery)
    return {"status": "AcceptedCanceled" if cancelled else "Accepted", "filename": delivery.file_name}


def _retries(payload: Payload) -> int:
    return max(0, min(MAX_RETRIES, int(payload.get("retries", 0))))


def _retry_interval_s(payload: Payload) -> int:
    return max(0, min(86400, int(payload.get("retryInterval", DEFAULT_RETRY_S))))


def _file_name(cp: ChargePoint, kind: str) -> str:
    safe = "".join(c if c.isalnum() or c in "-_" else "_" for c in cp.settings.identity)
    return f"{safe}-{kind}-{cp.now():%Y%m%dT%H%M%SZ}.log"
