"""The dashboard in a real Chromium, served by the real server."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from ohmstead.web.schema import HeatingPayload, LearningInfo, WarningInfo
from tests.browsing import BROWSER, MORE_THAN_POSSIBLE, browser, out_of_reach, page_in, weak_texts
from tests.web.sample import NOW, SampleHouse
from tests.web.sample_heating import sample_heating
from tests.web.serving import served

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of the sample home

NOTHING_LEARNED = LearningInfo(
    complete=False,
    valid_cycles=0,
    needed_cycles=10,
    avg_duration_s=None,
    time_offset_s=None,
    s_per_k=None,
    overshoot_k=None,
)

pytestmark = BROWSER
__all__ = ["browser"]


async def test_the_page_shows_the_home_and_follows_it(browser: Browser) -> None:
    house = SampleHouse()
    pv, soc = house.state().powers_w["pv"], house.state().assets["battery"].soc
    assert pv is not None
    assert soc is not None
    # The viewer travels; the times are those of the home.
    context = await browser.new_context(timezone_id="America/New_York", reduced_motion="reduce")
    async with served(house) as url, page_in(context, url) as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Haus am Hang")
        await expect(page.get_by_role("status")).to_have_text("Live")
        await expect(page.locator(".header time")).to_have_text("12:20")
        await expect(page.get_by_test_id("saved-today")).to_have_text("€1.86")
        await expect(page.get_by_text("vs. no energy management")).to_be_visible()
        flow = page.get_by_role("img", name=re.compile("Power flow"))
        await expect(flow.locator(".node.kind-pv .value")).to_have_text(f"{-pv / 1000:.2f}\u00a0kW")
        await expect(flow.locator(".node.kind-battery .soc")).to_have_text(
            f"{soc:.0%}".replace("%", "\u00a0%")
        )
        car = page.locator('[data-asset="ev"]')
        await expect(car).to_contain_text("Leaves Sat 07:30")
        await expect(car).to_contain_text("The car charges from surplus")
        await expect(page.locator(".chart-box svg")).to_be_visible()
        await expect(page.locator(".decisions li").first).to_contain_text("The rooms are warmed ahead")

        house.warnings = [WarningInfo(code="meter_stale", message="The meter has not answered for 40 s.")]
        house.move(timedelta(hours=8))
        await expect(page.locator(".header time")).to_have_text("20:20")
        await expect(flow.locator(".node.kind-pv .value")).to_have_text("0\u00a0W")
        await expect(page.locator('[data-asset="battery"]')).to_contain_text("Discharging")
        await expect(page.get_by_text("The meter has not answered for 40 s.")).to_be_visible()
        await expect(page.locator(".decisions li").first).to_contain_text("20:15")


async def test_a_lost_connection_is_shown_and_comes_back_in_place(browser: Browser) -> None:
    house = SampleHouse()
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    async with served(house) as url:
        await page.goto(url)
        await expect(page.get_by_role("status")).to_have_text("Live")
        await expect(page.locator(".decisions li").first).to_be_visible()
        await page.evaluate("scrollTo(0, 600)")
    await expect(page.get_by_role("status")).to_have_text("Reconnecting")
    await expect(page.get_by_text("No connection to your home since")).to_have_count(1)
    port = int(url.rsplit(":", 1)[1])
    house.now += timedelta(minutes=30)
    async with served(house, port=port):
        await expect(page.get_by_role("status")).to_have_text("Live", timeout=15_000)
        await expect(page.locator(".header time")).to_have_text("12:50")
        await expect(page.get_by_text("No connection to your home since")).to_have_count(0)
        assert await page.evaluate("scrollY") == 600


async def test_the_choice_of_colours_is_kept(browser: Browser) -> None:
    context = await browser.new_context(color_scheme="dark")
    async with served(SampleHouse()) as url, page_in(context, url) as page:
        root = page.locator("html")
        await expect(root).to_have_attribute("data-theme", "dark")
        await page.get_by_role("button", name="Switch to light colours").click()
        await expect(root).to_have_attribute("data-theme", "light")
        await page.reload()
        await expect(page.get_by_role("button", name="Switch to dark colours")).to_be_visible()
        await expect(root).to_have_attribute("data-theme", "light")


async def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    async with served(SampleHouse()) as url, page_in(context, url) as page:
        await expect(page.locator(".chart-box svg")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_decisions_can_be_narrowed_to_one_device(browser: Browser) -> None:
    context = await browser.new_context()
    async with served(SampleHouse()) as url, page_in(context, url) as page:
        names = page.locator(".decisions .what")
        await expect(names.filter(has_text="Battery").first).to_be_visible()
        await page.get_by_label("Show", exact=True).select_option(label="Hot water")
        await expect(names.filter(has_text="Battery")).to_have_count(0)
        await expect(names.filter(has_text="Hot water").first).to_be_visible()


async def test_a_series_can_be_taken_out_of_the_chart(browser: Browser) -> None:
    context = await browser.new_context()
    async with served(SampleHouse()) as url, page_in(context, url) as page:
        toggle = page.get_by_role("button", name="Roof south")
        sun = page.locator('.chart-box svg path[fill="#f0a30a"]')
        await expect(sun).to_have_count(1)
        await toggle.click()
        await expect(toggle).to_have_attribute("aria-pressed", "false")
        await expect(sun).to_have_count(0)


class HeatedHouse(SampleHouse):
    """Answers for its heating as at the start, so that times are seen to run down between two answers."""

    def heating(self) -> HeatingPayload:
        found = sample_heating(NOW)
        assert found.floors is not None
        floors = found.floors.model_copy(update={"floor_hold_left_s": 400.0, "min_on_left_s": 45.0})
        return found.model_copy(update={"floors": floors})


class ForgetfulHouse(HeatedHouse):
    """Its rooms forget what they have learned."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: set[str] = set()

    def heating(self) -> HeatingPayload:
        found = super().heating()
        rooms = [
            room.model_copy(update={"learning": NOTHING_LEARNED}) if room.id in self.forgotten else room
            for room in found.radiators
        ]
        return found.model_copy(update={"radiators": rooms})

    def reset_learning(self, room: str) -> LearningInfo:
        before = super().reset_learning(room)
        self.forgotten.add(room)
        return before


