"""Fetching firmware and delivering logs over HTTP or HTTPS."""

from __future__ import annotations

from typing import Final, Protocol

from ohmstead.errors import SourceError

MAX_FIRMWARE_BYTES: Final = 64 << 20
TIMEOUT_S: Final = 60.0


class Installer(Protocol):
    """What gets a new firmware into a charge point."""

    async def download(self, location: str) -> bytes:
        """The firmware.

        Raises:
            SourceError: it cannot be had from there.
        """
        ...

    async def install(self, firmware: bytes) -> bool:
        """Install it, without the restart; ``False``: it failed, and the old one stays."""
        ...


class HttpInstaller:
    """Downloads; there is nothing to install in a charge point that is a program."""

    async def download(self, location: str) -> bytes:
        """The firmware, over HTTP or HTTPS."""
        return await fetch(location)

    async def install(self, firmware: bytes) -> bool:
        """Done."""
        del firmware
        return True


async def fetch(url: str) -> bytes:
    """Download a file.

    Raises:
        SourceError: no such server, scheme or file, or it is too large.
    """
    import httpx2  # noqa: PLC0415 - thousands of simulated charge points never need it

    data = bytearray()
    try:
        async with (
            httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=True) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_FIRMWARE_BYTES:
                    raise SourceError(f"{url}: more than {MAX_FIRMWARE_BYTES} bytes")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SourceError(f"{url}: {error}") from error
    return bytes(data)


async def deliver(url: str, name: str, data: bytes) -> None:
    """Put a file at ``url/name``.

    Raises:
        SourceError: no such server or scheme, or it refused.
    """
    import httpx2  # noqa: PLC0415 - as above

    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S) as client:
            response = await client.put(f"{url.rstrip('/')}/{name}", content=data)
            response.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SourceError(f"{url}: {error}") from error
