from __future__ import annotations

import pytest

from ohmstead.errors import SourceError
from ohmstead.sources import HttpClient
from tests.sources.server import Server


async def test_the_answer_comes_with_the_whole_url(server: Server, http: HttpClient) -> None:
    server.body = b"{}"
    answer = await http.get(server.url, {"start": 1, "hourly": "a,b"})
    assert answer.body == b"{}"
    assert answer.url.startswith(f"{server.url}?start=1")
    assert server.asked == [{"start": ["1"], "hourly": ["a,b"]}]


async def test_a_busy_server_is_asked_again(server: Server, http: HttpClient) -> None:
    server.body, server.failures_first = b"ok", 1
    assert (await http.get(server.url)).body == b"ok"
    assert len(server.asked) == 2


async def test_a_server_that_stays_busy_is_named(server: Server, http: HttpClient) -> None:
    server.status = 500
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:\d+/v1/marketdata: HTTP 500"):
        await http.get(server.url)
    assert len(server.asked) == 2


async def test_a_refusal_is_not_repeated(server: Server, http: HttpClient) -> None:
    server.status = 404
    with pytest.raises(SourceError, match="HTTP 404"):
        await http.get(server.url)
    assert len(server.asked) == 1


async def test_a_slow_server_is_given_up(server: Server, http: HttpClient) -> None:
    server.delay_s = 0.8
    with pytest.raises(SourceError, match="ReadTimeout"):
        await http.get(server.url)


async def test_an_answer_cut_off_is_no_answer(server: Server, http: HttpClient) -> None:
    server.body, server.cut_off = b'{"data": [', True
    with pytest.raises(SourceError, match=r"127\.0\.0\.1"):
        await http.get(server.url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "not a url", "ftp://127.0.0.1/x", "http://[::1"])
async def test_what_cannot_be_reached_is_a_source_error(http: HttpClient, url: str) -> None:
    with pytest.raises(SourceError):
        await http.get(url)
