"""Firmware updates, plain and signed, and logs (OCPP 1.6 §4.5, §5.19; whitepaper §4.2, §4.3)."""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ohmstead.errors import DataError, SourceError
from ohmstead.ocpp.charge_point.certificates import chain_reaches, is_signed_by, read_certificates
from ohmstead.ocpp.charge_point.transfer import deliver
from ohmstead.ocpp.frames import Payload

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

IDLE: Final = "Idle"
DEFAULT_RETRY_S: Final = 30
DIAGNOSTICS: Final = "DiagnosticsLog"
SECURITY: Final = "SecurityLog"


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """A firmware to install. ``request_id``: of a signed update."""

    location: str
    retrieve_at: datetime
    install_at: datetime | None = None
    retries: int = 0
    retry_interval_s: int = DEFAULT_RETRY_S
    request_id: int | None = None
    certificate: str = ""
    signature: str = ""

    @property
    def is_signed(self) -> bool:
        """It came with SignedUpdateFirmware."""
        return self.request_id is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A log to deliver. ``request_id``: of GetLog, ``None`` for GetDiagnostics."""

    location: str
    kind: str
    file_name: str
    retries: int = 0
    retry_interval_s: int = DEFAULT_RETRY_S
    request_id: int | None = None


class Updates:
    """One firmware update and one delivery at a time."""

    __slots__ = (
        "_charge_point",
        "_delivery",
        "_delivery_status",
        "_delivery_task",
        "_task",
        "_update",
        "_update_status",
    )

    def __init__(self, charge_point: ChargePoint) -> None:
        self._charge_point = charge_point
        self._update: Update | None = None
        self._update_status = IDLE
        self._task: asyncio.Task[None] | None = None
        self._delivery: Delivery | None = None
        self._delivery_status = IDLE
        self._delivery_task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Give up what is under way."""
        for task in (self._task, self._delivery_task):
            if task is not None:
                task.cancel()

    # --- firmware

    def update(self, update: Update) -> bool:
        """Begin an update; returns whether another one was cancelled for it."""
        cancelled = self._task is not None and not self._task.done()
        if cancelled and self._task is not None:
            self._task.cancel()
        self._update = update
        self._task = asyncio.ensure_future(self._install(update))
        return cancelled

    def certificate_is_valid(self, pem: str) -> bool:
        """The signing certificate comes from the manufacturer."""
        cp = self._charge_point
        try:
            roots = [c for root in cp.security.manufacturer_roots() for c in read_certificates(root)]
            return chain_reaches(read_certificates(pem), roots, cp.now())
        except DataError:
            return False

    def take_installed(self) -> bool:
        """After the boot with a new firmware: report it, once."""
        memory = self._charge_point.memory
        pending: Payload | None = memory.store.get(memory.identity, "installed_firmware", None)
        if pending is None:
            return False
        memory.store.put(memory.identity, "installed_firmware", None)
        self._update_status = "Installed"
        action = (
            "SignedFirmwareStatusNotification" if "requestId" in pending else "FirmwareStatusNotification"
        )
        self._charge_point.sender.send(action, pending, keep=True)
        return True

    async def _install(self, update: Update) -> None:
        cp = self._charge_point
        if update.is_signed and update.retrieve_at > cp.now():
            self._tell_update(update, "DownloadScheduled")
        await self._wait_for(update.retrieve_at)
        self._tell_update(update, "Downloading")
        firmware = await self._download(update)
        if firmware is None:
            self._tell_update(update, "DownloadFailed")
            return
        self._tell_update(update, "Downloaded")
        if update.is_signed:
            if not _is_genuine(firmware, update):
                self._tell_update(update, "InvalidSignature")
                cp.security.event("InvalidFirmwareSignature")
                return
            self._tell_update(update, "SignatureVerified")
            if update.install_at is not None and update.install_at > cp.now():
                self._tell_update(update, "InstallScheduled")
                await self._wait_for(update.install_at)
        await cp.wait_until(lambda: not any(o.transaction for o in cp.charging.outlets.values()))
        self._tell_update(update, "Installing")
        if not await cp.installer.install(firmware):
            self._tell_update(update, "InstallationFailed")
            return
        version = PurePosixPath(urlsplit(update.location).path).stem[:50] or "updated"
        installed: Payload = {"status": "Installed"}
        if update.request_id is not None:
            self._tell_update(update, "InstallRebooting")
            installed["requestId"] = update.request_id
        with cp.memory.store.transaction():
            cp.memory.set_firmware_version(version)
            cp.memory.store.put(cp.memory.identity, "installed_firmware", installed)
        cp.reset(hard=False)

    async def _download(self, update: Update) -> bytes | None:
        for attempt in range(update.retries + 1):
            if attempt:
                await self._charge_point.clock.sleep(update.retry_interval_s)
            try:
                return await self._charge_point.installer.download(update.location)
            except SourceError:
                continue
        return None

    async def _wait_for(self, when: datetime) -> None:
        wait_s = (when - self._charge_point.now()).total_seconds()
        if wait_s > 0:
            await self._charge_point.clock.sleep(wait_s)

    def _tell_update(self, update: Update, status: str) -> None:
        self._update_status = status
        payload: Payload = {"status": status}
        if update.request_id is None:
            self._charge_point.sender.send("FirmwareStatusNotification", payload)
        else:
            payload["requestId"] = update.request_id
            self._charge_point.sender.send("SignedFirmwareStatusNotification", payload)

    # --- logs

    def deliver(self, delivery: Delivery) -> bool:
        """Begin a delivery; returns whether another one was cancelled for it."""
        cancelled = self._delivery_task is not None and not self._delivery_task.done()
        if cancelled and self._delivery_task is not None:
            self._delivery_task.cancel()
        self._delivery = delivery
        self._delivery_task = asyncio.ensure_future(self._deliver(delivery))
        return cancelled

    async def _deliver(self, delivery: Delivery) -> None:
        self._tell_delivery(delivery, "Uploading")
        data = "\n".join(self._lines(delivery.kind)).encode()
        for attempt in range(delivery.retries + 1):
            if attempt:
                await self._charge_point.clock.sleep(delivery.retry_interval_s)
            try:
                await deliver(delivery.location, delivery.file_name, data)
            except SourceError:
                continue
            self._tell_delivery(delivery, "Uploaded")
            return
        self._tell_delivery(delivery, "UploadFailed" if delivery.request_id is None else "UploadFailure")

    def _lines(self, kind: str) -> list[str]:
        cp = self._charge_point
        if kind == SECURITY:
            return list(cp.security.log)
        lines = [f"identity {cp.settings.identity}", f"firmware {cp.memory.firmware_version}"]
        lines += [
            f"connector {c}: {o.state.status.value}, {o.energy_wh:.0f} Wh"
            for c, o in cp.charging.outlets.items()
        ]
        rows = cp.memory.configuration.report()["configurationKey"]
        lines += [f"{row['key']} = {row['value']}" for row in rows if "value" in row]
        return [*lines, f"messages waiting: {cp.sender.waiting}"]

    def _tell_delivery(self, delivery: Delivery, status: str) -> None:
        self._delivery_status = status
        payload: Payload = {"status": status}
        if delivery.request_id is None:
            self._charge_point.sender.send("DiagnosticsStatusNotification", payload)
        else:
            payload["requestId"] = delivery.request_id
            self._charge_point.sender.send("LogStatusNotification", payload)

    def report(self, action: str) -> None:
        """TriggerMessage: how far things are. ``Idle`` where nothing is under way."""
        send = self._charge_point.sender.send
        if action == "FirmwareStatusNotification":
            if self._update is not None and self._update.is_signed and self._is_busy(self._task):
                payload = {"status": self._update_status, "requestId": self._update.request_id}
                send("SignedFirmwareStatusNotification", payload, triggered=True)
                return
            status = self._update_status if self._is_busy(self._task) else IDLE
            send(action, {"status": status}, triggered=True)
            return
        busy = self._is_busy(self._delivery_task)
        payload = {"status": self._delivery_status if busy else IDLE}
        of_log = self._delivery is not None and self._delivery.request_id is not None
        if action == "LogStatusNotification" and busy and self._delivery is not None and of_log:
            payload["requestId"] = self._delivery.request_id
        elif of_log != (action == "LogStatusNotification"):
            payload = {"status": IDLE}
        send(action, payload, triggered=True)

    @staticmethod
    def _is_busy(task: asyncio.Task[None] | None) -> bool:
        return task is not None and not task.done()


def _is_genuine(firmware: bytes, update: Update) -> bool:
    try:
        certificate = read_certificates(update.certificate)[0]
        signature = base64.b64decode(update.signature, validate=True)
    except (DataError, binascii.Error):
        return False
    return is_signed_by(firmware, signature, certificate)
