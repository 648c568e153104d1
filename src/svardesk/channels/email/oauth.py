"""Sign-in to mailboxes at Microsoft and Google: the authorisation-code flow with PKCE, and refreshing.

client = OAuthClient(microsoft("organizations"), client_id, client_secret, "https://desk.example/oauth/back")
handshake = new_handshake()                      # keep it with the person's session
url = client.authorize_url(handshake, login_hint="kundeservice@…")
…the provider sends the browser back with code and state…
check_state(handshake, state)
tokens = await client.redeem(code, handshake, now)
…
if not tokens.is_fresh(now): tokens = await client.refresh(tokens, now)
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

import httpx
import msgspec

from svardesk.kit.errors import SvardeskError

SECONDS: Final = 20.0
MARGIN: Final = timedelta(minutes=5)
"""So long before its end a token counts as over: a session that starts with it should not lose it at once."""
_TENANT: Final = re.compile(r"[A-Za-z0-9.-]{1,100}")
_NEEDS_CONSENT: Final = {"interaction_required", "consent_required", "login_required", "access_denied"}
_OUR_SETTING: Final = {
    "invalid_client",
    "unauthorized_client",
    "invalid_request",
    "invalid_scope",
    "unsupported_grant_type",
    "redirect_uri_mismatch",
}


class OAuthError(SvardeskError):
    """The provider did not let us sign in.

    ``needs_person``: nothing will change until somebody acts. ``fields["said"]`` is the provider's own sentence.
    """

    status = 422
    code = "oauth"
    needs_person: ClassVar[bool] = True

    def __init__(self, said: str = "", code: str | None = None) -> None:
        super().__init__(code, None, said=said[:500])
        self.said = said[:500]


class GrantRevoked(OAuthError):
    """The permission to read this mailbox has ended: sign in to it again."""

    code = "oauth_revoked"


class ConsentMissing(OAuthError):
    """The provider wants to ask somebody first: sign in again, or let an administrator of the mailbox agree."""

    code = "oauth_consent"


class ClientRefused(OAuthError):
    """The provider does not accept our registration: check client id, secret (has it run out?) and return address."""

    code = "oauth_client"


class StateMismatch(OAuthError):
    """The answer does not belong to the sign-in that was begun here: begin again."""

    code = "oauth_state"


class NoRefreshToken(OAuthError):
    """The provider gave access for an hour only: begin again and agree to offline access."""

    code = "oauth_no_refresh"


class ProviderUnavailable(OAuthError):
    """The provider cannot be reached just now; try again later."""

    status = 503
    code = "oauth_unavailable"
    needs_person = False

    def __init__(self, said: str = "", retry_after: float | None = None) -> None:
        super().__init__(said)
        self.retry_after = retry_after


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider's doors are and what is asked for there."""

    name: str
    authorize_endpoint: str
    token_endpoint: str
    scopes: tuple[str, ...]
    extra: tuple[tuple[str, str], ...] = ()
    imap_host: str
    smtp_host: str


def microsoft(tenant: str = "organizations", base: str = "https://login.microsoftonline.com") -> Provider:
    """Microsoft 365. ``tenant``: ``organizations``, ``common`` or a directory's id or domain."""
    if not _TENANT.fullmatch(tenant):
        raise ClientRefused(f"{tenant!r} is no directory")
    return Provider(
        name="microsoft",
        authorize_endpoint=f"{base}/{tenant}/oauth2/v2.0/authorize",
        token_endpoint=f"{base}/{tenant}/oauth2/v2.0/token",
        scopes=(
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
            "offline_access",
        ),
        extra=(("prompt", "select_account"),),
        imap_host="outlook.office365.com",
        smtp_host="smtp.office365.com",
    )


def google(
    authorize_endpoint: str = "https://accounts.google.com/o/oauth2/v2/auth",
    token_endpoint: str = "https://oauth2.googleapis.com/token",  # noqa: S107 — an address
) -> Provider:
    """Gmail and Google Workspace."""
    return Provider(
        name="google",
        authorize_endpoint=authorize_endpoint,
        token_endpoint=token_endpoint,
        scopes=("https://mail.google.com/",),
        # Without both Google gives a refresh token at the very first consent only.
        extra=(("access_type", "offline"), ("prompt", "consent")),
        imap_host="imap.gmail.com",
        smtp_host="smtp.gmail.com",
    )


