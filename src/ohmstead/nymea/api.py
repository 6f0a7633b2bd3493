"""The table of methods and notifications: introspection, validation and documentation come out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ohmstead.nymea.schema import BASIC_TYPES, Definition, Schema

if TYPE_CHECKING:
    from ohmstead.nymea.session import Session

API_VERSION = "9.0"

Result = Mapping[str, Any]
Handler = Callable[["Session", dict[str, Any]], Result | Awaitable[Result]]
"""Does what a method says; parameters are checked before. An awaitable is answered when it is done."""


class Scope(StrEnum):
    """What a user must be allowed to call a method; ``ADMIN`` is allowed everything."""

    NONE = "PermissionScopeNone"
    CONTROL_THINGS = "PermissionScopeControlThings"
    CONFIGURE_THINGS = "PermissionScopeConfigureThings"
    ACCESS_ALL_THINGS = "PermissionScopeAccessAllThings"
    EXECUTE_RULES = "PermissionScopeExecuteRules"
    CONFIGURE_RULES = "PermissionScopeConfigureRules"
    ADMIN = "PermissionScopeAdmin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method as introspection and documentation show it.

    Args:
        name: within its namespace.
        scope: nymea's own default for a method is Admin.
    """

    name: str
    description: str
    params: Mapping[str, Definition] = field(default_factory=dict)
    returns: Mapping[str, Definition] = field(default_factory=dict)
    scope: Scope = Scope.ADMIN
    handler: Handler


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """One notification as introspection and documentation show it."""

    name: str
    description: str
    params: Mapping[str, Definition] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Namespace:
    """Methods and notifications under one name, with the types that they bring.

    Args:
        experience: (name, version) under which a handshake announces it, for a plugin.
    """

    name: str
    methods: tuple[Method, ...] = ()
    notifications: tuple[Notification, ...] = ()
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, Definition] = field(default_factory=dict)
    experience: tuple[str, str] | None = None


class Api:
    """All namespaces of a server.

    Raises:
        ValueError: a definition refers to a name that no namespace brings, or a name is taken.
    """

    def __init__(self, namespaces: Iterable[Namespace]) -> None:
        self.namespaces = {n.name: n for n in namespaces}
        enums: dict[str, tuple[str, ...]] = {"BasicType": BASIC_TYPES}
        flags: dict[str, str] = {}
        types: dict[str, Definition] = {}
        self._methods: dict[str, Method] = {}
        self._notifications: dict[str, Notification] = {}
        for namespace in self.namespaces.values():
            _merge(enums, namespace.enums)
            _merge(flags, namespace.flags)
            _merge(types, namespace.types)
            for method in namespace.methods:
                _merge(self._methods, {f"{namespace.name}.{method.name}": method})
            for notice in namespace.notifications:
                _merge(self._notifications, {f"{namespace.name}.{notice.name}": notice})
        self.schema = Schema(enums=enums, flags=flags, types=types)
        self._refuse_undefined()

    def method(self, name: str) -> Method | None:
        """A method by its full name."""
        return self._methods.get(name)

    def notification(self, name: str) -> Notification:
        """A notification by its full name.

        Raises:
            KeyError: there is none.
        """
        return self._notifications[name]

    @property
    def methods(self) -> Mapping[str, Method]:
        """All methods by full name."""
        return self._methods

    @property
    def notifications(self) -> Mapping[str, Notification]:
        """All notifications by full name."""
        return self._notifications

    @property
    def experiences(self) -> list[dict[str, str]]:
        """What a handshake announces."""
        found = (n.experience for n in self.namespaces.values())
        return [{"name": e[0], "version": e[1]} for e in found if e is not None]

    def introspection(self) -> dict[str, Any]:
        """The whole interface as data, in the shape of ``JSONRPC.Introspect``."""
        schema = self.schema
        return {
            "enums": {name: list(schema.enums[name]) for name in sorted(schema.enums)},
            "flags": {name: [f"$ref:{schema.flags[name]}"] for name in sorted(schema.flags)},
            "methods": {
                name: {
                    "description": method.description,
                    "params": method.params,
                    "permissionScope": method.scope.value,
                    "returns": method.returns,
                }
                for name, method in sorted(self._methods.items())
            },
            "notifications": {
                name: {"description": notice.description, "params": notice.params}
                for name, notice in sorted(self._notifications.items())
            },
            "types": {name: schema.types[name] for name in sorted(schema.types)},
        }

    def _refuse_undefined(self) -> None:
        schema = self.schema
        unknown = schema.undefined(dict(schema.types))
        unknown |= {enum for enum in schema.flags.values() if enum not in schema.enums}
        for method in self._methods.values():
            unknown |= schema.undefined(method.params) | schema.undefined(method.returns)
        for notice in self._notifications.values():
            unknown |= schema.undefined(notice.params)
        if unknown:
            raise ValueError(f"types that no namespace defines: {', '.join(sorted(unknown))}")


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add names; the same name may come twice with the same meaning."""
    for name, value in more.items():
        if into.setdefault(name, value) != value:
            raise ValueError(f"{name} is defined twice")
