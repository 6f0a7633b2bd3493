"""A client of the API under /api/ocpp, for the command line."""

# ruff: noqa: PLC0415 - the HTTP library is imported by the first question, so that ``--help`` is quick

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ohmstead.errors import ConfigError, DataError, DeviceError, DeviceOffline, SourceError

ASK_TIMEOUT_S = 60.0
"""Longer than a charger may take."""


class ApiClient:
    """The API of a running Ohmstead."""

    def __init__(self, url: str, token_file: Path | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {}
        if token_file is not None:
            self._headers["authorization"] = f"Bearer {first_line(token_file)}"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON of an answer.

        Raises:
            SourceError: nobody answers there, or not as Ohmstead does.
            ConfigError: the access token is wrong or missing.
            DataError: there is no such charger, or the payload is not right.
            DeviceError: the charger refused, or does not answer.
        """
        import httpx2

        try:
            answer = httpx2.request(
                method, f"{self._url}/api/ocpp{path}", json=body, headers=self._headers, timeout=ASK_TIMEOUT_S
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise SourceError(
                f"{self._url} does not answer ({str(error) or type(error).__name__}); is `ohmstead run` or "
                "`ohmstead ocpp serve` running there? --api names another address"
            ) from error
        if answer.status_code == 204:
            return None
        try:
            data = answer.json()
        except ValueError:
            data = None
        if answer.is_success and data is not None:
            return data
        detail = data.get("detail") if isinstance(data, dict) else None
        words = str(detail or f"{self._url} answered {answer.status_code}")
        match answer.status_code:
            case 401:
                raise ConfigError(f"{words} Name its file with --token-file.")
            case 409:
                raise DeviceOffline(words)
            case 404 | 422:
                raise DataError(words)
            case 502:
                raise DeviceError(words)
            case _:
                raise SourceError(words)

    def operate(self, identity: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Ask a charger; the payload of its answer."""
        answer: dict[str, Any] = self.ask("POST", f"/chargers/{quote(identity, safe='')}/{action}", payload)[
            "answer"
        ]
        return answer


def first_line(file: Path) -> str:
    """The access token in a file.

    Raises:
        ConfigError: it cannot be read, or its first line is empty.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--token-file: {file}: {error}") from error
    token = lines[0].strip() if lines else ""
    if not token:
        raise ConfigError(f"--token-file: {file}: the first line must be the token")
    return token
