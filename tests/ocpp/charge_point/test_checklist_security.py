"""The checklist's line "Security paper" at a charge point: real TLS, real certificates, real downloads."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from tests.ocpp.charge_point.peer import Peer, peer
from tests.ocpp.charge_point.pki import Issued, authority, issue, sign
from tests.ocpp.charge_point.points import charge_point, virtual

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
PASSWORD = bytes(range(1, 17))
FIRMWARE = b"firmware 2.0 " * 1000
Ask = Callable[..., Awaitable[Any]]
HASHES = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")


def server_context(folder: Path, root: Issued, *, client_ca: Issued | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*issue(root, "central").write(folder, "server"))
    if client_ca is not None:
        context.load_verify_locations(cadata=client_ca.pem)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def advance_until(point: ChargePoint, condition: Callable[[], bool]) -> None:
    while not condition():
        await virtual(point).advance(0.5)
        await asyncio.sleep(0.005)


@asynccontextmanager
async def files(content: bytes = FIRMWARE) -> AsyncIterator[tuple[str, dict[str, bytes]]]:
    """An HTTP server: GET gives the firmware, PUT keeps what it gets."""
    kept: dict[str, bytes] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, _ = (await reader.readline()).decode().split()
        length = 0
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        body = await reader.readexactly(length)
        found = method == "PUT" or path == "/fw-2.0.bin"
        if method == "PUT":
            kept[path] = body
        data = content if method == "GET" and found else b""
        status = "200 OK" if found else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + data)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", kept


async def test_profile_1_sends_the_identity_and_the_bytes_of_the_key() -> None:
    async with peer() as central, charge_point(central, security_profile=1, password=PASSWORD) as point:
        request = central.connections[-1].request
        assert request is not None
        sent = base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))
        assert sent == b"CP 1:" + PASSWORD
        assert request.path == "/ocpp/CP%201"
        new = bytes(range(100, 120))
        asked = {"key": "AuthorizationKey", "value": new.hex()}
        assert await central.ask("ChangeConfiguration", asked) == ACCEPTED
        await advance_until(point, lambda: not point.is_connected)
        await advance_until(point, lambda: point.is_connected and bool(central.connections))
        request = central.connections[-1].request
        assert request is not None
        sent = base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))
        assert sent == b"CP 1:" + new


async def test_profile_2_speaks_tls_to_a_central_system_it_can_trust(tmp_path: Path) -> None:
    root = authority()
    ca, _ = root.write(tmp_path, "root")
    settings: dict[str, Any] = {"security_profile": 2, "password": PASSWORD, "ca_file": ca}
    async with (
        peer(tls=server_context(tmp_path, root)) as central,
        charge_point(central, **settings) as point,
    ):
        assert point.is_online
        assert central.connections[-1].transport.get_extra_info("ssl_object").version() >= "TLSv1.2"


async def test_a_central_system_that_cannot_be_trusted_is_an_event_and_no_connection(tmp_path: Path) -> None:
    other, _ = authority("Other").write(tmp_path, "other")
    settings: dict[str, Any] = {"security_profile": 2, "password": PASSWORD, "ca_file": other}
    async with (
        peer(tls=server_context(tmp_path, authority())) as central,
        charge_point(central, registered=False, **settings) as point,
    ):
        await point.wait_until(lambda: point.state is ChargePointState.ERROR)
        assert not point.is_connected
        assert "InvalidCentralSystemCertificate" in next(iter(point.security.log))


@pytest.mark.parametrize(
    ("event", "version", "ciphers"),
    [
        ("InvalidTLSVersion", ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
        ("InvalidTLSCipherSuite", ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384"),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_that_is_too_old_or_without_a_common_cipher_is_an_event(
    tmp_path: Path, event: str, version: ssl.TLSVersion, ciphers: str
) -> None:
    root = authority()
    ca, _ = root.write(tmp_path, "root")
    context = server_context(tmp_path, root)
    context.set_ciphers(ciphers)
    context.minimum_version = min(version, context.minimum_version)
    context.maximum_version = version

    def refuse(listener: socket.socket) -> None:
        """A blocking server: asyncio's hangs up without telling the client why."""
        connection, _ = listener.accept()
        with connection, pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listener))
        settings = ChargePointSettings(
            url=f"wss://127.0.0.1:{listener.getsockname()[1]}",
            identity="CP 1",
            security_profile=2,
            password=PASSWORD,
            ca_file=ca,
        )
        point = ChargePoint(settings)
        async with asyncio.timeout(20):
            await point.start()
            await refusing
            await point.wait_until(lambda: point.state is ChargePointState.ERROR)
        assert event in point.security.log[0]
        await point.stop()


