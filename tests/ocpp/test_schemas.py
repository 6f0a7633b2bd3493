from __future__ import annotations

from typing import Any

import pytest

from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.schemas import actions, judge_call, judge_result, validator

BOOT = {"chargePointVendor": "Ohmstead", "chargePointModel": "One"}


def test_all_actions_of_the_standard_and_the_whitepaper_are_there() -> None:
    assert len(actions()) == 39
    assert {"Authorize", "SignedUpdateFirmware", "GetLog", "ExtendedTriggerMessage"} <= actions()
    for action in actions():
        validator(action)
        validator(action + "Response")


def test_nothing_of_the_schema_packages_code_is_loaded() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from ohmstead.ocpp.schemas import judge_call; judge_call('Heartbeat', {}); "
        "print([m for m in sys.modules if m.split('.')[0] == 'ocpp'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("payload", "code", "path"),
    [
        ({"chargePointVendor": "x"}, ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION, ""),
        (BOOT | {"chargePointModel": 5}, ErrorCode.TYPE_CONSTRAINT_VIOLATION, "chargePointModel"),
        (BOOT | {"chargePointModel": "x" * 21}, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "chargePointModel"),
        (BOOT | {"colour": "red"}, ErrorCode.FORMATION_VIOLATION, ""),
    ],
)
def test_a_violation_has_the_code_of_the_standard(
    payload: dict[str, Any], code: ErrorCode, path: str
) -> None:
    violation = judge_call("BootNotification", payload)
    assert violation is not None
    assert (violation.code, violation.path) == (code, path)


def test_times_and_enums_are_values() -> None:
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    assert judge_call("StatusNotification", status) is None
    for wrong in ({"timestamp": "0"}, {"status": "Sleeping"}):
        violation = judge_call("StatusNotification", status | wrong)
        assert violation is not None
        assert violation.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


def test_limits_with_one_decimal_are_accepted_whatever_their_float_is() -> None:
    for tenth in range(4000):
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": tenth / 10}],
            },
        }
        assert judge_call("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile}) is None


def test_an_unknown_action_is_not_implemented() -> None:
    violation = judge_call("MakeCoffee", {})
    assert violation is not None
    assert violation.code is ErrorCode.NOT_IMPLEMENTED


def test_answers_are_judged_too() -> None:
    assert judge_result("Heartbeat", {"currentTime": "2026-01-01T00:00:00Z"}) is None
    violation = judge_result("Heartbeat", {})
    assert violation is not None
    assert violation.code is ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION
