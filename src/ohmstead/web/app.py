"""The FastAPI application, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from fastapi.responses import RedirectResponse
from starlette.middleware.gzip import GZipMiddleware

from ohmstead import __version__
from ohmstead.web import api, problems
from ohmstead.web.assets import dashboard
from ohmstead.web.ocpp_api import ocpp_router
from ohmstead.web.ocpp_view import OcppView
from ohmstead.web.security import AccessToken, Guard
from ohmstead.web.view import SiteView

DESCRIPTION = """Read what a home does, what it plans, and why.

Load convention everywhere: power into an asset is positive, grid import is positive, PV is at most
0, a charging battery is positive. Times are UTC; a value that is not known is `null`, never 0."""


def create_app(
    view: SiteView,
    *,
    allowed_hosts: Iterable[str] = (),
    token: str | None = None,
    ocpp: OcppView | None = None,
) -> FastAPI:
    """The web side of one home: API, live stream and dashboard.

    Args:
        view: the home.
        allowed_hosts: names besides ``localhost`` and IP addresses under which it is reached,
            such as ``raspberrypi.local``.
        token: when given, the API needs it; :func:`ohmstead.web.server.serve` listens beyond this
            computer only with one.
        ocpp: the central system of its chargers, where it has one.

    Raises:
        ConfigError: the token is too short.
    """
    access = AccessToken(token) if token is not None else None
    closing = asyncio.Event()
    routers = [*api.routers(view, closing, access), ocpp_router(ocpp)]
    app = _app(routers, closing, access)
    app.mount("/", dashboard())
    return _finished(app, allowed_hosts, access)


def create_ocpp_app(
    ocpp: OcppView, *, allowed_hosts: Iterable[str] = (), token: str | None = None
) -> FastAPI:
    """The API of a central system alone; arguments and errors as of :func:`create_app`."""
    access = AccessToken(token) if token is not None else None
    return _finished(_app([ocpp_router(ocpp)], asyncio.Event(), access), allowed_hosts, access)


def create_service_app(
    routers: Iterable[APIRouter],
    *,
    title: str,
    description: str,
    page: str,
    allowed_hosts: Iterable[str] = (),
    token: str | None = None,
) -> FastAPI:
    """Other routes under /api, behind the same door and with one of the dashboard's pages.

    Args:
        page: the file at ``/``, such as ``simulator.html``; other arguments and errors as of
            :func:`create_app`.
    """
    access = AccessToken(token) if token is not None else None
    app = _app([*routers, api.session_router(access)], asyncio.Event(), access, title, description)

    @app.get("/", include_in_schema=False)
    async def show_page() -> RedirectResponse:
        return RedirectResponse(f"/{page}")

    app.mount("/", dashboard())
    return _finished(app, allowed_hosts, access)


def _app(
    routers: Iterable[APIRouter],
    closing: asyncio.Event,
    access: AccessToken | None,
    title: str = "Ohmstead",
    description: str = DESCRIPTION,
) -> FastAPI:
    app = FastAPI(
        title=title,
        version=__version__,
        description=description,
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.closing = closing
    app.state.protected = access is not None
    for router in routers:
        app.include_router(router)
    return app


def _finished(app: FastAPI, allowed_hosts: Iterable[str], access: AccessToken | None) -> FastAPI:
    problems.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(Guard, allowed_hosts=tuple(allowed_hosts), token=access)
    return app
