"""The page of the chargers in a real Chromium: a real central system, a charger of another maker."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from ohmstead.daemon.ocpp_view import CentralView
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.system import CentralSystem
from tests.browsing import BROWSER, MORE_THAN_POSSIBLE, browser, page_in, weak_texts
from tests.ocpp.central.peer import PeerCharger, peer_charger
from tests.ocpp.central.serving import OPEN, serving
from tests.web.sample import SampleHouse
from tests.web.serving import served

pytestmark = [pytest.mark.slow, *BROWSER]
__all__ = ["browser"]

PATIENCE_S = 120.0
HELD = replace(OPEN, unknown_chargers=UnknownChargers.HOLD)


@dataclass
class Shown:
    """The page, and who is behind it."""

    page: Page
    central: CentralSystem
    peer: PeerCharger

    @property
    def card(self) -> Locator:
        return self.page.locator('[data-charger="PEER"]')

    @property
    def answer(self) -> Locator:
        return self.page.locator(".answer")

    async def choose(self, action: str) -> None:
        await self.page.get_by_role("combobox", name="Operation", exact=True).select_option(action)

    async def send(self) -> None:
        await self.page.get_by_role("button", name="Send").click()

    async def confirm(self, answer: str = "Yes, do it") -> None:
        await self.page.get_by_role("dialog").get_by_role("button", name=answer).click()


@asynccontextmanager
async def chargers_page(
    browser: Browser,
    folder: Path,
    settings: CentralSettings = OPEN,
    *,
    width: int = 1280,
    dark: bool = False,
) -> AsyncIterator[Shown]:
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    async with (
        asyncio.timeout(PATIENCE_S),
        serving(folder, settings) as central,
        peer_charger(central) as peer,
        served(SampleHouse(), ocpp=CentralView(central)) as url,
        page_in(context, url, "/#chargers") as page,
    ):
        shown = Shown(page, central, peer)
        await expect(shown.card).to_be_visible()
        yield shown


async def test_a_charger_is_shown_and_followed(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        await expect(shown.card).to_contain_text("Peer House")
        await expect(shown.card.locator(".headline .state")).to_have_text("Connected")
        await expect(shown.page.locator(".sessions")).to_contain_text("Nothing has been charged yet.")
        number = await shown.peer.plug_and_start()
        shown.peer.energy_wh += 1500
        await shown.peer.measure()
        connector = shown.card.locator('[data-connector="1"]')
        await expect(connector.locator(".state")).to_have_text("Charging")
        await expect(connector.locator(".reading strong")).to_have_text("11.04\u00a0kW")
        await expect(connector.get_by_role("meter")).to_have_attribute("aria-valuetext", "55\u00a0%")
        await expect(connector).to_contain_text("1.5\u00a0kWh")
        session = shown.page.locator(f'[data-session="{number}"]')
        await expect(session).to_contain_text("running")
        await expect(session.locator("dd")).to_have_text(["1.5\u00a0kWh", "–", "–"])
        await session.get_by_role("button", name="running").click()
        await expect(session.get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("at most 11.04\u00a0kW, car 55\u00a0% → 55\u00a0%")
        )
        await shown.peer.show("Faulted", "GroundFailure")
        await expect(connector.locator(".badge")).to_have_text("GroundFailure")
        await expect(shown.page.locator(".events li")).to_contain_text("connector 1: GroundFailure")


async def test_a_session_is_stopped_once_confirmed_and_started_again(
    browser: Browser, tmp_path: Path
) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        await shown.peer.plug_and_start()
        connector = shown.card.locator('[data-connector="1"]')
        await connector.get_by_role("button", name="Stop session").click()
        await expect(shown.page.get_by_role("dialog")).to_contain_text("the car stops charging")
        await shown.confirm("Cancel")
        await expect(shown.page.get_by_role("dialog")).to_have_count(0)
        assert "RemoteStopTransaction" not in shown.peer.actions()
        await connector.get_by_role("button", name="Stop session").click()
        await shown.confirm()
        await expect(connector.locator(".state")).to_have_text("Available")
        await connector.get_by_role("button", name="Start session").click()
        await expect(connector.locator(".state")).to_have_text("Charging")
        started = [payload for action, payload in shown.peer.asked if action == "RemoteStartTransaction"]
        assert started == [{"connector_id": 1, "id_tag": "ohmstead"}]


async def test_settings_are_read_found_and_changed(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        await shown.send()
        settings = shown.page.locator(".settings li")
        await expect(settings).to_have_count(len(shown.peer.keys))
        await shown.page.get_by_label("Find a setting").fill("interval")
        await expect(settings).to_have_count(1)
        await shown.page.get_by_role("button", name="Change: MeterValueSampleInterval").click()
        await shown.page.get_by_label("value", exact=True).fill("17")
        await shown.send()
        await expect(shown.answer.locator(".state")).to_have_text("Accepted")
        assert shown.peer.keys["MeterValueSampleInterval"] == "17"
        await shown.page.get_by_label("key", exact=True).fill("Nonsense")
        await shown.send()
        await expect(shown.answer.locator(".state")).to_have_text("NotSupported")


async def test_what_the_standard_does_not_allow_is_not_sent(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        before = list(shown.peer.actions())
        problems = shown.page.locator(".problems li")
        await shown.choose("DataTransfer")
        await shown.send()
        await expect(problems).to_have_text(["vendorId is needed."])
        await shown.page.get_by_role("button", name="JSON").click()
        payload = shown.page.get_by_label("Payload", exact=True)
        await payload.fill("{")
        await shown.send()
        await expect(problems).to_have_text(re.compile("This is no JSON"))
        await payload.fill('{"vendorId": 4, "colour": "red"}')
        await shown.send()
        await expect(problems).to_have_text(["vendorId must be a string.", "colour is not in the standard."])
        await payload.fill("[]")
        await shown.send()
        await expect(problems).to_have_text(["The payload must be an object."])
        assert shown.peer.actions() == before
        await payload.fill(json.dumps({"vendorId": "Peer", "data": "ping"}))
        await shown.send()
        await expect(shown.answer.locator("pre")).to_contain_text("pong")
        await expect(problems).to_have_count(0)
        assert shown.peer.asked[-1] == ("DataTransfer", {"vendor_id": "Peer", "data": "ping"})


async def test_nested_payloads_are_written_as_json_from_a_template(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        await shown.choose("GetLog")
        payload = shown.page.get_by_label("Payload", exact=True)
        log = json.loads(await payload.input_value())
        assert log == {"logType": "DiagnosticsLog", "requestId": 0, "log": {"remoteLocation": ""}}
        log["log"]["remoteLocation"] = "https://home.example/logs"
        await payload.fill(json.dumps(log))
        await shown.send()
        await expect(shown.answer).to_contain_text("log.txt")


async def test_what_interrupts_charging_is_asked_first(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        for action in ("Reset", "UnlockConnector"):
            await shown.choose(action)
            await shown.send()
            await expect(shown.page.get_by_role("dialog")).to_contain_text(f"{action} at PEER?")
            await shown.page.keyboard.press("Escape")
            await expect(shown.page.get_by_role("dialog")).to_have_count(0)
            assert action not in shown.peer.actions()
        await shown.choose("ChangeAvailability")
        await shown.page.get_by_role("combobox", name="type").select_option("Inoperative")
        await shown.send()
        await shown.confirm()
        await expect(shown.answer.locator(".state")).to_have_text("Scheduled")
        assert shown.peer.asked[-1] == ("ChangeAvailability", {"connector_id": 1, "type": "Inoperative"})


async def test_a_charger_held_for_adoption_is_adopted(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path, HELD) as shown:
        await expect(shown.card.locator(".headline .state")).to_have_text("Waits for you")
        await expect(shown.card.get_by_role("button", name="Start session")).to_have_count(0)
        await shown.card.get_by_role("button", name="Adopt").click()
        await expect(shown.card.locator(".headline .state")).to_have_text("Connected")
        assert shown.central.chargers["PEER"].adopted


async def test_a_charger_that_is_gone_cannot_be_asked(browser: Browser, tmp_path: Path) -> None:
    async with chargers_page(browser, tmp_path) as shown:
        await shown.peer._connection.close()
        await expect(shown.card.locator(".headline .state")).to_have_text("Not connected")
        await expect(shown.page.get_by_role("button", name="Send")).to_be_disabled()
        await expect(shown.page.locator(".operations")).to_contain_text("nothing can be asked of it now")


async def test_with_several_chargers_one_is_asked_until_another_is_chosen(
    browser: Browser, tmp_path: Path
) -> None:
    # The other is before it in the list.
    async with chargers_page(browser, tmp_path) as shown, peer_charger(shown.central, "OTHER") as other:
        await expect(shown.page.locator('[data-charger="OTHER"]')).to_be_visible()
        await expect(shown.page.locator(".operations")).to_contain_text("Ask PEER")
        await shown.page.get_by_role("button", name="Operations and events: OTHER").click()
        await expect(shown.page.locator(".operations")).to_contain_text("Ask OTHER")
        await shown.choose("ClearCache")
        await shown.send()
        await expect(shown.answer).to_contain_text("ClearCache, OTHER")
        assert "ClearCache" in other.actions()
        assert "ClearCache" not in shown.peer.actions()


async def test_what_a_charger_refuses_with_an_error_is_said(browser: Browser, tmp_path: Path) -> None:
    complaint = "Failed to load resource: the server responded with a status of 502 (Bad Gateway)"
    context = await browser.new_context()
    async with (
        asyncio.timeout(PATIENCE_S),
        serving(tmp_path, OPEN) as central,
        peer_charger(central) as peer,
        served(SampleHouse(), ocpp=CentralView(central)) as url,
    ):
        peer.route_map.pop("ClearCache")
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        await page.goto(f"{url}/#chargers")
        shown = Shown(page, central, peer)
        await shown.choose("ClearCache")
        await shown.send()
        await expect(shown.answer.locator(".state")).to_have_text("Not done")
        await expect(shown.answer).to_contain_text("ClearCache: refused")
        # The browser itself tells of every such answer.
        assert said == [complaint]
        await page.close()


async def test_a_home_without_a_central_system_has_no_such_page(browser: Browser) -> None:
    context = await browser.new_context()
    async with served(SampleHouse()) as url, page_in(context, url, "/#chargers") as page:
        await expect(page.locator(".flow")).to_be_visible()
        await expect(page.get_by_role("link", name="Chargers")).to_have_count(0)


async def test_on_a_phone_the_chargers_are_not_wider_than_the_screen(
    browser: Browser, tmp_path: Path
) -> None:
    async with chargers_page(browser, tmp_path, width=360) as shown:
        await shown.peer.plug_and_start()
        await shown.peer.measure()
        await shown.send()
        await expect(shown.page.locator(".settings li").first).to_be_visible()
        await shown.page.locator("[data-session] button").click()
        await expect(shown.page.locator(".curve svg")).to_be_visible()
        assert await shown.page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_text_stands_out_from_what_is_behind_it(
    browser: Browser, tmp_path: Path, dark: bool
) -> None:
    async with (
        chargers_page(browser, tmp_path, HELD, dark=dark) as shown,
        peer_charger(shown.central, "OTHER"),
    ):
        await shown.central.adopt("PEER")
        await shown.peer.boot()
        await expect(shown.card.locator(".headline .state")).to_have_text("Connected")
        await expect(shown.page.get_by_role("button", name="Adopt")).to_be_visible()
        number = await shown.peer.plug_and_start()
        await shown.peer.measure()
        await shown.page.locator(f'[data-session="{number}"] button').click()
        await expect(shown.page.locator(".curve svg")).to_be_visible()
        await shown.page.get_by_role("button", name="Operations and events: PEER").click()
        await shown.send()
        await expect(shown.page.locator(".settings li").first).to_be_visible()
        assert len(await weak_texts(shown.page, MORE_THAN_POSSIBLE)) > 50
        assert await weak_texts(shown.page) == []
        await shown.choose("ChangeConfiguration")
        await shown.page.get_by_label("key", exact=True).fill("Nonsense")
        await shown.send()
        await expect(shown.answer.locator(".state")).to_have_text("NotSupported")
        await shown.page.get_by_label("key", exact=True).fill("")
        await shown.send()
        await expect(shown.page.locator(".problems li")).to_be_visible()
        await shown.peer.show("Faulted", "GroundFailure")
        await expect(shown.card.locator(".badge")).to_be_visible()
        assert await weak_texts(shown.page) == []
        await shown.card.get_by_role("button", name="Stop session").click()
        await expect(shown.page.get_by_role("dialog")).to_be_visible()
        assert await weak_texts(shown.page) == []
