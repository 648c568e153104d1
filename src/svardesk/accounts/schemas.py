"""What the accounts routes take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from svardesk.accounts.agents import AgentRow
from svardesk.accounts.events import Availability
from svardesk.accounts.links import InvitationRow
from svardesk.accounts.permissions import Permission, Role
from svardesk.accounts.sessions import SessionRow
from svardesk.accounts.teams import OwnTeam, TeamRow
from svardesk.accounts.tokens import TokenRow
from svardesk.kit.i18n import Locale

_TURNS = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks that turn round the text after them: a name must not do that to what colleagues and customers read."""
Name = Annotated[
    str, Meta(min_length=1, max_length=120, pattern=rf"^[^\x00-\x20\x7f{_TURNS}][^\x00-\x1f\x7f{_TURNS}]*$")
]
Email = Annotated[str, Meta(min_length=3, max_length=254)]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Secret = Annotated[str, Meta(min_length=1, max_length=128)]
Slug = Annotated[str, Meta(max_length=80)]
Zone = Annotated[str, Meta(min_length=1, max_length=64)]
TeamIds = Annotated[list[UUID], Meta(max_length=100)]


class SignInData(Struct, forbid_unknown_fields=True):
    """E-mail and password; ``organisation`` is a slug, for those who belong to several."""

    email: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, Meta(max_length=1024)]
    organisation: Slug | None = None


class CodeData(Struct, forbid_unknown_fields=True):
    """The second step of a sign-in: six digits of the app, or a recovery code."""

    challenge: Secret
    code: Code


class Self(Struct, kw_only=True):
    """The signed-in agent."""

    id: UUID
    name: str
    email: str
    role: Role
    locale: Locale
    timezone: str
    availability: Availability
    settings: dict[str, Any]


class AccountView(Struct, kw_only=True):
    """The organisation."""

    id: UUID
    name: str
    slug: str
    locale: Locale
    timezone: str


class Me(Struct, kw_only=True):
    """Who is signed in, and what they may do. ``csrf`` goes into ``X-CSRF-Token`` (null for API clients)."""

    agent: Self
    account: AccountView
    permissions: list[Permission]
    csrf: str | None
    teams: list[OwnTeam]
    totp_enabled: bool
    recovery_codes_left: int


class SignedIn(Me, kw_only=True):
    """The sign-in is complete; the answer carries the cookie."""

    state: Literal["signed_in"] = "signed_in"


class MfaRequired(Struct, kw_only=True):
    """The password was right; a code is needed within five minutes."""

    challenge: str
    state: Literal["mfa_required"] = "mfa_required"


class MePatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out or null stays. ``settings`` are merged by key, a null in them removes one."""

    name: Name | None = None
    locale: Locale | None = None
    timezone: Zone | None = None
    availability: Availability | None = None
    settings: dict[str, Any] | None = None


class PasswordChange(Struct, forbid_unknown_fields=True):
    """The present password, and the new one."""

    current: Password
    new: Password


class PasswordOnly(Struct, forbid_unknown_fields=True):
    """A password: the present one as proof, or the new one of a reset link."""

    password: Password


class TotpCode(Struct, forbid_unknown_fields=True):
    """Six digits of the app."""

    code: Code


class RecoveryCodes(Struct):
    """Ten codes, shown this once; each is good for one sign-in without the app."""

    recovery_codes: list[str]


class Sessions(Struct):
    """An agent's signed-in browsers."""

    items: list[SessionRow]


class InvitationData(Struct, forbid_unknown_fields=True):
    """Whom to invite, as what, into which teams."""

    email: Email
    role: Role
    team_ids: TeamIds = []


class Link(Struct, kw_only=True):
    """A link that was just made: give it to the person it is for; it is shown this once."""

    id: UUID
    url: str
    expires_at: datetime


class Invitations(Struct):
    """Open invitations."""

    items: list[InvitationRow]


class Join(Struct, forbid_unknown_fields=True):
    """Somebody takes up an invitation."""

    name: Name
    password: Password
    locale: Locale | None = None


class ResetRequest(Struct, forbid_unknown_fields=True):
    """For which address a new password is asked."""

    email: Annotated[str, Meta(max_length=254)]


class Agents(Struct):
    """All agents."""

    items: list[AgentRow]


class AgentPatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out or null stays."""

    name: Name | None = None
    role: Role | None = None
    archived: bool | None = None


class Teams(Struct):
    """All teams in use."""

    items: list[TeamRow]


class TeamData(Struct, forbid_unknown_fields=True, kw_only=True):
    """A new team; ``closed``: its conversations are for members, leads and owners only."""

    name: Name
    timezone: Zone | None = None
    closed: bool = False


class TeamPatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out or null stays."""

    name: Name | None = None
    timezone: Zone | None = None
    closed: bool | None = None


class TokenData(Struct, forbid_unknown_fields=True, kw_only=True):
    """A new API token: a name to know it by, scopes (names of permissions), and for how many days."""

    name: Name
    scopes: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=50)]
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class Tokens(Struct):
    """Living API tokens."""

    items: list[TokenRow]


class SettingsPatch(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is to change; what is left out or null stays. ``settings`` are merged by key, a null in them removes one."""

    name: Name | None = None
    locale: Locale | None = None
    timezone: Zone | None = None
    settings: dict[str, Any] | None = None
