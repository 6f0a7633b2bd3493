"""Who may connect: the path, the password or the certificate decide before anything else is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from ohmstead.ocpp.central.charger import Admission, Charger
from ohmstead.ocpp.central.settings import (
    LOOPBACK_HOSTS,
    MOST_HELD,
    CentralSettings,
    SecurityProfile,
    UnknownChargers,
)

PATH = "/ocpp/"
LONGEST_IDENTITY = 48


@dataclass(frozen=True, kw_only=True, slots=True)
class Turned:
    """A connection that is not let in."""

    status: HTTPStatus
    words: str


def identity_of(path: str) -> str | None:
    """The charger's identity out of the request path, percent-decoded (OCPP-J 1.6, 3.1.1); else ``None``."""
    path = path.partition("?")[0]
    if not path.startswith(PATH):
        return None
    try:
        identity = unquote_to_bytes(path.removeprefix(PATH).removesuffix("/")).decode("utf-8")
    except ValueError:
        return None
    good = 0 < len(identity) <= LONGEST_IDENTITY and identity.isprintable() and identity == identity.strip()
    return identity if good and ":" not in identity else None


def from_a_page(origin: str | None) -> bool:
    """A web page of another computer asks, by the ``Origin`` that browsers send."""
    if origin is None:
        return False
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return True
    return host not in LOOPBACK_HOSTS


def admission_of(
    identity: str,
    chargers: Mapping[str, Charger],
    settings: CentralSettings,
    expected: Collection[str] = (),
) -> Admission | Turned:
    """Whether a charger is known, or what an unknown one becomes; one that is expected is adopted."""
    known = chargers.get(identity)
    if known is not None:
        return known.admission
    if identity in expected:
        return Admission.ADOPTED
    match settings.unknown_chargers:
        case UnknownChargers.ACCEPT if len(chargers) < settings.max_chargers:
            return Admission.ADOPTED
        case UnknownChargers.HOLD:
            held = sum(1 for charger in chargers.values() if not charger.adopted)
            if held < MOST_HELD:
                return Admission.HELD
        case _:
            pass
    return Turned(status=HTTPStatus.NOT_FOUND, words="no such charge point")


def names_in_certificate(certificate: Mapping[str, Any] | None) -> frozenset[str]:
    """Common names of a peer's certificate, as :meth:`ssl.SSLSocket.getpeercert` gives it."""
    names = set()
    for part in (certificate or {}).get("subject", ()):
        names |= {value for key, value in part if key == "commonName"}
    return frozenset(names)


def certificate_fits(charger: Charger | None, identity: str, names: frozenset[str]) -> bool:
    """A charger's certificate names its serial number, or its identity (whitepaper, A00.FR.511)."""
    return identity in names or (charger is not None and bool(charger.serial) and charger.serial in names)


def password_needed(settings: CentralSettings) -> bool:
    """Security profiles 1 and 2 know chargers by their password."""
    return settings.security_profile in (SecurityProfile.BASIC, SecurityProfile.TLS)
