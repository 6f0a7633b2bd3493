"""Security profiles 0 to 3 over real TLS, passwords, and the new AuthorizationKey."""

from __future__ import annotations

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.typing import Origin, Subprotocol

from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ocpp.central.commands import Commands
from ohmstead.ocpp.central.passwords import basic_credentials, hash_password
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.frames import Payload
from tests.ocpp.central.peer import peer_charger
from tests.ocpp.central.serving import BOOT, OPEN, charger, serving, until

KEY = b"0123456789abcdef"
OTHER = b"fedcba9876543210"
PASSWORDS = replace(OPEN, security_profile=1)


Issued = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issue(folder: Path, name: str, ca: Issued | None) -> Issued:
    """A certificate of that common name, with its files; self-signed where there is no authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if ca is None else ca[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((key if ca is None else ca[1]).public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca is None,
                crl_sign=ca is None,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    certificate = builder.sign(key if ca is None else ca[1], hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, key


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority, a server's certificate and those of chargers."""
    ca = issue(tmp_path, "ca", None)
    for name in ("server", "CP1", "SERIAL7"):
        issue(tmp_path, name, ca)
    issue(tmp_path, "stranger", None)
    return tmp_path


def with_tls(folder: Path, profile: int) -> CentralSettings:
    return replace(
        OPEN,
        host="localhost",
        security_profile=profile,
        tls_certificate=folder / "server.pem",
        tls_key=folder / "server.key",
        tls_ca=folder / "ca.pem",
    )


def trusting(folder: Path, own: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if own is not None:
        context.load_cert_chain(folder / f"{own}.pem", folder / f"{own}.key")
    return context


async def test_profile_1_lets_chargers_in_by_their_password_only(tmp_path: Path) -> None:
    async with serving(tmp_path, PASSWORDS) as central:
        with pytest.raises(InvalidStatus, match="401") as refused:
            await charger(central)
        assert refused.value.response.headers["WWW-Authenticate"].startswith("Basic")
        async with await charger(central, password=KEY, boot=True):
            pass
        for wrong in (OTHER, b"", KEY + b"x"):
            with pytest.raises(InvalidStatus, match="401"):
                await charger(central, password=wrong)
        async with await charger(central, password=KEY.hex().upper().encode(), boot=True):
            pass
    stored = (tmp_path / "ocpp.db").read_bytes()
    assert KEY not in stored
    assert KEY.hex().encode() not in stored
    assert b"argon2id" in stored
    async with serving(tmp_path, PASSWORDS) as central:
        async with await charger(central, password=KEY, boot=True):
            pass
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, password=OTHER)


async def test_a_known_charger_without_a_password_is_let_in_once_it_has_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True):
        pass
    async with serving(tmp_path, PASSWORDS) as central:
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, password=KEY)
        with pytest.raises(ConfigError, match="found 3 bytes, allowed: 16 to 20"):
            await central.door.set_password("CP1", b"abc")
        await central.door.set_password("CP1", KEY)
        async with await charger(central, password=KEY, boot=True):
            pass
        assert len(await central.door.set_password("CP1")) == 20


async def test_the_first_password_of_a_held_charger_is_its_own_after_adoption(tmp_path: Path) -> None:
    async with serving(tmp_path, replace(PASSWORDS, unknown_chargers=UnknownChargers.HOLD)) as central:
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, password=b"short")
        async with await charger(central, password=KEY) as cp:
            assert (await cp.told("BootNotification", BOOT))["status"] == "Pending"
        await central.adopt("CP1")
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, password=OTHER)
        async with await charger(central, password=KEY, boot=True):
            pass


