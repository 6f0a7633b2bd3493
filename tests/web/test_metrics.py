from __future__ import annotations

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.sample import SampleHouse
from tests.web.serving import served


async def test_a_scrape_has_the_powers_and_leaves_out_what_is_missing() -> None:
    house = SampleHouse()
    async with served(house) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    powers = {s.labels["asset"]: s.value for s in families["ohmstead_power_watts"].samples}
    charges = {s.labels["asset"] for s in families["ohmstead_state_of_charge_ratio"].samples}
    assert powers == pytest.approx(house.state().powers_w)
    assert charges == {"battery", "ev"}
    assert families["ohmstead_healthy"].samples[0].value == 1
