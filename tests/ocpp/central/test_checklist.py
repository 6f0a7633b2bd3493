"""What is easily got wrong in OCPP 1.6: one test per line that concerns a central system."""

from __future__ import annotations

import asyncio
import json
import random
import resource
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.errors import DeviceError
from ohmstead.ocpp.central.charger import Charger, Connector, Tag
from ohmstead.ocpp.central.commands import Configuration, ConfigurationKey
from ohmstead.ocpp.central.limit_profile import Share, Way, Wiring, limit_profile
from ohmstead.ocpp.central.meter_values import MeterSample
from ohmstead.ocpp.central.metering import newest
from ohmstead.ocpp.central.onboarding import abilities_of
from ohmstead.ocpp.central.settings import UnknownChargers
from ohmstead.ocpp.smart_charging import Purpose, RateUnit, write_profile
from tests.ocpp.central.serving import BOOT, NOON, OPEN, RawCharger, charger, serving


async def meter_values(cp: RawCharger, sampled: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    at = more.pop("timestamp", datetime.now(UTC).isoformat())
    return await cp.told(
        "MeterValues",
        {"connectorId": 1, "meterValue": [{"timestamp": at, "sampledValue": sampled}]} | more,
    )


async def test_callerror_always_has_5_elements_and_details_are_an_object(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central) as cp:
        answer = await cp.ask("Nonsense", {})
        assert len(answer) == 5
        assert answer[:3] == [4, "m1", "NotImplemented"]
        assert answer[4] == {}


async def test_the_central_system_answers_while_a_call_of_its_own_is_outstanding(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        first = asyncio.create_task(central.commands("CP1").clear_cache())
        second = asyncio.create_task(central.commands("CP1").get_local_list_version())
        asked = await cp.receive()
        assert asked[2] == "ClearCache"
        assert (await cp.told("Heartbeat", {}))["currentTime"]
        assert not cp.calls, "one call is outstanding at a time"
        assert len(asked[1]) <= 36
        await cp.send([3, asked[1], {"status": "Accepted"}])
        assert await first == "Accepted"
        asked = await cp.receive()
        await cp.send([3, asked[1], {"listVersion": -1}])
        assert await second == -1


async def test_every_spelling_and_four_elements_of_a_callerror_are_accepted(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        for error in (
            ["FormatViolation", "", {}],
            ["OccurrenceConstraintViolation", "", {}],
            ["NotSupported", "no"],
            ["Whatever", "", {"x": 1}],
        ):
            asking = asyncio.create_task(central.commands("CP1").clear_cache())
            asked = await cp.receive()
            await cp.send([4, asked[1], *error])
            with pytest.raises(DeviceError, match="ClearCache: refused"):
                await asking


async def test_a_charger_that_reconnects_without_booting_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as central:
        async with await charger(central, boot=True) as cp:
            number = await cp.start()
        async with await charger(central) as cp:
            assert await cp.stop(number, wh=2000) == {}
        assert central.store.transactions()[0].energy_kwh == 1.0


async def test_pending_no_remote_start_or_stop(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, replace(OPEN, unknown_chargers=UnknownChargers.HOLD)) as central,
        await charger(central) as cp,
    ):
        assert (await cp.told("BootNotification", BOOT))["status"] == "Pending"
        with pytest.raises(DeviceError, match="not adopted"):
            await central.commands("CP1").remote_start_transaction("CARD")
        assert not cp.calls


async def test_repeats_are_removed_and_ids_are_unique_and_positive(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        first = await cp.start(1, wh=1000)
        assert [await cp.start(1, wh=1000) for _ in range(3)] == [first] * 3
        others = [
            await cp.start(1, tag="card", wh=1000),
            await cp.start(2, wh=1000),
            await cp.start(1, wh=1001),
            await cp.start(1, wh=1001, at="2026-06-01T12:00:01Z"),
        ]
        assert len({first, *others}) == 5
        assert min(first, *others) > 0
        assert await cp.stop(first, wh=1500) == await cp.stop(first, wh=1500)
        assert len(central.store.transactions()) == 5
        assert await cp.start(1, wh=1000) == first, "also after it ended"


async def test_ids_are_not_given_again_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        first = await cp.start()
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        assert await cp.start(wh=5) > first


@pytest.mark.parametrize("number", [-1, 0, 999_999, 1 << 70])
async def test_a_transaction_that_never_got_an_id_is_answered_normally(tmp_path: Path, number: int) -> None:
    """Errata 3.18: transactionId −1."""
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        own = await cp.start()
        assert await meter_values(cp, [{"value": "1200"}], transactionId=number) == {}
        payload = {"transactionId": number, "meterStop": 9, "timestamp": NOON, "idTag": "CARD"}
        for _ in range(2):
            answer = await cp.told("StopTransaction", payload)
            assert answer == {"idTagInfo": {"status": "Accepted"}}
        assert central.store.orphan_stops() == 1
        assert central.store.running("CP1")[0].id == own


async def test_another_chargers_transaction_is_not_touched(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as central,
        await charger(central, "A", boot=True) as a,
        await charger(central, "B", boot=True) as b,
    ):
        number = await a.start()
        await b.stop(number, wh=5000)
        assert central.store.running("A")[0].id == number


async def test_a_refused_tag_gets_a_transaction_id_too(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        await central.store.put_tag(Tag(id_tag="OTHER"))
        payload = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": NOON}
        answer = await cp.told("StartTransaction", payload)
        assert answer["idTagInfo"] == {"status": "Invalid"}
        assert answer["transactionId"] > 0
        assert not central.store.transactions()[0].accepted


async def test_id_tags_are_compared_without_regard_to_case(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        expires = datetime(2020, 1, 1, tzinfo=UTC)
        for tag in (
            Tag(id_tag="Card", parent="FAMILY"),
            Tag(id_tag="old", expires_at=expires),
            Tag(id_tag="lost", blocked=True),
            Tag(id_tag="single", several_at_once=False),
        ):
            await central.store.put_tag(tag)
        info = [(await cp.told("Authorize", {"idTag": t}))["idTagInfo"] for t in ("CARD", "OLD", "LOST", "X")]
        assert info == [
            {"status": "Accepted", "parentIdTag": "FAMILY"},
            {"status": "Expired", "expiryDate": "2020-01-01T00:00:00Z"},
            {"status": "Blocked"},
            {"status": "Invalid"},
        ]
        await cp.start(1, tag="SINGLE")
        payload = {"connectorId": 2, "idTag": "Single", "meterStart": 0, "timestamp": NOON}
        assert (await cp.told("StartTransaction", payload))["idTagInfo"]["status"] == "ConcurrentTx"


async def test_a_transaction_that_was_never_stopped_ends_where_the_next_one_begins(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        lost = await cp.start(wh=1000)
        await meter_values(cp, [{"value": "2500"}], transactionId=lost, timestamp="2026-06-01T12:30:00Z")
        await cp.start(wh=3000, at="2026-06-01T14:00:00Z")
        found = central.store.transaction(lost)
        assert found is not None
        assert (found.energy_kwh, found.reason) == (2.0, "Superseded")
        await cp.stop(lost, wh=2800)
        found = central.store.transaction(lost)
        assert found is not None
        assert (found.energy_kwh, found.reason) == (1.8, "Local"), "its real end came late"


async def test_defaults_of_a_sampled_value_and_misspelt_units(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        sampled: list[dict[str, Any]] = [
            {"value": "1234"},
            {"value": "41.5", "measurand": "Temperature", "unit": "Celcius"},
            {"value": "50.02", "measurand": "Frequency", "unit": "Hertz"},
            {"value": "7,4", "measurand": "Power.Active.Import", "unit": "kW"},
        ]
        await meter_values(cp, sampled)
        sample = central.chargers["CP1"].connector(1).sample
        assert sample is not None
        assert (sample.energy_wh, sample.temperature_c, sample.frequency_hz) == (1234.0, 41.5, 50.02)
        assert sample.power_w == 7400.0
        sampled = [{"value": "49.9", "measurand": "Frequency", "unit": "Hz"}, {"value": "1235"}]
        await meter_values(cp, sampled)
        sample = central.chargers["CP1"].connector(1).sample
        assert sample is not None
        assert (sample.energy_wh, sample.frequency_hz) == (1235.0, 49.9)


async def test_timestamps_0_empty_values_and_absurd_numbers_harm_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        number = await cp.start(wh=1000)
        for value in ("", "NaN", "inf", "-5", "1e300", "abc", "99999999999999"):
            assert await meter_values(cp, [{"value": value}], transactionId=number) == {}
        assert await meter_values(cp, [{"value": "1100"}], timestamp="0", transactionId=number) == {}
        (running,) = central.store.running("CP1")
        assert running.energy_kwh == pytest.approx(0.1)
        status = {"connectorId": 1 << 80, "errorCode": "NoError", "status": "Available"}
        assert await cp.told("StatusNotification", status) == {}
        for connector in range(200):
            await cp.told("StatusNotification", status | {"connectorId": connector})
        assert len(central.chargers["CP1"].connectors) <= 65
        error = {"connectorId": 1, "errorCode": "Error", "status": "Faulted"}
        assert await cp.told("StatusNotification", error) == {}
        absurd = {"connectorId": 1, "idTag": "X", "meterStart": 1 << 90, "timestamp": NOON}
        assert (await cp.told("StartTransaction", absurd))["transactionId"] > number


async def test_a_flood_of_old_meter_values_does_not_change_what_is_measured_now(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        now = {"value": "11000", "measurand": "Power.Active.Import"}
        await meter_values(cp, [now])
        for minute in range(60):
            old = [{"value": "3", "measurand": "Power.Active.Import"}]
            await meter_values(cp, old, timestamp=f"2026-01-01T00:{minute:02}:00Z")
        sample = central.chargers["CP1"].connector(1).sample
        assert sample is not None
        assert sample.power_w == 11000.0


def test_a_charger_with_a_wrong_clock_is_measured_all_the_same() -> None:
    now, connector = datetime(2026, 6, 1, 12, tzinfo=UTC), Connector(id=1)
    for behind in (timedelta(hours=2), timedelta(hours=-3), timedelta(days=200), timedelta()):
        for n in range(5):
            at = now - behind
            connector = newest(connector, MeterSample(at=at, power_w=1000.0 + n), now)
            now += timedelta(seconds=10)
        assert connector.sample is not None
        assert connector.sample.power_w == 1004.0, behind


def test_a_queue_that_is_emptied_is_not_taken_for_now() -> None:
    now, connector = datetime(2026, 6, 1, 12, tzinfo=UTC), Connector(id=1)
    for n in range(3600):
        at = now - timedelta(hours=10) + timedelta(seconds=10 * n)
        connector = newest(connector, MeterSample(at=at, power_w=11000.0), now + timedelta(seconds=0.05 * n))
        if n < 3570:
            assert connector.sample is None, n


def test_what_a_message_leaves_out_is_kept_with_its_age() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    connector = newest(Connector(id=1), MeterSample(at=now, power_w=7000.0, soc=0.5), now)
    later = now + timedelta(seconds=30)
    connector = newest(connector, MeterSample(at=later, energy_wh=1.0), later)
    assert connector.sample is not None
    assert (connector.sample.power_w, connector.sample.soc, connector.sample.energy_wh) == (7000.0, 0.5, 1.0)
    assert (connector.power_at, connector.sampled_at) == (now, later)


def test_numbers_read_from_a_charger_are_clamped() -> None:
    def told(**values: str) -> Configuration:
        return Configuration(
            keys=tuple(ConfigurationKey(key=k.upper(), value=v, readonly=True) for k, v in values.items())
        )

    new = Charger(identity="X")
    found = abilities_of(new, told(NumberOfConnectors="1634030126", ChargeProfileMaxStackLevel="1634030126"))
    assert (found.connectors, found.stack_levels) == (64, (100, 0))
    found = abilities_of(new, told(NumberOfConnectors="x", ChargeProfileMaxStackLevel="-4"))
    assert (found.connectors, found.stack_levels) == (1, (0,))
    found = abilities_of(new, told(ChargingScheduleAllowedChargingRateUnit="Power"))
    assert found.units == (RateUnit.W,)
    abb = Charger(identity="X", vendor="ABB", model="TACW11")
    assert abilities_of(abb, told(ChargeProfileMaxStackLevel="3")).stack_levels == (0,)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_profiles_are_sent_with_whole_seconds_one_decimal_and_the_right_connector(purpose: Purpose) -> None:
    now = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
    way = Way(purpose=purpose, unit=RateUnit.A, stack_level=2)
    connector, profile = limit_profile(
        Share(current_a=10.3, phases=3), way, Wiring(connector=2), now, transaction_id=7
    )
    payload = write_profile(profile)
    assert connector == (0 if purpose is Purpose.CHARGE_POINT_MAX else 2)
    assert payload.get("transactionId") == (7 if purpose is Purpose.TX else None)
    assert payload["chargingSchedule"] == {
        "chargingRateUnit": "A",
        "startSchedule": "2026-06-01T11:59:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.3}],
    }


@pytest.mark.parametrize("frames_sent", [3000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_mutated_frames_crash_nothing_and_disturb_no_other_charger(
    tmp_path: Path, frames_sent: int
) -> None:
    dice = random.Random(16)
    frames = [
        [2, "1", "BootNotification", BOOT],
        [2, "2", "StartTransaction", {"connectorId": 1, "idTag": "C", "meterStart": 0, "timestamp": NOON}],
        [2, "3", "StopTransaction", {"transactionId": 1, "meterStop": 9, "timestamp": NOON}],
        [2, "4", "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}],
        [
            2,
            "5",
            "MeterValues",
            {"connectorId": 1, "meterValue": [{"timestamp": NOON, "sampledValue": [{"value": "1"}]}]},
        ],
        [2, "6", "SecurityEventNotification", {"type": "x", "timestamp": NOON}],
    ]
    strange: list[Any] = [None, True, -1, 0, 1e308, 1 << 66, "", "0", "x" * 600, [], {}, [[]], {"a": None}]

    def mutated(value: Any) -> Any:
        if dice.random() < 0.12:
            return dice.choice(strange)
        if isinstance(value, dict):
            return {k: mutated(v) for k, v in value.items() if dice.random() > 0.05}
        return [mutated(v) for v in value] if isinstance(value, list) else value

    async with (
        serving(tmp_path) as central,
        await charger(central, "good", boot=True) as good,
        await charger(central, "bad", boot=True) as bad,
    ):
        reading = asyncio.create_task(_until_answered(bad, "last", patience_s=120.0))
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(frames_sent):
            text = json.dumps(mutated(dice.choice(frames)))
            if dice.random() < 0.2:
                cut = dice.randrange(len(text))
                text = text[:cut] + dice.choice(["", "\x00", '"', "[", "💥"]) + text[cut + 1 :]
            await bad.send(text)
        assert (await good.told("Heartbeat", {}))["currentTime"]
        number = await good.start()
        assert await good.stop(number, wh=1500) == {}
        await bad.send([2, "last", "Heartbeat", {}])
        assert (await reading)[2]["currentTime"]
        assert len(central.chargers) == 2
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 60_000, "memory is bounded"


async def _until_answered(cp: RawCharger, message_id: str, *, patience_s: float) -> list[Any]:
    async with asyncio.timeout(patience_s):
        while True:
            frame: list[Any] = json.loads(await cp.websocket.recv())
            if frame[1] == message_id:
                return frame
