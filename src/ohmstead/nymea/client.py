"""A client of a nymea server: one connection, requests and notifications."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, WebSocketException

from ohmstead.errors import ConfigError, DataError, DeviceError, DeviceOffline
from ohmstead.nymea.codec import Decoder, decode, encode
from ohmstead.nymea.tls import client_context

TIMEOUT_S = 5.0
LARGEST_BYTES = 16 * 1024 * 1024
"""A box with many things answers with more than it would itself accept."""
PIECE_BYTES = 64 * 1024

Notified = Callable[[str, dict[str, Any]], None]

_PORTS = {"nymea": 2223, "nymeas": 2222, "ws": 4445, "wss": 4444}


class LoginRefused(DeviceError):  # noqa: N818 - what happened
    """The server wants a token, or another one."""


class WrongCertificate(DeviceError):  # noqa: N818 - what happened
    """Somebody else answers, or the server has a new certificate; nothing secret was sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a server is: ``nymea://`` and ``nymeas://`` are TCP, ``ws://`` and ``wss://`` WebSockets.

    Args:
        certificate_sha256: the only certificate that is accepted, as 64 hexadecimal digits; nymea's are
            self-signed, so that without it anybody's is.

    Raises:
        ConfigError: see :meth:`parse`.
    """

    scheme: str
    host: str
    port: int
    certificate_sha256: str | None = None

    @classmethod
    def parse(cls, url: str, certificate_sha256: str | None = None) -> Self:
        """An address out of a URL; the port may be left out.

        Raises:
            ConfigError: it is no such URL.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise ConfigError(f"{url!r}: {error}") from error
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            allowed = " | ".join(f"{scheme}://HOST:PORT" for scheme in _PORTS)
            raise ConfigError(f"{url!r} is no address of a nymea server; allowed: {allowed}")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            certificate_sha256=certificate_sha256,
        )

    @property
    def tls(self) -> bool:
        """Whether it is encrypted."""
        return self.scheme in ("nymeas", "wss")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class _Pipe(Protocol):
    """One transport to a server."""

    @property
    def tls(self) -> ssl.SSLObject | None: ...

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes: ...

    async def close(self) -> None: ...


class _TcpPipe:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @property
    def tls(self) -> ssl.SSLObject | None:
        found: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return found

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> bytes:
        return await self._reader.read(PIECE_BYTES)

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class _WebSocketPipe:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @property
    def tls(self) -> ssl.SSLObject | None:
        found: ssl.SSLObject | None = self._socket.transport.get_extra_info("ssl_object")
        return found

    async def send(self, data: bytes) -> None:
        try:
            await self._socket.send(data, text=True)
        except ConnectionClosed as error:
            raise ConnectionResetError(str(error)) from error

    async def receive(self) -> bytes:
        try:
            frame = await self._socket.recv()
        except ConnectionClosed:
            return b""
        return frame.encode() if isinstance(frame, str) else b"\n"

    async def close(self) -> None:
        await self._socket.close()


