"""The dashboard's files, compressed once and cached by the browser."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ohmstead.web.problems import problem

FOR_EVER = "public, max-age=31536000, immutable"
STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}
"""Not left to the system's table, which has wrong entries on some Windows machines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    body: bytes
    zipped: bytes | None
    media_type: str
    etag: str


@lru_cache(maxsize=64)
def _load(path: Path) -> _File:
    body = path.read_bytes()
    return _File(
        body=body,
        zipped=gzip.compress(body, mtime=0) if path.suffix in _TYPES and path.suffix != ".png" else None,
        media_type=_TYPES.get(path.suffix, "application/octet-stream"),
        etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"',
    )


class Assets:
    """ASGI app that serves the files of one folder; folders are served by their index.html."""

    def __init__(self, folder: Path = STATIC) -> None:
        # The set is fixed at the start: a request can only name one of these files.
        self._paths: dict[str, Path] = {}
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            self._paths["/" + name] = path
            if path.name == "index.html":
                parent = name.removesuffix("index.html").rstrip("/")
                self._paths["/" + parent] = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD; ``/assets/*`` carry a hash in the name and may be kept for ever."""
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        url = str(scope["path"])
        if scope["method"] not in ("GET", "HEAD"):
            return problem(405, "Method not allowed", f"{url} can only be read.", {"allow": "GET, HEAD"})
        path = self._paths.get(url if url == "/" else url.rstrip("/"))
        if path is None:
            return problem(404, "Not found", f"There is nothing at {url}. The API is described at /docs.")
        file = _load(path)
        request = Headers(scope=scope)
        headers = {
            "etag": file.etag,
            "vary": "accept-encoding",
            "cache-control": FOR_EVER if url.startswith("/assets/") else "no-cache",
        }
        if request.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        if file.zipped is not None and "gzip" in request.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(file.zipped, media_type=file.media_type, headers=headers)
        return Response(file.body, media_type=file.media_type, headers=headers)
