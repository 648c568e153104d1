"""A new organisation with its owner: for `svardesk init`, the demo and tests."""

import re
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from svardesk.accounts import audit, emails, passwords
from svardesk.accounts.agents import check_timezone
from svardesk.accounts.caller import SYSTEM
from svardesk.accounts.events import AgentJoined
from svardesk.kit.clock import Clock, SystemClock
from svardesk.kit.db import Database
from svardesk.kit.errors import Conflict, Unprocessable
from svardesk.kit.i18n import LOCALES, text
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.kit.sql import load
from svardesk.spine.events import record

_sql = load(__package__ or "svardesk.accounts")

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_COUNTRIES = {
    "Europe/Oslo": "NO",
    "Arctic/Longyearbyen": "NO",
    "Europe/Stockholm": "SE",
    "Europe/Copenhagen": "DK",
    "Atlantic/Faroe": "FO",
    "America/Nuuk": "GL",
    "Europe/Helsinki": "FI",
    "Europe/Mariehamn": "FI",
    "Atlantic/Reykjavik": "IS",
}
_WORKING_DAYS = {str(day): [["08:00", "16:00"]] for day in range(1, 6)}


class NewOrganisation(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of what was made."""

    account_id: UUID
    owner_id: UUID
    team_id: UUID
    brand_id: UUID
    calendar_id: UUID


async def create_organisation(
    db: Database,
    name: str,
    slug: str,
    locale: str,
    timezone: str,
    owner_email: str,
    owner_name: str,
    password: str,
    *,
    clock: Clock | None = None,
) -> NewOrganisation:
    """Make an organisation with an owner, a first team, a brand, and opening hours Monday to Friday 08:00 to 16:00.

    Raises ``Conflict`` (``slug_taken``), ``Unprocessable`` (``slug_malformed``, ``locale_unknown``,
    ``timezone_unknown``, ``email_malformed``, ``name_missing``), ``PasswordTooWeak``. Nothing is made when it raises.
    """
    told = clock or SystemClock()
    if not _SLUG.fullmatch(slug):
        raise Unprocessable("slug_malformed", "The short name may hold a-z, 0-9 and -, at most 40 of them.")
    if locale not in LOCALES:
        raise Unprocessable("locale_unknown", f"The language must be one of {', '.join(LOCALES)}.")
    if not name.strip() or not owner_name.strip():
        raise Unprocessable("name_missing", "Give the organisation and its owner a name.")
    check_timezone(timezone)
    email = emails.check(owner_email)
    passwords.check_password(password, email=email, name=owner_name, organisation=name)
    hashed = await passwords.current().hash(password)
    made = NewOrganisation(account_id=uuid7(), owner_id=uuid7(), team_id=uuid7(), brand_id=uuid7(), calendar_id=uuid7())
    now = told.now()
    account = {"account_id": made.account_id, "now": now}
    async with db.work(made.account_id) as tx:
        try:
            await tx.run(_sql.add_account, **account, slug=slug, name=name.strip(), locale=locale, timezone=timezone)
        except UniqueViolation as error:
            raise Conflict("slug_taken", "Another organisation has this short name. Choose another one.") from error
        await tx.run(_sql.add_brand, **account, id=made.brand_id, name=name.strip(), locale=locale)
        await tx.run(
            _sql.add_default_calendar,
            **account,
            id=made.calendar_id,
            name=text(locale, "server", "setup.calendar"),
            timezone=timezone,
            country=_COUNTRIES.get(timezone, "NO"),
            weekly=encode(_WORKING_DAYS).decode(),
        )
        await tx.run(
            _sql.add_team,
            **account,
            id=made.team_id,
            name=text(locale, "server", "setup.team"),
            timezone=timezone,
            closed=False,
            brand_id=None,
        )
        await tx.run(
            _sql.add_agent,
            **account,
            id=made.owner_id,
            email=email,
            name=owner_name.strip(),
            role="owner",
            locale=locale,
            timezone=timezone,
            password_hash=hashed,
        )
        await tx.run(_sql.add_member, **account, team_id=made.team_id, agent_id=made.owner_id)
        await audit.note(tx, SYSTEM, "account_made", "account", made.account_id, clock=told)
        await record(tx, AgentJoined(stream=made.owner_id, role="owner"))
    return made