class BareHouse(SampleHouse):
    """Regulates no room and no floor."""

    def heating(self) -> HeatingPayload:
        return HeatingPayload(at=self.now)


async def test_the_heating_page_shows_rooms_and_floors_with_what_they_wait_for(browser: Browser) -> None:
    house = HeatedHouse()
    context = await browser.new_context(timezone_id="America/New_York", reduced_motion="reduce")
    async with served(house) as url, page_in(context, url) as page:
        await page.get_by_role("link", name="Heating").click()
        await expect(page.get_by_role("link", name="Heating")).to_have_attribute("aria-current", "page")
        kitchen = page.locator('[data-room="kitchen"]')
        await expect(kitchen.locator(".state")).to_have_text("Heating")
        await expect(kitchen.locator('[aria-current="step"]')).to_have_text("Heating")
        await expect(kitchen.locator(".reading strong")).to_have_text("20.8\u00a0°C")
        await expect(kitchen).to_contain_text("heats for 1180 s by prediction")
        await expect(kitchen).to_contain_text("Heating for 9\u00a0min of 20\u00a0min")
        await expect(kitchen.locator(".valves")).to_contain_text("does not answer")
        await expect(kitchen.locator(".cycles li")).to_have_count(10)
        await expect(kitchen.locator(".cycles .hollow")).to_have_attribute(
            "title", re.compile("window opened")
        )
        await expect(kitchen).to_contain_text("Learned, 47 cycles")
        await expect(page.locator('[data-room="study"]')).to_contain_text("3 of 10 cycles")
        await expect(page.locator('[data-room="attic"] .state')).to_have_text("Airing")
        floors = page.locator(".orchestrator")
        await expect(floors).to_contain_text("Heating the ground floor")
        await expect(floors).to_contain_text("Heat pump on")
        await expect(floors.locator(".countdowns li")).to_have_text(
            ["Pump kept on45\u00a0s", "Floor kept7\u00a0min"]
        )
        await expect(page.locator('[data-floor="GF"] .state')).to_have_text("Heated now")
        await expect(page.locator('[data-room="office"]')).to_contain_text("Rests until 12:34")
        house.move(timedelta(minutes=5))
        await expect(floors.locator(".countdowns li")).to_have_text(["Floor kept2\u00a0min"])
        await page.reload()
        await expect(kitchen).to_be_visible()
        await page.get_by_role("link", name="Home").click()
        await expect(page.locator(".flow")).to_be_visible()


