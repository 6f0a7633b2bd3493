"""Everything that the schemas allow, sensible or not, is answered: no operation falls over."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ohmstead.errors import OhmsteadError
from ohmstead.ocpp.charge_point.operations import OPERATIONS
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.schemas import _folder, judge_call, judge_result
from ohmstead.ocpp.transport import Refusal
from tests.ocpp.charge_point.peer import peer
from tests.ocpp.charge_point.points import charge_point, virtual
from tests.ocpp.test_session import mutated

INTEGERS = [0, 1, 2, 3, -1, 7, 60, 100, 86400, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63), 10**30]
NUMBERS = [0.0, 6.0, 16.0, 0.1, -1.0, 1e9, 1e300]
TIMES = [
    "2026-03-01T12:00:00Z",
    "2026-03-01T11:00:00.5+02:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "2026-03-02T00:00:00Z",
]
STRINGS = [
    "",
    "A",
    "TAG",
    "ÄÖ😀",
    "\u0000",
    "HeartbeatInterval",
    "MeterValueSampleInterval",
    "1",
    "true",
    "-1",
]
STRINGS += ["ClockAlignedDataInterval", "ConnectionTimeOut", "SecurityProfile", "http://127.0.0.1:1/x", "7"]


def make(schema: dict[str, Any], root: dict[str, Any], rng: random.Random) -> Any:
    if "$ref" in schema:
        return make(root["definitions"][schema["$ref"].rsplit("/", 1)[1]], root, rng)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    match schema["type"]:
        case "object":
            required = schema.get("required", [])
            return {
                name: make(inner, root, rng)
                for name, inner in schema.get("properties", {}).items()
                if name in required or rng.random() < 0.5
            }
        case "array":
            return [make(schema["items"], root, rng) for _ in range(rng.choice([1, 1, 2, 5]))]
        case "integer":
            return rng.choice(INTEGERS) if rng.random() < 0.4 else rng.choice(INTEGERS[:4])
        case "number":
            return rng.choice(NUMBERS)
        case "boolean":
            return rng.random() < 0.5
    if schema.get("format") == "date-time":
        return rng.choice(TIMES)
    return rng.choice(STRINGS)[: schema.get("maxLength", 500)]


@pytest.mark.slow
async def test_random_calls_that_follow_the_schema_are_all_answered_within_theirs() -> None:
    rng = random.Random(2016)
    elsewhere = ("Reset", "UpdateFirmware", "GetDiagnostics", "GetLog")  # they begin work outside
    names = [action for action in OPERATIONS if action not in elsewhere]
    schemas = {name: json.loads((_folder() / f"{name}.json").read_text("utf-8-sig")) for name in names}
    answered = refused = 0
    async with peer(timeout_s=120) as central, charge_point(central) as point:
        for turn in range(6000):
            action = rng.choice(names)
            payload = make(schemas[action], schemas[action], rng)
            if judge_call(action, payload) is not None:
                continue
            try:
                answer = point.answer(action, payload)
            except (Refusal, OhmsteadError):
                refused += 1
                continue
            assert answer is not None
            assert judge_result(action, answer) is None, (action, payload, answer)
            answered += 1
            if turn % 20 == 0:
                point.plug_in(1 + turn % 2)
                await virtual(point).advance(rng.choice([0.0, 5.0, 61.0]))
                point.unplug(1 + turn % 2)
        assert await point.send_heartbeat()
    assert answered > 4000
    assert refused > 10


@pytest.mark.slow
async def test_random_and_mutated_frames_over_the_socket_leave_the_charge_point_at_work() -> None:
    rng = random.Random(17)
    async with peer(timeout_s=120) as central, charge_point(central) as point:
        transaction_id = await point.start_transaction(1, "TAG")
        for _ in range(4000):
            data = mutated(rng)
            await central.connections[-1].send(data if rng.random() < 0.1 else data.decode(errors="replace"))
        assert await point.send_heartbeat()
        assert point.registration.accepted
        await point.stop_transaction(transaction_id)
        await central.has("StopTransaction")
        assert central.actions().count("BootNotification") == 1
        codes = [code for _, code in central.errors]
        assert set(codes) <= set(ErrorCode)
        assert len(codes) > 500
