"""What parameters are accepted, and how others are refused in nymea's words."""

from __future__ import annotations

from typing import Any

import pytest

from ohmstead.nymea.schema import Definition, Invalid, Schema, braced, key_of

SCHEMA = Schema(
    enums={"Mode": ("ModeA", "ModeB"), "Scope": ("ScopeX", "ScopeY")},
    flags={"Scopes": "Scope"},
    types={
        "Info": {"id": "Uuid", "mode": "$ref:Mode", "o:days": ["Int"], "r:state": "String"},
        "Infos": ["$ref:Info"],
    },
)
UUID = "{12345678-1234-1234-1234-123456789abc}"
NULL = "{00000000-0000-0000-0000-000000000000}"


@pytest.mark.parametrize(
    ("definition", "value", "accepted"),
    [
        ("Uuid", UUID, UUID),
        ("Uuid", UUID[1:-1].upper(), UUID),
        ("Uint", 5, 5),
        ("Uint", 5.0, 5),
        ("Int", -5, -5),
        ("Double", 1, 1.0),
        ("Bool", True, True),
        ("Time", "23:59", "23:59"),
        ("String", "", ""),
        ("StringList", ["a"], ["a"]),
        ("Variant", None, None),
        ("Color", "#ff8800", "#ff8800"),
        ("Object", {"a": 1}, {"a": 1}),
        ("$ref:Mode", "ModeB", "ModeB"),
        ("$ref:Scopes", ["ScopeX"], ["ScopeX"]),
        ("$ref:Infos", [{"id": UUID, "mode": "ModeA"}], [{"id": UUID, "mode": "ModeA"}]),
        (["Int"], [1, 2], [1, 2]),
        ({"o:a": "Int"}, {}, {}),
    ],
)
def test_values_that_fit(definition: Definition, value: Any, accepted: Any) -> None:
    assert SCHEMA.accept({"x": value}, {"x": definition}) == {"x": accepted}


@pytest.mark.parametrize(
    ("definition", "value", "why", "where"),
    [
        ("Uuid", "nonsense", "Invalid Uuid: nonsense", "x"),
        ("Uuid", 5, "Invalid Uuid: 5", "x"),
        (
            "Uuid",
            "{00000000-0000-0000-0000-000000000000}",
            "Invalid Uuid: {00000000-0000-0000-0000-000000000000}",
            "x",
        ),
        ("Uint", -1, "Invalid UInt: -1", "x"),
        ("Uint", 1.5, "Invalid UInt: 1.5", "x"),
        ("Uint", True, "Invalid UInt: true", "x"),
        ("Uint", "5", "Invalid UInt: 5", "x"),
        ("Int", 2**63, f"Invalid Int: {2**63}", "x"),
        ("Double", "a", "Invalid Double: a", "x"),
        ("Double", None, "Invalid Double: null", "x"),
        ("Time", "24:00", "Invalid Time: 24:00", "x"),
        ("Time", "7:00", "Invalid Time: 7:00", "x"),
        ("Color", "red", "Invalid Color: red", "x"),
        ("Bool", "true", "Invalid value. Expected: Bool, Got: true", "x"),
        ("String", 5, "Invalid value. Expected: String, Got: 5", "x"),
        ("Object", [], "Invalid value. Expected: Object, Got: []", "x"),
        ("$ref:Mode", "ModeC", "Expected enum value for Mode but got ModeC", "x"),
        ("$ref:Mode", {}, "Expected enum value for Mode but got {}", "x"),
        ("$ref:Scopes", "ScopeX", "Expected flags Scopes but got ScopeX", "x"),
        ("$ref:Infos", [{"id": UUID}], "Missing required key: mode", "x.mode"),
        ("$ref:Info", {"id": UUID, "mode": "ModeA", "days": [1, "2"]}, "Invalid Int: 2", "x.days"),
        ("$ref:Info", {"id": UUID, "mode": "ModeA", "y": 1}, "Invalid key: y", "x.y"),
        ("$ref:Info", [], "Invalid value. Expected a map but received: []", "x"),
        (["Int"], 5, "Expected list of Int but got 5", "x"),
    ],
)
def test_values_that_do_not_fit(definition: Definition, value: Any, why: str, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        SCHEMA.accept({"x": value}, {"x": definition})
    assert (caught.value.why, caught.value.where) == (why, where)


def test_missing_and_unknown_keys() -> None:
    with pytest.raises(Invalid, match="Missing required key: a"):
        SCHEMA.accept({}, {"a": "Int"})
    with pytest.raises(Invalid, match="Invalid key: b"):
        SCHEMA.accept({"a": 1, "b": 2}, {"a": "Int"})


def test_read_only_keys_must_be_in_what_we_send() -> None:
    info = {"id": UUID, "mode": "ModeA"}
    with pytest.raises(Invalid, match="Missing required key: state"):
        SCHEMA.check({"info": info}, {"info": "$ref:Info"})
    SCHEMA.check({"info": info | {"state": "fine"}}, {"info": "$ref:Info"})


def test_names_that_nobody_defines_are_found() -> None:
    assert SCHEMA.undefined({"a": ["$ref:Nowhere"], "b": {"c": "Number"}, "d": "$ref:Info"}) == {
        "Nowhere",
        "Number",
    }


def test_keys_and_uuids() -> None:
    key = key_of("d:r:o:name")
    assert (key.name, key.optional, key.read_only, key.deprecated) == ("name", True, True, True)
    assert key_of("protocol version").name == "protocol version"
    assert braced(UUID[1:-1]) == UUID