async def test_a_new_key_counts_from_accepted_on_and_the_old_one_no_more(tmp_path: Path) -> None:
    """A01.FR.03."""
    async with serving(tmp_path) as central, peer_charger(central) as peer:
        await central.door.set_password("PEER", KEY)
        status, sent = await central.door.change_key("PEER", central.commands("PEER"))
        assert (status, len(sent)) == ("Accepted", 20)
        assert bytes.fromhex(peer.keys["AuthorizationKey"]) == sent
    async with serving(tmp_path, PASSWORDS) as central:
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, "PEER", password=KEY)
        async with await charger(central, "PEER", password=sent, boot=True):
            pass


async def test_until_the_answer_to_a_new_key_is_here_either_one_counts(tmp_path: Path) -> None:
    async with serving(tmp_path, PASSWORDS) as central:
        async with await charger(central, password=KEY, boot=True):
            with pytest.raises(DeviceError):
                await central.door.change_key("CP1", Commands(call=_unanswered), OTHER)
        async with await charger(central, password=KEY, boot=True):
            pass
        async with await charger(central, password=OTHER, boot=True):
            pass
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, password=KEY)


async def _unanswered(_action: str, _payload: Payload) -> Payload:
    raise DeviceOffline("no answer")


async def test_profile_2_is_passwords_over_tls(certificates: Path) -> None:
    async with serving(certificates, with_tls(certificates, 2)) as central:
        assert central.url.startswith("wss://")
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, tls=trusting(certificates))
        async with await charger(central, password=KEY, tls=trusting(certificates), boot=True):
            pass


async def test_tls_below_1_2_is_refused(certificates: Path) -> None:
    async with serving(certificates, with_tls(certificates, 2)) as central:
        old = trusting(certificates)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            old.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, OSError)):
            await charger(central, password=KEY, tls=old)


async def test_profile_3_knows_chargers_by_their_certificate(certificates: Path) -> None:
    async with serving(certificates, with_tls(certificates, 3)) as central:
        async with await charger(central, tls=trusting(certificates, "CP1")) as cp:
            boot = BOOT | {"chargePointSerialNumber": "SERIAL7"}
            assert (await cp.told("BootNotification", boot))["status"] == "Accepted"
        async with await charger(central, tls=trusting(certificates, "SERIAL7"), boot=True):
            pass
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, "CP2", tls=trusting(certificates, "CP1"))
        for bad in (trusting(certificates), trusting(certificates, "stranger")):
            with pytest.raises((ssl.SSLError, OSError, InvalidMessage, ConnectionClosed)):
                await charger(central, tls=bad)
        await until(lambda: not central.connected("CP1"))


async def test_tls_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_text("nonsense", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"ocpp: TLS files .*server\.pem"):
        with_tls(tmp_path, 2).tls()


def test_credentials_are_read_as_bytes() -> None:
    assert basic_credentials("Basic Q1AxOv8A") == ("CP1", b"\xff\x00")
    assert basic_credentials("basic Q1AxOmE6Yg==") == ("CP1", b"a:b")
    for broken in (None, "", "Basic", "Basic !!", "Bearer Q1AxOmE=", "Basic Q1Ax", "Basic " + "A" * 5000):
        assert basic_credentials(broken) is None


def test_every_hash_has_its_own_salt() -> None:
    assert hash_password(KEY) != hash_password(KEY)


async def test_no_web_page_plays_a_charger_and_no_visit_is_written_down(tmp_path: Path) -> None:
    async with serving(tmp_path) as central:
        for origin in ("https://evil.example", "null", "http://[", "http://127.0.0.1.evil.example"):
            with pytest.raises(InvalidStatus, match="403"):
                await connect(
                    f"{central.url}/CP1", subprotocols=[Subprotocol("ocpp1.6")], origin=Origin(origin)
                )
        async with httpx2.AsyncClient() as browser:
            answer = await browser.get(central.url.replace("ws://", "http://") + "/CP1")
        assert answer.status_code == 426
        assert not central.chargers
        local = Origin("http://localhost:3000")
        async with connect(f"{central.url}/CP1", subprotocols=[Subprotocol("ocpp1.6")], origin=local):
            await until(lambda: central.connected("CP1"))