class NymeaClient:
    """An open connection, greeted. Made by :meth:`connect`.

    ``ended`` is set once the connection is gone, whoever ended it. ``certificate_sha256`` is of the server's
    certificate; ``None`` without TLS.
    """

    def __init__(self, pipe: _Pipe, address: Address, notified: Notified) -> None:
        self._pipe = pipe
        self._address = address
        self._notified = notified
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._token: str | None = None
        self.hello: Mapping[str, Any] = {}
        self.certificate_sha256 = fingerprint(pipe.tls)
        self.ended = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls,
        address: Address,
        *,
        token: str | None = None,
        notified: Notified = lambda _name, _params: None,
        timeout_s: float = TIMEOUT_S,
        logged_in: bool = True,
    ) -> Self:
        """Connect and say hello.

        Args:
            token: of a user, where the server asks for one.
            notified: told of every notification, by name; must not block.
            logged_in: refuse a server that asks for a login and has none; without, :meth:`log_in` may follow.

        Raises:
            DeviceOffline: nobody answers there, or not as a nymea server.
            WrongCertificate: it is another than the address says.
            LoginRefused: the token is missing or wrong.
        """
        pipe: _Pipe | None = None
        try:
            async with asyncio.timeout(timeout_s):
                pipe = await _open(address)
        except (OSError, TimeoutError, WebSocketException) as error:
            raise DeviceOffline(f"{address} does not answer: {str(error) or 'no connection'}") from error
        found = fingerprint(pipe.tls)
        if address.certificate_sha256 is not None and found != address.certificate_sha256:
            await pipe.close()
            raise WrongCertificate(
                f"{address}: the certificate is another one (SHA-256 {found}); if the box has a new one, "
                "set that as certificate_sha256"
            )
        client = cls(pipe, address, notified)
        client._token = token
        try:
            client.hello = await client.request("JSONRPC.Hello", timeout_s=timeout_s)
            wanted = client.hello.get("authenticationRequired") and not client.hello.get("authenticated")
            if wanted and logged_in:
                raise LoginRefused(f"{address}: the token is {'wrong' if token else 'missing'}")
        except DeviceError:
            await client.close()
            raise
        return client

    async def log_in(self, username: str, password: str, device_name: str) -> str:
        """Log in; the token, to be kept and given to :meth:`connect` the next time.

        Raises:
            LoginRefused: name or password are wrong.
            DeviceOffline: the connection is gone.
        """
        who = {"username": username, "password": password, "deviceName": device_name}
        result = await self.request("JSONRPC.Authenticate", who)
        token = result.get("token")
        if result.get("success") is not True or not isinstance(token, str):
            raise LoginRefused(f"{self._address}: user name or password are wrong")
        self._token = token
        return token

    async def request(
        self, method: str, params: Mapping[str, Any] | None = None, *, timeout_s: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """Ask for something; the result's parameters.

        Raises:
            DeviceOffline: the connection is gone, or there is no answer in time.
            LoginRefused: the token is not accepted.
            DeviceError: the server refused; the message has its words.
        """
        if self.ended.is_set():
            raise DeviceOffline(f"{self._address}: the connection is gone")
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if self._token is not None:
            message["token"] = self._token
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(timeout_s):
                await self._pipe.send(encode(message))
                reply: dict[str, Any] = await answer
        except TimeoutError as error:
            raise DeviceOffline(f"{self._address}: no answer to {method} in {timeout_s:g} s") from error
        except OSError as error:
            raise DeviceOffline(f"{self._address}: {str(error) or 'the connection is gone'}") from error
        finally:
            self._waiting.pop(number, None)
        return self._result(method, reply)

    async def close(self) -> None:
        """End the connection."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        self._end()
        await self._pipe.close()

    def _result(self, method: str, reply: Mapping[str, Any]) -> dict[str, Any]:
        status, params = reply.get("status"), reply.get("params", {})
        if status == "success" and isinstance(params, dict):
            return params
        words = f"{self._address}: {method} refused: {reply.get('error', 'no reason given')}"
        raise LoginRefused(words) if status == "unauthorized" else DeviceError(words)

    async def _read(self) -> None:
        decoder = Decoder(LARGEST_BYTES)
        try:
            while data := await self._pipe.receive():
                for packet in decoder.feed(data):
                    self._take(decode(packet))
        except (OSError, DataError):
            # What cannot be read is no nymea server, or not any more: the owner connects anew.
            pass
        finally:
            self._end()

    def _take(self, message: Mapping[str, Any]) -> None:
        name, params = message.get("notification"), message.get("params")
        if isinstance(name, str):
            self._notified(name, params if isinstance(params, dict) else {})
            return
        number = message.get("id")
        answer = self._waiting.get(number) if isinstance(number, int) else None
        if answer is not None and not answer.done():
            answer.set_result(dict(message))

    def _end(self) -> None:
        self.ended.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the connection is gone"))


def fingerprint(tls: ssl.SSLObject | None) -> str | None:
    """SHA-256 of the other end's certificate, hexadecimal; ``None`` where there is none."""
    certificate = None if tls is None else tls.getpeercert(binary_form=True)
    return None if certificate is None else hashlib.sha256(certificate).hexdigest()


async def _open(address: Address) -> _Pipe:
    tls = client_context() if address.tls else None
    if address.scheme in ("ws", "wss"):
        socket = await connect_websocket(
            str(address), ssl=tls, compression=None, max_size=LARGEST_BYTES, proxy=None, close_timeout=1.0
        )
        return _WebSocketPipe(socket)
    return _TcpPipe(*await asyncio.open_connection(address.host, address.port, ssl=tls))
