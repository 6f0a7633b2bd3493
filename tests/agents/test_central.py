"""The central agent's page and metrics."""

from __future__ import annotations

from tests.agents.homes import EXAMPLE, running_home


async def test_the_page_is_whole_and_loads_nothing_from_elsewhere() -> None:
    async with running_home() as home:
        page = await home.get("central", "/")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "//" not in page.text.replace("http://www.w3.org", "").replace("%3Csvg xmlns=", "")
        for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
            assert f'"{name}"' in page.text
            assert (await home.get("central", f"/{name}")).headers["content-type"].startswith(kind)


async def test_a_round_is_measured() -> None:
    async with running_home() as home:
        answer = await home.post("central", "/coordinate", EXAMPLE)
        phases = [part.split(";")[0] for part in answer.headers["server-timing"].split(", ")]
        assert phases == ["read", "decide", "command"]
        text = (await home.get("central", "/metrics")).text
        assert "ohmstead_agent_coordinations_total 1.0" in text
        assert "ohmstead_agent_vehicle_available 1.0" in text
        assert "ohmstead_agent_import_kw 0.0" in text
