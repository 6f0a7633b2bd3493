"""``JSONRPC``: handshake, login, notifications, introspection."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from ohmstead.nymea.api import API_VERSION, Api, Method, Namespace, Notification, Result, Scope
from ohmstead.nymea.identity import NYMEA_VERSION
from ohmstead.nymea.schema import Definition
from ohmstead.nymea.session import Session, User
from ohmstead.nymea.users import UserError, UserStore

CACHED = ("Integrations.GetVendors", "Integrations.GetPlugins", "Integrations.GetThingClasses")
"""Methods whose answer a client may keep as long as its hash is the same."""

USER_ENUMS = {"UserError": tuple(UserError), "PermissionScope": tuple(Scope)}
USER_FLAGS = {"PermissionScopes": "PermissionScope"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerIdentity:
    """Who the server says it is.

    Args:
        uuid: with braces; the same for ever, as clients store connections under it.
    """

    name: str
    uuid: str


class _Handlers:
    def __init__(self, identity: ServerIdentity, users: UserStore, api: Callable[[], Api]) -> None:
        self._identity = identity
        self._users = users
        self._api = api
        self._introspection: dict[str, Any] | None = None

    def hello(self, session: Session, params: dict[str, Any]) -> Result:
        with_token = session.say_hello(params.get("locale", ""))
        answer: dict[str, Any] = {
            "server": "nymea",
            "name": self._identity.name,
            "version": NYMEA_VERSION,
            "uuid": self._identity.uuid,
            "language": session.locale,
            "locale": session.locale,
            "protocol version": API_VERSION,
            "initialSetupRequired": session.setup_required,
            "authenticationRequired": session.authenticate,
            "pushButtonAuthAvailable": False,
            "experiences": session.api.experiences,
            "cacheHashes": self._hashes(session),
        }
        if with_token:
            user = session.user
            answer["authenticated"] = user is not None
            if user is not None:
                answer |= {"permissionScopes": sorted(user.scopes), "username": user.username}
        return answer

    def _hashes(self, session: Session) -> list[dict[str, str]]:
        found = []
        for name in CACHED:
            method = session.api.method(name)
            if method is not None:
                answer = msgspec.json.encode(method.handler(session, {}), order="deterministic")
                digest = hashlib.md5(answer, usedforsecurity=False).hexdigest()
                found.append({"method": name, "hash": digest})
        return found

    def introspect(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        if self._introspection is None:
            self._introspection = self._api().introspection()
        return self._introspection

    def version(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {
            "version": NYMEA_VERSION,
            "protocol version": API_VERSION,
            "qtVersion": "",
            "qtBuildVersion": "",
        }

    def keep_alive(self, _: Session, params: dict[str, Any]) -> Result:
        return {"success": True, "sessionId": params["sessionId"]}

    def set_notification_status(self, session: Session, params: dict[str, Any]) -> Result:
        names = params.get("namespaces", session.namespaces)
        if "enabled" in params:
            names = session.api.namespaces if params["enabled"] else ()
        session.listen_to(names)
        return {"namespaces": sorted(session.namespaces), "enabled": bool(session.namespaces)}

    async def create_user(self, session: Session, params: dict[str, Any]) -> Result:
        user = User(
            username=params["username"],
            display_name=params.get("displayName", ""),
            email=params.get("email", ""),
        )
        # Two may ask for the first user at once; who comes second has no say any more.
        first = session.authenticate and session.user is None
        error = await self._users.create(user, params["password"], first=first)
        return {"error": error.value}

    async def authenticate(self, session: Session, params: dict[str, Any]) -> Result:
        login = await self._users.log_in(params["username"], params["password"], params["deviceName"])
        if login is None:
            session.failed_attempt()
            return {"success": False}
        session.log_in(login.token)
        return {
            "success": True,
            "token": login.token,
            "username": login.user.username,
            "scopes": sorted(login.user.scopes),
        }

    def request_push_button(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"success": False, "transactionId": -1}


def jsonrpc(identity: ServerIdentity, users: UserStore, api: Callable[[], Api]) -> Namespace:
    """The namespace; ``api`` gives the whole table once it is made."""
    on = _Handlers(identity, users, api)
    return Namespace(
        name="JSONRPC",
        enums=USER_ENUMS,
        flags=USER_FLAGS,
        types={
            "Experience": {"name": "String", "version": "String"},
            "Experiences": ["$ref:Experience"],
            "CacheHash": {"hash": "String", "method": "String"},
            "CacheHashes": ["$ref:CacheHash"],
        },
        methods=(*_session_methods(on), *_login_methods(on)),
        notifications=(
            Notification(
                name="PushButtonAuthFinished",
                description="The end of a push-button login; there is no button here: never sent.",
                params={"success": "Bool", "transactionId": "Int", "o:token": "String"},
            ),
        ),
    )


_VERSION: dict[str, Definition] = {"version": "String", "protocol version": "String"}


def _hello(on: _Handlers) -> Method:
    return Method(
        name="Hello",
        description=(
            "The handshake: the first message of a connection, within 10 s. A token that comes with it "
            "becomes the connection's, and every later request must repeat it."
        ),
        params={"o:locale": "String"},
        returns={
            **_VERSION,
            "server": "String",
            "name": "String",
            "uuid": "Uuid",
            "d:language": "String",
            "locale": "String",
            "initialSetupRequired": "Bool",
            "authenticationRequired": "Bool",
            "pushButtonAuthAvailable": "Bool",
            "o:experiences": "$ref:Experiences",
            "o:cacheHashes": "$ref:CacheHashes",
            "o:authenticated": "Bool",
            "o:permissionScopes": "$ref:PermissionScopes",
            "o:username": "String",
        },
        scope=Scope.NONE,
        handler=on.hello,
    )


def _session_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        _hello(on),
        Method(
            name="Introspect",
            description="This whole interface as data.",
            returns={
                "methods": "Object",
                "notifications": "Object",
                "types": "Object",
                "enums": "Object",
                "flags": "Object",
            },
            scope=Scope.NONE,
            handler=on.introspect,
        ),
        Method(
            name="Version",
            description="Versions of server and interface.",
            returns={**_VERSION, "qtVersion": "String", "qtBuildVersion": "String"},
            scope=Scope.NONE,
            handler=on.version,
        ),
        Method(
            name="KeepAlive",
            description="Answers with what it was sent, to keep a connection open.",
            params={"sessionId": "String"},
            returns={"success": "Bool", "sessionId": "String"},
            scope=Scope.NONE,
            handler=on.keep_alive,
        ),
        Method(
            name="SetNotificationStatus",
            description=(
                "Be notified of some namespaces. Where `enabled` is given it decides: true all, false none. "
                "A new connection is notified of nothing."
            ),
            params={"o:namespaces": "StringList", "d:o:enabled": "Bool"},
            returns={"namespaces": "StringList", "d:enabled": "Bool"},
            scope=Scope.NONE,
            handler=on.set_notification_status,
        ),
    )


def _login_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        Method(
            name="CreateUser",
            description=(
                "Create the first user, an administrator; later only one may call it. A password "
                "has at least 8 characters with a lower and an upper case letter and a digit."
            ),
            params={
                "username": "String",
                "password": "String",
                "o:displayName": "String",
                "o:email": "String",
            },
            returns={"error": "$ref:UserError"},
            handler=on.create_user,
        ),
        Method(
            name="Authenticate",
            description="Log in. The token in the answer is the connection's from then on.",
            params={"username": "String", "password": "String", "deviceName": "String"},
            returns={
                "success": "Bool",
                "o:token": "String",
                "o:username": "String",
                "o:scopes": "$ref:PermissionScopes",
            },
            scope=Scope.NONE,
            handler=on.authenticate,
        ),
        Method(
            name="RequestPushButtonAuth",
            description="Log in by a button on the machine; there is none, so it never succeeds.",
            params={"deviceName": "String"},
            returns={"success": "Bool", "transactionId": "Int"},
            scope=Scope.NONE,
            handler=on.request_push_button,
        ),
    )