async def test_profile_3_shows_its_own_certificate(tmp_path: Path) -> None:
    root = authority()
    ca, _ = root.write(tmp_path, "root")
    certificate, key = issue(root, "CP 1").write(tmp_path, "client")
    settings: dict[str, Any] = {
        "security_profile": 3,
        "ca_file": ca,
        "client_certificate": certificate,
        "client_key": key,
    }
    tls = server_context(tmp_path, root, client_ca=root)
    async with peer(tls=tls) as central, charge_point(central, **settings):
        shown = central.connections[-1].transport.get_extra_info("peercert")
        assert shown["subject"][0][0] == ("commonName", "CP 1")
        request = central.connections[-1].request
        assert request is not None
        assert "Authorization" not in request.headers


async def test_a_signed_certificate_is_shown_from_the_next_connection_on(tmp_path: Path) -> None:
    root = authority()
    ca, _ = root.write(tmp_path, "root")
    certificate, key = issue(root, "Factory").write(tmp_path, "client")
    settings: dict[str, Any] = {
        "security_profile": 3,
        "serial_number": "SN-1",
        "ca_file": ca,
        "client_certificate": certificate,
        "client_key": key,
    }
    tls = server_context(tmp_path, root, client_ca=root)
    async with peer(tls=tls) as central, charge_point(central, {"CpoName": "Home"}, **settings) as point:
        asked = {"requestedMessage": "SignChargePointCertificate"}
        assert await central.ask("ExtendedTriggerMessage", asked) == ACCEPTED
        request = x509.load_pem_x509_csr((await central.has("SignCertificate"))[0]["csr"].encode())
        public_key = request.public_key()
        assert isinstance(public_key, ec.EllipticCurvePublicKey)
        mine = sign(root, request.subject, public_key).public_bytes(serialization.Encoding.PEM).decode()
        assert await central.ask("CertificateSigned", {"certificateChain": mine}) == ACCEPTED
        await advance_until(point, lambda: not point.is_connected)
        await advance_until(point, lambda: point.is_connected and bool(central.connections))
        shown = central.connections[-1].transport.get_extra_info("peercert")
        assert (("commonName", "SN-1"),) in shown["subject"]


async def test_security_profile_only_grows_and_needs_its_prerequisites() -> None:
    async with peer() as central, charge_point(central, security_profile=1, password=PASSWORD):
        for profile in ("0", "1", "2", "3"):
            asked = {"key": "SecurityProfile", "value": profile}
            assert await central.ask("ChangeConfiguration", asked) == REJECTED


async def test_it_falls_back_to_the_profile_before_if_it_cannot_connect() -> None:
    root = authority()
    async with peer() as central, charge_point(central, security_profile=1, password=PASSWORD) as point:
        installed = {"certificateType": "CentralSystemRootCertificate", "certificate": root.pem}
        assert await central.ask("InstallCertificate", installed) == ACCEPTED
        asked = {"key": "SecurityProfile", "value": "2"}
        assert await central.ask("ChangeConfiguration", asked) == ACCEPTED
        assert point.security.url.startswith("wss://")
        await advance_until(point, lambda: not point.is_connected)
        await advance_until(point, lambda: point.is_online)
        assert point.security.profile == 1


async def test_root_certificates_are_installed_listed_and_deleted() -> None:
    root, second = authority(), authority("Second")
    kind = "ManufacturerRootCertificate"
    async with peer() as central, charge_point(central):
        assert await central.ask("GetInstalledCertificateIds", {"certificateType": kind}) == {
            "status": "NotFound"
        }
        for one in (root, second):
            asked = {"certificateType": kind, "certificate": one.pem}
            assert await central.ask("InstallCertificate", asked) == ACCEPTED
        wrong = {"certificateType": kind, "certificate": "no certificate"}
        assert await central.ask("InstallCertificate", wrong) == REJECTED
        found = await central.ask("GetInstalledCertificateIds", {"certificateType": kind})
        data = found["certificateHashData"]
        assert [int(one["serialNumber"], 16) for one in data] == [
            root.certificate.serial_number,
            second.certificate.serial_number,
        ]
        assert all(set(one) == set(HASHES) for one in data)
        key = root.certificate.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(point)
        assert data[0]["issuerKeyHash"] == digest.finalize().hex()
        gone = {"certificateHashData": data[0]}
        assert await central.ask("DeleteCertificate", gone) == ACCEPTED
        assert await central.ask("DeleteCertificate", gone) == {"status": "NotFound"}


