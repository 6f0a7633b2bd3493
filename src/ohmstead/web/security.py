"""Who may ask: host check against DNS rebinding, access token, and headers for the browser.

Reading the API from a foreign page is prevented three ways: there are no CORS headers, a request
whose ``Host`` is a name that this home does not have is refused (DNS rebinding), and when a token
is set every API call needs it. Changing something from a foreign page, as by a form that it sends, is
refused by what the browser says of its origin. A literal IP address as host is safe, since rebinding
needs a name.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ohmstead.errors import ConfigError
from ohmstead.web.problems import problem

COOKIE = "ohmstead_session"
MIN_TOKEN_LENGTH = 16
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Charts position their labels and tooltips with style attributes; no style sheet is inline.
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class AccessToken:
    """The secret that opens the API beyond this computer.

    Raises:
        ConfigError: it is shorter than 16 characters.
    """

    def __init__(self, token: str) -> None:
        if len(token) < MIN_TOKEN_LENGTH:
            raise ConfigError(
                f"web token: found {len(token)} characters, at least {MIN_TOKEN_LENGTH} are needed; "
                'python -c "import secrets; print(secrets.token_urlsafe(24))" makes one'
            )
        self._token = token.encode()
        self.cookie = hmac.new(self._token, b"ohmstead browser session", hashlib.sha256).hexdigest()
        """What a browser keeps instead of the token; it opens nothing else."""

    def matches(self, token: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(token.encode(), self._token)

    def admits(self, headers: Headers) -> bool:
        """The request carries the token as ``Authorization: Bearer`` or a session cookie."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.matches(credentials.strip())
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(headers.get("cookie", ""))
        except CookieError:
            return False
        morsel = cookies.get(COOKIE)
        return morsel is not None and hmac.compare_digest(morsel.value.encode(), self.cookie.encode())


def host_name(header: str) -> str:
    """The name in a ``Host`` header, lower case, without port and brackets."""
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def from_elsewhere(headers: Headers) -> bool:
    """A browser says that a page of another origin sends this (``Sec-Fetch-Site``, ``Origin``)."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


def is_loopback(host: str) -> bool:
    """The address can be reached from this computer only."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_ip_address(host: str) -> bool:
    """The host is an address and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware: checks host and token, and adds the security headers."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: Iterable[str], token: AccessToken | None) -> None:
        self._app = app
        self._hosts = frozenset(h.lower().rstrip(".") for h in allowed_hosts)
        self._token = token

    def _host_allowed(self, headers: Headers) -> bool:
        host = host_name(headers.get("host", ""))
        return is_loopback(host) or is_ip_address(host) or host in self._hosts

    def _needs_token(self, path: str) -> bool:
        if path == "/api/session":
            return False
        return path.startswith("/api/") or path == "/metrics"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 421, 403 or 401, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
            await send(message)

        if not self._host_allowed(headers):
            refusal = problem(
                421,
                "Unknown host name",
                f"This server does not go by the name {headers.get('host', '')!r}. Use its IP address or "
                "localhost, or add the name to web.allowed_hosts in the configuration.",
            )
            await refusal(scope, receive, send_with_headers)
        elif scope["method"] not in SAFE_METHODS and from_elsewhere(headers):
            refusal = problem(403, "Foreign page", "Pages of another address may not change this home.")
            await refusal(scope, receive, send_with_headers)
        elif self._token is not None and self._needs_token(scope["path"]) and not self._token.admits(headers):
            refusal = problem(
                401,
                "Access token needed",
                "Send the token of this home as 'Authorization: Bearer <token>'.",
                {"www-authenticate": "Bearer"},
            )
            await refusal(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)
