"""``ohmstead ocpp serve``: the central system by itself, with its API."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from ohmstead.daemon.event_loop import run_serving
from ohmstead.daemon.ocpp_view import CentralView
from ohmstead.daemon.service import stop_on_signals
from ohmstead.errors import ConfigError, DataError
from ohmstead.ocpp.central.settings import CentralSettings
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.cluster.settings import ClusterSettings
from ohmstead.web.app import create_ocpp_app
from ohmstead.web.server import listen, serve

USUAL_API_PORT = 8080


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeOptions:
    """Where it listens.

    Args:
        cluster: where other workers are met; ``None``: this is the only process, with a SQLite file.
        api_port: of the API; 0 takes a free one, ``None`` 8080 or, where that is taken, a free one.
        token: what the API needs; beyond this computer it needs one.
        ready: told what is served where, once it is.
    """

    settings: CentralSettings
    cluster: ClusterSettings | None = None
    api_host: str
    api_port: int | None = None
    token: str | None = None
    ready: Callable[[str, str], None]


def serve_central(options: ServeOptions) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigError: an address or a file cannot be used, or anybody could get in.
    """
    options.settings.check()
    run_serving(_serve(options))


@contextlib.asynccontextmanager
async def _central(options: ServeOptions) -> AsyncIterator[CentralSystem]:
    """The central system alone, or as one worker of several."""
    if options.cluster is not None:
        async with _worker(options.settings, options.cluster) as central:
            yield central
        return
    try:
        store = Store.open(options.settings.database)
    except DataError as error:
        raise ConfigError(f"--database: {error}") from error
    try:
        async with CentralSystem(options.settings, store) as central:
            yield central
    finally:
        store.close()


def _worker(
    settings: CentralSettings, cluster: ClusterSettings
) -> contextlib.AbstractAsyncContextManager[CentralSystem]:
    try:
        from ohmstead.ocpp.cluster.worker import serving_worker  # noqa: PLC0415 - packages of an extra
    except ImportError as error:
        raise ConfigError(
            f"--cluster: the package {error.name} is missing; pip install 'ohmstead[cluster]' brings it"
        ) from error
    return serving_worker(settings, cluster)


async def _serve(options: ServeOptions) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with _central(options) as central:
        app = create_ocpp_app(CentralView(central), token=options.token)

        def listening(url: str) -> None:
            options.ready(central.url, url)

        port = _usual_port(options.api_host) if options.api_port is None else options.api_port
        web = asyncio.create_task(serve(app, options.api_host, port, ready=listening))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({web, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if web.done():
                web.result()
        except ConfigError as error:
            raise ConfigError(_with_own_options(str(error))) from error
        finally:
            stopping.cancel()
            web.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConfigError):
                await web


def _usual_port(host: str) -> int:
    """8080, which `ohmstead run` has too; where it is taken, a free one."""
    try:
        listen(host, USUAL_API_PORT).close()
    except ConfigError:
        return 0
    return USUAL_API_PORT


def _with_own_options(words: str) -> str:
    """The web server's errors name the options of other commands."""
    for theirs, ours in (("--port", "--api-port"), ("--host", "--api-host"), ("--token ", "--token-file ")):
        words = words.replace(theirs, ours)
    return words
