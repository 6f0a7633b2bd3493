"""A certificate of one's own for the TLS transports; every nymea client trusts it on first use."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ohmstead.errors import ConfigError

YEARS = 20
"""Clients remember the certificate, so it stays the same for long."""


def server_context(folder: Path, name: str) -> ssl.SSLContext:
    """A context with the certificate kept in a folder; it is made on first use.

    Args:
        folder: where ``nymea-certificate.pem`` and ``nymea-key.pem`` are kept.
        name: common name of a new certificate.

    Raises:
        ConfigError: the files cannot be read, written or used.
    """
    certificate, key = folder / "nymea-certificate.pem", folder / "nymea-key.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if not certificate.exists() or not key.exists():
            _make(certificate, key, name)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{certificate}: the certificate for TLS cannot be used ({error}); remove it and "
            f"{key.name} to have new ones made"
        ) from error
    return context


def client_context() -> ssl.SSLContext:
    """A context that takes any certificate, as nymea's are self-signed: it protects from listeners only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _make(certificate: Path, key: Path, name: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(private, hashes.SHA256())
    )
    key.parent.mkdir(parents=True, exist_ok=True)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
