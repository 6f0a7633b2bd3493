"""The session on garbage: never a crash, and no reply but those that are specified."""

from __future__ import annotations

import json
import random
import re

from ohmstead.nymea.codec import Decoder
from ohmstead.nymea.docs import interface
from ohmstead.nymea.session import Call, Reply, Session
from ohmstead.nymea.users import UserStore

REQUESTS = [
    b'{"id":0,"method":"JSONRPC.Hello","params":{"locale":"de_AT"}}',
    b'{"id":1,"method":"Integrations.GetThings","params":{"thingId":"{12345678-1234-1234-1234-123456789abc}"}}',
    b'{"id":2,"method":"EnergyPlugin.SetPhasePowerLimit","params":{"phasePowerLimit":16},"token":"x"}',
    (
        b'{"id":3,"method":"EnergyPlugin.SetChargingInfo","params":{"chargingInfo":{"evChargerId":'
        b'"{12345678-1234-1234-1234-123456789abc}","chargingMode":"ChargingModeEco","targetPercentage":80,'
        b'"repeatDays":[1,2],"endTime":"07:30"}}}'
    ),
    b'{"id":4,"method":"JSONRPC.SetNotificationStatus","params":{"namespaces":["Energy"]}}',
]
BYTES = b'{}[]":,\\\n 0129.eE-+tfnul\xff\xc3\x00abcMm'
SPECIFIED = re.compile(
    r"Failed to parse JSON data: .|Error parsing command\. Missing 'id'|Error parsing method\. Got: '"
    r"|No such namespace|No such method|Permission denied\.|Handshake required\. Call JSONRPC\.Hello first\."
    r"|Invalid params: (Missing required key|Invalid key|Expected enum value for|Invalid U?Int|Invalid Double"
    r"|Invalid Time|Invalid Uuid|Invalid value\. Expected|Expected list of|Expected flags)"
    r".* in \w+\.\w+, param"
    r"|Changing the user \(token\) requires a new handshake|Initial setup required|Forbidden: Invalid token",
    re.DOTALL,
)


def mutated(rng: random.Random) -> bytes:
    """A request with a few bytes changed, left out, doubled or put in."""
    data = bytearray(rng.choice(REQUESTS))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(4):
            case 0:
                data[at:at] = bytes([rng.choice(BYTES)])
            case 1:
                del data[at : at + rng.randrange(1, 12)]
            case 2:
                data[at : at + 1] = bytes([rng.choice(BYTES)])
            case _:
                data[at:at] = data[at : at + rng.randrange(1, 12)]
        if not data:
            break
    return bytes(data)


def test_mutated_requests_get_specified_replies_or_are_valid_calls() -> None:
    """50 000 inputs, seeded; a call is one that the validation accepted."""
    rng = random.Random(1)
    api, users = interface(), UserStore()
    greeted = Session(api, users, authenticate=False)
    greeted.say_hello("")
    calls = refusals = 0
    for number in range(50_000):
        session = greeted if number % 4 else Session(api, users, authenticate=number % 8 == 0)
        for packet in Decoder().feed(mutated(rng) + b"\n"):
            outcome = session.receive(packet)
            if isinstance(outcome, Call):
                calls += 1
                assert outcome.method is api.method(outcome.name)
                continue
            assert isinstance(outcome, Reply)
            refusals += 1
            reply = json.loads(outcome.data)
            assert outcome.data.endswith(b"\n")
            assert outcome.data.count(b"\n") == 1
            assert reply.keys() == {"id", "status", "error"}
            assert isinstance(reply["id"], int)
            assert reply["status"] in ("error", "unauthorized")
            assert SPECIFIED.match(reply["error"]), reply
    assert calls > 500
    assert refusals > 25_000


def test_notifications_have_a_counter_of_their_own() -> None:
    session = Session(interface(), UserStore(), authenticate=False)
    assert not session.wants("Energy.PowerBalanceChanged")
    session.say_hello("de")
    session.listen_to(["Energy", "Nowhere"])
    assert session.wants("Energy.PowerBalanceChanged")
    assert not session.wants("Integrations.StateChanged")
    told = [json.loads(session.notify("Energy.RootMeterChanged", b"{}")) for _ in range(2)]
    assert [t["id"] for t in told] == [0, 1]


def test_a_user_who_is_gone_is_not_told_anything_more() -> None:
    session = Session(interface(), UserStore(), authenticate=True)
    session.say_hello("de")
    session.listen_to(["Energy"])
    assert not session.wants("Energy.PowerBalanceChanged")