async def test_a_charge_point_certificate_needs_the_cpo_name_and_is_for_its_serial_number() -> None:
    root = authority()
    trigger = {"requestedMessage": "SignChargePointCertificate"}
    settings: dict[str, Any] = {"serial_number": "SN-1", "security_profile": 1, "password": PASSWORD}
    async with peer() as central, charge_point(central, **settings) as point:
        assert await central.ask("ExtendedTriggerMessage", trigger) == REJECTED
        await central.ask("ChangeConfiguration", {"key": "CpoName", "value": "My House"})
        assert await central.ask("ExtendedTriggerMessage", trigger) == ACCEPTED
        (asked,) = await central.has("SignCertificate")
        request = x509.load_pem_x509_csr(asked["csr"].encode())
        assert request.is_signature_valid
        assert request.subject.rfc4514_string() == "O=My House,CN=SN-1"
        other = issue(root, "SN-1").pem
        assert await central.ask("CertificateSigned", {"certificateChain": other}) == REJECTED
        (event,) = await central.has("SecurityEventNotification")
        assert event["type"] == "InvalidChargePointCertificate"
        public_key = request.public_key()
        assert isinstance(public_key, ec.EllipticCurvePublicKey)
        mine = sign(root, request.subject, public_key).public_bytes(serialization.Encoding.PEM).decode()
        assert await central.ask("CertificateSigned", {"certificateChain": mine}) == ACCEPTED
        assert await central.ask("CertificateSigned", {"certificateChain": mine}) == REJECTED
        assert "PRIVATE" not in repr([payload for _, payload in central.seen])
        assert point.is_online


async def updated(central: Peer, point: ChargePoint, action: str, last: str) -> list[str]:
    def told() -> list[str]:
        return [payload["status"] for payload in central.sent(action)]

    await advance_until(point, lambda: told()[-1:] == [last])
    return told()


async def test_a_plain_update_downloads_installs_and_boots() -> None:
    async with files() as (url, _), peer() as central, charge_point(central) as point:
        asked = {"location": f"{url}/fw-2.0.bin", "retrieveDate": "2026-03-01T12:00:05Z"}
        assert await central.ask("UpdateFirmware", asked) == {}
        told = await updated(central, point, "FirmwareStatusNotification", "Installed")
        assert told == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert central.sent("BootNotification")[-1]["firmwareVersion"] == "fw-2.0"


