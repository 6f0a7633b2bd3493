"""Serve the sample home, moving in time: ``python -m tests.web.sample_server --port 8090``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import timedelta

from ohmstead.web import create_app, serve
from tests.web.sample import NOW, SampleHouse

TICK_S = 0.5


async def _animate(house: SampleHouse, speed: float) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        house.move(timedelta(seconds=TICK_S * speed))


async def _main(host: str, port: int, speed: float, hours: float, token: str | None) -> None:
    house = SampleHouse(NOW + timedelta(hours=hours), speed=speed)
    animation = asyncio.create_task(_animate(house, speed))
    try:
        await serve(
            create_app(house, token=token),
            host,
            port,
            ready=lambda url: print(f"Sample home on {url}", flush=True, file=sys.stderr),  # noqa: T201
        )
    finally:
        animation.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--speed", type=float, default=60.0, help="simulated seconds per second")
    parser.add_argument("--hours", type=float, default=0.0, help="start this much later")
    parser.add_argument("--token")
    args = parser.parse_args()
    asyncio.run(_main(args.host, args.port, args.speed, args.hours, args.token))
