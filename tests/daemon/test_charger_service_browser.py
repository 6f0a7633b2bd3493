"""The simulator's page in a real Chromium: twenty chargers at a real central system."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from tests.browsing import BROWSER, MORE_THAN_POSSIBLE, browser, out_of_reach, page_in, weak_texts
from tests.daemon.charger_serving import simulating
from tests.ocpp.central.serving import serving

pytestmark = [pytest.mark.slow, *BROWSER]
__all__ = ["browser"]

PATIENCE_S = 120.0
SLOWLY_MS = 30_000
TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of the test
COUNT = 20
UNPLUG = "function step(state) {\n  return state.connectors[0].plugged ? [{do: 'unplug'}] : [];\n}"


async def test_twenty_chargers_from_plug_to_script(browser: Browser, tmp_path: Path) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    async with (
        asyncio.timeout(PATIENCE_S),
        serving(tmp_path) as central,
        simulating(central.url) as service,
        page_in(context, service.url, "/") as page,
    ):
        await page.get_by_label("Count").fill(str(COUNT))
        await page.get_by_role("button", name="Add", exact=True).click()
        chargers = page.locator("[data-simulated]")
        states = chargers.locator(".state")
        await expect(chargers).to_have_count(COUNT)
        await expect(states).to_have_text(["Available"] * COUNT, timeout=SLOWLY_MS)
        assert len(central.chargers) == COUNT

        await page.get_by_role("button", name="Plug in").click()
        await expect(states).to_have_text(["Preparing"] * COUNT, timeout=SLOWLY_MS)
        await page.get_by_label("Card", exact=True).fill("CARD20")
        await page.get_by_role("button", name="Start charging").click()
        await expect(states).to_have_text(["Charging"] * COUNT, timeout=SLOWLY_MS)
        await expect(chargers.first).to_contain_text("kW", timeout=SLOWLY_MS)

        third = page.locator('[data-simulated="SIM-00003"]')
        await third.click()
        await page.get_by_role("button", name="Only SIM-00003").first.click()
        await page.get_by_label("Kind of fault").select_option("Overheated")
        await page.get_by_role("button", name="Break").click()
        await expect(third.locator(".state")).to_have_text("Faulted", timeout=SLOWLY_MS)
        await expect(page.locator(".simulated.is-fault")).to_have_count(1)

        log = page.locator('[data-log="SIM-00003"]')
        await page.get_by_label("Find in messages").fill("hightemperature")
        await expect(log.locator("li")).to_have_count(1, timeout=SLOWLY_MS)
        await expect(log.locator("li")).to_contain_text('"errorCode":"HighTemperature"')
        await page.get_by_label("Find in messages").fill("CARD20")
        await page.get_by_label("Which messages").select_option("in")
        await expect(log).to_contain_text("There are no such messages.")
        await page.get_by_role("button", name="Repair").click()

        await page.get_by_role("button", name=f"All {COUNT}").first.click()
        source, problem = page.get_by_label("Source of the script"), page.locator(".script-problem")
        await source.fill(UNPLUG)
        await page.get_by_role("button", name="Run script").click()
        await expect(states).to_have_text(["Available"] * COUNT, timeout=SLOWLY_MS)
        await expect(problem).to_be_empty()
        await source.fill("function step(state) {\n\n  throw new Error('enough');\n}")
        await page.get_by_role("button", name="Run script").click()
        await expect(problem).to_have_text("SIM-00003: script.js:3: Error: enough", timeout=SLOWLY_MS)
        await expect(page.locator(".simulated .badge")).to_have_count(COUNT)

        await page.get_by_role("button", name="Remove all").click()
        await expect(page.get_by_text("There are no chargers yet.")).to_be_visible(timeout=SLOWLY_MS)
        assert service.bench.chargers == {}


async def test_a_script_that_cannot_be_read_is_refused_with_its_line(
    browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context()
    async with asyncio.timeout(PATIENCE_S), serving(tmp_path) as central, simulating(central.url) as service:
        await service.ask("POST", "/chargers", {}, 201)
        page = await context.new_page()
        await page.goto(service.url)
        await page.get_by_label("Source of the script").fill("let a = 1;\nfunction step( {")
        await page.get_by_role("button", name="Run script").click()
        await expect(page.locator(".script-problem")).to_contain_text(re.compile(r"script\.js:2: \w+"))
        assert (await service.ask("GET", "/chargers"))[0]["script"] is None
        await page.close()


async def test_the_token_is_asked_for_once(browser: Browser) -> None:
    context = await browser.new_context()
    async with asyncio.timeout(PATIENCE_S), simulating(token=TOKEN) as service:
        page = await context.new_page()
        await page.goto(service.url)
        await page.get_by_label("Access token").fill(TOKEN)
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("heading", name="Add chargers")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Add chargers")).to_be_visible()
        await page.close()


async def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, tmp_path: Path) -> None:
    context = await browser.new_context(viewport={"width": 360, "height": 800})
    async with (
        asyncio.timeout(PATIENCE_S),
        serving(tmp_path) as central,
        simulating(central.url) as service,
        page_in(context, service.url, "/") as page,
    ):
        await service.ask("POST", "/chargers", {"count": 2}, 201)
        await service.registered(2)
        await expect(page.locator(".simulator-log li").first).to_be_visible(timeout=SLOWLY_MS)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_and_every_control_can_be_reached_by_keyboard(
    browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    context = await browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    async with (
        asyncio.timeout(PATIENCE_S),
        serving(tmp_path) as central,
        simulating(central.url) as service,
        page_in(context, service.url, "/") as page,
    ):
        await expect(page.get_by_role("heading", name="Add chargers")).to_be_visible()
        assert await weak_texts(page) == []
        await service.ask("POST", "/chargers", {"count": 4}, 201)
        await service.registered(4)
        await service.act("plug_in", ["SIM-00001"])
        await service.act("start", ["SIM-00001"], id_tag="CARD20")
        await service.act("fault", ["SIM-00002"], fault="Overheated")
        await service.act("switch_off", ["SIM-00003"])
        states = page.locator("[data-simulated] .state")
        shown = ["Charging", "Faulted", "Not registered", "Available"]
        await expect(states).to_have_text(shown, timeout=SLOWLY_MS)
        # A script that stops at once, for all: the badge and the sentence about it.
        await page.get_by_label("Source of the script").fill("function step() { throw new Error('enough'); }")
        await page.get_by_role("button", name="Run script").click()
        await expect(page.locator(".script-problem")).to_contain_text("enough", timeout=SLOWLY_MS)
        await expect(page.locator(".simulator-log li").first).to_be_visible(timeout=SLOWLY_MS)
        # Only one of them is acted at: then it can be removed, too.
        await page.get_by_role("button", name="Only SIM-00001").first.click()
        await expect(page.get_by_role("button", name="Remove", exact=True)).to_be_visible()
        assert len(await weak_texts(page, MORE_THAN_POSSIBLE)) > 40
        assert await weak_texts(page) == []
        assert await out_of_reach(page) == []
