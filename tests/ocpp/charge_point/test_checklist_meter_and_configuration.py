"""The checklist's lines "Meter" and "Configuration" at a charge point, before an independent peer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ohmstead.ocpp.charge_point.configuration import KEYS, ChangeStatus, Configuration
from ohmstead.ocpp.charge_point.metering import Context, MeterReading, aligned_interval, meter_value, thin_out
from ohmstead.ocpp.clock import VirtualClock
from tests.ocpp.charge_point.peer import peer
from tests.ocpp.charge_point.points import charge_point, virtual

REGISTER = "Energy.Active.Import.Register"


def contexts(message: dict[str, Any]) -> set[str]:
    return {sample["context"] for value in message["meterValue"] for sample in value["sampledValue"]}


async def test_samples_count_from_the_start_of_the_transaction() -> None:
    async with peer() as central, charge_point(central, {"MeterValueSampleInterval": "60"}) as point:
        await virtual(point).advance(30)
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(125)
        sent = await central.has("MeterValues", 2)
        stamps = [message["meterValue"][0]["timestamp"] for message in sent]
        assert stamps == ["2026-03-01T12:01:30Z", "2026-03-01T12:02:30Z"]
        assert contexts(sent[0]) == {"Sample.Periodic"}
        assert all(isinstance(s["value"], str) for s in sent[0]["meterValue"][0]["sampledValue"])


async def test_aligned_samples_count_from_midnight_and_are_stamped_with_the_intervals_start() -> None:
    configuration = {
        "MeterValueSampleInterval": "0",
        "ClockAlignedDataInterval": "900",
        "MeterValuesAlignedData": f"{REGISTER},Power.Active.Import",
    }
    clock = VirtualClock(datetime(2026, 3, 1, 12, 5, 0, tzinfo=UTC))
    async with peer() as central, charge_point(central, configuration, clock=clock) as point:
        await point.start_transaction(1, "TAG")
        await clock.advance(1600)
        await central.has("MeterValues", 4)
        mine = [m for m in central.sent("MeterValues") if m["connectorId"] == 1]
        stamps = [m["meterValue"][0]["timestamp"] for m in mine]
        assert stamps == ["2026-03-01T12:05:00Z", "2026-03-01T12:15:00Z"]
        assert contexts(mine[0]) == {"Sample.Clock"}
        first, second = (m["meterValue"][0]["sampledValue"] for m in mine)
        register_wh = [int(samples[0]["value"]) for samples in (first, second)]
        average_w = float(first[1]["value"])
        assert register_wh[0] == 0
        assert abs(register_wh[1] - average_w * 600 / 3600) < 2


async def test_the_main_meter_is_connector_0_without_a_transaction() -> None:
    async with peer() as central, charge_point(central, {"ClockAlignedDataInterval": "900"}) as point:
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(901)
        await central.until(lambda: any(m["connectorId"] == 0 for m in central.sent("MeterValues")))
        (main,) = [m for m in central.sent("MeterValues") if m["connectorId"] == 0]
        assert "transactionId" not in main
        assert all(s["measurand"] == REGISTER for s in main["meterValue"][0]["sampledValue"])


async def test_an_interval_of_0_is_off() -> None:
    async with peer() as central, charge_point(central, {"MeterValueSampleInterval": "0"}) as point:
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(86_400)
        assert central.sent("MeterValues") == []


async def test_empty_stop_lists_mean_no_transaction_data() -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(300)
        await point.stop_transaction()
        assert "transactionData" not in (await central.has("StopTransaction"))[0]


async def test_transaction_data_has_begin_and_end_and_drops_middle_values() -> None:
    configuration = {"StopTxnSampledData": REGISTER, "StopTransactionMaxMeterValues": "10"}
    async with peer() as central, charge_point(central, configuration) as point:
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(3600)
        await point.stop_transaction()
        data = (await central.has("StopTransaction"))[0]["transactionData"]
        kinds = [value["sampledValue"][0]["context"] for value in data]
        assert kinds == ["Transaction.Begin", *["Sample.Periodic"] * 8, "Transaction.End"]
        stamps = [value["timestamp"] for value in data]
        assert stamps == sorted(stamps)


async def test_triggered_values_say_so() -> None:
    async with peer() as central, charge_point(central):
        asked = {"requestedMessage": "MeterValues", "connectorId": 1}
        assert await central.ask("TriggerMessage", asked) == {"status": "Accepted"}
        assert contexts((await central.has("MeterValues"))[0]) == {"Trigger"}
        assert await central.ask("TriggerMessage", asked | {"connectorId": 9}) == {"status": "Rejected"}


async def test_meter_start_and_stop_are_whole_watt_hours() -> None:
    async with peer() as central, charge_point(central) as point:
        for _ in range(2):
            await point.start_transaction(1, "TAG")
            await virtual(point).advance(77)
            await point.stop_transaction()
        await central.has("StopTransaction", 2)
        first, second = central.booked.values()
        assert first.stop is not None
        assert first.stop["meterStop"] == second.start["meterStart"]


def test_phases_and_units_of_samples() -> None:
    reading = MeterReading(energy_wh=1234.9, power_w=6900.0, currents_a=(10.0, 10.5, 9.5), soc_percent=55.0)
    at = datetime(2026, 3, 1, tzinfo=UTC)
    names = [REGISTER, "Current.Import.L2", "Voltage", "SoC", "Temperature", "Frequency"]
    value = meter_value(reading, names, at=at, context=Context.PERIODIC)
    assert value is not None
    rows = [(s["value"], s.get("phase"), s["unit"]) for s in value["sampledValue"]]
    assert rows == [
        ("1234", None, "Wh"),
        ("10.50", "L2", "A"),
        ("230.0", "L1-N", "V"),
        ("230.0", "L2-N", "V"),
        ("230.0", "L3-N", "V"),
        ("55.0", None, "Percent"),
        ("25.0", None, "Celsius"),
        ("50.00", None, "Hertz"),
    ]


def test_intervals_end_at_midnight_at_the_latest() -> None:
    late = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
    start = datetime(2026, 3, 1, tzinfo=UTC)
    assert aligned_interval(late, 7000) == (
        start + timedelta(seconds=12 * 7000),
        datetime(2026, 3, 2, tzinfo=UTC),
    )
    assert aligned_interval(start, 900) == (start, start + timedelta(minutes=15))
    with pytest.raises(ValueError, match="off"):
        aligned_interval(late, 0)


def test_thinning_keeps_both_ends() -> None:
    values = [{"n": n} for n in range(100)]
    for most in (2, 3, 10, 99):
        left = thin_out(values, most)
        assert len(left) == most
        assert (left[0], left[-1]) == (values[0], values[-1])
    assert thin_out(values[:3], 10) == values[:3]


async def test_a_missing_or_empty_key_list_means_all() -> None:
    async with peer() as central, charge_point(central):
        asks: list[dict[str, Any]] = [{}, {"key": []}]
        for asked in asks:
            answer = await central.ask("GetConfiguration", asked)
            assert len(answer["configurationKey"]) == len(KEYS)
            assert "unknownKey" not in answer
        values = {row["key"]: row.get("value") for row in answer["configurationKey"]}
        assert values["NumberOfConnectors"] == "2"
        assert values["ChargingScheduleAllowedChargingRateUnit"] == "Current,Power"


async def test_key_names_are_case_insensitive_and_unknown_ones_are_told() -> None:
    async with peer() as central, charge_point(central):
        answer = await central.ask("GetConfiguration", {"key": ["HEARTBEATINTERVAL", "Nonsense"]})
        assert answer["configurationKey"][0]["key"] == "HeartbeatInterval"
        assert answer["unknownKey"] == ["Nonsense"]
        changed = await central.ask("ChangeConfiguration", {"key": "heartbeatinterval", "value": "77"})
        assert changed == {"status": "Accepted"}
        answer = await central.ask("GetConfiguration", {"key": ["HeartbeatInterval"]})
        assert answer["configurationKey"][0]["value"] == "77"


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("Nonsense", "1", "NotSupported"),
        ("NumberOfConnectors", "3", "Rejected"),
        ("WebSocketPingInterval", "-1", "Rejected"),
        ("WebSocketPingInterval", "30", "RebootRequired"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("HeartbeatInterval", "９", "Rejected"),
        ("HeartbeatInterval", "9" * 30, "Rejected"),
        ("HeartbeatInterval", " 60 ", "Accepted"),
        ("LocalPreAuthorize", "maybe", "Rejected"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("MeterValuesSampledData", f"{REGISTER},Nonsense", "Rejected"),
        ("MeterValuesSampledData", f"{REGISTER}, SoC", "Accepted"),
        ("MeterValuesSampledData", "", "Accepted"),
        ("AuthorizationKey", "zz" * 16, "Rejected"),
        ("AuthorizationKey", "00" * 15, "Rejected"),
        ("AuthorizationKey", "00" * 21, "Rejected"),
        ("AuthorizationKey", "00" * 16, "Accepted"),
        ("SecurityProfile", "0", "Rejected"),
        ("SecurityProfile", "3", "Rejected"),
    ],
)
def test_changes_are_accepted_rejected_or_need_a_reboot(key: str, value: str, status: str) -> None:
    configuration = Configuration()
    before = dict(configuration.changed)
    assert configuration.change(key, value) == status
    if status in (ChangeStatus.REJECTED, ChangeStatus.NOT_SUPPORTED):
        assert configuration.changed == before


def test_an_empty_list_stays_empty() -> None:
    configuration = Configuration()
    configuration.change("MeterValuesSampledData", "")
    assert configuration.items("MeterValuesSampledData") == ()


def test_the_authorization_key_is_never_readable() -> None:
    configuration = Configuration()
    configuration.change("AuthorizationKey", "0123456789abcdef" * 2)
    (row,) = configuration.report(["AuthorizationKey"])["configurationKey"]
    assert row == {"key": "AuthorizationKey", "readonly": False}


def test_every_default_is_a_value_that_the_key_allows() -> None:
    for key in KEYS:
        if not key.readonly and not key.secret and key.name != "SecurityProfile":
            status = Configuration().change(key.name, key.default)
            assert status in (ChangeStatus.ACCEPTED, ChangeStatus.REBOOT_REQUIRED), key.name