class Handshake(msgspec.Struct, frozen=True, kw_only=True):
    """What must be remembered between leaving for the provider and coming back; a secret of one person's session."""

    state: str
    verifier: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider gave. Secrets: sealed where they are stored, never logged."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    scope: str = ""

    def is_fresh(self, now: datetime, margin: timedelta = MARGIN) -> bool:
        """Whether the access token is good for ``margin`` longer."""
        return now + margin < self.expires_at

    def __repr__(self) -> str:
        return f"Tokens(…, expires_at={self.expires_at!r})"


def new_handshake() -> Handshake:
    """Fresh randomness for one sign-in."""
    return Handshake(state=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48))


def check_state(handshake: Handshake, state: str) -> None:
    """Raise ``StateMismatch`` when what came back is not what was sent."""
    if not hmac.compare_digest(handshake.state.encode(), state.encode()):
        raise StateMismatch


class OAuthClient:
    """Our registration at one provider. ``http`` is used when given (and not closed)."""

    def __init__(
        self,
        provider: Provider,
        client_id: str,
        client_secret: str | None,
        redirect_uri: str,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self.provider: Final = provider
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._http = http

    def authorize_url(self, handshake: Handshake, login_hint: str | None = None) -> str:
        """Where the person's browser goes to sign in and agree."""
        challenge = base64.urlsafe_b64encode(sha256(handshake.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(self.provider.scopes),
            "state": handshake.state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **dict(self.provider.extra),
            **({"login_hint": login_hint} if login_hint else {}),
        }
        return f"{self.provider.authorize_endpoint}?{urlencode(query)}"

    async def redeem(self, code: str, handshake: Handshake, now: datetime) -> Tokens:
        """Exchange the code that came back for tokens. Check the state first.

        Raises ``NoRefreshToken``, ``ClientRefused``, ``ConsentMissing``, ``GrantRevoked`` (the code is old or was used),
        ``ProviderUnavailable``.
        """
        told = await self._ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": handshake.verifier,
            }
        )
        return _tokens(told, now, None)

    async def refresh(self, tokens: Tokens, now: datetime) -> Tokens:
        """Fresh tokens. Store them: a provider may have given a new refresh token and forgotten the old one.

        Raises ``GrantRevoked`` and ``ConsentMissing`` (somebody must sign in again), ``ClientRefused``,
        ``ProviderUnavailable``.
        """
        told = await self._ask(
            {
                "grant_type": "refresh_token",
                "refresh_token": tokens.refresh_token,
                "scope": " ".join(self.provider.scopes),
            }
        )
        return _tokens(told, now, tokens.refresh_token)

    async def _ask(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        body = {**form, "client_id": self._client_id}
        if self._client_secret:
            body["client_secret"] = self._client_secret
        try:
            if self._http is not None:
                answer = await self._http.post(self.provider.token_endpoint, data=body, timeout=SECONDS)
            else:
                async with httpx.AsyncClient() as http:
                    answer = await http.post(self.provider.token_endpoint, data=body, timeout=SECONDS)
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"{type(error).__name__}: {error}") from error
        return _read(answer)


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    if answer.status_code >= 500 or answer.status_code == 429:
        after = answer.headers.get("retry-after", "")
        raise ProviderUnavailable(f"HTTP {answer.status_code}", float(after) if after.isdigit() else None)
    try:
        told = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        told = None
    if not isinstance(told, dict):
        raise ProviderUnavailable(f"HTTP {answer.status_code}, and no JSON")
    if answer.status_code == 200 and "error" not in told:
        return told
    error = str(told.get("error", ""))
    said = f"{error}: {told.get('error_description', '')}".strip(": ")
    if error in _OUR_SETTING:
        raise ClientRefused(said)
    if error in _NEEDS_CONSENT or told.get("suberror") in {"consent_required", "basic_action", "additional_action"}:
        raise ConsentMissing(said)
    if error in {"temporarily_unavailable", "server_error"}:
        raise ProviderUnavailable(said)
    raise GrantRevoked(said)


def _tokens(told: Mapping[str, Any], now: datetime, before: str | None) -> Tokens:
    access, refresh = told.get("access_token"), told.get("refresh_token") or before
    if not isinstance(access, str) or not access:
        raise ProviderUnavailable("no access token in the answer")
    if not isinstance(refresh, str) or not refresh:
        raise NoRefreshToken
    lasts = told.get("expires_in", 3600)
    seconds = int(lasts) if str(lasts).isdigit() else 3600
    return Tokens(
        access_token=access,
        refresh_token=refresh,
        expires_at=now + timedelta(seconds=seconds),
        scope=str(told.get("scope", "")),
    )