async def test_a_room_forgets_what_it_learned_when_a_person_says_so_twice(browser: Browser) -> None:
    house = ForgetfulHouse()
    context = await browser.new_context(reduced_motion="reduce")
    async with served(house) as url, page_in(context, url, "/#heating") as page:
        kitchen = page.locator('[data-room="kitchen"]')
        again = page.get_by_role("button", name="Learn anew: Kitchen")
        await again.click()
        await expect(page.get_by_role("dialog")).to_contain_text("Forget what Kitchen has learned?")
        assert await weak_texts(page) == []
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert house.forgotten == set()
        await again.click()
        await page.get_by_role("button", name="Yes, learn anew").click()
        await expect(kitchen.locator(".learning")).to_contain_text("0 of 10 cycles")
        await expect(again).to_have_count(0)
        assert house.forgotten == {"kitchen"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_and_every_control_can_be_reached_by_keyboard(
    browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    house = HeatedHouse()
    house.warnings = [WarningInfo(code="meter_stale", message="The meter has not answered for 40 s.")]
    context = await browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    async with served(house) as url, page_in(context, url) as page:
        await expect(page.locator(".chart-box svg")).to_be_visible()
        await expect(page.locator(".decisions li").first).to_be_visible()
        assert len(await weak_texts(page, MORE_THAN_POSSIBLE)) > 50
        assert await weak_texts(page) == []
        assert await out_of_reach(page) == []
        await page.get_by_role("link", name="Heating").click()
        await expect(page.locator('[data-room="kitchen"]')).to_be_visible()
        assert await weak_texts(page) == []
        assert await out_of_reach(page) == []


async def test_without_rooms_of_its_own_a_home_has_one_page(browser: Browser) -> None:
    context = await browser.new_context()
    async with served(BareHouse()) as url, page_in(context, url) as page:
        await page.goto(f"{url}/#heating")
        await expect(page.locator(".flow")).to_be_visible()
        await expect(page.get_by_role("link", name="Heating")).to_have_count(0)


async def test_on_a_phone_the_heating_is_not_wider_than_the_screen(browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True)
    async with served(HeatedHouse()) as url, page_in(context, url) as page:
        await page.goto(f"{url}/#heating")
        await expect(page.locator('[data-room="kitchen"]')).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_a_protected_home_asks_for_the_token_once(browser: Browser) -> None:
    context = await browser.new_context()
    async with served(SampleHouse(), token=TOKEN) as url:
        page = await context.new_page()
        await page.goto(url)
        await page.get_by_label("Access token").fill("not the right token")
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("alert")).to_have_text("This is not the token of this home.")
        await page.get_by_label("Access token").fill(TOKEN)
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("status")).to_have_text("Live")
        async with page_in(context, url) as again:
            await expect(again.get_by_role("status")).to_have_text("Live")


async def test_the_api_description_opens_without_the_internet(browser: Browser) -> None:
    context = await browser.new_context()
    async with served(SampleHouse()) as url, page_in(context, f"{url}/") as page:
        await page.goto(f"{url}/docs")
        await expect(page.get_by_text("The plan in force")).to_be_visible()
