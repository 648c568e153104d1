"""Who the shop's server says the visitor is: a JWT signed with one of the widget's two active secrets.

HS256 and nothing else: the algorithm is ours to choose, not the token's. ``aud`` is the widget's public key, so that a
token of one widget opens no other; ``exp`` lies at most an hour ahead, so that a leaked one soon is worth nothing.
What is signed counts; whatever the page says beside it does not.
"""

import base64
import secrets as randomness
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OctKey

from svardesk.channels.addresses import EMAIL
from svardesk.channels.webchat import attributes
from svardesk.channels.webchat.attributes import Value
from svardesk.kit.errors import Unauthorised
from svardesk.kit.lines import one_line

LONGEST: Final = timedelta(hours=1)
LEEWAY: Final = timedelta(seconds=60)
ACTIVE: Final = 2
"""So many secrets are good at a time: the new one, and the one that the shop's servers may still use."""
MAX_TOKEN: Final = 4096


class UserTokenError(Unauthorised):
    """The signed token that says who the visitor is was not accepted."""

    code = "user_token_invalid"


class SignedVisitor(msgspec.Struct, frozen=True, kw_only=True):
    """What a valid token says. ``subject`` is the shop's own id of the person.

    ``email_verified``: the shop has made sure that the address is theirs; it says so by naming it, unless it says otherwise.
    """

    subject: str
    name: str | None = None
    email: str | None = None
    email_verified: bool = True
    phone: str | None = None
    locale: str | None = None
    attributes: Mapping[str, Value] = msgspec.field(default_factory=dict[str, Value])
    expires_at: datetime


class WidgetSecret(msgspec.Struct, frozen=True, kw_only=True):
    """One signing secret of a widget; ``secret`` is base64url of 32 random bytes, used as text."""

    id: str
    secret: str
    created_at: datetime


def new_secret(now: datetime) -> WidgetSecret:
    """A new signing secret."""
    random = base64.urlsafe_b64encode(randomness.token_bytes(32)).rstrip(b"=").decode()
    return WidgetSecret(id=randomness.token_hex(4), secret=random, created_at=now)


def rotate(present: Sequence[WidgetSecret], now: datetime) -> list[WidgetSecret]:
    """The active secrets after a rotation, newest first: a fresh one and the newest of those that were there."""
    return [new_secret(now), *present][:ACTIVE]


def read_user_token(token: str, secrets: Sequence[str], audience: str, now: datetime) -> SignedVisitor:
    """Check a token and return what it says. Raises ``UserTokenError`` with one of the codes.

    ``user_token_malformed``, ``user_token_algorithm``, ``user_token_signature``, ``user_token_audience``,
    ``user_token_expired``, ``user_token_too_long_lived``, ``user_token_claims``, ``user_token_no_secret``.
    """
    if len(token) > MAX_TOKEN or token.count(".") != 2:
        raise UserTokenError("user_token_malformed", "The token is no JWT.")
    if not secrets:
        raise UserTokenError("user_token_no_secret", "This widget has no signing secret yet: make one in its settings.")
    header = _header(token)
    if header.get("alg") != "HS256":
        raise UserTokenError("user_token_algorithm", "Sign the token with HS256.", alg=str(header.get("alg"))[:20])
    return _visitor(_claims(token, secrets), audience, now)


def _header(token: str) -> Mapping[str, Any]:
    part = token.split(".", 1)[0]
    try:
        header = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, msgspec.DecodeError):
        raise UserTokenError("user_token_malformed", "The token's header is not JSON.") from None
    if not isinstance(header, dict):
        raise UserTokenError("user_token_malformed", "The token's header is not a JSON object.")
    return header


def _claims(token: str, secrets: Sequence[str]) -> Mapping[str, Any]:
    for secret in secrets[:ACTIVE]:
        try:
            return jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims
        except BadSignatureError:
            continue
        except (JoseError, ValueError, TypeError):
            raise UserTokenError("user_token_malformed", "The token cannot be read.") from None
    raise UserTokenError("user_token_signature", "The token is not signed with a secret of this widget.")


def _visitor(claims: Mapping[str, Any], audience: str, now: datetime) -> SignedVisitor:
    listed = claims.get("aud")
    if listed != audience and not (isinstance(listed, list) and audience in listed):
        raise UserTokenError("user_token_audience", "The token's aud is not this widget's key.")
    expires, issued = _instant(claims, "exp"), _instant(claims, "iat", optional=True)
    if expires is None or expires + LEEWAY <= now:
        raise UserTokenError("user_token_expired", "The token has expired: make a new one for each page.")
    if issued is not None and issued - LEEWAY > now:
        raise UserTokenError("user_token_claims", "The token's iat lies in the future.", claim="iat")
    if expires - LEEWAY > now + LONGEST or (issued is not None and expires - issued > LONGEST + LEEWAY):
        raise UserTokenError("user_token_too_long_lived", "The token's exp may lie at most an hour ahead.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject.strip()) <= 200:
        raise UserTokenError("user_token_claims", "The token's sub is the visitor's id at your side.", claim="sub")
    return SignedVisitor(
        subject=subject.strip(),
        name=_word(claims, "name", 120),
        email=_email(claims),
        email_verified=_yes(claims, "email_verified"),
        phone=_word(claims, "phone", 40),
        locale=_word(claims, "locale", 20),
        attributes=_attributes(claims),
        expires_at=expires,
    )


def _instant(claims: Mapping[str, Any], name: str, *, optional: bool = False) -> datetime | None:
    value = claims.get(name)
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise UserTokenError("user_token_claims", f"The token's {name} is no time in seconds.", claim=name)
    return datetime.fromtimestamp(value, tz=UTC)


def _word(claims: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise UserTokenError("user_token_claims", f"The token's {name} is no short text.", claim=name)
    return one_line(value) or None


def _yes(claims: Mapping[str, Any], name: str) -> bool:
    value = claims.get(name, True)
    if not isinstance(value, bool):
        raise UserTokenError("user_token_claims", f"The token's {name} is neither true nor false.", claim=name)
    return value


def _attributes(claims: Mapping[str, Any]) -> dict[str, Value]:
    value = claims.get("attributes")
    try:
        return {} if value is None else attributes.read(value)
    except msgspec.ValidationError as error:
        raise UserTokenError(
            "user_token_claims", f"The token's attributes are no short list of facts: {error}", claim="attributes"
        ) from None


def _email(claims: Mapping[str, Any]) -> str | None:
    value = _word(claims, "email", 254)
    if value is not None and not EMAIL.match(value):
        raise UserTokenError("user_token_claims", "The token's email is no e-mail address.", claim="email")
    return value.lower() if value else None
