"""The colour of a Tempo day changes at six in the morning: what is told, and what is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.feeding import fed
from tests.acceptance.living import house_at, powers, told
from tests.sources.server import Server, running

SIX = datetime(2026, 1, 13, 5, tzinfo=UTC)
"""06:00 in France on a Tuesday: its Tempo day begins."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BLUE, WHITE, RED = 1, 2, 3
HC = {BLUE: 0.12, WHITE: 0.13, RED: 0.14}
HP = {BLUE: 0.15, WHITE: 0.17, RED: 0.65}


@pytest.fixture
def colours() -> Iterator[tuple[Server, dict[date, int]]]:
    """A server as api-couleur-tempo.fr, and the colours that it knows; 0 is not known yet."""
    known = {date(2026, 1, 12): BLUE, date(2026, 1, 13): RED}

    def answer(path: str) -> bytes:
        day = date.fromisoformat(path.rpartition("/")[2])
        return json.dumps({"dateJour": day.isoformat(), "codeJour": known.get(day, 0)}).encode()

    with running() as server:
        server.answer = answer
        yield server, known


def tempo(server: Server) -> str:
    names = {BLUE: "blue", WHITE: "white", RED: "red"}
    prices = "".join(
        f"{names[c]}_hc_eur_per_kwh: {HC[c]}, {names[c]}_hp_eur_per_kwh: {HP[c]}, " for c in names
    )
    return f"{{provider: tempo, {prices}url: '{server.url}', feed_in: {{fixed_eur_per_kwh: 0.07}}}}"


@pytest.mark.slow
@pytest.mark.parametrize(("yesterday", "today"), [(BLUE, RED), (WHITE, RED), (BLUE, WHITE)])
async def test_the_colour_at_05_59_and_at_06_00(
    tmp_path: Path, colours: tuple[Server, dict[date, int]], yesterday: int, today: int
) -> None:
    server, known = colours
    known |= {date(2026, 1, 12): yesterday, date(2026, 1, 13): today}
    start = SIX - 31 * MINUTE
    async with fed(house_at(start, car_soc=0.6, battery_soc=0.1), tmp_path, tempo(server)) as it:
        night, day, evening = await it.scores(SIX)
        assert (night["startDateTime"], night["endDateTime"]) == (
            (SIX - 6 * HOUR).timestamp(),
            SIX.timestamp(),
        )
        assert (night["value"], day["value"], evening["value"]) == (HC[yesterday], HP[today], HC[today])
        assert day["startDateTime"] == SIX.timestamp()
        assert evening["endDateTime"] == (SIX + 18 * HOUR).timestamp()
        assert day["weighting"] == 0.0
        assert night["weighting"] > 0.9

        # An hour of charging is missing: half of it fits before six, the rest waits until 22:00.
        await it.life.charge("EcoWithTargetTime", endDateTime=int((SIX + 17.9 * HOUR).timestamp()))
        records = await it.run(HOUR, every_s=30.0)
        told_w = dict(zip((r.at for r in records), told(records, "charger"), strict=True))
        assert told_w[SIX - MINUTE] > 10_000.0
        assert told_w[SIX] == 0.0
        taken_w = dict(zip((r.at for r in records), powers(records, "charger"), strict=True))
        assert taken_w[SIX - MINUTE] > 10_000.0
        assert taken_w[SIX + MINUTE] < 100.0
        assert max(w for at, w in told_w.items() if at >= SIX) == 0.0


async def test_a_colour_that_nobody_knows_yet_is_told_as_the_dearest_it_can_be(
    tmp_path: Path, colours: tuple[Server, dict[date, int]]
) -> None:
    server, known = colours
    async with fed(house_at(SIX - HOUR), tmp_path, tempo(server)) as it:
        night, day, _ = await it.scores(SIX + timedelta(days=1))
        assert (night["value"], day["value"]) == (HC[RED], HP[RED])
    known[date(2026, 1, 14)] = BLUE
    async with fed(house_at(SIX + 7 * HOUR), tmp_path, tempo(server)) as it:
        night, day, *_ = await it.scores(SIX + timedelta(days=1))
        assert (night["value"], day["value"]) == (HC[RED], HP[BLUE])
