"""What all agents share, on a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ohmstead.agents.commands import Commands
from ohmstead.agents.logs import JsonFormatter, correlation_id
from tests.agents.homes import EXAMPLE, running_home

AGENTS = ("central", "solar", "battery", "vehicle", "load")


async def test_health_docs_and_metrics_of_all_five() -> None:
    async with running_home() as home:
        for agent in AGENTS:
            health = (await home.get(agent, "/health")).json()
            assert (health["status"], health["service"]) == ("ok", agent)
            page = await home.get(agent, "/docs")
            assert "default-src 'none'" in page.headers["content-security-policy"]
            files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
            assert len(files) == 4, "and nothing from elsewhere"
            for file in files:
                assert (await home.get(agent, file)).status_code == 200, file
            missing = await home.get(agent, "/docs/nothing")
            assert (missing.status_code, missing.json()["title"]) == (404, "Not found")
            families = text_string_to_metric_families((await home.get(agent, "/metrics")).text)
            names = {f.name for f in families}
            assert {"ohmstead_agent_requests", "ohmstead_agent_request_duration_seconds"} <= names


async def test_requests_are_counted_by_path_and_unknown_paths_under_one_name() -> None:
    async with running_home() as home:
        for path in ("/status", "/status", "/a", "/b"):
            await home.get("battery", path)
        await home.post("battery", "/control", {"mode": "fly"})
        text = (await home.get("battery", "/metrics")).text
    counted = {
        (s.labels["method"], s.labels["path"], s.labels["status"]): s.value
        for f in text_string_to_metric_families(text)
        for s in f.samples
        if s.name == "ohmstead_agent_requests_total"
    }
    assert counted == {
        ("GET", "/status", "200"): 2,
        ("GET", "other", "404"): 2,
        ("POST", "/control", "422"): 1,
    }


async def test_with_a_token_every_write_needs_it() -> None:
    async with running_home(token="s3cret") as home:  # noqa: S106
        writes = [("central", "/coordinate"), ("solar", "/production"), ("battery", "/update")]
        writes += [("battery", "/control"), ("vehicle", "/update"), ("vehicle", "/control")]
        writes += [("load", "/update"), ("load", "/shed")]
        for agent, path in writes:
            for given in ({}, {"authorization": "Bearer wrong"}, {"authorization": "Basic s3cret"}):
                refused = await home.post(agent, path, {}, **given)
                assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer"), path
        assert (await home.get("central", "/status")).status_code == 200
        done = await home.post("central", "/coordinate", EXAMPLE, authorization="Bearer s3cret")
        assert done.json()["actions"]["battery"]["mode"] == "charge"
        document = (await home.get("load", "/openapi.json")).json()
        assert document["paths"]["/shed"]["post"]["security"] == [{"token": []}]


async def test_a_correlation_id_goes_through_all_agents(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "ohmstead.agents")
    async with running_home() as home:
        seen: dict[int, str | None] = {}

        def note(record: logging.LogRecord) -> bool:
            seen[id(record)] = correlation_id.get()
            return True

        caplog.handler.addFilter(note)
        answer = await home.post("central", "/coordinate", EXAMPLE, **{"x-correlation-id": "morning-1"})
        assert answer.headers["x-correlation-id"] == "morning-1"
        assert answer.json()["id"] == "morning-1"
        requests = {r.path: seen[id(r)] for r in caplog.records if r.message == "request"}  # type: ignore[attr-defined]
        assert requests == dict.fromkeys(("/coordinate", "/production", "/update", "/control"), "morning-1")
        strange = await home.client.get(home.urls["load"] + "/health", headers={"x-correlation-id": 'a"b c'})
        assert strange.headers["x-correlation-id"] != 'a"b c'


def test_a_log_line_is_one_json_object() -> None:
    reset = correlation_id.set("noon")
    record = logging.getLogger("x").makeRecord(
        "x", logging.WARNING, "f", 1, "no %s", ("answer",), None, extra={"agent": "load"}
    )
    line = json.loads(JsonFormatter("central").format(record))
    correlation_id.reset(reset)
    del line["timestamp"]
    assert line == {
        "level": "warning",
        "service": "central",
        "event": "no answer",
        "correlation_id": "noon",
        "agent": "load",
    }


INVALID: tuple[tuple[bytes, int, str], ...] = (
    (b'{"state_of_charge_kwh": NaN}', 422, "state_of_charge_kwh"),
    (b'{"state_of_charge_kwh": 1e999}', 422, "state_of_charge_kwh"),
    (b'{"state_of_charge_kwh": -1}', 422, "greater than or equal to 0 (found -1)"),
    (b'{"state_of_charge_kwh": "5"}', 422, "valid number"),
    (b'{"state_of_charge_kwh": true}', 422, "valid number"),
    (b'{"soc": 5}', 422, "soc: Extra inputs are not permitted (found 5)"),
    (b'{"state_of_charge_kwh": 11}', 422, "found 11, allowed: 0 to 10 (capacity_kwh)"),
    (b'{"capacity_kwh": 0}', 422, "capacity_kwh"),
    (b"{", 422, "JSON"),
    (b'"\\ud800"', 422, "body"),
    # Python 3.14 reads this depth and finds no end; older ones refuse the depth.
    (b"[" * 60_000, *((400, "parsing the body") if sys.version_info < (3, 14) else (422, "JSON"))),
    (b" " * 70_000, 413, "allowed: up to 65536"),
)


async def test_what_is_not_valid_is_refused_in_words_and_changes_nothing() -> None:
    async with running_home() as home:
        before = (await home.get("battery", "/status")).json()
        url, headers = home.urls["battery"] + "/update", {"content-type": "application/json"}
        for content, status, words in INVALID:
            refused = await home.client.post(url, content=content, headers=headers)
            assert refused.status_code == status, content
            assert refused.headers["content-type"] == "application/problem+json"
            assert words in refused.json()["detail"]
        assert (await home.get("battery", "/status")).json() == before


async def test_a_body_without_a_length_is_refused() -> None:
    async def pieces() -> object:
        await asyncio.sleep(0)
        yield b"{}"

    async with running_home() as home:
        refused = await home.client.post(home.urls["battery"] + "/update", content=pieces())  # type: ignore[arg-type]
        assert refused.status_code == 411


def test_a_command_is_carried_out_once_per_id_and_the_oldest_is_forgotten() -> None:
    done: list[str] = []
    commands: Commands[int] = Commands(kept=2)

    def carry_out(name: str) -> int:
        done.append(name)
        return len(done)

    answers = [commands.once(name, lambda n=name: carry_out(n)) for name in ("a", "a", "b", "c", "b", "a")]  # type: ignore[misc]
    assert answers == [1, 1, 2, 3, 2, 4]
    assert [commands.once(None, lambda: carry_out("-")) for _ in range(2)] == [5, 6]
