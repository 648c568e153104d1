"""An organisation's Meta app and its pages, as rows, and Meta at their webhook."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from svardesk.channels.connections import seal
from svardesk.channels.meta.signature import sign
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from svardesk.kit.keyring import KeyRing
from tests.client import Client
from tests.factories import NOW, Account, insert, make_account

APP_ID = "555000111"
INBOX = "263902037430900"


@dataclass
class MetaApp:
    """A Meta app of a test's organisation; ``secrets``: with which Meta may sign, the newest first."""

    account: Account
    id: UUID
    key: str
    secrets: tuple[str, ...]
    pages: dict[str, dict[str, UUID]] = field(default_factory=dict)

    async def post(self, client: Client, body: bytes, *, secret: str | None = None, **headers: str) -> httpx.Response:
        """What Meta sends, signed with the newest secret unless said otherwise."""
        signed = {"x-hub-signature-256": sign(secret or self.secrets[0], body), "content-type": "application/json"}
        return await client.post(f"/hooks/meta/{self.key}", content=body, headers={**signed, **headers})

    async def tell(self, client: Client, *entries: dict[str, Any]) -> httpx.Response:
        """Entries, written as Meta writes them."""
        return await self.post(client, written(*entries))


def written(*entries: dict[str, Any]) -> bytes:
    """A body as Meta writes it: everything beyond ASCII escaped."""
    return json.dumps({"object": "page", "entry": list(entries)}).replace("/", "\\/").encode()


async def make_app(
    db: Database,
    keyring: KeyRing,
    account: Account | None = None,
    secrets: tuple[str, ...] = ("ny", "gammel"),
    **config: Any,
) -> MetaApp:
    """A Meta app as a row."""
    account = account or await make_account(db)
    key = f"ma_{uuid7().hex[-20:]}"
    found = await insert(
        db, "connections", account.id, kind="meta", name="Meta", public_key=key, created_at=NOW,
        config={"app_id": APP_ID, **config}, secrets=seal(keyring, account.id, {"app_secrets": list(secrets)}),
    )  # fmt: skip
    return MetaApp(account, found, key, secrets)


async def make_page(
    db: Database, keyring: KeyRing, app: MetaApp, page_id: str = "1001", kinds: tuple[str, ...] = ("messenger", "facebook"),
    token: str = "page-token", **config: Any,
) -> dict[str, UUID]:  # fmt: skip
    """A page's connections as rows; kind → id."""
    found: dict[str, UUID] = {}
    for kind in kinds:
        found[kind] = await insert(
            db, "connections", app.account.id, kind=kind, name="Fjordnett", created_at=NOW,
            config={"page_id": page_id, "app": str(app.id), "app_id": APP_ID, **config},
            secrets=seal(keyring, app.account.id, {"page_token": token, "app_secret": app.secrets[0]}),
        )  # fmt: skip
    app.pages[page_id] = found
    return found


async def envelopes(db: Database, account: Account) -> list[dict[str, Any]]:
    """What was kept, in its order."""
    async with db.work(account.id) as tx:
        return await tx.all(
            "SELECT connection_id, raw, headers, state, error, received_at FROM envelopes WHERE account_id = %(a)s ORDER BY id",
            a=account.id,
        )


def messages(page_id: str, *items: dict[str, Any], at: int = 1_795_770_000_000) -> dict[str, Any]:
    """An entry with messages."""
    return {"id": page_id, "time": at, "messaging": list(items)}
