"""Certificates (security whitepaper §4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.ocpp.charge_point.security import CLIENT_CERTIFICATE_PROFILE
from ohmstead.ocpp.frames import Payload

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint


def certificate_signed(cp: ChargePoint, payload: Payload) -> Payload:
    """The certificate that SignCertificate asked for."""
    accepted = cp.security.accept_certificate(payload["certificateChain"])
    if accepted and cp.security.profile == CLIENT_CERTIFICATE_PROFILE:
        cp.soon(cp.reconnect)
    return {"status": "Accepted" if accepted else "Rejected"}


def install_certificate(cp: ChargePoint, payload: Payload) -> Payload:
    """A root certificate, for TLS or for firmware."""
    return {"status": cp.security.install(payload["certificateType"], payload["certificate"])}


def delete_certificate(cp: ChargePoint, payload: Payload) -> Payload:
    """By its hashes."""
    return {"status": cp.security.delete(payload["certificateHashData"])}


def get_installed_certificate_ids(cp: ChargePoint, payload: Payload) -> Payload:
    """NotFound where none is installed."""
    found = cp.security.installed(payload["certificateType"])
    return {"status": "Accepted", "certificateHashData": found} if found else {"status": "NotFound"}
