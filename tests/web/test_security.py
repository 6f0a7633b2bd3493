from __future__ import annotations

import httpx2
import pytest

from ohmstead.errors import ConfigError
from ohmstead.web import create_app
from ohmstead.web.security import COOKIE, host_name, is_loopback
from tests.web.sample import SampleHouse
from tests.web.serving import served

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of the sample home


async def test_a_foreign_host_name_is_refused() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        for host in ("evil.example", "evil.example:8080", "localhost.evil.example", ""):
            answer = await client.get("/api/state", headers={"host": host})
            assert answer.status_code == 421, host
            assert "web.allowed_hosts" in answer.json()["detail"]


async def test_localhost_and_addresses_are_served() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        for host in ("localhost", "localhost:8080", "127.0.0.1", "192.168.1.4:80", "[::1]:8080"):
            assert (await client.get("/api/state", headers={"host": host})).status_code == 200, host


async def test_a_configured_name_is_served() -> None:
    async with (
        served(SampleHouse(), allowed_hosts=["Home.Local"]) as url,
        httpx2.AsyncClient(base_url=url) as client,
    ):
        assert (await client.get("/", headers={"host": "home.local:8080"})).status_code == 200


async def test_every_answer_carries_the_security_headers() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        for path in ("/", "/api/state", "/api/nothing", "/healthz", "/docs"):
            headers = (await client.get(path, headers={"origin": "https://evil.example"})).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "script-src 'self'" in policy
            assert "'unsafe-inline'" not in policy.split("style-src-attr")[0]
            assert headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in headers


async def test_with_a_token_the_api_needs_it_and_health_does_not() -> None:
    async with served(SampleHouse(), token=TOKEN) as url, httpx2.AsyncClient(base_url=url) as client:
        assert (await client.get("/healthz")).status_code == 200
        for path in ("/api/state", "/api/stream", "/metrics"):
            refused = await client.get(path)
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
        wrong = await client.get("/api/state", headers={"authorization": "Bearer guess"})
        right = await client.get("/api/state", headers={"authorization": f"Bearer {TOKEN}"})
    assert (wrong.status_code, right.status_code) == (401, 200)


async def test_a_browser_session_opens_the_api_without_holding_the_token() -> None:
    async with served(SampleHouse(), token=TOKEN) as url, httpx2.AsyncClient(base_url=url) as client:
        wrong = await client.post("/api/session", json={"token": "guess"})
        assert wrong.status_code == 401
        assert "set-cookie" not in wrong.headers
        opened = await client.post("/api/session", json={"token": TOKEN})
        assert opened.status_code == 204
        cookie = opened.headers["set-cookie"]
        assert TOKEN not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await client.get("/api/state")).status_code == 200
        client.cookies.set(COOKIE, "0" * 64, domain="127.0.0.1")
        forged = await client.get("/api/state", headers={"cookie": f"{COOKIE}={'0' * 64}"})
    assert forged.status_code == 401


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ConfigError, match="found 5 characters, at least 16"):
        create_app(SampleHouse(), token="short")  # noqa: S106 - the point of the test


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Home.Local:80", "home.local"),
        ("[::1]:80", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost.", "localhost"),
    ],
)
def test_host_name(header: str, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.8.8.8", True), ("::1", True), ("a.localhost", True), ("0.0.0.0", False), ("192.168.0.2", False)],  # noqa: S104
)
def test_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
