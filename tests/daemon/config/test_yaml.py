"""YAML to values and lines; every way a file can be no YAML."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.daemon.config.problems import InvalidConfig
from ohmstead.daemon.config.yaml import Document, parse_document

FILE = Path("home.yaml")


def parse(text: str) -> Document:
    return parse_document(text.encode(), FILE)


def message(raw: bytes) -> str:
    with pytest.raises(InvalidConfig) as caught:
        parse_document(raw, FILE)
    return str(caught.value)


def test_values_are_plain_and_keep_what_a_person_wrote() -> None:
    document = parse(
        "{a: 1, b: 1.5, c: true, d: ~, e: yes, f: 07:30, g: 2026-04-13, h: 0x1F, i: 4_600, j: '5', k: -.inf}"
    )
    assert document.root == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "yes",
        "f": "07:30",
        "g": "2026-04-13",
        "h": 31,
        "i": 4600,
        "j": "5",
        "k": float("-inf"),
    }


def test_every_key_and_item_has_its_line() -> None:
    document = parse("a:\n  b: 1\n  c:\n    - x\n    - y: 2\n")
    keys = [("a",), ("a", "b"), ("a", "c"), ("a", "c", 0), ("a", "c", 1), ("a", "c", 1, "y")]
    assert [document.line(key) for key in keys] == [1, 2, 3, 4, 5, 5]
    assert document.line(("a", "c", 1, "absent", 7)) == 5


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_document(b"\xef\xbb\xbfa: 1", FILE).root == {"a": 1}


def test_anchors_and_merges() -> None:
    document = parse("base: &base {x: 1, y: 2}\na: *base\nb: {<<: *base, y: 3}\nc: {<<: [*base, {z: 4}]}\n")
    assert document.root == {
        "base": {"x": 1, "y": 2},
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 2, "z": 4},
    }


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "home.yaml:1: the file is empty; `ohmstead init` writes a complete one"),
        (b"# only a comment\n", "home.yaml:1: the file is empty"),
        (b"a:\n\tb: 1\n", "home.yaml:2: a tab; YAML is indented with spaces only"),
        (b"a: 1\nb: \xe4\n", "home.yaml:2: byte 0xe4 is not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: [1\n", "home.yaml:"),
        (b"a: b: c\n", "home.yaml:1: not YAML: mapping values are not allowed here"),
        (b"a: 1\nb: *gone\n", "home.yaml:2: not YAML: found undefined alias"),
        (b"a: 1\nb: \x00\n", "home.yaml:2: a character that YAML does not allow"),
        (b"a: !python/object x\n", "home.yaml:1: a: the YAML tag !python/object is not used here"),
        (b"? [a]\n: 1\n", "home.yaml:1: a key must be one word"),
        (b"a: {<<: 1}\n", "'<<' can only merge a mapping"),
        (b"a: &a [*a]\n", "is an alias (*) inside itself?"),
        (b"a: &a {<<: *a}\n", "is an alias (*) inside itself?"),
        (b"[" * 5000, "home.yaml:1: nested too deeply"),
        (b"a: 1\n" + b"#" * 1_000_000, "a configuration has at most 1000000"),
        (b"--- {a: 1}\n--- {b: 1}\n", "home.yaml:2: not YAML: but found another document"),
    ],
)
def test_what_is_no_configuration(raw: bytes, expected: str) -> None:
    assert expected in message(raw)


def test_aliases_that_multiply_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]" for i in range(1, 12)]
    assert "too many or too deeply nested values" in message("\n".join(lines).encode())


def test_all_duplicate_keys_are_told() -> None:
    text = message(b"a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert "home.yaml:2: b.c: given twice; first in line 2" in text
    assert "home.yaml:3: a: given twice; first in line 1" in text


@given(
    st.binary(max_size=80) | st.text(alphabet="ab:-[]{}&*<!|>'\"#,?%@ \n\t0.", max_size=60).map(str.encode)
)
def test_no_bytes_bring_anything_but_a_document_or_a_config_error(raw: bytes) -> None:
    with contextlib.suppress(InvalidConfig):
        assert parse_document(raw, FILE).line(()) >= 1
