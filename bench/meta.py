"""What the benchmarks of Messenger share: an organisation with a page, and Meta's bodies."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass

from psycopg.types.json import Jsonb

from bench.house import Desk
from bench.seed import add_agent, organisation
from svardesk.channels.connections import seal
from svardesk.kit import keyring

APP_ID, PAGE_ID, SECRET = "555000111", "1001001", "bench-secret"
TOKEN = "owner"


@dataclass(frozen=True)
class Page:
    """A page: the key of its app's webhook, and the owner's session token."""

    key: str
    token: str


def make_page(
    desk: Desk,
    graph_url: str,
    *,
    app_id: str = APP_ID,
    page_id: str = PAGE_ID,
    secret: str = SECRET,
    page_token: str = "x",
) -> Page:
    """An organisation with an owner, a Meta app and a page. The web process has made the keys before."""
    ring = keyring.load("", desk.data)
    with desk.connect() as conn:
        org = organisation(conn, teams=1, agents=0, visitors=0)
        account = uuid.UUID(str(org.account))
        add_agent(conn, org.account, "Solveig Aas", "owner", TOKEN)  # pyright: ignore[reportArgumentType]
        app, key = uuid.uuid4(), f"ma_{uuid.uuid4().hex[:20]}"
        common = {"app_id": app_id, "graph_url": graph_url}
        rows = [
            ("meta", app, key, common, {"app_secrets": [secret]}),
            *(
                (
                    kind,
                    uuid.uuid4(),
                    None,
                    {**common, "page_id": page_id, "app": str(app)},
                    {"page_token": page_token, "app_secret": secret},
                )
                for kind in ("messenger", "facebook")
            ),
        ]
        for kind, connection_id, public_key, config, secrets in rows:
            conn.execute(
                "INSERT INTO connections (account_id, id, kind, name, public_key, config, secrets) VALUES (%s, %s, %s, 'Side', %s, %s, %s)",
                (account, connection_id, kind, public_key, Jsonb(config), seal(ring, account, secrets)),
            )
    return Page(key, TOKEN)


def body(number: int, at: int, *, people: int = 200) -> bytes:
    """One message of one of ``people``, written as Meta writes it."""
    item = {
        "sender": {"id": str(7_000_000_000 + number % people)}, "recipient": {"id": PAGE_ID}, "timestamp": at,
        "message": {"mid": f"m_bench_{number}", "text": f"Hei! Når kommer pakken {number}? Blåbærsyltetøy 👋 / takk"},
    }  # fmt: skip
    written = json.dumps({"object": "page", "entry": [{"id": PAGE_ID, "time": at, "messaging": [item]}]})
    return written.replace("/", "\\/").encode()


def request(port: int, key: str, raw: bytes, secret: str = SECRET) -> bytes:
    """The whole request of a body."""
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    head = (
        f"POST /hooks/meta/{key} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw
