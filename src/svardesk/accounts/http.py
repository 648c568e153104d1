"""Accounts over HTTP: sign-in, oneself, colleagues, teams, tokens, settings, the audit log."""

from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import Cookie

from svardesk.accounts import agents, audit, links, organisation, sessions, sign_in, teams, tokens
from svardesk.accounts import schemas as s
from svardesk.accounts.auth import forget, resolve_session
from svardesk.accounts.caller import Caller
from svardesk.accounts.secrets import SESSION_LIFE
from svardesk.accounts.sessions import Browser, NewSession
from svardesk.config import Settings
from svardesk.kit.clock import Clock
from svardesk.kit.db import Database
from svardesk.kit.http import Route, route
from svardesk.kit.keyring import KeyRing

COOKIE = "svardesk_session"
JSON_BODY = 16 * 1024


def cookie_name(*, secure: bool) -> str:
    """Return the name of the session cookie; with https its prefix binds it to this very host and to encryption."""
    return f"__Host-{COOKIE}" if secure else COOKIE


async def post_session(
    data: s.SignInData,
    db: Database,
    clock: Clock,
    settings: Settings,
    client_ip: str | None,
    request: Request[Any, Any, Any],
) -> Response[s.SignedIn | s.MfaRequired]:
    """Sign in with e-mail and password. 401 ``wrong_credentials``, 409 ``organisation_needed``, 429 ``too_many_attempts``."""
    found = await sign_in.with_password(
        db,
        clock,
        email=data.email,
        password=data.password,
        organisation=data.organisation,
        browser=_browser(request, client_ip),
    )
    if isinstance(found, sign_in.Challenge):
        return Response(s.MfaRequired(challenge=found.token))
    welcome = await _welcome(db, clock, settings, found)
    return Response(welcome.content, cookies=welcome.cookies)


async def post_session_mfa(
    data: s.CodeData,
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    settings: Settings,
    client_ip: str | None,
    request: Request[Any, Any, Any],
) -> Response[s.SignedIn]:
    """Finish a sign-in with a code. 401 ``wrong_code`` or ``challenge_over``, 429 ``too_many_attempts``."""
    found = await sign_in.with_code(
        db, clock, keyring, challenge=data.challenge, code=data.code, browser=_browser(request, client_ip)
    )
    return await _welcome(db, clock, settings, found)


async def get_session(caller: Caller, db: Database, clock: Clock) -> s.Me:
    """Who is signed in, and what they may do."""
    return s.Me(**await _me(db, clock, caller))


async def delete_session(caller: Caller, db: Database, clock: Clock, settings: Settings) -> Response[None]:
    """Sign out here."""
    async with db.work(caller.account_id) as tx:
        await sessions.sign_out(tx, clock, caller)
    forget(db, session_id=caller.session_id)
    return _goodbye(settings)


async def get_sessions(caller: Caller, db: Database, clock: Clock) -> s.Sessions:
    """Where one is signed in."""
    caller.check_session()
    async with db.work(caller.account_id) as tx:
        return s.Sessions(await sessions.list_for(tx, clock, caller))


async def delete_sessions(caller: Caller, db: Database, clock: Clock, settings: Settings) -> Response[None]:
    """Sign out everywhere, here too."""
    caller.check_session()
    async with db.work(caller.account_id) as tx:
        await sessions.end_all(tx, clock, caller, caller.agent_id, why="sign_out_everywhere")
    forget(db, agent_id=caller.agent_id)
    return _goodbye(settings)


async def delete_one_session(session_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Sign out somewhere else. 404 ``session_unknown``."""
    caller.check_session()
    async with db.work(caller.account_id) as tx:
        await sessions.sign_out(tx, clock, caller, session_id)
    forget(db, session_id=session_id)


async def patch_me(data: s.MePatch, caller: Caller, db: Database, clock: Clock) -> s.Me:
    """Change one's own name, language, time zone, availability or settings."""
    caller.check_session()
    async with db.work(caller.account_id) as tx:
        await agents.change_own(
            tx,
            clock,
            caller,
            name=data.name,
            locale=data.locale,
            timezone=data.timezone,
            availability=data.availability,
            settings=data.settings,
        )
    forget(db, agent_id=caller.agent_id)
    return s.Me(**await _me(db, clock, caller))


async def put_password(data: s.PasswordChange, caller: Caller, db: Database, clock: Clock) -> None:
    """Change one's own password; all other sessions end. 401 ``wrong_password``, 422 ``password_…``."""
    await agents.change_password(db, clock, caller, current=data.current, new=data.new)
    forget(db, agent_id=caller.agent_id)


async def post_totp(caller: Caller, db: Database, clock: Clock, keyring: KeyRing) -> agents.TotpSetUp:
    """Begin to set up two-step sign-in. 409 ``totp_on``."""
    async with db.work(caller.account_id) as tx:
        return await agents.begin_totp(tx, clock, keyring, caller)


async def post_totp_confirm(
    data: s.TotpCode, caller: Caller, db: Database, clock: Clock, keyring: KeyRing
) -> s.RecoveryCodes:
    """Turn two-step sign-in on with a first code. 401 ``wrong_code``, 409 ``totp_on``, ``totp_not_begun``."""
    async with db.work(caller.account_id) as tx:
        return s.RecoveryCodes(await agents.confirm_totp(tx, clock, keyring, caller, data.code))


async def post_recovery_codes(data: s.PasswordOnly, caller: Caller, db: Database, clock: Clock) -> s.RecoveryCodes:
    """Replace the recovery codes; asks for the password. 401 ``wrong_password``, 409 ``totp_off``."""
    caller.check_session()
    await sign_in.check_own_password(db, clock, caller.account_id, caller.agent_id, data.password)
    async with db.work(caller.account_id) as tx:
        return s.RecoveryCodes(await agents.renew_recovery_codes(tx, clock, caller))


async def delete_totp(data: s.PasswordOnly, caller: Caller, db: Database, clock: Clock) -> None:
    """Turn two-step sign-in off; asks for the password. 401 ``wrong_password``."""
    caller.check_session()
    await sign_in.check_own_password(db, clock, caller.account_id, caller.agent_id, data.password)
    async with db.work(caller.account_id) as tx:
        await agents.end_totp(tx, clock, caller, caller.agent_id)


async def post_invitation(
    data: s.InvitationData, caller: Caller, db: Database, clock: Clock, public_url: str
) -> s.Link:
    """Invite a colleague by a link of seven days. 409 ``email_taken``, ``agent_has_left``; 422 ``team_unknown``."""
    async with db.work(caller.account_id) as tx:
        made = await links.invite(tx, clock, caller, email=data.email, role=data.role, team_ids=data.team_ids)
    return s.Link(id=made.id, url=f"{public_url}/app/invitation/{made.token}", expires_at=made.expires_at)


async def get_invitations(caller: Caller, db: Database, clock: Clock) -> s.Invitations:
    """Invitations that nobody has taken up yet."""
    async with db.work(caller.account_id) as tx:
        return s.Invitations(await links.invitations(tx, clock))


async def delete_invitation(invitation_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Withdraw an invitation. 404 ``invitation_unknown``."""
    async with db.work(caller.account_id) as tx:
        await links.withdraw(tx, clock, caller, invitation_id)


async def get_invitation_by_token(token: str, db: Database, clock: Clock) -> links.OpenInvitation:
    """What the holder of an invitation may know. 404 ``link_not_valid``."""
    return await links.open_invitation(db, clock, token)


async def post_invitation_by_token(
    token: str,
    data: s.Join,
    db: Database,
    clock: Clock,
    settings: Settings,
    client_ip: str | None,
    request: Request[Any, Any, Any],
) -> Response[s.SignedIn]:
    """Join by an invitation and be signed in. 404 ``link_not_valid``, 422 ``password_…``."""
    found = await links.accept(
        db,
        clock,
        token,
        name=data.name,
        password=data.password,
        locale=data.locale,
        browser=_browser(request, client_ip),
    )
    return await _welcome(db, clock, settings, found)


async def post_password_reset(
    data: s.ResetRequest, db: Database, clock: Clock, client_ip: str | None
) -> Response[None]:
    """Ask for a new password; the answer is the same whether or not the address is known. 429 ``too_many_attempts``."""
    await links.check_reset_sender(db, clock, client_ip)
    return Response(
        None,
        status_code=202,
        background=BackgroundTask(links.request_reset, db, clock, data.email, client_ip),
    )


async def post_password_reset_by_token(
    token: str, data: s.PasswordOnly, db: Database, clock: Clock, client_ip: str | None
) -> None:
    """Set a new password by a link; all sessions end. 404 ``link_not_valid``, 422 ``password_…``."""
    agent_id = await links.reset_password(db, clock, token, data.password, client_ip)
    forget(db, agent_id=agent_id)


async def get_agents(caller: Caller, db: Database, clock: Clock) -> s.Agents:
    """All agents by name, those who have left last."""
    async with db.work(caller.account_id) as tx:
        return s.Agents(await agents.list_for(tx, clock, caller))


async def get_agent(agent_id: UUID, caller: Caller, db: Database, clock: Clock) -> agents.AgentRow:
    """One agent. 404 ``agent_unknown``."""
    async with db.work(caller.account_id) as tx:
        return await agents.get_for(tx, clock, caller, agent_id)


async def patch_agent(
    agent_id: UUID, data: s.AgentPatch, caller: Caller, db: Database, clock: Clock
) -> agents.AgentRow:
    """Change a colleague's name or role, let them leave or come back. 403 ``own_role``, 409 ``last_owner``."""
    async with db.work(caller.account_id) as tx:
        await agents.change(tx, clock, caller, agent_id, name=data.name, role=data.role, archived=data.archived)
        row = await agents.get_for(tx, clock, caller, agent_id)
    forget(db, agent_id=agent_id)
    return row


async def post_agent_password_reset(
    agent_id: UUID, caller: Caller, db: Database, clock: Clock, public_url: str
) -> s.Link:
    """Make a link of one hour with which a colleague sets a new password. 404 ``agent_unknown``."""
    async with db.work(caller.account_id) as tx:
        made = await links.make_reset(tx, clock, caller, agent_id)
    return s.Link(id=made.id, url=f"{public_url}/app/password-reset/{made.token}", expires_at=made.expires_at)


async def delete_agent_totp(agent_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Turn two-step sign-in off for a colleague who has lost phone and codes. 404 ``agent_unknown``."""
    async with db.work(caller.account_id) as tx:
        await agents.end_totp(tx, clock, caller, agent_id)


async def get_teams(caller: Caller, db: Database) -> s.Teams:
    """All teams in use, by name."""
    async with db.work(caller.account_id) as tx:
        return s.Teams(await teams.list_all(tx))


async def post_team(data: s.TeamData, caller: Caller, db: Database, clock: Clock) -> teams.TeamRow:
    """Make a team. 409 ``team_name_taken``."""
    async with db.work(caller.account_id) as tx:
        made = await teams.create(tx, clock, caller, name=data.name, timezone=data.timezone, closed=data.closed)
    forget(db, account_id=caller.account_id)
    return made


async def patch_team(team_id: UUID, data: s.TeamPatch, caller: Caller, db: Database, clock: Clock) -> teams.TeamRow:
    """Change a team. 403 ``not_your_team``, 404 ``team_unknown``, 409 ``team_name_taken``."""
    async with db.work(caller.account_id) as tx:
        row = await teams.change(tx, clock, caller, team_id, name=data.name, timezone=data.timezone, closed=data.closed)
    forget(db, account_id=caller.account_id)
    return row


async def delete_team(team_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take a team out of use. 403 ``not_your_team``, 404 ``team_unknown``."""
    async with db.work(caller.account_id) as tx:
        await teams.archive(tx, clock, caller, team_id)
    forget(db, account_id=caller.account_id)


async def put_team_member(team_id: UUID, agent_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Put an agent into a team. 403 ``not_your_team``, 404 ``team_unknown``, ``agent_unknown``."""
    async with db.work(caller.account_id) as tx:
        await teams.add_member(tx, clock, caller, team_id, agent_id)
    forget(db, agent_id=agent_id)


async def delete_team_member(team_id: UUID, agent_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Take an agent out of a team. 403 ``not_your_team``, 404 ``team_unknown``."""
    async with db.work(caller.account_id) as tx:
        await teams.remove_member(tx, clock, caller, team_id, agent_id)
    forget(db, agent_id=agent_id)


async def get_api_tokens(caller: Caller, db: Database, clock: Clock) -> s.Tokens:
    """Living API tokens of the organisation."""
    async with db.work(caller.account_id) as tx:
        return s.Tokens(await tokens.list_all(tx, clock))


async def post_api_token(data: s.TokenData, caller: Caller, db: Database, clock: Clock) -> tokens.NewToken:
    """Make an API token that acts for oneself; it is shown this once. 422 ``scope_unknown``."""
    async with db.work(caller.account_id) as tx:
        return await tokens.create(tx, clock, caller, name=data.name, scopes=data.scopes, days=data.days)


async def delete_api_token(token_id: UUID, caller: Caller, db: Database, clock: Clock) -> None:
    """Revoke an API token. 404 ``token_unknown``."""
    async with db.work(caller.account_id) as tx:
        await tokens.revoke(tx, clock, caller, token_id)
    forget(db, token_id=token_id)


async def get_audit(caller: Caller, db: Database, cursor: str | None = None) -> audit.AuditPage:
    """The audit log, the latest first, 50 lines a page. 400 ``cursor_unknown``."""
    async with db.work(caller.account_id) as tx:
        return await audit.page(tx, cursor)


async def get_settings(caller: Caller, db: Database) -> organisation.Organisation:
    """The organisation and its settings."""
    async with db.work(caller.account_id) as tx:
        return await organisation.get(tx)


async def patch_settings(
    data: s.SettingsPatch, caller: Caller, db: Database, clock: Clock
) -> organisation.Organisation:
    """Change the organisation. 422 ``timezone_unknown``, ``settings_too_large``."""
    async with db.work(caller.account_id) as tx:
        return await organisation.change(
            tx, clock, caller, name=data.name, locale=data.locale, timezone=data.timezone, settings=data.settings
        )


def _browser(request: Request[Any, Any, Any], ip: str | None) -> Browser:
    return Browser(ip, request.headers.get("user-agent"))


async def _welcome(db: Database, clock: Clock, settings: Settings, session: NewSession) -> Response[s.SignedIn]:
    caller = await resolve_session(db, clock, session.token)
    cookie = Cookie(
        key=cookie_name(secure=settings.secure_cookies),
        value=session.token,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )
    return Response(s.SignedIn(**await _me(db, clock, caller)), cookies=[cookie])


def _goodbye(settings: Settings) -> Response[None]:
    cookie = Cookie(
        key=cookie_name(secure=settings.secure_cookies),
        value="",
        max_age=0,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )
    return Response(None, status_code=204, cookies=[cookie])


async def _me(db: Database, clock: Clock, caller: Caller) -> dict[str, Any]:
    async with db.work(caller.account_id) as tx:
        agent = await agents.own(tx, clock, caller.agent_id)
        account = await organisation.get(tx)
        own_teams = await teams.of_agent(tx, caller.agent_id)
        codes = await agents.recovery_codes_left(tx, caller.agent_id)
    return {
        "agent": s.Self(**{name: agent[name] for name in s.Self.__struct_fields__}),
        "account": s.AccountView(
            id=account.id, name=account.name, slug=account.slug, locale=account.locale, timezone=account.timezone
        ),
        "permissions": sorted(caller.permissions),
        "csrf": caller.csrf,
        "teams": own_teams,
        "totp_enabled": agent["totp_confirmed_at"] is not None,
        "recovery_codes_left": codes,
    }


_API = "/api/v1"

ROUTES: tuple[Route, ...] = (
    route("POST", f"{_API}/session", post_session, public=True, status=200, max_body=JSON_BODY),
    route("POST", f"{_API}/session/mfa", post_session_mfa, public=True, status=200, max_body=JSON_BODY),
    route("GET", f"{_API}/session", get_session),
    route("DELETE", f"{_API}/session", delete_session),
    route("GET", f"{_API}/sessions", get_sessions),
    route("DELETE", f"{_API}/sessions", delete_sessions),
    route("DELETE", f"{_API}/sessions/{{session_id:uuid}}", delete_one_session),
    route("PATCH", f"{_API}/me", patch_me),
    route("PUT", f"{_API}/me/password", put_password, status=204, max_body=JSON_BODY),
    route("POST", f"{_API}/me/totp", post_totp, status=200),
    route("POST", f"{_API}/me/totp/confirm", post_totp_confirm, status=200, max_body=JSON_BODY),
    route("POST", f"{_API}/me/totp/recovery-codes", post_recovery_codes, status=200, max_body=JSON_BODY),
    route("DELETE", f"{_API}/me/totp", delete_totp, max_body=JSON_BODY),
    route("POST", f"{_API}/invitations", post_invitation, permission="agents.manage"),
    route("GET", f"{_API}/invitations", get_invitations, permission="agents.manage"),
    route("DELETE", f"{_API}/invitations/{{invitation_id:uuid}}", delete_invitation, permission="agents.manage"),
    route("GET", f"{_API}/invitations/by-token/{{token:str}}", get_invitation_by_token, public=True),
    route(
        "POST",
        f"{_API}/invitations/by-token/{{token:str}}",
        post_invitation_by_token,
        public=True,
        status=200,
        max_body=JSON_BODY,
    ),
    route("POST", f"{_API}/password-resets", post_password_reset, public=True, status=202, max_body=JSON_BODY),
    route(
        "POST",
        f"{_API}/password-resets/by-token/{{token:str}}",
        post_password_reset_by_token,
        public=True,
        status=204,
        max_body=JSON_BODY,
    ),
    route("GET", f"{_API}/agents", get_agents, permission="conversations.read"),
    route("GET", f"{_API}/agents/{{agent_id:uuid}}", get_agent, permission="conversations.read"),
    route("PATCH", f"{_API}/agents/{{agent_id:uuid}}", patch_agent, permission="agents.manage"),
    route(
        "POST",
        f"{_API}/agents/{{agent_id:uuid}}/password-reset",
        post_agent_password_reset,
        permission="agents.manage",
    ),
    route("DELETE", f"{_API}/agents/{{agent_id:uuid}}/totp", delete_agent_totp, permission="agents.manage"),
    route("GET", f"{_API}/teams", get_teams, permission="conversations.read"),
    route("POST", f"{_API}/teams", post_team, permission="teams.manage"),
    route("PATCH", f"{_API}/teams/{{team_id:uuid}}", patch_team, permission="teams.manage"),
    route("DELETE", f"{_API}/teams/{{team_id:uuid}}", delete_team, permission="teams.manage"),
    route(
        "PUT",
        f"{_API}/teams/{{team_id:uuid}}/members/{{agent_id:uuid}}",
        put_team_member,
        permission="teams.manage",
        status=204,
    ),
    route(
        "DELETE",
        f"{_API}/teams/{{team_id:uuid}}/members/{{agent_id:uuid}}",
        delete_team_member,
        permission="teams.manage",
    ),
    route("GET", f"{_API}/api-tokens", get_api_tokens, permission="tokens.manage"),
    route("POST", f"{_API}/api-tokens", post_api_token, permission="tokens.manage"),
    route("DELETE", f"{_API}/api-tokens/{{token_id:uuid}}", delete_api_token, permission="tokens.manage"),
    route("GET", f"{_API}/audit", get_audit, permission="audit.read"),
    route("GET", f"{_API}/settings", get_settings, permission="conversations.read"),
    route("PATCH", f"{_API}/settings", patch_settings, permission="settings.manage"),
)
