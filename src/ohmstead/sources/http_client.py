"""Asking servers on the network: time-outs, a few retries, a limit on size, one kind of error."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Self

import httpx2
import stamina

from ohmstead.errors import SourceError

_LARGEST_BYTES = 8 * 1024 * 1024
_AGAIN = frozenset({429, 500, 502, 503, 504})


class _Unavailable(Exception):  # noqa: N818 - a state of the server, retried here and never seen outside
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a server said, and the whole URL it was asked with."""

    url: str
    body: bytes


class HttpClient:
    """One client for all sources; close it in the end.

    Args:
        timeout_s: longest silence while connecting, and between two pieces of the answer.
        total_s: longest time for one attempt in all.
        attempts: how often to try when the server is down or busy, with growing pauses.
        pause_s: first pause between two attempts.
    """

    def __init__(
        self, *, timeout_s: float = 10.0, total_s: float = 30.0, attempts: int = 3, pause_s: float = 0.5
    ) -> None:
        """See the class."""
        self._client = httpx2.AsyncClient(
            timeout=timeout_s,
            follow_redirects=True,
            max_redirects=3,
            headers={"User-Agent": f"ohmstead/{version('ohmstead')}", "Accept": "application/json"},
        )
        self._total_s = total_s
        self._attempts = attempts
        self._pause_s = pause_s

    async def get(self, url: str, params: Mapping[str, str | int | float] | None = None) -> Answer:
        """GET a URL.

        Raises:
            SourceError: no usable answer, naming the URL and why.
        """
        asked = url
        try:
            asked = str(httpx2.URL(url, params=dict(params)) if params else httpx2.URL(url))
            retries = stamina.retry_context(
                on=(_Unavailable, httpx2.TransportError, TimeoutError),
                attempts=self._attempts,
                timeout=None,
                wait_initial=self._pause_s,
                wait_max=10 * self._pause_s,
                wait_jitter=self._pause_s,
            )
            async for attempt in retries:
                with attempt:
                    return Answer(url=asked, body=await self._get(asked))
        except _Unavailable as error:
            raise SourceError(f"{asked}: {error}") from error
        except TimeoutError as error:
            raise SourceError(f"{asked}: no whole answer within {self._total_s:g} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise SourceError(f"{asked}: {type(error).__name__} {error}".rstrip()) from error
        raise SourceError(f"{asked}: not asked")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        """Close on leaving the block."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self.close()

    async def _get(self, url: str) -> bytes:
        async with asyncio.timeout(self._total_s), self._client.stream("GET", url) as response:
            if response.status_code in _AGAIN:
                raise _Unavailable(f"HTTP {response.status_code} {response.reason_phrase}")
            if response.status_code != 200:
                raise SourceError(f"{url}: HTTP {response.status_code} {response.reason_phrase}")
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _LARGEST_BYTES:
                    raise SourceError(f"{url}: the answer is larger than {_LARGEST_BYTES} bytes")
            return bytes(body)
