"""The answer to each message that a charger sends, as pure decisions.

The payloads were judged by the schemas before they come here. Start, Stop and MeterValues are answered
normally whatever they say (OCPP 1.6, 4.8, 4.10, 4.7; errata 3.18): a charger that gets no answer repeats
them for ever, and all messages behind them wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ohmstead.ocpp.central.authorization import id_tag_info, judge_tag
from ohmstead.ocpp.central.charger import Charger, ConnectorStatus
from ohmstead.ocpp.central.decision import AddEvent, Change, Context, Decision, Refusal, SaveCharger
from ohmstead.ocpp.central.metering import meter_values
from ohmstead.ocpp.central.times import plausible_time
from ohmstead.ocpp.central.transactions import start_transaction, stop_transaction
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.times import write_time

Payload = Mapping[str, Any]
Handler = Callable[[Charger, Payload, datetime, Context], Decision]

UNTIL_ADOPTED = frozenset({"StartTransaction", "StopTransaction", "MeterValues"})
"""What is not taken from a charger that is held. It gets an error, so it keeps what it has to tell."""


def decide(charger: Charger, action: str, payload: Payload, now: datetime, context: Context) -> Decision:
    """The answer to a message, and what it changes.

    Args:
        charger: as it was before.
        payload: judged by the schema of the action.
    """
    handler = HANDLERS.get(action)
    if handler is None:
        description = f"{action} is not sent by a charge point"
        return _refused(charger, ErrorCode.NOT_SUPPORTED, description)
    if action in UNTIL_ADOPTED and not charger.adopted:
        return _refused(charger, ErrorCode.SECURITY_ERROR, "this charge point is not accepted yet")
    decision = handler(charger, payload, now, context)
    if charger.adopted or _known_better(decision.charger, charger):
        return decision
    # A stranger must not fill the disk, nor wear it out: what it tells is remembered only while it is here.
    return replace(decision, changes=())


def _known_better(after: Charger, before: Charger) -> bool:
    """What a held charger is has become known, so that a person can tell it apart."""
    facts = [(c.vendor, c.model, c.serial, c.firmware) for c in (before, after)]
    return facts[0] != facts[1] and before.booted_at is None


def _refused(charger: Charger, code: ErrorCode, description: str) -> Decision:
    return Decision(answer=Refusal(code=code, description=description), charger=charger)


def _boot_notification(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
    charger = replace(
        charger,
        vendor=str(payload["chargePointVendor"]),
        model=str(payload["chargePointModel"]),
        serial=str(payload.get("chargePointSerialNumber") or payload.get("chargeBoxSerialNumber") or ""),
        firmware=str(payload.get("firmwareVersion") or ""),
        booted_at=now,
        last_seen=now,
    )
    answer = {
        "status": "Accepted" if charger.adopted else "Pending",
        "currentTime": write_time(now),
        "interval": context.heartbeat_s if charger.adopted else context.pending_s,
    }
    return Decision(answer=answer, charger=charger, changes=(SaveCharger(charger=charger),))


def _heartbeat(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
    del payload, context
    return Decision(answer={"currentTime": write_time(now)}, charger=replace(charger, last_seen=now))


def _authorize(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
    id_tag = str(payload["idTag"])
    status = judge_tag(context.ledger, charger, id_tag, now)
    return Decision(answer={"idTagInfo": id_tag_info(context.ledger, id_tag, status)}, charger=charger)


def _status_notification(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
    del context
    before = charger.connector(int(payload["connectorId"]))
    told = str(payload["status"])
    status = ConnectorStatus(told) if told in _STATUSES else ConnectorStatus.UNKNOWN
    connector = replace(
        before,
        status=status,
        waiting=status is ConnectorStatus.PREPARING
        or (status is ConnectorStatus.FINISHING and before.waiting),
        error_code=str(payload.get("errorCode") or "NoError"),
        info=payload.get("info") or payload.get("vendorErrorCode"),
        status_at=plausible_time(payload.get("timestamp")) or now,
    )
    charger = charger.with_connector(connector, now)
    changes: list[Change] = [SaveCharger(charger=charger)]
    if connector.error_code not in ("NoError", before.error_code):
        text = f"connector {connector.id}: {connector.error_code}" + (
            f" ({connector.info})" if connector.info else ""
        )
        changes.append(AddEvent(identity=charger.identity, at=now, kind="fault", text=text))
    return Decision(answer={}, charger=charger, changes=tuple(changes))


_STATUSES = frozenset(ConnectorStatus)


def _data_transfer(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
    """Nobody here understands a vendor's own messages."""
    del payload, now, context
    return Decision(answer={"status": "UnknownVendorId"}, charger=charger)


def _noted(kind: str, *fields: str) -> Handler:
    """A message that is only written down."""

    def handle(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
        del context
        text = ", ".join(str(payload[name]) for name in fields if payload.get(name) is not None)
        event = AddEvent(
            identity=charger.identity,
            at=plausible_time(payload.get("timestamp")) or now,
            kind=kind,
            text=text,
        )
        return Decision(answer={}, charger=charger, changes=(event,))

    return handle


def _sign_certificate(charger: Charger, payload: Payload, now: datetime, context: Context) -> Decision:
    """Accepted where somebody signs; the certificate follows as CertificateSigned (whitepaper, A02)."""
    status = "Accepted" if context.sign_requests and charger.adopted else "Rejected"
    event = AddEvent(identity=charger.identity, at=now, kind="sign_certificate", text=str(payload["csr"]))
    return Decision(answer={"status": status}, charger=charger, changes=(event,))


HANDLERS: Mapping[str, Handler] = {
    "Authorize": _authorize,
    "BootNotification": _boot_notification,
    "DataTransfer": _data_transfer,
    "DiagnosticsStatusNotification": _noted("diagnostics", "status"),
    "FirmwareStatusNotification": _noted("firmware", "status"),
    "Heartbeat": _heartbeat,
    "LogStatusNotification": _noted("log", "status", "requestId"),
    "MeterValues": meter_values,
    "SecurityEventNotification": _noted("security", "type", "techInfo"),
    "SignCertificate": _sign_certificate,
    "SignedFirmwareStatusNotification": _noted("signed_firmware", "status", "requestId"),
    "StartTransaction": start_transaction,
    "StatusNotification": _status_notification,
    "StopTransaction": stop_transaction,
}
"""Every message that OCPP 1.6 and the security whitepaper let a charge point send."""
