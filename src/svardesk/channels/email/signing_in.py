"""Signing in to a mailbox at its provider: the owner's browser goes there and comes back.

What must be remembered meanwhile travels as the ``state`` itself, sealed by the key ring: no table, no cookie, and nobody
but the owner who began can end it, within ten minutes.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from svardesk.accounts.caller import Caller
from svardesk.channels.connections import get
from svardesk.channels.contract import Connection
from svardesk.channels.email.access import Access
from svardesk.channels.email.config import read
from svardesk.channels.email.oauth import Handshake, OAuthError, StateMismatch, new_handshake
from svardesk.kit.db import Database
from svardesk.kit.errors import SvardeskError
from svardesk.kit.jsons import encode
from svardesk.kit.keyring import KeyRing, context

LASTS: Final = timedelta(minutes=10)
_PURPOSE: Final = "mailbox sign-in"


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    connection_id: UUID
    agent_id: UUID
    verifier: str
    until: datetime


def begin(keyring: KeyRing, access: Access, connection: Connection, caller: Caller, now: datetime) -> str:
    """Where the owner's browser goes. Raises ``GrantRevoked`` when the mailbox signs in with a password."""
    config = read(connection)
    client = access.client(connection, config)
    handshake = new_handshake()
    begun = _Begun(
        connection_id=connection.id, agent_id=caller.agent_id, verifier=handshake.verifier, until=now + LASTS
    )
    sealed = keyring.seal(encode(begun), context(caller.account_id, _PURPOSE))
    state = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return client.authorize_url(msgspec.structs.replace(handshake, state=state), config.username or config.address)


async def end(
    db: Database,
    keyring: KeyRing,
    access: Access,
    caller: Caller,
    now: datetime,
    *,
    state: str,
    code: str,
    error: str,
) -> str:
    """Exchange what came back for tokens and keep them; ``ok``, or the code of what went wrong."""
    try:
        begun = _opened(keyring, caller, state)
        if begun.agent_id != caller.agent_id or begun.until < now:
            raise StateMismatch
        if error or not code:
            return "oauth_consent"
        async with db.work(caller.account_id) as tx:
            connection = await get(tx, begun.connection_id, keyring)
        client = access.client(connection, read(connection))
        tokens = await client.redeem(code, Handshake(state=state, verifier=begun.verifier), now)
        await access.keep(connection, tokens)
    except OAuthError as refused:
        return refused.code
    except SvardeskError as refused:
        return refused.code
    return "ok"


def _opened(keyring: KeyRing, caller: Caller, state: str) -> _Begun:
    try:
        sealed = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        return msgspec.json.decode(keyring.open(sealed, context(caller.account_id, _PURPOSE)), type=_Begun)
    except (binascii.Error, ValueError, msgspec.DecodeError, SvardeskError, KeyError):
        raise StateMismatch from None
