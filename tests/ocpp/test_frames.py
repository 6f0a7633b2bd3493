from __future__ import annotations

import pytest

from ohmstead.ocpp.error_codes import ErrorCode, read_code
from ohmstead.ocpp.frames import MAX_FRAME_BYTES, Call, CallError, CallResult, Malformed, decode, encode


@pytest.mark.parametrize(
    "frame",
    [
        Call("1", "Heartbeat", {}),
        CallResult("1", {"currentTime": "2026-01-01T00:00:00Z"}),
        CallError("1", ErrorCode.FORMATION_VIOLATION, "über", {"a": 1}),
    ],
)
def test_a_frame_is_read_as_it_was_written(frame: Call | CallResult | CallError) -> None:
    assert decode(encode(frame)) == frame
    assert decode(encode(frame).encode()) == frame


def test_a_call_error_always_has_five_elements_and_details_are_an_object() -> None:
    assert encode(CallError("1", ErrorCode.NOT_IMPLEMENTED)) == '[4,"1","NotImplemented","",{}]'


def test_codes_are_sent_in_the_standards_spelling() -> None:
    assert ErrorCode.FORMATION_VIOLATION.value == "FormationViolation"
    assert ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION.value == "OccurenceConstraintViolation"


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("FormatViolation", ErrorCode.FORMATION_VIOLATION),
        ("FormationViolation", ErrorCode.FORMATION_VIOLATION),
        ("OccurrenceConstraintViolation", ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION),
        ("OccurenceConstraintViolation", ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION),
        ("notimplemented", ErrorCode.NOT_IMPLEMENTED),
        ("SomethingElse", ErrorCode.GENERIC_ERROR),
        (7, ErrorCode.GENERIC_ERROR),
    ],
)
def test_every_spelling_of_a_code_is_accepted(spelling: object, code: ErrorCode) -> None:
    assert read_code(spelling) is code


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ('[4,"1","GenericError","x"]', {}),
        ('[4,"1","GenericError","x",{"a":1}]', {"a": 1}),
        ('[4,"1","GenericError","x","not an object"]', {}),
        ('[4,"1","GenericError","x",null,5]', {}),
    ],
)
def test_call_errors_of_four_elements_or_with_other_details_are_accepted(
    text: str, details: dict[str, int]
) -> None:
    assert decode(text) == CallError("1", ErrorCode.GENERIC_ERROR, "x", details)


@pytest.mark.parametrize(
    "text",
    [
        '[2,"id","Heartbeat"]',
        '[2,"id","Heartbeat",{},1]',
        '[2,"id","Heartbeat",[]]',
        '[2,"id",5,{}]',
        '[2,"id","Heartbeat",{}',
        '[2,"id","MeterValues",{"value":NaN}]',
    ],
)
def test_a_broken_call_is_answered_where_its_id_can_be_read(text: str) -> None:
    frame = decode(text)
    assert isinstance(frame, Malformed)
    assert (frame.message_id, frame.code) == ("id", ErrorCode.FORMATION_VIOLATION)


@pytest.mark.parametrize("text", ["", "null", "{}", "[]", "nonsense", "[2]", b"\xff\xfe", '[2,null,"A",{}]'])
def test_a_frame_without_a_readable_id_cannot_be_answered(text: str | bytes) -> None:
    frame = decode(text)
    assert isinstance(frame, Malformed)
    assert frame.message_id is None


def test_a_message_id_has_at_most_36_characters() -> None:
    assert isinstance(decode('[2,"' + "x" * 36 + '","Heartbeat",{}]'), Call)
    assert isinstance(decode('[2,"' + "x" * 37 + '","Heartbeat",{}]'), Malformed)


def test_a_message_id_is_a_string() -> None:
    assert decode('[2,17,"Heartbeat",{}]') == Malformed(
        "17", ErrorCode.FORMATION_VIOLATION, "a message id is a string of 1 to 36 characters"
    )


@pytest.mark.parametrize("kind", ["1", "5", '"2"', "null", "[]"])
def test_unknown_message_types_are_not_answered(kind: str) -> None:
    frame = decode(f'[{kind},"id","x",{{}}]')
    assert isinstance(frame, Malformed)
    assert frame.code is None


def test_an_oversized_frame_is_refused_without_being_read() -> None:
    text = '[2,"id","DataTransfer",{"vendorId":"' + "x" * MAX_FRAME_BYTES + '"}]'
    frame = decode(text)
    assert isinstance(frame, Malformed)
    assert (frame.message_id, frame.code) == ("id", ErrorCode.FORMATION_VIOLATION)


def test_deep_nesting_is_refused() -> None:
    assert isinstance(decode('[2,"id","Heartbeat",' + "[" * 100_000), Malformed)
