"""One of everything in an organisation, and a valid request for every route: what the walks over the API start from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from svardesk.accounts.secrets import digest
from svardesk.channels.webchat.visitors import digest as visitor_digest
from svardesk.kit.db import Database
from svardesk.kit.http import Route
from svardesk.kit.ids import uuid7
from svardesk.routes import ROUTES
from tests.factories import (
    NOW,
    Account,
    Agent,
    insert,
    make_account,
    make_agent,
    make_contact,
    make_conversation,
    make_form,
    make_team,
    make_widget,
)

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""
PLACE = re.compile(r"\{(\w+):(\w+)\}")


@dataclass
class World:
    """An organisation with one of everything; ``ids`` are named as the routes' path parameters."""

    account: Account
    owner: Agent
    ids: dict[str, UUID]
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    others: dict[str, UUID] = field(default_factory=dict[str, UUID])


async def make_world(db: Database, marker: str) -> World:
    """Everything in it is called ``marker`` somewhere, so that a leak can be seen."""
    account = await make_account(db, f"{marker} AS")
    owner = await make_agent(db, account, "owner", f"{marker} Eier")
    colleague = await make_agent(db, account, "agent", f"{marker} Kollega")
    team = await make_team(db, account, f"{marker} team", (colleague,))
    contact = await make_contact(db, account, f"{marker} Kunde")
    widget, key = await make_widget(db, account)
    mailbox = await insert(
        db, "connections", account.id, kind="email", name=f"{marker} postkasse", public_key=f"mb_{uuid4().hex}",
        config={"address": f"post@{account.slug}.example"}, created_at=NOW,
    )  # fmt: skip
    meta_app = await insert(
        db, "connections", account.id, kind="meta", name=f"{marker} app", public_key=f"ma_{uuid4().hex}", created_at=NOW,
        config={"app_id": "1", "graph_url": NOWHERE, "dialog_url": NOWHERE},
    )  # fmt: skip
    page = await insert(
        db, "connections", account.id, kind="messenger", name=f"{marker} side", created_at=NOW,
        config={"page_id": "1001", "app": str(meta_app), "app_id": "1", "graph_url": NOWHERE},
    )  # fmt: skip
    deletion = await insert(
        db,
        "meta_deletions",
        account.id,
        connection_id=meta_app,
        code=uuid4().hex,
        app_scoped_id=f"{marker}-42",
        requested_at=NOW,
    )
    form, _ = await make_form(db, account, f"{marker} skjema")
    brand = await insert(db, "brands", account.id, name=f"{marker} merke")
    conversation = await make_conversation(
        db, account, contact, connection_id=widget, preview=f"{marker} melding", last_seq=2, last_public_seq=2
    )
    inbound = await insert(
        db, "messages", account.id, conversation_id=conversation, seq=1, kind="inbound", author_kind="contact",
        author_id=contact, body=f"{marker} spørsmål", actor="visitor:x", created_at=NOW,
    )  # fmt: skip
    message = await insert(
        db, "messages", account.id, conversation_id=conversation, seq=2, kind="answer", author_kind="agent",
        author_id=colleague.id, body=f"{marker} svar", actor=f"agent:{colleague.id}", state="failed_permanent",
        created_at=NOW,
    )  # fmt: skip
    post = await insert(
        db, "facebook_posts", account.id, connection_id=page, post_id=f"1001_{uuid4().hex}", own=True,
        body=f"{marker} innlegg", state="published", created_at=NOW,
    )  # fmt: skip
    identity = await insert(
        db, "identities", account.id, contact_id=contact, kind="email", scope="", address=f"{marker.lower()}@kunde.example",
        trust="claimed", created_at=NOW,
    )  # fmt: skip
    part = await make_contact(db, account, f"{marker} Del", merged_into_id=contact)
    merge = await insert(
        db, "contact_merges", account.id, from_id=part, into_id=contact, why="agent", agent_id=colleague.id, made_at=NOW
    )
    other_contact = await make_contact(db, account, f"{marker} Annen")
    field_ = await insert(
        db, "field_definitions", account.id, entity="contact", key="kundenummer", type="text",
        labels={"nb": f"{marker} kundenummer"},
    )  # fmt: skip
    tag = await insert(db, "tags", account.id, name=f"{marker} merkelapp")
    view = await insert(db, "saved_views", account.id, agent_id=owner.id, name=f"{marker} visning", filters={})
    file = await insert(
        db, "files", account.id, conversation_id=conversation, message_id=inbound, actor="visitor:x",
        name=f"{marker}.pdf", media_type="application/pdf", size=3, sha256="0" * 64, created_at=NOW,
    )  # fmt: skip
    envelope = await insert(
        db, "envelopes", account.id, connection_id=widget, received_at=NOW, sha256=b"x", raw=marker.encode(),
        state="quarantined", error="unreadable",
    )  # fmt: skip
    request = await insert(
        db,
        "privacy_requests",
        account.id,
        kind="export",
        contact_id=contact,
        created_at=NOW,
        due_at=NOW + timedelta(days=1),
    )
    token, link, visitor = (f"{kind}{uuid4().hex}{uuid4().hex}" for kind in ("svd_", "", ""))
    api_token = await insert(
        db, "api_tokens", account.id, name=f"{marker} nøkkel", token_hash=digest(token), prefix=token[:8], scopes=[],
        agent_id=owner.id, created_at=NOW,
    )  # fmt: skip
    session = await insert(
        db, "sessions", account.id, agent_id=colleague.id, token_hash=uuid4().bytes, csrf_token="x", created_at=NOW,
        last_seen_at=NOW, expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    invitation = await insert(
        db, "agent_links", account.id, kind="invitation", token_hash=digest(link), email=f"ny@{account.slug}.example",
        role="agent", created_at=NOW, expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    chat = await insert(
        db, "webchat_sessions", account.id, connection_id=widget, contact_id=contact, identity_id=identity,
        conversation_id=conversation, token_hash=visitor_digest(visitor), created_at=NOW, last_seen_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    async with db.work(account.id) as tx:
        calendar = await tx.value("SELECT id FROM calendars")
        await tx.run(
            "UPDATE conversations SET assignee_id = %(agent)s, team_id = %(team)s, brand_id = %(brand)s",
            agent=colleague.id, team=team, brand=brand,
        )  # fmt: skip
    ids = {
        "conversation_id": conversation, "message_id": message, "contact_id": contact, "agent_id": colleague.id,
        "team_id": team, "token_id": api_token, "session_id": session, "invitation_id": invitation,
        "calendar_id": calendar, "field_id": field_, "tag_id": tag, "view_id": view, "widget_id": widget,
        "form_id": form, "mailbox_id": mailbox,
        "app_id": meta_app, "connection_id": page, "deletion_id": deletion, "post_id": post,
        "file_id": file, "envelope_id": envelope, "request_id": request, "merge_id": merge,
        "other_contact_id": other_contact,
    }  # fmt: skip
    return World(
        account, owner, ids, {"api_token": token, "link": link, "visitor": visitor, "widget_key": key},
        {"brand_id": brand, "chat": chat, "inbound": inbound},
    )  # fmt: skip


def body_of(row: Route, ids: Mapping[str, UUID]) -> Any:
    """A valid body for a route, or None when it takes none. ``ids`` say what it points to."""
    text = {name: str(value) for name, value in ids.items()}
    bodies: dict[str, Any] = {
        "create_meta_app": {"app_id": "7", "app_secret": "en-hemmelighet"},
        "change_meta_app": {"name": "Nytt navn"},
        "connect_page": {"page_id": "1002", "page_token": "x"},
        "change_page": {"name": "Nytt navn"},
        "put_messenger_profile": {"greeting": [{"text": "Hei!"}]},
        "post_thread_act": {"act": "take"},
        "check_public": {"text": "Hei 123456"},
        "change_comment": {"state": "not_needed"},
        "post_private_reply": {"client_id": str(uuid4()), "body": "Hei"},
        "make_page_post": {"client_id": str(uuid4()), "connection_id": text["connection_id"], "text": "Hei"},
        "change_page_post": {"text": "Hei igjen"},
        "create_mailbox": {"address": "ny@post.example"},
        "change_mailbox": {"name": "Nytt navn"},
        "post_session": {"email": "x@y.example", "password": "feil passord her"},
        "post_session_mfa": {"challenge": "x" * 43, "code": "123456"},
        "patch_me": {"name": "Nytt Navn"},
        "put_password": {"current": "feil passord her", "new": "et helt nytt passord"},
        "delete_totp": {"password": "feil passord her"},
        "post_totp_confirm": {"code": "123456"},
        "post_recovery_codes": {"password": "feil passord her"},
        "post_invitation": {"email": f"{uuid4().hex}@ny.example", "role": "agent", "team_ids": [text["team_id"]]},
        "post_invitation_by_token": {"name": "Ny", "password": "et helt nytt passord"},
        "post_password_reset": {"email": "x@y.example"},
        "post_password_reset_by_token": {"password": "et helt nytt passord"},
        "patch_agent": {"name": "Nytt Navn"},
        "post_team": {"name": f"Lag {uuid4().hex[:6]}"},
        "patch_team": {"name": f"Lag {uuid4().hex[:6]}"},
        "post_api_token": {"name": "nøkkel", "scopes": ["contacts.read"]},
        "patch_settings": {"name": "Nytt Navn AS"},
        "patch_calendar": {"name": "Nytt navn"},
        "put_text": {"body": "Hei!"},
        "patch_contact": {"name": "Nytt Navn"},
        "post_merge": {"contact_id": text["other_contact_id"]},
        "make_field": {"key": f"felt_{uuid4().hex[:6]}", "type": "text", "labels": {"nb": "Felt"}},
        "patch_field": {"labels": {"nb": "Nytt felt"}},
        "patch_conversation": {"status": "closed"},
        "post_message": {
            "client_id": str(uuid4()),
            "kind": "answer",
            "body": "Hei!",
            "based_on_seq": 9,
            "confirm": True,
        },
        "put_draft": {"kind": "answer", "body": "Hei", "file_ids": [], "version": 0},
        "put_read": {"seq": 2},
        "make_tag": {"name": f"merke {uuid4().hex[:6]}"},
        "patch_tag": {"name": f"merke {uuid4().hex[:6]}"},
        "make_view": {"name": f"visning {uuid4().hex[:6]}", "filters": {"view": "all"}},
        "patch_view": {"name": f"visning {uuid4().hex[:6]}"},
        "create_form": {"name": "Skjema", "origins": ["https://ny.example"]},
        "change_form": {"name": "Skjema"},
        "post_form_v1": {"stamp": "x", "email": "ola@kunde.example", "message": "Hei"},
        "create_widget": {"name": "Nettprat", "origins": ["https://ny.example"]},
        "change_widget": {"name": "Nettprat"},
        "post_widget_session": {"widget": "wukjent", "parent": "https://butikk.example", "locale": "nb"},
        "post_widget_message": {"client_id": str(uuid4()), "body": "Hei"},
        "post_widget_address": {"email": "ola@kunde.example"},
        "post_widget_receipts": {"read_seq": 1},
        "post_export": {"contact_id": text["contact_id"]},
        "post_erasure": {"contact_id": text["contact_id"]},
    }
    return bodies.get(row.handler.__name__)


def path_of(row: Route, ids: Mapping[str, UUID], **texts: str) -> str:
    """The route's address with ``ids`` in place of its parameters."""
    defaults = {
        "token": "x" * 43,
        "key": "away",
        "locale": "nb",
        "name": "x.js",
        "slug": "ruter",
        "page": "bredband",
        "code": "x",
    }

    def fill(found: re.Match[str]) -> str:
        name, kind = found[1], found[2]
        return str(ids[name]) if kind == "uuid" else {**defaults, **texts}[name]

    return PLACE.sub(fill, row.path)


def nowhere() -> dict[str, UUID]:
    """Ids that exist in no organisation."""
    return {name: uuid7() for row in ROUTES for name, kind in PLACE.findall(row.path) if kind == "uuid"}


def label(row: Route) -> str:
    return f"{row.method} {row.path}"


TENANT_TABLES = """
SELECT c.relname AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relrowsecurity AND c.relname <> 'event_outbox'
ORDER BY 1
"""


async def tables(db: Database) -> list[str]:
    """All tables under row-level security that hold rows of one organisation each."""
    async with db.directory() as tx:
        return [row["name"] for row in await tx.all(TENANT_TABLES)]


async def content(db: Database, account_id: UUID, *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Everything that an organisation holds, table by table, as text: for before and after."""
    found: dict[str, list[str]] = {}
    async with db.work(account_id) as tx:
        for table in await tables(db):
            if table not in but:
                rows = await tx.all(f"SELECT t::text AS line FROM {table} t ORDER BY 1")
                found[table] = [row["line"] for row in rows]
    return found
