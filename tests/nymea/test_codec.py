"""The decoder: the same packets however the stream is cut, and never a crash on garbage."""

from __future__ import annotations

import json
import random

import pytest

from ohmstead.errors import DataError
from ohmstead.nymea.codec import MAX_DEPTH, MAX_PACKET_BYTES, Decoder, Oversized, decode, encode, notification

HELLO = b'{"id":0,"method":"JSONRPC.Hello","params":{"locale":"de \\"x\\" }\\n{ \\\\"}}'
NESTED = b'{"id":1,"method":"A.B","params":{"a":[{"b":{}},[1,{"c":"]}"}]],"d":"\xc3\xa9"}}'
PRETTY = json.dumps({"id": 2, "method": "A.B", "params": {"x": [1, {"y": 2}]}}, indent=2).encode()


def packets(*pieces: bytes, limit: int = MAX_PACKET_BYTES) -> list[bytes]:
    decoder = Decoder(limit)
    return [packet for piece in pieces for packet in decoder.feed(piece)]


def cut(stream: bytes, parts: int) -> list[bytes]:
    size = -(-len(stream) // parts)
    return [stream[i : i + size] for i in range(0, len(stream), size)]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\n\n \n"])
@pytest.mark.parametrize("parts", [1, 2, 3, 7, 10_000])
def test_requests_come_out_whole_however_they_are_cut_and_ended(ending: bytes, parts: int) -> None:
    wanted = [HELLO, NESTED, PRETTY]
    stream = b"".join(request + ending for request in wanted)
    assert packets(*cut(stream, parts)) == wanted


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        (b"hello\nworld\n", [b"hello", b"world"]),
        (b"nonsense}", [b"nonsense}"]),
        (b'"quoted"\n{"id":1}', [b'"quoted"', b'{"id":1}']),
        (b'[{"id":1}]', [b'[{"id":1}]']),
        (b'}{"id":1}', [b"}", b'{"id":1}']),
        (b'{"id":1,"method":"cut\n{"id":2}', [b'{"id":1,"method":"cut', b'{"id":2}']),
        (b'{"id":1,\n{"id":2}\n{"id":3}', [b'{"id":1,\n{"id":2}\n', b'{"id":3}']),
        (b"   \n\t\r\n", []),
        (b"", []),
    ],
)
def test_what_is_no_json_ends_where_it_can_be_told(stream: bytes, wanted: list[bytes]) -> None:
    assert packets(stream) == wanted
    assert packets(*(stream[i : i + 1] for i in range(len(stream)))) == wanted


def test_an_endless_packet_is_refused_and_the_buffer_given_back() -> None:
    decoder = Decoder()
    piece = b'{"a":"' + b"x" * 65530
    for _ in range(16):
        assert list(decoder.feed(piece)) == []
        piece = b"x" * 65536
    with pytest.raises(Oversized):
        list(decoder.feed(piece))
    assert decoder.waiting_bytes == 0


def test_a_packet_nested_too_deeply_is_refused_before_it_is_complete() -> None:
    deep = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert packets(deep) == [deep]
    decoder = Decoder()
    with pytest.raises(Oversized, match="deep"):
        list(decoder.feed(b'{"a":' * (MAX_DEPTH + 1)))
    assert list(decoder.feed(HELLO)) == [HELLO]


def test_the_largest_packet_is_taken_and_one_byte_more_is_not() -> None:
    largest = b'{"a":"' + b"x" * (MAX_PACKET_BYTES - 8) + b'"}'
    assert packets(largest) == [largest]
    with pytest.raises(Oversized):
        packets(largest[:-2] + b'x"}')


@pytest.mark.parametrize(
    "packet",
    [b"", b"{", b"[1]", b'"x"', b"{]", b'{"a":1}x', b'{"a":"\xff"}', b"[" * 5000 + b"]" * 5000, b"{'a':1}"],
)
def test_what_is_no_object_is_a_data_error(packet: bytes) -> None:
    with pytest.raises(DataError):
        decode(packet)


def test_a_message_is_one_compact_line() -> None:
    assert encode({"id": 1, "params": {"a": float("nan"), "b": "x\ny"}}) == (
        b'{"id":1,"params":{"a":null,"b":"x\\ny"}}\n'
    )
    assert notification(3, "A.B", b'{"c":1}') == b'{"id":3,"notification":"A.B","params":{"c":1}}\n'


def test_random_streams_neither_crash_nor_depend_on_how_they_are_cut() -> None:
    """100 000 inputs out of the bytes that matter, seeded."""
    rng = random.Random(20_000)
    alphabet = [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"\\",
        b"\n",
        b" ",
        b",",
        b":",
        b"1",
        b"a",
        b"\xff",
        b'"id":1',
        HELLO,
    ]
    weights = [8, 8, 3, 3, 8, 4, 4, 3, 3, 3, 2, 2, 1, 2, 0.2]
    refused = 0
    for _ in range(100_000):
        stream = b"".join(rng.choices(alphabet, weights, k=rng.randrange(1, 14)))
        whole = packets(stream)
        middle = rng.randrange(len(stream) + 1)
        assert packets(stream[:middle], stream[middle:]) == whole
        assert sum(map(len, whole)) <= len(stream)
        for packet in whole:
            try:
                decode(packet)
            except DataError:
                refused += 1
    assert refused > 10_000


def test_valid_objects_survive_in_any_company() -> None:
    rng = random.Random(7)
    for _ in range(2_000):
        wanted = [
            json.dumps(_value(rng, 0), indent=rng.choice([None, None, 1])).encode()
            for _ in range(rng.randrange(1, 5))
        ]
        stream = rng.choice([b"", b"\n", b" \r\n"]).join(wanted)
        assert packets(*cut(stream, rng.randrange(1, 9))) == wanted


def _value(rng: random.Random, depth: int) -> dict[str, object]:
    out: dict[str, object] = {}
    for i in range(rng.randrange(4)):
        leaf: object = rng.choice([rng.random(), '\n{}"[]\\é'[: rng.randrange(9)], None, True])
        below = _value(rng, depth + 1) if depth < 3 else leaf
        out[f"k{i}"] = rng.choice([leaf, [leaf, below], below])
    return out
