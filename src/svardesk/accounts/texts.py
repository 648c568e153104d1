"""The organisation's own wordings, over the catalogues of the program.

A wording belongs to a key, a language and perhaps a brand; each change is a new version, the highest counts, an empty
one means "as the program says it". Who reads nynorsk gets the organisation's own bokmål before the program's nynorsk,
because what the organisation says about itself is worth more than the form; no other language is mixed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from svardesk.accounts import audit
from svardesk.accounts.caller import Actor, Caller
from svardesk.kit import i18n
from svardesk.kit.db import Tx
from svardesk.kit.errors import Unprocessable
from svardesk.kit.ids import uuid7
from svardesk.kit.sql import load

_sql = load("svardesk.accounts", "texts.sql")

CHANGEABLE = (
    "away.closed",
    "away.closed_back",
    "away.nobody_here",
    "away.write",
    "away.write_back",
)
"""Keys of ``server.po`` that an organisation may word itself."""
LONGEST = 1000


async def wordings(tx: Tx, keys: Iterable[str], locale: str, brand_id: UUID | None = None) -> Callable[[str], str]:
    """A function from key to template for one person's language.

    Own wording of the brand, then of the organisation, else the catalogue's. One query for all ``keys``; other keys
    come from the catalogue.
    """
    language = i18n.normalise(locale)
    languages = ["nn", "nb"] if language == "nn" else [language]
    found = {
        (row["key"], row["locale"], row["brand_id"]): row["body"]
        for row in await tx.all(
            _sql.own_wordings, account_id=tx.account, keys=list(keys), locales=languages, brand_id=brand_id
        )
    }

    def template(key: str) -> str:
        for one in languages:
            for brand in (brand_id, None):
                if body := found.get((key, one, brand)):
                    return body
        return i18n.text(language, "server", key)

    return template


async def own_texts(tx: Tx) -> dict[tuple[str, str], str]:
    """The organisation's newest own wordings by key and language, without those of brands."""
    rows = await tx.all(
        _sql.own_wordings, account_id=tx.account, keys=list(CHANGEABLE), locales=list(i18n.LOCALES), brand_id=None
    )
    return {(row["key"], row["locale"]): row["body"] for row in rows}


async def set_wording(
    tx: Tx, by: Caller | Actor, now: datetime, *, key: str, locale: str, body: str, brand_id: UUID | None = None
) -> int:
    """Word a text anew; returns the version. An empty ``body`` returns to the program's text.

    Raises Unprocessable for an unknown key or language, a placeholder that this text has no value for, or over 1,000
    characters.
    """
    if key not in CHANGEABLE:
        raise Unprocessable("unknown_text", f"There is no text {key}. Yours to word: {', '.join(CHANGEABLE)}.")
    if locale not in i18n.LOCALES:
        raise Unprocessable("unknown_locale", f"Languages are {', '.join(i18n.LOCALES)}.")
    if len(body) > LONGEST:
        raise Unprocessable("text_too_long", f"A wording has at most {LONGEST} characters.")
    known = i18n.placeholders(i18n.text(locale, "server", key))
    if unknown := sorted(i18n.placeholders(body) - known):
        offered = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
        raise Unprocessable(
            "unknown_placeholder", f"{{{unknown[0]}}} has no value in this text. It can use: {offered}."
        )
    await tx.run(_sql.lock_wordings, account_id=tx.account)
    version = await tx.value(
        _sql.add_wording,
        account_id=tx.account,
        id=uuid7(),
        brand_id=brand_id,
        key=key,
        locale=locale,
        body=body,
        now=now,
        created_by=(by.agent_id if isinstance(by, Caller) else by.id),
    )
    await audit.note(tx, by, "text_worded", "text", None, key=key, locale=locale, version=version)
    return int(version)
