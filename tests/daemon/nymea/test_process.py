"""The program as a person starts it, spoken to over its nymea port, killed and started again."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.daemon.init import default_answers, write
from ohmstead.nymea.identity import id_of
from tests.daemon.process import started
from tests.daemon.test_run import free_port
from tests.nymea.serving import Client
from tests.sources.server import marketdata, running

CHARGER = id_of("thing", "charger")


@pytest.fixture
def home(tmp_path: Path) -> tuple[Path, int]:
    """A configuration without the internet, and the port of its nymea server."""
    file, port = tmp_path / "home.yaml", free_port()
    write(file, default_answers())
    text = file.read_text(encoding="utf-8")
    text = text.replace("port: 8080", "port: 0").replace("provider: open_meteo", "provider: none")
    file.write_text(f"{text}\nnymea: {{tcp_port: {port}, websocket_port: 0}}\n", encoding="utf-8")
    return file, port


@pytest.mark.slow
def test_what_a_client_sets_survives_a_kill(home: tuple[Path, int]) -> None:
    file, port = home
    info = {
        "evChargerId": CHARGER,
        "chargingMode": "ChargingModeEcoWithMinCurrent",
        "targetPercentage": 70,
        "minChargingCurrent": 7.0,
    }
    with started("run", "--config", str(file)) as program:
        program.until("cycle", lambda: program.state()["assets"]["battery"]["setpoint_w"] is not None)
        before = asyncio.run(_set(port, info))
        program.kill()
    with started("run", "--config", str(file)) as program:
        after = asyncio.run(_get(port))
        assert after["uuid"] == before["uuid"]
        assert after["info"].items() >= info.items()
        assert after["tolerance"] == {"acquisitionTolerance": 0.25}
        assert after["limit"] == {"phasePowerLimit": 20}
        assert program.terminate() == 0, program.log()
        assert "Traceback" not in program.log()


@pytest.mark.slow
def test_prices_of_a_server_are_scored_also_after_a_restart_without_it(home: tuple[Path, int]) -> None:
    file, port = home
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    hours = [noon + timedelta(hours=h) for h in range(-48, 48)]
    text = file.read_text(encoding="utf-8")
    with running() as market:
        market.body = marketdata([(at, at + timedelta(hours=1), 80.0 - 10.0 * at.hour) for at in hours])
        tariff = (
            f"tariff: {{provider: awattar, country: de, url: '{market.url}', feed_in: {{spot_factor: 1}}}}\n"
        )
        file.write_text(re.sub(r"(?m)^tariff:\n(  .*\n)+", tariff, text), encoding="utf-8")
        with started("run", "--config", str(file)) as program:
            told = program.until("prices", lambda: asyncio.run(_prices(port, noon)))
            program.kill()
        assert told["name"] == "aWATTar DE"
        scores = told["scores"]
        assert len(scores) in {23, 24, 25}
        values = [s["value"] for s in scores]
        assert min(values) < 0.0 < max(values)
        assert scores[values.index(min(values))]["weighting"] == 1.0
        assert scores[values.index(max(values))]["weighting"] == 0.0
        market.status = 500
        with started("run", "--config", str(file)) as program:
            assert program.until("prices", lambda: asyncio.run(_prices(port, noon))) == told
            assert program.terminate() == 0, program.log()


async def _prices(port: int, day: datetime) -> dict[str, Any] | None:
    """The provider and the scores of a day; ``None`` while there are none."""
    async with await Client.connect(port) as client:
        await client.call("JSONRPC.Hello")
        providers = (await client.call("EnergyPlugin.GetAvailableSpotMarketProviders"))["providers"]
        asked = {"date": int(day.timestamp())}
        found = await client.call("EnergyPlugin.GetSpotMarketScoreEntries", asked)
        scores = found["spotMarketScoreEntries"]
        return {"name": providers[0]["name"], "scores": scores} if providers and scores else None


async def _set(port: int, info: dict[str, Any]) -> dict[str, Any]:
    async with await Client.connect(port) as client:
        hello = await client.call("JSONRPC.Hello")
        assert len((await client.call("Integrations.GetThings"))["things"]) > 5
        for method, params in (
            ("SetChargingInfo", {"chargingInfo": info}),
            ("SetAcquisitionTolerance", {"acquisitionTolerance": 0.25}),
            ("SetPhasePowerLimit", {"phasePowerLimit": 20}),
        ):
            assert await client.call(f"EnergyPlugin.{method}", params) == {
                "energyError": "EnergyErrorNoError"
            }
        return hello


async def _get(port: int) -> dict[str, Any]:
    async with await Client.connect(port) as client:
        hello = await client.call("JSONRPC.Hello")
        (info,) = (await client.call("EnergyPlugin.GetChargingInfos"))["chargingInfos"]
        return {
            "uuid": hello["uuid"],
            "info": info,
            "tolerance": await client.call("EnergyPlugin.GetAcquisitionTolerance"),
            "limit": await client.call("EnergyPlugin.GetPhasePowerLimit"),
        }
