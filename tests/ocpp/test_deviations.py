from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ohmstead.ocpp.deviations import mend
from ohmstead.ocpp.schemas import judge

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
NOW_TEXT = "2026-01-01T12:00:00Z"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def sample(**fields: Any) -> dict[str, Any]:
    meter_value = {"timestamp": NOW_TEXT, "sampledValue": [{"value": "1"} | fields]}
    return {"connectorId": 1, "meterValue": [meter_value]}


def test_celcius_and_celsius_follow_the_schema_already() -> None:
    assert judge("MeterValues", sample(unit="Celcius")) is None
    assert judge("MeterValues", sample(unit="Celsius")) is None


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("MeterValues", sample(unit="Hz"), sample(unit="Hertz")),
        ("MeterValues", sample(value=230.5), sample(value="230.5")),
        ("MeterValues", sample(measurand="current.import"), sample(measurand="Current.Import")),
        ("MeterValues", sample(colour="red"), sample()),
        ("StatusNotification", STATUS | {"errorCode": "Error"}, STATUS | {"errorCode": "OtherError"}),
        ("StatusNotification", STATUS | {"timestamp": "0"}, STATUS | {"timestamp": NOW_TEXT}),
        ("StatusNotification", STATUS | {"timestamp": ""}, STATUS | {"timestamp": NOW_TEXT}),
        (
            "StatusNotification",
            STATUS | {"timestamp": "2026-01-01 11:00:00"},
            STATUS | {"timestamp": "2026-01-01T11:00:00Z"},
        ),
        ("StatusNotification", STATUS | {"info": "x" * 80}, STATUS | {"info": "x" * 50}),
        ("StatusNotification", STATUS | {"vendorId": None}, STATUS),
        ("StatusNotification", STATUS | {"connectorId": "1"}, STATUS),
        ("Heartbeat", {"x": 1}, {}),
        (
            "StopTransaction",
            {"transactionId": 1.0, "timestamp": NOW_TEXT, "meterStop": 1234.6, "reason": "Whatever"},
            {"transactionId": 1, "timestamp": NOW_TEXT, "meterStop": 1235, "reason": "Other"},
        ),
        (
            "GetConfigurationResponse",
            {"configurationKey": [{"key": "a", "value": 5}]},
            {"configurationKey": [{"key": "a", "value": "5", "readonly": False}]},
        ),
        (
            "GetConfigurationResponse",
            {"configurationKey": [{"key": "a", "value": True, "readonly": "x"}]},
            None,
        ),
    ],
)
def test_what_chargers_are_known_to_send_is_read(
    name: str, sent: dict[str, Any], read: dict[str, Any] | None
) -> None:
    mended = mend(name, sent, NOW)
    assert (mended and mended.payload) == read
    if mended is not None:
        assert judge(name, mended.payload) is None
        assert mended.deviations


def test_a_sample_of_an_unknown_kind_is_passed_on() -> None:
    mended = mend("MeterValues", sample(measurand="Vendor.Secret", unit="furlong"), NOW)
    assert mended is not None
    assert mended.payload == sample(measurand="Vendor.Secret", unit="furlong")


def test_frequency_in_a_stop_transaction_may_be_in_hertz() -> None:
    data = sample(unit="Hertz", measurand="Frequency")["meterValue"]
    stop = {"transactionId": 1, "timestamp": NOW_TEXT, "meterStop": 1, "transactionData": data}
    mended = mend("StopTransaction", stop, NOW)
    assert mended is not None
    assert mended.payload == stop


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("Authorize", {"idTag": "x" * 21}),
        ("Authorize", {"idTag": 5}),
        ("Authorize", {}),
        ("StatusNotification", STATUS | {"status": "Sleeping"}),
        ("MeterValues", {"connectorId": "one", "meterValue": []}),
        ("MeterValues", {"connectorId": float("inf"), "meterValue": []}),
    ],
)
def test_what_decides_who_charges_is_not_guessed(name: str, payload: dict[str, Any]) -> None:
    assert mend(name, payload, NOW) is None


def test_without_a_time_of_receipt_only_what_can_be_read_is_mended() -> None:
    naive = mend("HeartbeatResponse", {"currentTime": "2026-01-01T12:00:00.123456"}, None)
    assert naive is not None
    assert naive.payload == {"currentTime": NOW_TEXT}
    assert mend("HeartbeatResponse", {"currentTime": "now"}, None) is None


def test_limits_are_rounded_down() -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.09}]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    mended = mend("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile}, NOW)
    assert mended is not None
    limits = mended.payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"]
    assert limits == [{"startPeriod": 0, "limit": 16.0}]


def test_the_payload_that_was_sent_is_not_changed() -> None:
    sent = sample(unit="Hz")
    mend("MeterValues", sent, NOW)
    assert sent == sample(unit="Hz")
