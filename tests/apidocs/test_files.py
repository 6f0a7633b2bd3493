"""The server of files, as a host mounts it."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from ohmstead.apidocs.files import SWAGGER, Files


def client(folders: dict[str, Path], headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
    app = Starlette(routes=[Mount("/", Files(folders, headers))])
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site" / "assets").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<p>start</p>")
    (tmp_path / "site" / "assets" / "a-123.js").write_text("let a;")
    (tmp_path / "secret.txt").write_text("nobody's business")
    return tmp_path / "site"


async def test_folders_begin_at_their_addresses(folder: Path) -> None:
    async with client({"/": folder, "/docs": SWAGGER}, {"x-frame-options": "DENY"}) as home:
        start = await home.get("/")
        assert (start.text, start.headers["x-frame-options"]) == ("<p>start</p>", "DENY")
        assert (await home.get("/index.html")).text == start.text
        assert "swagger-ui" in (await home.get("/docs")).text
        assert "swagger-ui" in (await home.get("/docs/")).text
        script = await home.get("/assets/a-123.js")
        assert "immutable" in script.headers["cache-control"]


async def test_only_what_was_there_at_the_start_can_be_read(folder: Path) -> None:
    async with client({"/": folder}) as home:
        (folder / "later.txt").write_text("later")
        for path in ("/later.txt", "/../secret.txt", "/assets/..%2f..%2fsecret.txt", "/assets"):
            assert (await home.get(path)).status_code == 404, path
        refused = await home.post("/index.html")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
