"""How a central system listens and whom it lets in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

from ohmstead.errors import ConfigError

MOST_HELD = 20
"""Chargers that nobody asked for; more of them are refused, so that a stranger cannot fill the memory."""
LONGEST_TAG = 20
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


class UnknownChargers(StrEnum):
    """What happens to a charger that is not known."""

    ACCEPT = "accept"
    """It is one of ours at once."""
    HOLD = "hold"
    """It is accepted as Pending and waits until a person adopts it."""
    REFUSE = "refuse"
    """404."""


class SecurityProfile(IntEnum):
    """OCPP 1.6 security whitepaper, 2.2."""

    NONE = 0
    BASIC = 1
    """A password for each charger."""
    TLS = 2
    """A password, and TLS with a certificate of this server."""
    MUTUAL_TLS = 3
    """TLS with a certificate of the charger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TagSettings:
    """One card or app that may charge."""

    id_tag: str
    """The identifier, at most 20 characters; upper and lower case are the same."""
    name: str = ""
    """Whose it is."""
    several_at_once: bool = True
    """It may charge at several connectors at the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CentralSettings:
    """The central system for OCPP chargers."""

    host: str = "127.0.0.1"
    """Address to listen on. Chargers reach it at ``0.0.0.0``, which needs ``security_profile`` 1 or more."""
    port: int = 9000
    """Chargers are pointed at ``ws://HOST:PORT/ocpp``."""
    security_profile: int = 0
    """0: none, 1: passwords, 2: passwords and TLS, 3: certificates of the chargers."""
    tls_certificate: Path | None = None
    """PEM file with this server's certificate chain; for profiles 2 and 3."""
    tls_key: Path | None = None
    """PEM file with its private key."""
    tls_ca: Path | None = None
    """PEM file with the authorities whose charger certificates count; for profile 3."""
    unknown_chargers: UnknownChargers = UnknownChargers.HOLD
    """What happens to a charger that is not known: ``hold`` it until it is adopted, ``accept`` or
    ``refuse`` it."""
    heartbeat_s: float = 300.0
    """How often chargers say that they are there."""
    ping_s: float = 30.0
    """A connection that does not answer a ping for as long is closed."""
    max_chargers: int = 5000
    """More connections than that are refused."""
    tags: tuple[TagSettings, ...] = ()
    """Who may charge. Without any, everybody who can reach an adopted charger may."""
    database: Path = Path("ohmstead-ocpp.db")
    """Where chargers, sessions and the hashes of passwords are kept."""

    def check(self) -> None:
        """Refuse what would be open to anybody.

        Raises:
            ConfigError: beyond this computer without authentication, or TLS files are missing.
        """
        for key, message in self.problems():
            raise ConfigError(f"ocpp: {key}: {message}")

    def problems(self) -> Iterator[tuple[str, str]]:
        """What :meth:`check` refuses, as key and what is wrong with it."""
        if self.security_profile not in list(SecurityProfile):
            yield "security_profile", f"found {self.security_profile}, allowed: 0, 1, 2, 3"
            return
        if self.host not in LOOPBACK_HOSTS and self.security_profile < SecurityProfile.BASIC:
            message = (
                f"found {self.host!r}: anybody on the network could pretend to be a charger; "
                "allowed: 127.0.0.1, ::1, localhost, or any address together with security_profile: 1 "
                "(passwords) or more"
            )
            yield "host", message
        wanted: tuple[tuple[str, Path | None], ...] = ()
        if self.security_profile >= SecurityProfile.TLS:
            wanted = (("tls_certificate", self.tls_certificate), ("tls_key", self.tls_key))
        if self.security_profile == SecurityProfile.MUTUAL_TLS:
            wanted += (("tls_ca", self.tls_ca),)
        for name, path in wanted:
            if path is None:
                yield name, f"missing; security_profile {self.security_profile} needs a PEM file"
        for tag in self.tags:
            if not 0 < len(tag.id_tag) <= LONGEST_TAG:
                yield "tags", f"found {tag.id_tag!r}, allowed: 1 to {LONGEST_TAG} characters"

    def tls(self) -> ssl.SSLContext | None:
        """The TLS side of the server, at least TLS 1.2; ``None`` for profiles without.

        Raises:
            ConfigError: a file cannot be read or used.
        """
        if self.security_profile < SecurityProfile.TLS:
            return None
        self.check()
        assert self.tls_certificate is not None  # noqa: S101 - checked
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.tls_certificate, self.tls_key)
            if self.security_profile == SecurityProfile.MUTUAL_TLS:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(self.tls_ca)
        except (OSError, ssl.SSLError) as error:
            names = f"{self.tls_certificate}, {self.tls_key}, {self.tls_ca}"
            raise ConfigError(f"ocpp: TLS files {names}: {error}; PEM files are needed") from error
        return context
