from __future__ import annotations

from datetime import timedelta
from typing import Literal

import httpx2

from ohmstead import __version__
from ohmstead.web.schema import (
    DecisionPayload,
    HeatingPayload,
    HistoryPayload,
    LearningInfo,
    PlanPayload,
    StatePayload,
)
from tests.web.sample import NOW, SampleHouse
from tests.web.serving import served


async def test_state_comes_back_as_it_was_given() -> None:
    house = SampleHouse()
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/api/state")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert StatePayload.model_validate_json(answer.content) == house.state()


async def test_a_missing_value_is_null_and_not_zero() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        assets = (await client.get("/api/state")).json()["assets"]
    assert assets["pv"]["soc"] is None
    assert assets["living"]["setpoint_w"] is None


async def test_plan_comes_back_as_it_was_given_and_compressed() -> None:
    house = SampleHouse()
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/api/plan", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert PlanPayload.model_validate_json(answer.content) == house.plan()


async def test_without_a_plan_the_problem_says_so() -> None:
    async with served(SampleHouse(with_plan=False)) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/api/plan")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no plan yet" in answer.json()["detail"]


async def test_heating_comes_back_as_it_was_given() -> None:
    house = SampleHouse()
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/api/heating")
    heating = HeatingPayload.model_validate_json(answer.content)
    assert heating == house.heating()
    assert heating.floors is not None
    assert {room.floor for room in heating.floors.rooms} == {"GF", "FF"}
    assert [room.state for room in heating.radiators] == ["HEATING", "IDLE", "VENT"]


async def test_learning_is_reset_by_room_and_the_old_figures_come_back() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.post("/api/heating/kitchen/reset-learning")
        unknown = await client.post("/api/heating/sauna/reset-learning")
        elsewhere = await client.post(
            "/api/heating/kitchen/reset-learning", headers={"origin": "https://elsewhere.example"}
        )
    assert LearningInfo.model_validate_json(answer.content).valid_cycles == 47
    assert unknown.status_code == 404
    assert "'sauna'; there are: kitchen, study, attic" in unknown.json()["detail"]
    assert elsewhere.status_code == 403


async def test_decisions_are_limited_filtered_and_newest_first() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        every = [DecisionPayload.model_validate(d) for d in (await client.get("/api/decisions")).json()]
        tank = (await client.get("/api/decisions", params={"asset": "tank", "limit": 2})).json()
        unknown = await client.get("/api/decisions", params={"asset": "sauna"})
    assert [d.at for d in every] == sorted((d.at for d in every), reverse=True)
    assert [d["asset"] for d in tank] == ["tank", "tank"]
    assert unknown.status_code == 404
    assert "'sauna'" in unknown.json()["detail"]
    assert "battery" in unknown.json()["detail"]


async def test_history_gives_columns_of_equal_length() -> None:
    query: dict[str, str | int] = {
        "start": (NOW - timedelta(hours=3)).isoformat(),
        "end": NOW.isoformat(),
        "resolution_s": 900,
        "series": "grid,battery.soc,nobody",
    }
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/api/history", params=query)
    history = HistoryPayload.model_validate_json(answer.content)
    assert set(history.series) == {"grid", "battery.soc"}
    assert len(history.times) == 12
    assert all(len(column) == 12 for column in history.series.values())


async def test_history_without_arguments_is_the_last_day() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        history = HistoryPayload.model_validate_json((await client.get("/api/history")).content)
    assert (history.start, history.end, history.resolution_s) == (NOW - timedelta(days=1), NOW, 900)


WRONG_QUESTIONS = [
    ({"start": "2026-04-18T00:00:00Z", "end": "2026-04-17T00:00:00Z"}, "start: 2026-04-18"),
    ({"start": "2025-04-17T00:00:00Z", "resolution_s": "1"}, "resolution_s: 1 gives"),
    ({"start": "2026-04-17T00:00:00"}, "start: Input should have timezone info"),
    ({"resolution_s": "fine"}, "found 'fine'"),
]


async def test_a_wrong_question_is_answered_with_what_is_wrong() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        for query, told in WRONG_QUESTIONS:
            answer = await client.get("/api/history", params=query)
            assert answer.status_code == 422
            assert answer.headers["content-type"] == "application/problem+json"
            assert told in answer.json()["detail"]


async def test_health_tells_a_supervisor_whether_to_restart() -> None:
    house = SampleHouse()
    codes: dict[Literal["ok", "degraded", "starting", "stalled"], int] = {
        "ok": 200,
        "degraded": 200,
        "starting": 503,
        "stalled": 503,
    }
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        for status, code in codes.items():
            house.status = status
            answer = await client.get("/healthz")
            assert answer.status_code == code
            assert answer.json()["status"] == status
            assert answer.json()["version"] == __version__


async def test_openapi_describes_every_answer() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        document = (await client.get("/openapi.json")).json()
    paths = {
        "/api/state",
        "/api/plan",
        "/api/heating",
        "/api/decisions",
        "/api/history",
        "/api/stream",
        "/healthz",
        "/metrics",
    }
    assert paths <= set(document["paths"])
    assert {"StatePayload", "PlanPayload", "Problem"} <= set(document["components"]["schemas"])


async def test_a_home_without_a_central_system_says_so() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        assert (await client.get("/api/ocpp")).json() == {"available": False}
        assert (await client.get("/api/ocpp/chargers")).status_code == 404
