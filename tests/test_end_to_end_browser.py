"""The demo in a real Chromium: what a person sees in the first minute."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from ohmstead.daemon.init import default_answers, write
from tests.browsing import BROWSER, browser, page_in
from tests.daemon.process import demo_arguments, started

pytestmark = [pytest.mark.slow, *BROWSER]

PICTURES = Path(__file__).parent.parent / "build"
PATIENCE_MS = 60_000.0
__all__ = ["browser"]


HEATING = """
heating:
  floors: {adapter: simulated}
  radiators:
    - {id: kitchen, name: Kitchen, adapter: simulated, target_c: 20.5}
"""


async def house_time(page: Page) -> str:
    return await page.locator(".header time").inner_text()


async def values_shown(page: Page) -> list[str]:
    return await page.get_by_role("img", name=re.compile("Power flow")).locator(".value").all_text_contents()


async def test_the_demo_shows_a_living_house(browser: Browser, tmp_path: Path) -> None:
    PICTURES.mkdir(exist_ok=True)
    # From the morning on: sun, prices and a plan within the first minute.
    arguments = demo_arguments(tmp_path, "--fresh", "--start", "2026-04-13T06:00")
    with started(*arguments) as demo:
        url = demo.url.rstrip("/")
        demo.until("plan", lambda: demo.state()["plan"])
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        async with page_in(context, url) as page:
            await expect(page.get_by_role("heading", level=1)).to_have_text("Demo house")
            await expect(page.get_by_role("status")).to_have_text("Live")
            first_time, first_values = await house_time(page), await values_shown(page)
            assert len(first_values) >= 5
            async with asyncio.timeout(PATIENCE_MS / 1000.0):
                while await house_time(page) == first_time or await values_shown(page) == first_values:
                    await page.wait_for_timeout(100)
            await expect(page.get_by_test_id("saved-today")).to_have_text(re.compile(r"€\d"))
            await expect(page.locator(".chart-box svg")).to_be_visible(timeout=PATIENCE_MS)
            await expect(page.locator(".chart-box svg path").nth(3)).to_be_attached(timeout=PATIENCE_MS)
            await expect(page.locator(".decisions li").first).to_be_visible(timeout=PATIENCE_MS)
            sentences = await page.locator(".decisions li").all_text_contents()
            assert all("undefined" not in text and "{" not in text for text in sentences)
            body = await page.locator("body").inner_text()
            assert not re.search(r"\b(NaN|undefined|null|Infinity)\b", body)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
            await page.screenshot(path=PICTURES / "demo-1280.png", full_page=True)
        assert demo.terminate() == 0, demo.log()


async def test_a_home_with_rooms_of_its_own_shows_them(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    write(file, default_answers())
    text = file.read_text(encoding="utf-8").replace("provider: open_meteo", "provider: none")
    text = text.replace("port: 8080", "port: 0")
    file.write_text(text + HEATING, encoding="utf-8")
    with started("run", "--config", str(file)) as home:
        context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
        home.until("state", lambda: home.get("api/heating")["radiators"])
        async with page_in(context, home.url.rstrip("/"), "/#heating") as page:
            kitchen = page.locator('[data-room="kitchen"]')
            await expect(kitchen.locator("h3")).to_have_text("Kitchen", timeout=PATIENCE_MS)
            await expect(kitchen.locator(".reading")).to_contain_text("Target 20.5\u00a0°C")
            await expect(kitchen).to_contain_text("0 of 10 cycles")
            await expect(page.locator("[data-floor] li")).to_have_count(7)
            pump = page.locator(".orchestrator .state")
            await expect(pump).to_have_text("Heat pump on", timeout=PATIENCE_MS)
            body = await page.locator("body").inner_text()
            assert not re.search(r"\b(NaN|undefined|null|Infinity)\b", body)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert home.terminate() == 0, home.log()


async def test_the_demo_shows_its_wallbox_and_lets_a_person_ask_it(browser: Browser, tmp_path: Path) -> None:
    # In the evening: the car is there.
    arguments = demo_arguments(tmp_path, "--fresh", "--start", "2026-04-13T21:00", speed=60.0)
    with started(*arguments) as demo:
        demo.until("session", lambda: demo.get("api/ocpp/sessions"))
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        async with page_in(context, demo.url.rstrip("/")) as page:
            page.set_default_timeout(PATIENCE_MS)
            await page.get_by_role("link", name="Chargers").click()
            wallbox = page.locator('[data-charger="wallbox"]')
            await expect(wallbox).to_contain_text("Ohmstead Demo Wallbox")
            await expect(wallbox.locator(".headline .state")).to_have_text("Connected")
            await page.get_by_role("button", name="Send").click()
            settings = page.locator(".settings li")
            await expect(settings.filter(has_text="NumberOfConnectors")).to_contain_text("1")
            await wallbox.get_by_role("button", name="Stop session").click()
            await page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
            await expect(page.locator('[data-session="1"]')).not_to_contain_text(
                "running", timeout=PATIENCE_MS
            )
            await expect(page.locator('[data-session="1"]')).to_contain_text("stopped from here")
            await wallbox.get_by_role("button", name="Start session").click()
            await expect(page.locator('[data-session="2"]')).to_contain_text("running", timeout=PATIENCE_MS)
            body = await page.locator("body").inner_text()
            assert not re.search(r"\b(NaN|undefined|null|Infinity)\b", body)
        assert demo.terminate() == 0, demo.log()
