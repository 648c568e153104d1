"""Who is asking: the signed-in agent or API client of a request, and who did something for the audit log."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from svardesk.kit.errors import Forbidden

ActorKind = Literal["agent", "token", "visitor", "system"]


class Actor(msgspec.Struct, frozen=True):
    """Who did something. ``id`` is an agent's, a token's or a contact's; ``ip`` is kept in the audit log only."""

    kind: ActorKind
    id: UUID | None = None
    ip: str | None = None


SYSTEM = Actor("system")
"""The house itself: timers, retention, the command line."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The agent (or an API client acting for one) behind a request, with all that a query needs for visibility.

    ``hidden_team_ids``: closed teams that the agent is no member of (empty for owner and lead). ``csrf`` is the
    session's token, None for API clients. ``expires_at`` is when the session or token ends unless it is used again.
    """

    account_id: UUID
    agent_id: UUID
    name: str
    role: str
    permissions: frozenset[str]
    session_id: UUID | None = None
    token_id: UUID | None = None
    csrf: str | None = None
    team_ids: tuple[UUID, ...] = ()
    hidden_team_ids: tuple[UUID, ...] = ()
    locale: str = "nb"
    timezone: str = "Europe/Oslo"
    expires_at: datetime | None = None
    ip: str | None = None

    @property
    def actor(self) -> Actor:
        """The caller as the audit log names it."""
        if self.token_id is not None:
            return Actor("token", self.token_id, self.ip)
        return Actor("agent", self.agent_id, self.ip)

    def may(self, permission: str) -> bool:
        """Tell whether the caller has ``permission``."""
        return permission in self.permissions

    def check(self, permission: str) -> None:
        """Raise ``Forbidden`` (code ``permission_needed``) without ``permission``."""
        if permission not in self.permissions:
            raise Forbidden(
                "permission_needed",
                "Your role or token does not include this. Ask an owner of your organisation.",
                permission=permission,
            )

    def check_session(self) -> UUID:
        """Return the session's id; raise ``Forbidden`` for API clients: an agent's own sign-in is no token's business."""
        if self.session_id is None:
            raise Forbidden("session_needed", "Sign in in a browser for this; an API token is not enough.")
        return self.session_id
