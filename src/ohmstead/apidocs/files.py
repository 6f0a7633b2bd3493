"""Folders of files for browsers: compressed once, cached by the browser, and nothing else is reachable."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

FOR_EVER = "public, max-age=31536000, immutable"
SWAGGER = Path(__file__).parent / "static"
"""The page for ``/docs``: it reads ``/openapi.json`` of the host that serves it."""
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",  # Swagger UI positions with style attributes
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""For a host that sets none of its own."""
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


class Files:
    """ASGI app that serves folders; a folder's own address gives its index.html.

    Args:
        folders: by the address that they begin at, such as ``{"/docs": SWAGGER}``.
        headers: for every answer, such as a content security policy.
    """

    def __init__(self, folders: Mapping[str, Path], headers: Mapping[str, str] | None = None) -> None:
        # The set is fixed at the start: a request can only name one of these files.
        self._paths: dict[str, Path] = {}
        self._headers = dict(headers or {})
        for base, folder in folders.items():
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                url = f"{base.rstrip('/')}/{path.relative_to(folder).as_posix()}"
                self._paths[url] = path
                if path.name == "index.html":
                    self._paths[url.removesuffix("index.html").rstrip("/") or "/"] = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer GET and HEAD; ``/assets/*`` carry a hash in the name and may be kept for ever.

        Raises:
            HTTPException: 404 for another name, 405 for another method; the host answers for it.
        """
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        url = str(scope["path"])
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405, f"{url} can only be read.", {"allow": "GET, HEAD"})
        path = self._paths.get(url if url == "/" else url.rstrip("/"))
        if path is None:
            raise HTTPException(404, f"There is nothing at {url}. The API is described at /docs.")
        file = _load(path)
        request = Headers(scope=scope)
        headers = self._headers | {
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
