"""What a role may do: one table. Routes name permissions, never roles."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

Role = Literal["owner", "lead", "agent", "observer"]
Permission = Literal[
    "conversations.read",
    "conversations.write",
    "conversations.assign",
    "contacts.read",
    "contacts.write",
    "reports.read",
    "views.share",
    "teams.manage",
    "agents.manage",
    "channels.manage",
    "posts.write",
    "channels.watch",
    "settings.manage",
    "audit.read",
    "privacy.manage",
    "tokens.manage",
]

ROLES: Final = ("owner", "lead", "agent", "observer")
"""From most to least trusted."""

_OBSERVER: Final[frozenset[Permission]] = frozenset({"conversations.read", "contacts.read"})
_AGENT: Final[frozenset[Permission]] = frozenset(
    {*_OBSERVER, "conversations.write", "conversations.assign", "contacts.write"}
)
_LEAD: Final[frozenset[Permission]] = frozenset(
    {*_AGENT, "reports.read", "views.share", "teams.manage", "audit.read", "posts.write", "channels.watch"}
)
_OWNER: Final[frozenset[Permission]] = frozenset(
    {
        *_LEAD,
        "agents.manage",
        "channels.manage",
        "settings.manage",
        "privacy.manage",
        "tokens.manage",
    }
)

PERMISSIONS: Final[Mapping[str, frozenset[str]]] = {
    "owner": _OWNER,
    "lead": _LEAD,
    "agent": _AGENT,
    "observer": _OBSERVER,
}
"""Role → permissions. ``teams.manage`` of a lead covers the teams that the lead belongs to (``accounts.teams``)."""

ALL: Final = tuple(sorted(_OWNER))

SEES_CLOSED_TEAMS: Final = frozenset({"owner", "lead"})
"""Roles that see the conversations of closed teams without being members."""

ANSWERS: Final = ("owner", "lead", "agent")
"""Roles that answer customers: an observer with an open window is nobody's company."""


def of_role(role: str) -> frozenset[str]:
    """Return the permissions of ``role``; an unknown role has none."""
    return PERMISSIONS.get(role, frozenset())


def within(role: str, scopes: Iterable[str]) -> frozenset[str]:
    """Return what a token with ``scopes`` may do while its agent has ``role``."""
    return of_role(role) & frozenset(scopes)


def outranks_or_equals(role: str, other: str) -> bool:
    """Tell whether ``role`` is at least as trusted as ``other``."""
    return ROLES.index(role) <= ROLES.index(other)
