"""Errors as answers that a person can read (RFC 9457 problem details)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ohmstead.errors import DataError
from ohmstead.web.schema import Problem

MEDIA_TYPE = "application/problem+json"
SECRETS = {"password", "token"}
"""Fields whose content is never repeated."""


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error answer."""
    body = Problem(title=title, status=status, detail=detail).model_dump_json()
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    titles = {404: "Not found", 405: "Method not allowed"}
    title = titles.get(error.status_code, "The request failed")
    return problem(error.status_code, title, str(error.detail), error.headers)


async def _invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    parts = []
    for item in error.errors():
        name = ".".join(str(p) for p in item["loc"] if p not in ("query", "body")) or "body"
        found = "" if SECRETS.intersection(map(str, item["loc"])) else f" (found {item.get('input')!r})"
        parts.append(f"{name}: {item['msg']}{found}")
    return problem(422, "The request is not valid", "; ".join(parts))


async def _unreadable(_request: Request, error: Exception) -> Response:
    return problem(503, "Not available now", str(error))


def install(app: FastAPI) -> None:
    """Let every error of the app be a problem document."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(DataError, _unreadable)
