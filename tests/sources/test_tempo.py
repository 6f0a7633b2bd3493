"""Tempo prices around the change of colour, with a table and with a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ohmstead.errors import ConfigError
from ohmstead.sources import HttpClient, WholesalePrice, price_provider
from ohmstead.sources.tempo import TempoProvider
from tests.sources.server import Server

PARIS = ZoneInfo("Europe/Paris")
PRICES = {
    "blue_hc_eur_per_kwh": 0.12,
    "blue_hp_eur_per_kwh": 0.15,
    "white_hc_eur_per_kwh": 0.14,
    "white_hp_eur_per_kwh": 0.17,
    "red_hc_eur_per_kwh": 0.16,
    "red_hp_eur_per_kwh": 0.65,
}


def local(*args: int) -> datetime:
    return datetime(*args, tzinfo=PARIS).astimezone(UTC)  # type: ignore[misc,arg-type]


def tempo(http: HttpClient, folder: Path, **options: Any) -> TempoProvider:
    made = price_provider("tempo", {**PRICES, **options}, http=http, cache_dir=folder)
    assert isinstance(made, TempoProvider)
    return made


def with_table(http: HttpClient, folder: Path, text: str) -> TempoProvider:
    table = folder / "days.txt"
    table.write_text(text)
    return tempo(http, folder, days_file=str(table), ask_server=False)


def at(prices: tuple[WholesalePrice, ...], when: datetime) -> float:
    (found,) = (p.eur_per_kwh for p in prices if p.start <= when < p.end)
    return found


async def test_the_colour_changes_at_six_not_at_midnight(http: HttpClient, tmp_path: Path) -> None:
    provider = with_table(http, tmp_path, "2026-01-14 blue\n2026-01-15 red\n2026-01-16 white\n")
    prices = await provider.fetch(local(2026, 1, 15, 12))
    for when, expected in [
        (local(2026, 1, 14, 21, 59), 0.15),
        (local(2026, 1, 14, 22), 0.12),
        (local(2026, 1, 15, 5, 59), 0.12),
        (local(2026, 1, 15, 6), 0.65),
        (local(2026, 1, 15, 22), 0.16),
        (local(2026, 1, 16, 5, 59), 0.16),
        (local(2026, 1, 16, 6), 0.17),
        (local(2026, 1, 17, 5, 59), 0.14),
    ]:
        assert at(prices, when) == expected, when
    assert (prices[0].start, prices[-1].end) == (local(2026, 1, 14), local(2026, 1, 17, 6))


async def test_an_unknown_tomorrow_costs_the_most_it_can(http: HttpClient, tmp_path: Path) -> None:
    provider = with_table(http, tmp_path, "2026-01-15 blue\n")
    prices = await provider.fetch(local(2026, 1, 15, 12))
    assert at(prices, local(2026, 1, 16, 5, 59)) == 0.12
    assert at(prices, local(2026, 1, 16, 6)) == 0.65
    # Saturday: white at worst.
    assert at(await provider.fetch(local(2026, 1, 16, 12)), local(2026, 1, 17, 12)) == 0.17


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 7), ((2026, 10, 25), 9), ((2026, 5, 5), 8)])
async def test_the_night_of_a_clock_change(
    http: HttpClient, tmp_path: Path, day: tuple[int, int, int], hours: int
) -> None:
    provider = with_table(http, tmp_path, "2026-01-01 blue\n")
    prices = await provider.fetch(local(*day, 12))
    night = [p for p in prices if p.end == local(*day, 6)]
    assert [(p.end - p.start).total_seconds() / 3600 for p in night] == [hours]
    assert all(a.end == b.start for a, b in pairwise(prices))


async def test_a_table_that_changes_is_read_again(http: HttpClient, tmp_path: Path) -> None:
    provider = with_table(http, tmp_path, "2026-01-15 blue\n")
    noon = local(2026, 1, 15, 12)
    assert at(await provider.fetch(noon), noon) == 0.15
    (tmp_path / "days.txt").write_text("2026-01-15 white\n")
    assert at(await provider.fetch(noon), noon) == 0.17


class Colours:
    """What the test's server answers for each day."""

    def __init__(self, server: Server, codes: Mapping[date, int]) -> None:
        self._server = server
        self.codes = dict(codes)

    def serve(self) -> None:
        def answer(path: str) -> bytes:
            day = path.rsplit("/", 1)[-1]
            code = self.codes.get(date.fromisoformat(day), 0)
            return json.dumps({"dateJour": day, "codeJour": code, "periode": "2025-2026"}).encode()

        self._server.answer = answer


async def test_the_server_tells_the_colours_and_its_last_words_survive_it(
    http: HttpClient, server: Server, tmp_path: Path
) -> None:
    colours = Colours(server, {date(2026, 1, 14): 1, date(2026, 1, 15): 3})
    colours.serve()
    noon = local(2026, 1, 15, 12)
    first = tempo(http, tmp_path, url=server.url)
    prices = await first.fetch(noon)
    assert [at(prices, t) for t in (local(2026, 1, 15, 5), noon)] == [0.12, 0.65]
    assert first.status(noon).error is None
    server.status = 500
    # After a restart, with the server down: red is still known, tomorrow is taken as red.
    again = tempo(http, tmp_path, url=server.url)
    later = noon + timedelta(minutes=40)
    prices = await again.fetch(later)
    assert at(prices, noon) == 0.65
    assert again.status(later).error is not None
    assert not again.status(later).stale
    assert at(await again.fetch(noon + timedelta(days=2)), local(2026, 1, 16, 12)) == 0.65
    assert again.status(noon + timedelta(days=2)).stale


async def test_without_any_word_from_the_server_there_are_prices(
    http: HttpClient, server: Server, tmp_path: Path
) -> None:
    server.status, server.body = 200, b"<html>"
    prices = await tempo(http, tmp_path, url=server.url).fetch(local(2026, 7, 15, 12))
    assert at(prices, local(2026, 7, 15, 12)) == 0.17


async def test_the_table_counts_more_than_the_server(
    http: HttpClient, server: Server, tmp_path: Path
) -> None:
    Colours(server, {date(2026, 1, 15): 3}).serve()
    (tmp_path / "days.txt").write_text("2026-01-15 blue\n")
    noon = local(2026, 1, 15, 12)
    provider = tempo(http, tmp_path, url=server.url, days_file=str(tmp_path / "days.txt"))
    assert at(await provider.fetch(noon), noon) == 0.15


def test_a_wrong_table_is_refused_at_the_start(http: HttpClient, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"tariff.days_file: .*days.txt, line 1"):
        with_table(http, tmp_path, "tomorrow red\n")