async def test_a_firmware_that_is_not_there_is_a_failed_download() -> None:
    async with files() as (url, _), peer() as central, charge_point(central) as point:
        asked = {"location": f"{url}/none", "retrieveDate": "2026-03-01T12:00:00Z", "retries": 1}
        await central.ask("UpdateFirmware", asked)
        told = await updated(central, point, "FirmwareStatusNotification", "DownloadFailed")
        assert told == ["Downloading", "DownloadFailed"]
        answer = await central.ask("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
        assert answer == ACCEPTED
        assert await updated(central, point, "FirmwareStatusNotification", "Idle")


def signed(url: str, root: Issued, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, data: bytes) -> Any:
    if isinstance(key, rsa.RSAPrivateKey):
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
        signature = key.sign(data, scheme, hashes.SHA256())
    else:
        signature = key.sign(data, ec.ECDSA(hashes.SHA256()))
    firmware = {
        "location": f"{url}/fw-2.0.bin",
        "retrieveDateTime": "2026-03-01T12:00:00Z",
        "signingCertificate": issue(root, "Signer", key=key).pem,
        "signature": base64.b64encode(signature).decode(),
    }
    return {"requestId": 42, "firmware": firmware}


@asynccontextmanager
async def signing_point(
    root: Issued,
) -> AsyncIterator[tuple[Peer, ChargePoint, Callable[..., Awaitable[Any]]]]:
    async with peer() as central, charge_point(central, security_profile=1, password=PASSWORD) as point:
        installed = {"certificateType": "ManufacturerRootCertificate", "certificate": root.pem}
        assert await central.ask("InstallCertificate", installed) == ACCEPTED
        yield central, point, central.ask


@pytest.mark.parametrize("kind", ["rsa", "ec"])
async def test_a_signed_update_is_verified_over_the_whole_file(kind: str) -> None:
    root = authority()
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    async with files() as (url, _), signing_point(root) as (central, point, ask):
        assert await ask("SignedUpdateFirmware", signed(url, root, key, FIRMWARE)) == ACCEPTED
        told = await updated(central, point, "SignedFirmwareStatusNotification", "Installed")
        verified = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"]
        assert told == [*verified, "Installed"]
        ids = {payload["requestId"] for payload in central.sent("SignedFirmwareStatusNotification")}
        assert ids == {42}


async def test_a_wrong_signature_or_certificate_is_refused_and_an_event() -> None:
    root, key = authority(), ec.generate_private_key(ec.SECP256R1())
    async with files() as (url, _), signing_point(root) as (central, point, ask):
        wrong = signed(url, authority("Other"), key, FIRMWARE)
        assert await ask("SignedUpdateFirmware", wrong) == {"status": "InvalidCertificate"}
        forged = signed(url, root, key, FIRMWARE + b"!")
        assert await ask("SignedUpdateFirmware", forged) == ACCEPTED
        await updated(central, point, "SignedFirmwareStatusNotification", "InvalidSignature")
        events = [event["type"] for event in await central.has("SecurityEventNotification", 2)]
        assert events == ["InvalidFirmwareSigningCertificate", "InvalidFirmwareSignature"]


async def test_a_plain_update_is_not_supported_once_signed_updates_are_on() -> None:
    async with signing_point(authority()) as (_, _, ask):
        asked = {"location": "http://127.0.0.1/x", "retrieveDate": "2026-03-01T12:00:00Z"}
        assert await ask("UpdateFirmware", asked) == {"error": "NotSupported"}


async def test_a_second_signed_update_cancels_the_first() -> None:
    root, key = authority(), ec.generate_private_key(ec.SECP256R1())
    async with files() as (url, _), signing_point(root) as (central, point, ask):
        later = signed(url, root, key, FIRMWARE)
        later["firmware"]["retrieveDateTime"] = "2026-03-02T12:00:00Z"
        assert await ask("SignedUpdateFirmware", later) == ACCEPTED
        second = signed(url, root, key, FIRMWARE) | {"requestId": 43}
        assert await ask("SignedUpdateFirmware", second) == {"status": "AcceptedCanceled"}
        await updated(central, point, "SignedFirmwareStatusNotification", "Installed")
        assert central.sent("SignedFirmwareStatusNotification")[-1]["requestId"] == 43


async def test_logs_are_delivered_and_hold_no_secret() -> None:
    async with (
        files() as (url, kept),
        peer() as central,
        charge_point(central, {"AuthorizationKey": PASSWORD.hex()}, security_profile=1) as point,
    ):
        named = (await central.ask("GetDiagnostics", {"location": url}))["fileName"]
        await central.has("DiagnosticsStatusNotification", 2)
        point.security.event("SettingSystemTime")
        log = {"logType": "SecurityLog", "requestId": 5, "log": {"remoteLocation": url}}
        answer = await central.ask("GetLog", log)
        told = await central.has("LogStatusNotification", 2)
        assert told == [{"status": "Uploading", "requestId": 5}, {"status": "Uploaded", "requestId": 5}]
        assert b"HeartbeatInterval" in kept[f"/{named}"]
        assert b"SettingSystemTime" in kept[f"/{answer['filename']}"]
        assert not any(PASSWORD.hex().encode() in data for data in kept.values())


async def test_what_is_not_under_way_is_idle() -> None:
    async with peer() as central, charge_point(central):
        for ask, action in (
            ("TriggerMessage", "DiagnosticsStatusNotification"),
            ("ExtendedTriggerMessage", "LogStatusNotification"),
        ):
            assert await central.ask(ask, {"requestedMessage": action}) == ACCEPTED
            assert (await central.has(action))[0] == {"status": "Idle"}
