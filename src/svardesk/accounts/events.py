"""Facts that the accounts room announces. ``stream`` is the agent or team that the fact is about, or the account."""

from typing import Literal
from uuid import UUID

import msgspec

from svardesk.spine.events import event

Availability = Literal["online", "away"]


@event("session_started", version=1)
class SessionStarted(msgspec.Struct, frozen=True, kw_only=True):
    """An agent signed in. ``stream`` is the agent."""

    stream: UUID
    session_id: UUID


@event("session_revoked", version=1)
class SessionRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions of an agent ended before their time: sockets of these sessions close. ``stream`` is the agent."""

    stream: UUID
    session_ids: list[UUID]


@event("api_token_revoked", version=1)
class ApiTokenRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """An API token ended before its time. ``stream`` is the agent for whom it acted."""

    stream: UUID
    token_ids: list[UUID]


@event("agent_invited", version=1)
class AgentInvited(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody was invited by link. ``stream`` is the invitation (``agent_links.id``)."""

    stream: UUID
    invited_by: UUID | None = None


@event("agent_joined", version=1)
class AgentJoined(msgspec.Struct, frozen=True, kw_only=True):
    """An agent exists from now on. ``stream`` is the agent."""

    stream: UUID
    role: str


@event("agent_changed", version=1)
class AgentChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's name, role, language or second factor changed. ``stream`` is the agent."""

    stream: UUID
    fields: list[str]


@event("agent_archived", version=1)
class AgentArchived(msgspec.Struct, frozen=True, kw_only=True):
    """An agent left; sessions and tokens ended in the same transaction. ``stream`` is the agent."""

    stream: UUID


@event("agent_returned", version=1)
class AgentReturned(msgspec.Struct, frozen=True, kw_only=True):
    """An agent who had left is back. ``stream`` is the agent."""

    stream: UUID


@event("availability_changed", version=1)
class AvailabilityChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An agent went away or came back. ``stream`` is the agent."""

    stream: UUID
    availability: Availability


@event("password_reset_requested", version=1)
class PasswordResetRequested(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asked for a new password for an agent's address. ``stream`` is the agent.

    The link is made by whoever sends it (``accounts.links.make_reset``): a secret never travels in an event.
    """

    stream: UUID


@event("password_changed", version=1)
class PasswordChanged(msgspec.Struct, frozen=True, kw_only=True):
    """An agent has a new password. ``stream`` is the agent."""

    stream: UUID
    by_link: bool = False


@event("team_changed", version=1)
class TeamChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A team, or who belongs to it, changed: what agents may see can have changed. ``stream`` is the team."""

    stream: UUID
    change: Literal["created", "changed", "archived", "member_added", "member_removed"]
    agent_id: UUID | None = None


@event("account_changed", version=1)
class AccountChanged(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation's name, language, time zone or settings changed. ``stream`` is the account."""

    stream: UUID
    fields: list[str]
