"""Security profiles, certificates and security events (OCPP 1.6 security whitepaper, edition 3).

0: no security. 1: basic authentication. 2: TLS and basic authentication. 3: TLS with client certificate.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ohmstead.errors import ConfigError, DataError
from ohmstead.ocpp.charge_point.certificates import (
    MAX_CHAIN_CHARACTERS,
    belongs_to,
    hash_data,
    is_valid_at,
    new_key_pem,
    read_certificates,
    signing_request,
)
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import write_time

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

CENTRAL_ROOT: Final = "CentralSystemRootCertificate"
MANUFACTURER_ROOT: Final = "ManufacturerRootCertificate"
TLS_PROFILES: Final = (2, 3)
CLIENT_CERTIFICATE_PROFILE: Final = 3
MAX_ROOTS: Final = 20
ATTEMPTS_BEFORE_FALL_BACK: Final = 3
LOG_LENGTH: Final = 100


class Security:
    """What protects one charge point."""

    __slots__ = ("_charge_point", "_failures", "_told", "log")

    def __init__(self, charge_point: ChargePoint) -> None:
        self._charge_point = charge_point
        self._failures = 0
        self._told: str | None = None
        self.log: deque[str] = deque(maxlen=LOG_LENGTH)

    # --- connecting

    @property
    def profile(self) -> int:
        """The security profile in use."""
        return self._charge_point.memory.configuration.number("SecurityProfile")

    @property
    def url(self) -> str:
        """Of the central system; a TLS profile never talks in the clear."""
        url = self._charge_point.settings.url
        if self.profile in TLS_PROFILES and url.lower().startswith("ws://"):
            return "wss://" + url[len("ws://") :]
        return url

    @property
    def password(self) -> bytes | None:
        """Of basic authentication: the AuthorizationKey, or the one from the settings."""
        if self.profile == CLIENT_CERTIFICATE_PROFILE:
            return None
        key = self._charge_point.memory.configuration.text("AuthorizationKey")
        return bytes.fromhex(key) if key else self._charge_point.settings.password

    def tls_context(self) -> ssl.SSLContext | None:
        """TLS 1.2 or newer, with everything that may vouch for the central system; ``None`` without TLS.

        Raises:
            ConfigError: a file that cannot be used.
        """
        settings = self._charge_point.settings
        if not self.url.lower().startswith("wss://"):
            return None
        try:
            changed_at = settings.ca_file.stat().st_mtime_ns if settings.ca_file is not None else 0
            roots = tuple(self._roots(CENTRAL_ROOT))
            if self.profile != CLIENT_CERTIFICATE_PROFILE:
                return _shared_context(settings.ca_file, changed_at, roots)
            context = _context(settings.ca_file, roots)
            self._load_client_certificate(context)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{settings.identity}: TLS files cannot be used: {error}") from error
        return context

    def is_ready_for(self, profile: int) -> bool:
        """All that a security profile needs is there."""
        settings = self._charge_point.settings
        roots = settings.ca_file is not None or bool(self._roots(CENTRAL_ROOT))
        match profile:
            case 1:
                return self.password is not None
            case 2:
                return self.password is not None and roots
            case 3:
                own = settings.client_certificate is not None or self._get("certificate") is not None
                return own and roots
        return False

    def profile_changed(self, before: int) -> None:
        """Another profile is tried at the next connection; the one before is kept to fall back to."""
        self._put("profile_before", before)
        self._failures = 0

    def connected(self) -> None:
        """The connection came about."""
        self._failures = 0
        self._told = None
        if self._get("profile_before") is not None:
            self._put("profile_before", None)

    def connect_failed(self, error: BaseException) -> None:
        """Tell why, once; fall back to the profile before after some attempts."""
        event = _event_of(error)
        if event is not None and event != self._told:
            self._told = event
            self.event(event, str(error.__cause__ or error)[:200])
        before = self._get("profile_before")
        self._failures += 1
        if before is not None and self._failures >= ATTEMPTS_BEFORE_FALL_BACK:
            memory = self._charge_point.memory
            memory.configuration.changed["SecurityProfile"] = str(before)
            memory.save_configuration()
            self._put("profile_before", None)

    def registered(self) -> None:
        """Accepted by the central system."""
        if self._charge_point.updates.take_installed():
            self.event("FirmwareUpdated")

    # --- events

    def event(self, kind: str, info: str = "") -> None:
        """Note a security event, and report it where security is on."""
        cp = self._charge_point
        timestamp = write_time(cp.now())
        self.log.append(f"{timestamp} {kind} {info}".rstrip())
        if self.profile > 0:
            payload: Payload = {"type": kind, "timestamp": timestamp}
            cp.sender.send(
                "SecurityEventNotification", payload | ({"techInfo": info} if info else {}), keep=True
            )

    # --- certificates

    @property
    def can_sign(self) -> bool:
        """CpoName goes into the certificate, so it must be set before."""
        return bool(self._charge_point.memory.configuration.text("CpoName"))

    @property
    def _common_name(self) -> str:
        settings = self._charge_point.settings
        return settings.serial_number or settings.identity

    def request_certificate(self) -> None:
        """Send SignCertificate for a new key."""
        cp = self._charge_point
        key = new_key_pem()
        self._put("pending_key", key)
        organization = cp.memory.configuration.text("CpoName")
        csr = signing_request(key, common_name=self._common_name, organization=organization)
        cp.sender.send("SignCertificate", {"csr": csr}, triggered=True)

    def accept_certificate(self, pem: str) -> bool:
        """CertificateSigned: keep it, if it is for the key that was asked for."""
        key = self._get("pending_key")
        try:
            chain = read_certificates(pem) if len(pem) <= MAX_CHAIN_CHARACTERS else []
        except DataError:
            chain = []
        now = self._charge_point.now()
        if key is None or not chain or not is_valid_at(chain[0], now):
            self.event("InvalidChargePointCertificate")
            return False
        if not belongs_to(chain[0], key, self._common_name):
            self.event("InvalidChargePointCertificate")
            return False
        with self._charge_point.memory.store.transaction():
            self._put("certificate", {"chain": pem, "key": key})
            self._put("pending_key", None)
        return True

    def install(self, kind: str, pem: str) -> str:
        """InstallCertificate; returns its status."""
        try:
            chain = read_certificates(pem)
        except DataError:
            return "Rejected"
        if len(chain) != 1 or not is_valid_at(chain[0], self._charge_point.now()):
            return "Rejected"
        roots = self._get("roots") or []
        if [kind, pem] not in roots:
            if len(roots) >= MAX_ROOTS:
                return "Failed"
            self._put("roots", [*roots, [kind, pem]])
        return "Accepted"

    def installed(self, kind: str) -> list[dict[str, str]]:
        """Hashes of the installed root certificates."""
        return [_hash(pem) for pem in self._roots(kind)]

    def delete(self, wanted: dict[str, str]) -> str:
        """DeleteCertificate; returns its status. The last one that vouches for the connection stays."""
        roots: list[list[str]] = self._get("roots") or []
        found = [root for root in roots if _matches(_hash(root[1]), wanted)]
        if not found:
            return "NotFound"
        left = [root for root in roots if root not in found]
        in_use = self.profile in TLS_PROFILES and self._charge_point.settings.ca_file is None
        if in_use and not any(kind == CENTRAL_ROOT for kind, _ in left):
            return "Failed"
        self._put("roots", left)
        return "Accepted"

    def manufacturer_roots(self) -> list[str]:
        """PEMs that firmware must be signed under; none: updates need no signature."""
        return self._roots(MANUFACTURER_ROOT)

    # --- inside

    def _load_client_certificate(self, context: ssl.SSLContext) -> None:
        settings = self._charge_point.settings
        own = self._get("certificate")
        if own is None:
            if settings.client_certificate is None:
                raise ConfigError(f"{settings.identity}: security profile 3 needs a client certificate")
            context.load_cert_chain(settings.client_certificate, settings.client_key)
            return
        # ssl reads chains from files only; this one is readable by us alone, and gone at once
        descriptor, name = tempfile.mkstemp(suffix=".pem")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(own["key"] + own["chain"])
            context.load_cert_chain(name)
        finally:
            Path(name).unlink()

    def _roots(self, kind: str) -> list[str]:
        return [pem for of_kind, pem in self._get("roots") or [] if of_kind == kind]

    def _get(self, name: str) -> Any:
        memory = self._charge_point.memory
        return memory.store.get(memory.identity, name, None)

    def _put(self, name: str, value: Any) -> None:
        memory = self._charge_point.memory
        memory.store.put(memory.identity, name, value)


@lru_cache(maxsize=8)
def _shared_context(ca_file: Path | None, _changed_at: int, roots: tuple[str, ...]) -> ssl.SSLContext:
    """One for all that trust the same: thousands of charge points in a process share it."""
    return _context(ca_file, roots)


def _context(ca_file: Path | None, roots: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for pem in roots:
        context.load_verify_locations(cadata=pem)
    return context


def _hash(pem: str) -> dict[str, str]:
    (certificate,) = read_certificates(pem)
    return hash_data(certificate, certificate)


def _matches(known: dict[str, str], wanted: dict[str, str]) -> bool:
    names = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
    return all(known[name].lower().lstrip("0") == wanted[name].lower().lstrip("0") for name in names)


def _event_of(error: BaseException) -> str | None:
    """The security event behind a connection that did not come about."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "InvalidCentralSystemCertificate"
    if not isinstance(cause, ssl.SSLError):
        return None
    reason = (cause.reason or "").upper()
    if "PROTOCOL" in reason or "VERSION" in reason:
        return "InvalidTLSVersion"
    if "CIPHER" in reason or "HANDSHAKE_FAILURE" in reason:
        return "InvalidTLSCipherSuite"
    return None
