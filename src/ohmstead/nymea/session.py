"""One client's conversation, without any I/O: packets in, replies and calls out.

The order of the checks and the texts of the errors are nymea's: JSON, id, shape of the method, token,
authorisation, namespace, method, parameters, handshake.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ohmstead.errors import DataError
from ohmstead.nymea.api import Api, Method, Result, Scope
from ohmstead.nymea.codec import decode, encode, notification
from ohmstead.nymea.schema import Invalid, shown

HELLO = "JSONRPC.Hello"
WITHOUT_USERS = (HELLO, "JSONRPC.RequestPushButtonAuth", "JSONRPC.CreateUser")
"""What may be called before the first user exists."""
WITHOUT_TOKEN = (HELLO, "JSONRPC.Authenticate", "JSONRPC.RequestPushButtonAuth")

HANDSHAKE_REQUIRED = "Handshake required. Call JSONRPC.Hello first."
TOKEN_CHANGED = "Changing the user (token) requires a new handshake. Call JSONRPC.Hello."  # noqa: S105
SETUP_REQUIRED = "Initial setup required. Call JSONRPC.CreateUser first."
INVALID_TOKEN = "Forbidden: Invalid token."  # noqa: S105 - a text
TIMED_OUT = "Command timed out"

DEFAULT_LOCALE = "en_US"

_HTTP = re.compile(rb"[A-Z]+ \S+ HTTP/")
_DIGITS = re.compile(r"[+-]?[0-9]{1,19}")


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Who a token belongs to."""

    username: str
    display_name: str = ""
    email: str = ""
    scopes: frozenset[Scope] = frozenset({Scope.ADMIN})

    def may(self, scope: Scope) -> bool:
        """Whether a method of that scope may be called."""
        return scope is Scope.NONE or scope in self.scopes or Scope.ADMIN in self.scopes


class Accounts(Protocol):
    """Who may come in, as far as a session asks."""

    @property
    def empty(self) -> bool:
        """There is no user yet."""
        ...

    def user_of(self, token: str) -> User | None:
        """Whose token it is; ``None``: nobody's."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """Bytes for the client, and what becomes of the connection afterwards.

    Args:
        close: the conversation is over.
        lock_down: somebody guesses: new connections are refused for a while.
        broken: the packet was not even JSON.
    """

    data: bytes
    close: bool = False
    lock_down: bool = False
    broken: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A checked request, to be answered with :meth:`Session.succeeded`."""

    id: int
    name: str
    method: Method
    params: dict[str, Any] = field(default_factory=dict)


