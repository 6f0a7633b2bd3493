from __future__ import annotations

import re

import httpx2
import pytest

from ohmstead.apidocs.files import SWAGGER
from ohmstead.web.assets import STATIC
from tests.web.sample import SampleHouse
from tests.web.serving import served

MAX_ZIPPED_BYTES = 1_000_000


async def test_the_page_and_all_it_names_are_served() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        page = await client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["cache-control"] == "no-cache"
        names = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
        assert len(names) >= 3
        for name in names:
            file = await client.get(name)
            assert file.status_code == 200, name
            assert ("immutable" in file.headers["cache-control"]) == name.startswith("/assets/")


async def test_nothing_in_the_pages_comes_from_elsewhere_or_is_inline() -> None:
    for page in (*STATIC.rglob("*.html"), *SWAGGER.rglob("*.html")):
        text = page.read_text()
        assert not re.search(r'(src|href)="(https?:)?//', text), page
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=", text), page


async def test_a_file_that_the_browser_has_is_not_sent_again() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        etag = (await client.get("/")).headers["etag"]
        again = await client.get("/", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
async def test_compression_is_a_matter_of_the_browser(accepted: str, encoding: str | None) -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/", headers={"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert "<title>Ohmstead</title>" in answer.text


async def test_the_api_description_needs_no_internet() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        page = await client.get("/docs")
        script = await client.get("/docs/swagger-ui-bundle.js")
    assert "swagger-ui" in page.text
    assert script.headers["content-type"].startswith("text/javascript")


async def test_what_is_not_there_is_said_to_be_missing() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        for path in ("/nothing", "/api/nothing", "/../pyproject.toml", "/assets/%2e%2e/index.html"):
            answer = await client.get(path)
            assert answer.status_code == 404, path
            assert "/docs" in answer.json()["detail"]


async def test_files_can_only_be_read() -> None:
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        assert (await client.put("/index.html")).status_code == 405


async def test_the_dashboard_is_light_enough_for_a_slow_link() -> None:
    total = 0
    async with served(SampleHouse()) as url, httpx2.AsyncClient(base_url=url) as client:
        for path in (p for p in STATIC.rglob("*") if p.is_file()):
            async with client.stream("GET", "/" + path.relative_to(STATIC).as_posix()) as answer:
                total += sum([len(part) async for part in answer.aiter_raw()])
    assert 50_000 < total < MAX_ZIPPED_BYTES
