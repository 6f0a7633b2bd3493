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

LEAST_CONTRAST = 4.5
"""Of text to what is behind it (WCAG 2.2, 1.4.3)."""
MORE_THAN_POSSIBLE = 22.0

_WEAK_TEXTS = """least => {
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const over = (colour, below) => {
    context.fillStyle = `rgb(${below.join(" ")})`;
    context.fillRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const behind = (element) => element === null ? [255, 255, 255]
    : over(getComputedStyle(element).backgroundColor, behind(element.parentElement));
  const light = (colour) => {
    const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = colour.map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = [];
  for (const element of document.querySelectorAll("#content *")) {
    const own = element.matches("input, textarea") ? element.value !== ""
      : [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || element.matches("option, optgroup") || !element.checkVisibility()) continue;
    const below = behind(element);
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(over(ink, below)), light(below)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < least) weak.push(`${contrast.toFixed(2)} ${element.textContent.slice(0, 40)}`);
  }
  return weak;
}"""

# Marks what has the focus, and tells whether it had it before; behind the end of the page nothing has it.
_MARK = """() => {
  const element = document.activeElement;
  if (element === document.body) return true;
  const again = element.dataset.reached === "yes";
  element.dataset.reached = "yes";
  return again;
}"""
_UNMARK = """() => {
  for (const element of document.querySelectorAll("[data-reached]")) delete element.dataset.reached;
}"""
_OUT_OF_REACH = """() => [...document.querySelectorAll("a[href], button, input, select, textarea")]
  .filter((element) => !element.disabled && element.checkVisibility() && element.dataset.reached !== "yes")
  .map((element) => element.outerHTML.slice(0, 120))"""


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


async def weak_texts(page: Page, least: float = LEAST_CONTRAST) -> list[str]:
    """Texts of the page's content that stand out less than that, with their contrast."""
    found: list[str] = await page.evaluate(_WEAK_TEXTS, least)
    return found


async def out_of_reach(page: Page) -> list[str]:
    """What can be used with a mouse, but not be reached with the Tab key."""
    await page.evaluate(_UNMARK)
    # From where the focus is to the end of the page, then once from its beginning.
    for _ in range(2):
        await page.keyboard.press("Tab")
        while not await page.evaluate(_MARK):
            await page.keyboard.press("Tab")
    found: list[str] = await page.evaluate(_OUT_OF_REACH)
    return found


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
