from __future__ import annotations

import json
import random
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.schemas import SchemaError, judge_call
from ohmstead.ocpp.session import (
    MAX_QUEUED,
    MAX_UNANSWERED,
    Cause,
    Failed,
    Ignored,
    InboundCall,
    Result,
    Session,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIME = "2026-01-01T00:00:00Z"


def sent(session: Session) -> list[list[Any]]:
    return [json.loads(text) for text in session.data_to_send()]


def test_one_call_is_outstanding_at_a_time_and_the_next_follows_its_answer() -> None:
    session = Session()
    first = session.call("Heartbeat", {}, 0.0)
    second = session.call("Heartbeat", {}, 0.0)
    assert [frame[1] for frame in sent(session)] == [first]
    events = session.receive(json.dumps([3, first, {"currentTime": TIME}]), 1.0)
    assert events == [Result(first, "Heartbeat", {"currentTime": TIME})]
    assert [frame[1] for frame in sent(session)] == [second]


def test_calls_of_the_peer_are_answered_while_one_of_ours_is_outstanding() -> None:
    session = Session()
    session.call("Heartbeat", {}, 0.0)
    sent(session)
    events = session.receive('[2,"a","ClearCache",{}]', 0.1)
    assert events == [InboundCall("a", "ClearCache", {})]
    session.answer("a", {"status": "Accepted"})
    assert sent(session) == [[3, "a", {"status": "Accepted"}]]


def test_urgent_calls_overtake_in_their_own_order() -> None:
    session = Session()
    ids = [session.call("Heartbeat", {}, 0.0)]
    slow = session.call("Heartbeat", {}, 0.0)
    ids += [session.call("Heartbeat", {}, 0.0, urgent=True) for _ in range(3)]
    order = []
    for _ in range(5):
        (frame,) = sent(session)
        order.append(frame[1])
        session.receive(json.dumps([3, frame[1], {"currentTime": TIME}]), 0.0)
    assert order == [*ids, slow]


def test_message_ids_are_short_and_differ_between_connections() -> None:
    ids = {Session().call("Heartbeat", {}, 0.0) for _ in range(1000)}
    assert len(ids) == 1000
    assert max(map(len, ids)) <= 36


def test_a_call_without_answer_times_out_and_its_late_answer_is_ignored() -> None:
    session = Session(call_timeout_s=10.0)
    first = session.call("Heartbeat", {}, 0.0)
    second = session.call("Heartbeat", {}, 5.0)
    assert session.next_timeout() == 10.0
    assert session.expire(9.9) == []
    (failed,) = session.expire(10.0)
    assert (failed.message_id, failed.cause) == (first, Cause.TIMEOUT)
    assert session.next_timeout() == 20.0
    (event,) = session.receive(json.dumps([3, first, {"currentTime": TIME}]), 11.0)
    assert isinstance(event, Ignored)
    assert session.outstanding == second


def test_pending_calls_fail_on_close() -> None:
    session = Session()
    ids = [session.call("Heartbeat", {}, 0.0) for _ in range(3)]
    failed = session.close("gone")
    assert [f.message_id for f in failed] == ids
    assert {f.cause for f in failed} == {Cause.CLOSED}
    assert session.close("again") == []
    assert session.next_timeout() is None
    with pytest.raises(ConnectionError):
        session.call("Heartbeat", {}, 1.0)


def test_a_refused_call_ends_with_the_peers_code() -> None:
    session = Session()
    message_id = session.call("Heartbeat", {}, 0.0)
    (event,) = session.receive(json.dumps([4, message_id, "FormatViolation", "no", {}]), 0.0)
    assert event == Failed(message_id, "Heartbeat", Cause.REFUSED, ErrorCode.FORMATION_VIOLATION, "no")


@pytest.mark.parametrize("answer", ['[3,"ID",{}]', '[3,"ID",{"currentTime":5}]', '[3,"ID"]', '[3,"ID",null]'])
def test_an_answer_that_is_none_ends_the_call(answer: str) -> None:
    session = Session()
    message_id = session.call("Heartbeat", {}, 0.0)
    (event,) = session.receive(answer.replace("ID", message_id), 0.0)
    assert isinstance(event, Failed)
    assert event.cause is Cause.INVALID


def test_an_unknown_action_is_answered_not_implemented() -> None:
    session = Session()
    session.receive('[2,"a","MakeCoffee",{}]', 0.0)
    assert sent(session)[0][:3] == [4, "a", "NotImplemented"]


def test_nothing_that_breaks_the_schema_is_sent() -> None:
    session = Session()
    with pytest.raises(SchemaError, match="Authorize"):
        session.call("Authorize", {"idTag": "x" * 21}, 0.0)
    assert sent(session) == []
    session.receive('[2,"a","ClearCache",{}]', 0.0)
    with pytest.raises(SchemaError):
        session.answer("a", {"status": "Perhaps"})
    assert sent(session)[0][:3] == [4, "a", "InternalError"]


def test_a_call_repeated_before_its_answer_is_answered_once() -> None:
    session = Session()
    session.receive('[2,"a","ClearCache",{}]', 0.0)
    assert isinstance(session.receive('[2,"a","ClearCache",{}]', 0.0)[0], Ignored)
    session.answer("a", {"status": "Accepted"})
    assert len(sent(session)) == 1


def test_a_flood_of_calls_is_refused_and_our_own_queue_is_bounded() -> None:
    session = Session()
    for n in range(MAX_UNANSWERED + 5):
        session.receive(f'[2,"{n}","ClearCache",{{}}]', 0.0)
    refused = sent(session)
    assert [frame[1] for frame in refused] == [str(MAX_UNANSWERED + n) for n in range(5)]
    for _ in range(MAX_QUEUED + 1):
        session.call("Heartbeat", {}, 0.0)
    with pytest.raises(BufferError):
        session.call("Heartbeat", {}, 0.0)


def test_a_cancelled_call_makes_room_for_the_next() -> None:
    session = Session()
    first, second, third = (session.call("Heartbeat", {}, 0.0) for _ in range(3))
    sent(session)
    session.cancel(second, 0.0)
    session.cancel(first, 0.0)
    assert [frame[1] for frame in sent(session)] == [third]
    assert session.cancel("nobody", 0.0) == []


def test_a_tolerant_session_mends_and_a_strict_one_refuses() -> None:
    text = '[2,"a","StatusNotification",{"connectorId":1,"errorCode":"Error","status":"Faulted"}]'
    (event,) = Session(tolerant=True).receive(text, 0.0, received_at=NOW)
    assert isinstance(event, InboundCall)
    assert event.payload["errorCode"] == "OtherError"
    assert event.deviations == ("errorCode",)
    assert isinstance(Session().receive(text, 0.0)[0], Ignored)


SEEDS = [
    '[2,"a1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]',
    '[2,"a2","Heartbeat",{}]',
    (
        '[2,"a3","MeterValues",{"connectorId":1,"transactionId":5,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z",'
        '"sampledValue":[{"value":"1.5","unit":"A","measurand":"Current.Import","phase":"L1"}]}]}]'
    ),
    '[2,"a4","StopTransaction",{"transactionId":1,"timestamp":"2026-01-01T00:00:00Z","meterStop":10}]',
    (
        '[2,"a5","SetChargingProfile",{"connectorId":1,"csChargingProfiles":{"chargingProfileId":1,"stackLevel":0,'
        '"chargingProfilePurpose":"TxProfile","chargingProfileKind":"Relative","chargingSchedule":{"chargingRateUnit":'
        '"A","chargingSchedulePeriod":[{"startPeriod":0,"limit":6.0}]}}}]'
    ),
    '[3,"p-1",{"currentTime":"2026-01-01T00:00:00Z"}]',
    '[4,"p-1","GenericError","",{}]',
]
ATOMS = [
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"null",
    b"1e999",
    b"-0",
    b"NaN",
    b"\xff",
    b"\\ud800",
    b"99999",
]
ATOMS += [
    b"123456789012345678901234567890",
    b"\x00",
    b"[" * 50,
    b'"idTag"',
    b"Hz",
    b"true",
    b"2",
    b"3",
    b"4",
    b"5",
]


def mutated(rng: random.Random) -> bytes:
    data = bytearray(rng.choice(SEEDS).encode())
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data[at:at] = rng.choice(ATOMS)
            case 1:
                del data[at : at + rng.randint(1, 8)]
            case 2:
                data[at : at + 1] = rng.randbytes(1)
            case _:
                data[at : at + rng.randint(0, 5)] = rng.choice(ATOMS)
    return bytes(data) if rng.random() < 0.98 else rng.randbytes(rng.randrange(200))


@pytest.mark.slow
@pytest.mark.parametrize("tolerant", [False, True])
def test_fifty_thousand_random_and_mutated_frames_do_no_harm(tolerant: bool) -> None:
    """Both kinds together: 100 000. Every answer is a frame, memory stays bounded, the session goes on."""
    rng = random.Random(16)
    session = Session(id_prefix="p", tolerant=tolerant)
    kinds: dict[str, int] = {}
    peak = 0
    for n in range(50_000):
        if n % 1000 == 0:
            if n == 1000:
                tracemalloc.start()
            if n > 1000:
                peak = max(peak, tracemalloc.get_traced_memory()[0])
            session = Session(id_prefix="p", tolerant=tolerant)
            session.call("Heartbeat", {}, float(n))
        for event in session.receive(mutated(rng), float(n), received_at=NOW):
            kinds[type(event).__name__] = kinds.get(type(event).__name__, 0) + 1
            if isinstance(event, InboundCall):
                if not tolerant:
                    assert judge_call(event.action, event.payload) is None
                session.refuse(event.message_id, ErrorCode.NOT_SUPPORTED)
        for frame in sent(session):
            assert len(frame) == {2: 4, 3: 3, 4: 5}[frame[0]]
            if frame[0] == 4:
                assert frame[2] in list(ErrorCode)
    tracemalloc.stop()
    assert set(kinds) == {"InboundCall", "Ignored", "Result", "Failed"}
    assert peak < 1_000_000
