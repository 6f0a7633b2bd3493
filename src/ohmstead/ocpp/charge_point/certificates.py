"""Certificates of a charge point (security whitepaper §2.6, §4): hashes, requests, signatures. Pure."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from ohmstead.errors import DataError

MAX_CHAIN_CHARACTERS: Final = 10_000
MIN_RSA_BITS: Final = 2048


def read_certificates(pem: str) -> list[x509.Certificate]:
    """A chain, the leaf first.

    Raises:
        DataError: it holds no certificate, or one that cannot be read.
    """
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DataError(f"not a PEM certificate: {error}") from error


def hash_data(certificate: x509.Certificate, issuer: x509.Certificate) -> dict[str, str]:
    """``CertificateHashDataType`` of a certificate, as in RFC 6960 §4.1.1 with SHA-256."""
    key = issuer.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": hashlib.sha256(certificate.issuer.public_bytes()).hexdigest(),
        "issuerKeyHash": hashlib.sha256(_bit_string(key)).hexdigest(),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def is_valid_at(certificate: x509.Certificate, now: datetime) -> bool:
    """Neither too early nor too late."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_issued_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    """Directly signed by this authority."""
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def chain_reaches(chain: list[x509.Certificate], roots: list[x509.Certificate], now: datetime) -> bool:
    """Each is valid and signed by the next, the last by one of the roots."""
    if not chain or not all(is_valid_at(c, now) for c in chain):
        return False
    linked = all(is_issued_by(a, b) for a, b in itertools.pairwise(chain))
    return linked and any(is_valid_at(root, now) and is_issued_by(chain[-1], root) for root in roots)


def new_key_pem() -> str:
    """A private key for TLS: P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def signing_request(key_pem: str, *, common_name: str, organization: str) -> str:
    """A CSR: CN is the serial number of the charge point, O its operator (A00.FR.511)."""
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - made by new_key_pem
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def belongs_to(certificate: x509.Certificate, key_pem: str, common_name: str) -> bool:
    """The certificate is for this key and this name."""
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return key.public_key() == certificate.public_key() and common_name in [n.value for n in names]


def is_signed_by(data: bytes, signature: bytes, certificate: x509.Certificate) -> bool:
    """RSA-PSS or ECDSA with SHA-256 over the whole file (L01.FR.04; ECDSA in place of ECSchnorr)."""
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if key.key_size < MIN_RSA_BITS:
                return False
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            key.verify(signature, data, scheme, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _bit_string(spki: bytes) -> bytes:
    """The key's bits, without tag, length and count of unused bits, out of a SubjectPublicKeyInfo."""
    body, _ = _element(spki)
    _, rest = _element(body)
    bits, _ = _element(rest)
    return bits[1:]


def _element(der: bytes) -> tuple[bytes, bytes]:
    """Content of the first DER element, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    return der[start : start + length], der[start + length :]
