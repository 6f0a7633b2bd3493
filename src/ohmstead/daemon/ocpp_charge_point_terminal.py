"""One charge point run from the lines of a terminal or of a script."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import typer

from ohmstead.errors import ConfigError, OhmsteadError
from ohmstead.ocpp.charge_point.charge_point import ChargePoint
from ohmstead.ocpp.charge_point.console import Console
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store

DELIVERY_PATIENCE_S = 10.0


def run_terminal(
    settings: ChargePointSettings, script: Path | None, data: Path | None, *, frames: bool
) -> bool:
    """Serve the lines until they end; returns False where one of a script failed.

    Args:
        script: file with the lines; ``None`` or ``-``: standard input.
        data: where transactions and settings are kept; ``None``: in memory.
        frames: show every frame.

    Raises:
        ConfigError: the script cannot be read.
        DataError: ``data`` is no charge point's file.
    """
    return asyncio.run(_run(settings, script, data, frames=frames))


async def _run(
    settings: ChargePointSettings, script: Path | None, data: Path | None, *, frames: bool
) -> bool:
    store = Store(data) if data is not None else None
    observer = _show_frame if frames else None
    point = ChargePoint(settings, store=store, observer=observer)
    try:
        await point.start()
        done = await _serve_lines(point, script)
        await _deliver(point)
        return done
    finally:
        await point.stop()
        if store is not None:
            store.close()


async def _deliver(point: ChargePoint) -> None:
    """What was said at the end must arrive before this ends, if anybody listens."""
    try:
        async with asyncio.timeout(DELIVERY_PATIENCE_S):
            await point.wait_until(lambda: not point.is_online or point.sender.is_idle)
    except TimeoutError:
        typer.echo(f"{point.sender.waiting} messages are not delivered", err=True)


async def _serve_lines(point: ChargePoint, script: Path | None) -> bool:
    console = Console(point, typer.echo)
    number = 0
    async for line in _lines(script):
        number += 1
        try:
            if not await console.run(line):
                break
        except OhmsteadError as error:
            if script is not None:
                typer.echo(f"{script}, line {number}: {error}", err=True)
                return False
            typer.echo(str(error), err=True)
    return True


async def _lines(script: Path | None) -> AsyncIterator[str]:
    if script is not None and str(script) != "-":
        for line in await asyncio.to_thread(_read_lines, script):
            yield line
        return
    prompt = "> " if sys.stdin.isatty() else ""
    while True:
        if prompt:
            sys.stdout.write(prompt)
            sys.stdout.flush()
        line = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            return
        yield line


def _read_lines(script: Path) -> list[str]:
    try:
        return script.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--script: {script}: {error}") from error


def _show_frame(direction: str, text: str) -> None:
    typer.echo(f"{direction:>3} {_without_secrets(text)}")


def _without_secrets(text: str) -> str:
    return '… "AuthorizationKey" …' if "authorizationkey" in text.lower() else text
