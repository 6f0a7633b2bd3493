"""What the central system may ask: one function per operation, in one file per feature profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ohmstead.ocpp.charge_point.operations import (
    core,
    firmware,
    local_list,
    reservation,
    security,
    smart_charging,
    trigger,
)
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.transport import Refusal

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

Operation = Callable[["ChargePoint", Payload], Payload]

OPERATIONS: Final[dict[str, Operation]] = {
    "CancelReservation": reservation.cancel_reservation,
    "CertificateSigned": security.certificate_signed,
    "ChangeAvailability": core.change_availability,
    "ChangeConfiguration": core.change_configuration,
    "ClearCache": core.clear_cache,
    "ClearChargingProfile": smart_charging.clear_charging_profile,
    "DataTransfer": core.data_transfer,
    "DeleteCertificate": security.delete_certificate,
    "ExtendedTriggerMessage": trigger.trigger_message,
    "GetCompositeSchedule": smart_charging.get_composite_schedule,
    "GetConfiguration": core.get_configuration,
    "GetDiagnostics": firmware.get_diagnostics,
    "GetInstalledCertificateIds": security.get_installed_certificate_ids,
    "GetLocalListVersion": local_list.get_local_list_version,
    "GetLog": firmware.get_log,
    "InstallCertificate": security.install_certificate,
    "RemoteStartTransaction": core.remote_start_transaction,
    "RemoteStopTransaction": core.remote_stop_transaction,
    "ReserveNow": reservation.reserve_now,
    "Reset": core.reset,
    "SendLocalList": local_list.send_local_list,
    "SetChargingProfile": smart_charging.set_charging_profile,
    "SignedUpdateFirmware": firmware.signed_update_firmware,
    "TriggerMessage": trigger.trigger_message,
    "UnlockConnector": core.unlock_connector,
    "UpdateFirmware": firmware.update_firmware,
}


def answer(charge_point: ChargePoint, action: str, payload: Payload) -> Payload:
    """Carry out a request of the central system.

    Raises:
        Refusal: the action is one that only a central system answers.
    """
    operation = OPERATIONS.get(action)
    if operation is None:
        raise Refusal(ErrorCode.NOT_SUPPORTED, f"{action} is not for a charge point")
    return operation(charge_point, payload)
