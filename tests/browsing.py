"""A real Chromium for tests: where it is, how it is started, and a page that must not complain.

A test module takes ``pytestmark = BROWSER`` and imports the fixture ``browser``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Where the browser is, if there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((path for path in map(shutil.which, names) if path), None)


# In CI a missing browser is an error; on a person's machine it only means fewer tests.
BROWSER = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        chromium() is None and not os.environ.get("CI"),
        reason="no chromium or chrome on the PATH",
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a module."""
    path = chromium()
    assert path is not None, "CI needs a chromium on the PATH"
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        await launched.close()


@asynccontextmanager
async def page_in(context: BrowserContext, url: str, path: str = "") -> AsyncIterator[Page]:
    """A page that must not complain, nor ask anyone but the server at ``url``."""
    page = await context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda ask: foreign.append(ask.url) if not ask.url.startswith(url) else None)
    await page.goto(url + path)
    yield page
    assert complaints == []
    assert foreign == []