class Session:
    """The state of one connection.

    Args:
        authenticate: the transport asks for users and tokens.
    """

    def __init__(self, api: Api, accounts: Accounts, *, authenticate: bool) -> None:
        self.api = api
        self.accounts = accounts
        self.authenticate = authenticate
        self.handshaken = False
        self.locale = DEFAULT_LOCALE
        self.token: str | None = None
        self.namespaces: frozenset[str] = frozenset()
        self._notifications = 0
        self._request_token: str | None = None
        self._failed_attempt = False

    @property
    def user(self) -> User | None:
        """Who is logged in."""
        return None if self.token is None else self.accounts.user_of(self.token)

    @property
    def setup_required(self) -> bool:
        """The first user is still to be created."""
        return self.authenticate and self.accounts.empty

    def receive(self, packet: bytes) -> Reply | Call:
        """Check one packet; what is wrong with it is answered at once."""
        try:
            message = decode(packet)
        except DataError as error:
            refusal = _error(-1, f"Failed to parse JSON data: {error}")
            # A page in somebody's browser may send a request to this port; its body must not be obeyed.
            return Reply(data=refusal.data, close=bool(_HTTP.match(packet)), broken=True)
        number = _int(message.get("id"))
        if number is None:
            return _error(0, "Error parsing command. Missing 'id'")
        name = message.get("method")
        if not isinstance(name, str) or name.count(".") != 1:
            text = "" if name is None else shown(name)
            return _error(number, f"Error parsing method. Got: '{text}'', Expected: 'Namespace.method'")
        token = message.get("token")
        token = token if isinstance(token, str) and token else None
        refused = self._refused(number, name, token)
        if refused is not None:
            return refused
        return self._checked(number, name, message.get("params", {}), token)

    def say_hello(self, locale: str) -> bool:
        """Note a handshake; whether a token came with it."""
        self.handshaken = True
        self.locale = locale or DEFAULT_LOCALE
        self.token = self._request_token
        return self.token is not None

    def log_in(self, token: str) -> None:
        """Go on as the owner of a token."""
        self.token = token

    def failed_attempt(self) -> None:
        """Note a wrong password: the answer to it locks new connections out for a while."""
        self._failed_attempt = True

    def listen_to(self, namespaces: Collection[str]) -> None:
        """Be notified of these namespaces and of no other."""
        self.namespaces = frozenset(namespaces) & self.api.namespaces.keys()

    def wants(self, name: str) -> bool:
        """Whether a notification goes to this client."""
        return self.handshaken and name.partition(".")[0] in self.namespaces and self._admitted()

    def notify(self, name: str, params: bytes) -> bytes:
        """A notification as it goes to this client; ``params`` are encoded."""
        number, self._notifications = self._notifications, self._notifications + 1
        return notification(number, name, params)

    def succeeded(self, call: Call, result: Result) -> Reply:
        """The answer to a call."""
        failed, self._failed_attempt = self._failed_attempt, False
        message = {"id": call.id, "status": "success", "params": result}
        return Reply(data=encode(message), lock_down=failed)

    def timed_out(self, call: Call) -> Reply:
        """The answer to a call that took too long."""
        return _error(call.id, TIMED_OUT)

    def _admitted(self) -> bool:
        return not self.authenticate or self.user is not None

    def _refused(self, number: int, name: str, token: str | None) -> Reply | None:
        if name != HELLO and token != self.token:
            return _unauthorized(number, TOKEN_CHANGED)
        if not self.authenticate:
            return None
        if self.accounts.empty:
            return None if name in WITHOUT_USERS else _unauthorized(number, SETUP_REQUIRED)
        if name in WITHOUT_TOKEN:
            return None
        if token is None or self.accounts.user_of(token) is None:
            return _unauthorized(number, INVALID_TOKEN)
        return None

    def _checked(self, number: int, name: str, params: object, token: str | None) -> Reply | Call:
        namespace = name.partition(".")[0]
        if namespace not in self.api.namespaces:
            return _error(number, "No such namespace")
        method = self.api.method(name)
        if method is None:
            return _error(number, "No such method")
        if not self._permitted(name, method):
            return _error(number, "Permission denied.")
        try:
            if not isinstance(params, dict):
                raise Invalid(f"Invalid value. Expected a map but received: {shown(params)}")
            accepted = self.api.schema.accept(params, method.params)
        except Invalid as invalid:
            where = f"{name}, param {invalid.where}".rstrip()
            return _error(number, f"Invalid params: {invalid.why} in {where}")
        if not self.handshaken and name != HELLO:
            return Reply(data=_error(number, HANDSHAKE_REQUIRED).data, close=True)
        self._request_token = token
        return Call(id=number, name=name, method=method, params=accepted)

    def _permitted(self, name: str, method: Method) -> bool:
        if not self.authenticate or name in WITHOUT_TOKEN:
            return True
        if self.accounts.empty:
            return name in WITHOUT_USERS
        user = self.user
        return user is not None and user.may(method.scope)


def _int(value: object) -> int | None:
    """What Qt converts to an int: a whole number, or its digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value == value // 1:
        value = int(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def _error(number: int, text: str) -> Reply:
    return Reply(data=encode({"id": number, "status": "error", "error": text}))


def _unauthorized(number: int, text: str) -> Reply:
    message: Mapping[str, object] = {"id": number, "status": "unauthorized", "error": text}
    return Reply(data=encode(message), close=True, lock_down=True)
