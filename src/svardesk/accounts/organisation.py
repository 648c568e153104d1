"""The organisation itself: name, language, time zone and settings.

Settings are one JSON object; each room reads the key that bears its name (``retention_days`` for privacy, …).
"""

from typing import Any
from uuid import UUID

import msgspec

from svardesk.accounts import audit
from svardesk.accounts.agents import check_timezone, storable
from svardesk.accounts.caller import Caller
from svardesk.accounts.events import AccountChanged
from svardesk.kit.clock import Clock
from svardesk.kit.db import Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.i18n import Locale
from svardesk.kit.jsons import encode
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")

LARGEST_SETTINGS = 32_768
"""Bytes of JSON that an organisation's settings may take."""


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """The organisation and its settings."""

    id: UUID
    slug: str
    name: str
    locale: Locale
    timezone: str
    settings: dict[str, Any]


async def get(tx: Tx) -> Organisation:
    """Return the organisation of the transaction."""
    return Organisation(**await tx.one(_sql.account, account_id=tx.account))


async def change(
    tx: Tx,
    clock: Clock,
    caller: Caller,
    *,
    name: str | None = None,
    locale: str | None = None,
    timezone: str | None = None,
    settings: dict[str, Any] | None = None,
) -> Organisation:
    """Change the organisation; settings are merged by key, null removes one. Raises ``Unprocessable``."""
    if timezone is not None:
        check_timezone(timezone)
    row = await tx.one(
        _sql.change_account,
        account_id=tx.account,
        name=name,
        locale=locale,
        timezone=timezone,
        settings=storable(settings),
    )
    if len(encode(row["settings"])) > LARGEST_SETTINGS:
        raise Unprocessable("settings_too_large", f"Settings may take {LARGEST_SETTINGS} bytes; these take more.")
    given = {"name": name, "locale": locale, "timezone": timezone}
    fields = [field for field, value in given.items() if value is not None]
    fields += [f"settings.{key}"[:80] for key in sorted(settings or {})]
    if fields:
        await audit.note(tx, caller, "account_changed", "account", tx.account, clock=clock, fields=fields)
        await record(tx, AccountChanged(stream=tx.account, fields=fields))
    return Organisation(**row)
