"""Users and tokens: first user, login, permissions, and the lock after a wrong token."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ohmstead.errors import DataError
from ohmstead.nymea.api import Scope
from ohmstead.nymea.connection import Limits
from ohmstead.nymea.session import User
from ohmstead.nymea.users import UserError, UserStore, good_password
from tests.nymea.serving import Client, Serving, serving

PASSWORD = "Sunny2026"  # noqa: S105 - of a test
NEVER = Limits(lockdown_s=0.0)


async def logged_in(it: Serving, username: str = "Anna") -> Client:
    client = await Client.connect(it.port)
    await client.call("JSONRPC.Hello")
    who = {"username": username, "password": PASSWORD, "deviceName": "test"}
    result = await client.call("JSONRPC.Authenticate", who)
    assert result["success"] is True
    client.token = result["token"]
    return client


async def with_users(tmp_path: Path) -> UserStore:
    users = UserStore(tmp_path / "users.json")
    assert await users.create(User(username="Anna"), PASSWORD) is UserError.NO_ERROR
    reader = User(username="reader", scopes=frozenset({Scope.CONTROL_THINGS}))
    assert await users.create(reader, PASSWORD) is UserError.NO_ERROR
    return users


async def test_the_first_user_is_created_before_anything_else() -> None:
    async with serving(authenticate=True, limits=NEVER) as it:
        async with await Client.connect(it.port) as client:
            hello = await client.call("JSONRPC.Hello")
            assert (hello["initialSetupRequired"], hello["authenticationRequired"]) == (True, True)
            refused = await client.ask("Integrations.GetThings")
            assert refused == {
                "id": 2,
                "status": "unauthorized",
                "error": "Initial setup required. Call JSONRPC.CreateUser first.",
            }
            assert await client.ended()
        async with await Client.connect(it.port) as client:
            await client.call("JSONRPC.Hello")
            for username, password, error in (
                ("ab", PASSWORD, "UserErrorInvalidUserId"),
                ("anna b", PASSWORD, "UserErrorInvalidUserId"),
                ("anna", "sunny2026", "UserErrorBadPassword"),
                ("anna", PASSWORD, "UserErrorNoError"),
            ):
                created = await client.call(
                    "JSONRPC.CreateUser", {"username": username, "password": password}
                )
                assert created == {"error": error}
            who = {"username": "ANNA", "password": PASSWORD, "deviceName": "test"}
            login = await client.call("JSONRPC.Authenticate", who)
            assert (login["success"], login["username"], login["scopes"]) == (
                True,
                "anna",
                ["PermissionScopeAdmin"],
            )
            client.token = login["token"]
            assert (await client.call("Users.GetUserInfo"))["userInfo"]["username"] == "anna"


async def test_of_two_first_users_one_comes_second() -> None:
    async with serving(authenticate=True) as it:
        clients = [await Client.connect(it.port) for _ in range(2)]
        try:
            for client in clients:
                await client.call("JSONRPC.Hello")
            made = await asyncio.gather(
                *(
                    c.call("JSONRPC.CreateUser", {"username": f"user{i}", "password": PASSWORD})
                    for i, c in enumerate(clients)
                )
            )
            assert sorted(m["error"] for m in made) == ["UserErrorNoError", "UserErrorPermissionDenied"]
            assert len(it.server.users.users()) == 1
        finally:
            for client in clients:
                await client.__aexit__()


async def test_a_token_in_the_handshake_logs_in_and_must_be_repeated(tmp_path: Path) -> None:
    users = await with_users(tmp_path)
    async with serving(authenticate=True, users=users, limits=NEVER) as it:
        async with await logged_in(it) as first:
            token = first.token
        async with await Client.connect(it.port) as client:
            client.token = token
            hello = await client.call("JSONRPC.Hello")
            assert (hello["authenticated"], hello["username"]) == (True, "Anna")
            assert hello["permissionScopes"] == ["PermissionScopeAdmin"]
            assert (await client.call("Integrations.GetThings"))["things"]
            client.token = None
            refused = await client.ask("Integrations.GetThings")
            assert refused["status"] == "unauthorized"
            assert refused["error"] == (
                "Changing the user (token) requires a new handshake. Call JSONRPC.Hello."
            )
            assert await client.ended()


async def test_a_wrong_token_locks_the_door_for_everybody(tmp_path: Path) -> None:
    users = await with_users(tmp_path)
    async with serving(authenticate=True, users=users, limits=Limits(lockdown_s=2.0)) as it:
        async with await logged_in(it) as inside, await Client.connect(it.port) as client:
            client.token = "wrong"  # noqa: S105
            hello = await client.call("JSONRPC.Hello")
            assert hello["authenticated"] is False
            refused = await client.ask("Integrations.GetThings")
            assert (refused["status"], refused["error"]) == ("unauthorized", "Forbidden: Invalid token.")
            assert await client.ended()
            async with await Client.connect(it.port) as late:
                assert await late.ended()
            assert await inside.call("JSONRPC.Version")
        await asyncio.sleep(2.1)
        async with await logged_in(it) as again:
            assert await again.call("JSONRPC.Version")


async def test_a_second_wrong_password_within_the_lock_ends_the_connection(tmp_path: Path) -> None:
    users = await with_users(tmp_path)
    async with (
        serving(authenticate=True, users=users, limits=Limits(lockdown_s=30.0)) as it,
        await Client.connect(it.port) as client,
    ):
        await client.call("JSONRPC.Hello")
        wrong = {"username": "anna", "password": "Wrong2026", "deviceName": "test"}
        assert await client.call("JSONRPC.Authenticate", wrong) == {"success": False}
        nobody = wrong | {"username": "nobody"}
        assert await client.call("JSONRPC.Authenticate", nobody) == {"success": False}
        assert await client.ended()


async def test_who_may_only_control_cannot_configure(tmp_path: Path) -> None:
    users = await with_users(tmp_path)
    async with (
        serving(authenticate=True, users=users) as it,
        await logged_in(it, "reader") as client,
    ):
        assert (await client.call("EnergyPlugin.GetPhasePowerLimit")) == {"phasePowerLimit": 0}
        refused = await client.ask("EnergyPlugin.SetPhasePowerLimit", {"phasePowerLimit": 20})
        assert (refused["status"], refused["error"]) == ("error", "Permission denied.")
        assert (await client.ask("Users.GetUsers"))["error"] == "Permission denied."
        assert it.home.limit_a == 0


async def test_an_administrator_manages_users_and_tokens(tmp_path: Path) -> None:
    users = await with_users(tmp_path)
    async with serving(authenticate=True, users=users) as it, await logged_in(it) as admin:
        await admin.call("JSONRPC.SetNotificationStatus", {"namespaces": ["Users"]})
        new: dict[str, Any] = {"username": "bob@home", "password": PASSWORD, "scopes": []}
        assert await admin.call("Users.CreateUser", new) == {"error": "UserErrorNoError"}
        assert (await admin.notified("Users.UserAdded"))["userInfo"]["scopes"] == []
        assert await admin.call("Users.CreateUser", new | {"username": "BOB@home"}) == {
            "error": "UserErrorDuplicateUserId"
        }
        odd = {"username": "bob@home", "scopes": ["PermissionScopeConfigureThings"]}
        assert await admin.call("Users.SetUserScopes", odd) == {"error": "UserErrorInconsistantScopes"}
        own = {"username": "anna", "scopes": []}
        assert await admin.call("Users.SetUserScopes", own) == {"error": "UserErrorInconsistantScopes"}
        assert await admin.call("Users.SetUserInfo", {"email": "a@b.c"}) == {"error": "UserErrorNoError"}
        assert (await admin.notified("Users.UserChanged"))["userInfo"]["email"] == "a@b.c"
        names = [u["username"] for u in (await admin.call("Users.GetUsers"))["users"]]
        assert names == ["Anna", "bob@home", "reader"]
        async with await logged_in(it, "bob@home") as bob:
            assert await admin.call("Users.RemoveUser", {"username": "bob@home"}) == {
                "error": "UserErrorNoError"
            }
            assert (await bob.ask("Integrations.GetThings"))["error"] == "Forbidden: Invalid token."
        assert await admin.call("Users.RemoveUser", {"username": "anna"}) == {
            "error": "UserErrorPermissionDenied"
        }
        (token,) = (await admin.call("Users.GetTokens"))["tokenInfoList"]
        assert await admin.call("Users.RemoveToken", {"tokenId": token["id"]}) == {
            "error": "UserErrorNoError"
        }


async def test_users_survive_a_restart_and_no_secret_is_in_the_file(tmp_path: Path) -> None:
    users = await with_users(tmp_path)
    login = await users.log_in("anna", PASSWORD, "phone")
    assert login is not None
    path = tmp_path / "users.json"
    text = path.read_text()
    assert PASSWORD not in text
    assert login.token not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = UserStore(path)
    assert again.user_of(login.token) == login.user
    assert again.users() == users.users()
    assert await again.change_password("anna", "Cloudy2026") is UserError.NO_ERROR
    assert await again.log_in("anna", PASSWORD, "phone") is None
    assert again.user_of(login.token) is not None
    path.write_text(json.dumps({"version": 99}))
    with pytest.raises(DataError, match="newer version"):
        UserStore(path)
    path.write_text("{}x")
    with pytest.raises(DataError, match="no file of users"):
        UserStore(path)


async def test_what_cannot_be_stored_has_not_happened(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("in the way")
    users = UserStore(folder / "users.json")
    assert await users.create(User(username="anna"), PASSWORD) is UserError.BACKEND_ERROR
    assert users.empty


@pytest.mark.parametrize(
    ("password", "good"),
    [("Sunny2026", True), ("Sunny26", False), ("SUNNY2026", False), ("Sunnyyyy", False), ("x" * 2000, False)],
)
def test_passwords(password: str, good: bool) -> None:
    assert good_password(password) is good
