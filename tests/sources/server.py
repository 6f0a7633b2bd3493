"""A real HTTP server on a free port, whose answer a test can change while it runs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> bytes:
    """A recorded answer."""
    return (RECORDED / name).read_bytes()


def marketdata(slots: Sequence[tuple[datetime, datetime, float]], unit: str = "Eur/MWh") -> bytes:
    """An answer in aWATTar's form."""
    data = [
        {
            "start_timestamp": round(a.timestamp() * 1000),
            "end_timestamp": round(b.timestamp() * 1000),
            "marketprice": price,
            "unit": unit,
        }
        for a, b, price in slots
    ]
    return json.dumps({"object": "list", "data": data}).encode()


@dataclass
class Server:
    """What the server says next, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    delay_s: float = 0.0
    cut_off: bool = False
    failures_first: int = 0
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    answer: Callable[[str], bytes] | None = None
    """Gives the body for a path, instead of ``body``."""


@contextmanager
def running() -> Iterator[Server]:
    """Serve until the block is left."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(parse_qs(urlsplit(self.path).query))
            time.sleep(server.delay_s)
            failing = server.failures_first > 0
            server.failures_first -= failing
            self.send_response(503 if failing else server.status)
            body = server.body if server.answer is None else server.answer(urlsplit(self.path).path)
            promised = len(body) * (2 if server.cut_off else 1)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
            pass

    host = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{host.server_port}/v1/marketdata"
    thread = threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        host.shutdown()
        thread.join()
        host.server_close()
