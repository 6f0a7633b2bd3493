"""The description of an agent's API in a real Chromium: whole, from local files, and of use."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.agents.homes import running_home
from tests.browsing import BROWSER, browser, page_in

pytestmark = BROWSER
__all__ = ["browser"]


async def test_a_request_can_be_tried_out_without_the_internet(browser: Browser) -> None:
    context = await browser.new_context()
    async with running_home() as home, page_in(context, home.urls["battery"], "/docs") as page:
        await page.get_by_text("Charge, discharge or stand idle").click()
        await page.get_by_role("button", name="Try it out").click()
        body = '{"mode": "charge", "power_kw": 2.5}'
        await page.locator("textarea.body-param__text").fill(body)
        await page.get_by_role("button", name="Execute").click()
        await expect(page.locator(".live-responses-table .response .response-col_status")).to_contain_text(
            "200"
        )
        status = (await home.get("battery", "/status")).json()
        assert (status["mode"], status["power_kw"]) == ("charge", 2.5)
