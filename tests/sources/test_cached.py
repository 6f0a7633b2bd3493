from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.errors import DataError, SourceError
from ohmstead.sources import CachedProvider, HttpClient, WholesalePrice, price_provider
from tests.sources.server import Server, marketdata, recorded

MORNING = datetime(2026, 8, 21, 6, tzinfo=UTC)
"""08:00 in Vienna, on the day of the recorded prices."""
HOUR = timedelta(hours=1)
TODAY = recorded("awattar_at_marketdata_2026-08-21.json")

Prices = CachedProvider[tuple[WholesalePrice, ...]]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def two_days() -> bytes:
    start = datetime(2026, 8, 20, 22, tzinfo=UTC)
    return marketdata([(start + i * HOUR, start + (i + 1) * HOUR, 100.0) for i in range(48)])


@pytest.fixture
def make(server: Server, http: HttpClient, tmp_path: Path) -> Callable[[], Prices]:
    """Makes the cached provider as the daemon would at a start."""

    def made() -> Prices:
        options = {"country": "at", "url": server.url, "spread_s": 0}
        provider = price_provider("awattar", options, http=http, cache_dir=tmp_path)
        assert isinstance(provider, CachedProvider)
        return provider

    server.body = TODAY
    return made


def cache_file(tmp_path: Path) -> Path:
    return tmp_path / "prices-awattar-at.json"


async def test_the_server_is_asked_only_when_something_new_can_be_there(
    make: Callable[[], Prices], server: Server
) -> None:
    provider = make()
    moments = [MORNING + i * timedelta(minutes=1) for i in range(6 * 60)]
    for now in moments:
        assert len(await provider.fetch(now)) == 24
    assert len(server.asked) == 1
    assert server.asked[0]["end"] == [str(round(datetime(2026, 8, 22, 22, tzinfo=UTC).timestamp() * 1000))]
    published = datetime(2026, 8, 21, 12, tzinfo=UTC)
    await provider.fetch(published)
    await provider.fetch(published + timedelta(minutes=14))
    assert len(server.asked) == 2
    server.body = two_days()
    assert len(await provider.fetch(published + timedelta(minutes=15))) == 48
    for hours in range(1, 23):
        await provider.fetch(published + hours * HOUR)
    assert len(server.asked) == 3


async def test_while_the_server_is_down_the_last_answer_is_served_with_its_age(
    make: Callable[[], Prices], server: Server
) -> None:
    provider = make()
    first = await provider.fetch(MORNING)
    server.status = 500
    noon = MORNING + 6 * HOUR
    assert await provider.fetch(noon) == first
    status = provider.status(noon)
    assert status.error is not None
    assert "HTTP 500" in status.error
    assert status.age_s == 6 * 3600
    assert not status.stale
    assert provider.status(MORNING + 40 * HOUR).stale
    server.status, server.body = 200, two_days()
    assert len(await provider.fetch(noon + HOUR)) == 48
    assert provider.status(noon + HOUR).error is None


async def test_a_server_that_is_down_is_asked_ever_less_often(
    make: Callable[[], Prices], server: Server
) -> None:
    server.status = 404
    provider = make()
    for minute in range(120):
        with pytest.raises(SourceError):
            await provider.fetch(MORNING + timedelta(minutes=minute))
    # After 1, 2, 4, 8, 16 minutes, then every half an hour.
    assert len(server.asked) == 8


@pytest.mark.parametrize(
    "body",
    [marketdata([]), TODAY[:200], marketdata([(MORNING, MORNING + HOUR, 1.0)], unit="ct/kWh"), b""],
    ids=["empty", "truncated", "unit", "nothing"],
)
async def test_an_answer_that_cannot_be_used_leaves_the_one_before(
    make: Callable[[], Prices], server: Server, body: bytes
) -> None:
    provider = make()
    first = await provider.fetch(MORNING)
    server.body = body
    assert await provider.fetch(MORNING + 6 * HOUR) == first
    error = provider.status(MORNING + 6 * HOUR).error
    assert error is not None
    assert error.startswith(server.url)


async def test_an_empty_list_without_anything_kept_names_the_url(
    make: Callable[[], Prices], server: Server
) -> None:
    server.body = marketdata([])
    with pytest.raises(SourceError, match=r"127\.0\.0\.1.*the list of prices is empty"):
        await make().fetch(MORNING)


async def test_a_bad_answer_without_anything_kept_is_a_data_error(
    make: Callable[[], Prices], server: Server
) -> None:
    server.body = b"<html>"
    with pytest.raises(DataError, match="127"):
        await make().fetch(MORNING)


async def test_a_restart_does_not_ask_again(make: Callable[[], Prices], server: Server) -> None:
    first = await make().fetch(MORNING)
    server.status = 500
    provider = make()
    assert await provider.fetch(MORNING + HOUR) == first
    assert len(server.asked) == 1
    assert provider.status(MORNING + HOUR).age_s == 3600


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "\0" * len(text),
        lambda text: text.replace("eur_per_kwh", "price"),
        lambda text: text.replace("Z", ""),
        lambda text: json.dumps(json.loads(text) | {"value": []}),
        lambda text: json.dumps(
            json.loads(text)
            | {
                "value": json.loads(text)["value"][:1] * 2
                + [json.loads(text)["value"][0] | {"eur_per_kwh": 9.0}]
            }
        ),
    ],
    ids=["half", "empty", "zeros", "field", "naive", "no-prices", "overlap"],
)
async def test_a_damaged_cache_is_set_aside_and_fetched_anew(
    make: Callable[[], Prices], server: Server, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    first = await make().fetch(MORNING)
    path = cache_file(tmp_path)
    path.write_text(damage(path.read_text()))
    damaged = path.read_bytes()
    assert await make().fetch(MORNING) == first
    assert len(server.asked) == 2
    assert (tmp_path / "prices-awattar-at.json.corrupt").read_bytes() == damaged
    assert await make().fetch(MORNING) == first
    assert len(server.asked) == 2


async def test_the_cache_of_another_provider_is_not_used(
    make: Callable[[], Prices], server: Server, tmp_path: Path
) -> None:
    await make().fetch(MORNING)
    path = cache_file(tmp_path)
    path.write_text(path.read_text().replace("awattar-at", "awattar-de"))
    await make().fetch(MORNING)
    assert len(server.asked) == 2
    assert not path.with_name(path.name + ".corrupt").exists()


async def test_a_cache_that_cannot_be_written_does_not_matter(
    server: Server, http: HttpClient, tmp_path: Path
) -> None:
    server.body = TODAY
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, not a folder")
    options = {"country": "at", "url": server.url}
    provider = price_provider("awattar", options, http=http, cache_dir=occupied)
    assert len(await provider.fetch(MORNING)) == 24


async def test_a_clock_that_was_years_ahead_does_not_stop_the_questions(
    make: Callable[[], Prices], server: Server
) -> None:
    await make().fetch(MORNING + timedelta(days=4000))
    provider = make()
    await provider.fetch(MORNING)
    assert len(server.asked) == 2
    assert provider.status(MORNING).age_s == 0


async def test_nothing_but_the_cache_is_left_in_its_folder(
    make: Callable[[], Prices], tmp_path: Path
) -> None:
    await make().fetch(MORNING)
    assert names_in(tmp_path) == ["prices-awattar-at.json"]
