"""``Users``: who may come in. All of it needs an administrator but what concerns oneself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ohmstead.nymea.api import Handler, Method, Namespace, Notification, Result, Scope
from ohmstead.nymea.namespaces.jsonrpc import USER_ENUMS, USER_FLAGS
from ohmstead.nymea.schema import Definition
from ohmstead.nymea.session import Session, User
from ohmstead.nymea.users import Token, UserError, UserStore

Notify = Callable[[str, dict[str, Any]], None]


def user_data(user: User) -> dict[str, Any]:
    """A user as a ``UserInfo``."""
    return {
        "username": user.username,
        "displayName": user.display_name,
        "email": user.email,
        "scopes": sorted(user.scopes),
    }


def _token_data(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "username": token.username,
        "deviceName": token.device_name,
        "creationTime": int(token.created_at.timestamp()),
    }


class _Handlers:
    def __init__(self, users: UserStore, notify: Notify) -> None:
        self._users = users
        self._notify = notify

    async def create_user(self, _: Session, params: dict[str, Any]) -> Result:
        scopes = frozenset(map(Scope, params.get("scopes", [Scope.ADMIN])))
        user = User(
            username=params["username"],
            display_name=params.get("displayName", ""),
            email=params.get("email", ""),
            scopes=scopes,
        )
        error = await self._users.create(user, params["password"])
        if error is UserError.NO_ERROR:
            self._notify("Users.UserAdded", {"userInfo": user_data(user)})
        return {"error": error.value}

    async def change_password(self, session: Session, params: dict[str, Any]) -> Result:
        user = session.user
        if user is None:
            return {"error": UserError.PERMISSION_DENIED.value}
        return {"error": (await self._users.change_password(user.username, params["newPassword"])).value}

    def get_user_info(self, session: Session, params: dict[str, Any]) -> Result:
        del params
        user = session.user
        if user is None:
            return {"error": UserError.PERMISSION_DENIED.value}
        return {"error": UserError.NO_ERROR.value, "userInfo": user_data(user)}

    def get_tokens(self, session: Session, params: dict[str, Any]) -> Result:
        del params
        user = session.user
        if user is None:
            return {"error": UserError.PERMISSION_DENIED.value}
        tokens = [_token_data(t) for t in self._users.tokens_of(user.username)]
        return {"error": UserError.NO_ERROR.value, "tokenInfoList": tokens}

    def remove_token(self, _: Session, params: dict[str, Any]) -> Result:
        return {"error": self._users.remove_token(params["tokenId"]).value}

    def get_users(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"users": [user_data(u) for u in self._users.users()]}

    def remove_user(self, _: Session, params: dict[str, Any]) -> Result:
        error = self._users.remove(params["username"])
        if error is UserError.NO_ERROR:
            self._notify("Users.UserRemoved", {"username": params["username"]})
        return {"error": error.value}

    def set_user_info(self, session: Session, params: dict[str, Any]) -> Result:
        own = session.user
        username = params.get("username") or (None if own is None else own.username)
        if username is None:
            return {"error": UserError.PERMISSION_DENIED.value}
        error = self._users.set_info(
            username, display_name=params.get("displayName"), email=params.get("email")
        )
        return self._changed(username, error)

    def set_user_scopes(self, _: Session, params: dict[str, Any]) -> Result:
        error = self._users.set_scopes(params["username"], map(Scope, params["scopes"]))
        return self._changed(params["username"], error)

    def _changed(self, username: str, error: UserError) -> Result:
        if error is UserError.NO_ERROR:
            for user in self._users.users():
                if user.username.casefold() == username.casefold():
                    self._notify("Users.UserChanged", {"userInfo": user_data(user)})
        return {"error": error.value}


_ERROR: dict[str, Definition] = {"error": "$ref:UserError"}
_INFO: dict[str, Definition] = {"userInfo": "$ref:UserInfo"}


def users_namespace(users: UserStore, notify: Notify) -> Namespace:
    """The namespace; ``notify`` tells the other clients."""
    return Namespace(
        name="Users",
        enums=USER_ENUMS,
        flags=USER_FLAGS,
        types={
            "UserInfo": {
                "r:displayName": "String",
                "r:email": "String",
                "r:scopes": "$ref:PermissionScopes",
                "r:username": "String",
            },
            "UserInfoList": ["$ref:UserInfo"],
            "TokenInfo": {
                "r:creationTime": "Uint",
                "r:deviceName": "String",
                "r:id": "Uuid",
                "r:username": "String",
            },
            "TokenInfoList": ["$ref:TokenInfo"],
        },
        methods=_methods(_Handlers(users, notify)),
        notifications=(
            Notification(name="UserAdded", description="There is a new user.", params=_INFO),
            Notification(name="UserChanged", description="A user's info or scopes changed.", params=_INFO),
            Notification(name="UserRemoved", description="A user is gone.", params={"username": "String"}),
        ),
    )


def _method(
    name: str,
    description: str,
    handler: Handler,
    params: dict[str, Definition] | None = None,
    returns: dict[str, Definition] = _ERROR,
    scope: Scope = Scope.ADMIN,
) -> Method:
    return Method(
        name=name,
        description=description,
        params=params or {},
        returns=returns,
        scope=scope,
        handler=handler,
    )


def _methods(on: _Handlers) -> tuple[Method, ...]:
    about: dict[str, Definition] = {"o:displayName": "String", "o:email": "String"}
    return (
        _method(
            "CreateUser",
            "Create a user; without scopes an administrator.",
            on.create_user,
            {"username": "String", "password": "String", **about, "o:scopes": "$ref:PermissionScopes"},
        ),
        _method(
            "ChangePassword",
            "Give oneself another password; tokens stay valid.",
            on.change_password,
            {"newPassword": "String"},
        ),
        _method(
            "GetUserInfo",
            "Who one is logged in as.",
            on.get_user_info,
            returns={**_ERROR, "o:userInfo": "$ref:UserInfo"},
            scope=Scope.NONE,
        ),
        _method(
            "GetTokens",
            "One's own tokens.",
            on.get_tokens,
            returns={**_ERROR, "o:tokenInfoList": "$ref:TokenInfoList"},
        ),
        _method("RemoveToken", "Make a token worthless.", on.remove_token, {"tokenId": "Uuid"}),
        _method("GetUsers", "All users.", on.get_users, returns={"users": "$ref:UserInfoList"}),
        _method(
            "RemoveUser",
            "Remove a user and all their tokens. The last administrator stays while there are others.",
            on.remove_user,
            {"username": "String"},
        ),
        _method(
            "SetUserInfo",
            "Change what is told of a user, of oneself without a name.",
            on.set_user_info,
            {**about, "o:username": "String"},
        ),
        _method(
            "SetUserScopes",
            "Change what a user may do.",
            on.set_user_scopes,
            {"username": "String", "scopes": "$ref:PermissionScopes"},
        ),
    )
