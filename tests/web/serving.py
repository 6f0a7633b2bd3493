"""Run the real server on a free port inside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from ohmstead.web import SiteView, create_app, serve
from ohmstead.web.ocpp_view import OcppView


@asynccontextmanager
async def served(
    view: SiteView,
    *,
    token: str | None = None,
    allowed_hosts: Iterable[str] = (),
    port: int = 0,
    ocpp: OcppView | None = None,
) -> AsyncIterator[str]:
    """The URL of a running server, without a slash at the end."""
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = create_app(view, token=token, allowed_hosts=allowed_hosts, ocpp=ocpp)
    task = asyncio.create_task(serve(app, "127.0.0.1", port, ready=url.set_result))
    try:
        waited: set[asyncio.Future[object]] = {url, task}  # type: ignore[arg-type]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield url.result().rstrip("/")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
