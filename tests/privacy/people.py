"""A person who has left traces everywhere: rows in every table that holds data of contacts."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
from psycopg import sql as psql
from psycopg.types.json import Jsonb

from svardesk.kit.db import Database, Tx
from svardesk.kit.files import FileStore
from svardesk.kit.ids import uuid7

NAME = "Ragnhild Fjellstad"
ADDRESS = "ragnhild.fjellstad@example.no"
SAID = "Ruteren blinker oransje hjemme hos oss"
MARKS = ("Ragnhild", "ragnhild", "Fjellstad", "fjellstad", "oransje", "blinker", "+4790909090")


@dataclass
class Person:
    """Ids of what was left."""

    account: UUID
    contact: UUID = field(default_factory=uuid7)
    merged: UUID = field(default_factory=uuid7)
    neighbour: UUID = field(default_factory=uuid7)
    conversation: UUID = field(default_factory=uuid7)
    identity: UUID = field(default_factory=uuid7)
    connection: UUID = field(default_factory=uuid7)
    agent: UUID = field(default_factory=uuid7)
    message: UUID = field(default_factory=uuid7)
    sha256: str = ""


async def _put(tx: Tx, table: str, **values: object) -> None:
    columns = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    await tx.run(
        f"INSERT INTO {table} (account_id, {columns}) VALUES (%(account)s, {places})", account=tx.account, **values
    )


async def make_account(db: Database) -> UUID:
    """A new organisation without anybody in it."""
    account = uuid7()
    async with db.work(account) as tx:
        await tx.run(
            "INSERT INTO accounts (id, slug, name) VALUES (%(a)s, %(s)s, 'Fjordnett')", a=account, s=uuid4().hex
        )
    return account


async def settle(
    db: Database, files: FileStore, now: datetime, account: UUID | None = None, *, number: int = 1
) -> Person:
    """Let a person leave traces in every table; the conversation is open and an answer still under way."""
    person = Person(account or await make_account(db))

    async def content():
        yield b"bilde av ruteren til Ragnhild"

    stored = await files.put(person.account, content(), max_bytes=10_000)
    person.sha256 = stored.sha256
    async with db.work(person.account) as tx:
        await _put(tx, "agents", id=person.agent, email=f"{uuid4().hex}@fjordnett.no", name="Solveig Aas", role="agent")
        await _put(tx, "connections", id=person.connection, kind="webchat", name="Nettsiden", created_at=now)
        await _put(
            tx, "contacts", id=person.contact, name=NAME, locale="nb", attributes=Jsonb({"city": "Ragnhilds by"}),
            created_at=now, last_seen_at=now,
        )  # fmt: skip
        await _put(tx, "contacts", id=person.merged, name="R. Fjellstad", merged_into_id=person.contact, created_at=now)
        await _put(
            tx, "contact_merges", id=uuid7(), from_id=person.merged, into_id=person.contact, why="agent",
            agent_id=person.agent, made_at=now,
        )  # fmt: skip
        await _put(
            tx,
            "contacts",
            id=person.neighbour,
            name="Noen Andre",
            created_at=now,
            last_seen_at=now + timedelta(days=99),
        )
        low, high = sorted((person.contact, person.neighbour))
        await _put(tx, "contacts_apart", low_id=low, high_id=high, agent_id=person.agent, created_at=now)
        await _put(
            tx, "identities", id=person.identity, contact_id=person.contact, kind="email", address=ADDRESS,
            display=NAME, trust="claimed", created_at=now,
        )  # fmt: skip
        await _put(
            tx, "identities", id=uuid7(), contact_id=person.merged, kind="phone", address="+4790909090", created_at=now
        )
        await _put(
            tx, "conversations", id=person.conversation, number=number, channel="webchat", connection_id=person.connection,
            external_thread_key=f"visitor-Ragnhild-{number}", contact_id=person.contact, identity_id=person.identity,
            subject="Fjellstad og ruteren", preview=SAID, preview_kind="inbound", status="open", locale="nb",
            waiting_since=now, last_activity_at=now, created_at=now, last_seq=2,
        )  # fmt: skip
        await _put(
            tx, "messages", id=person.message, conversation_id=person.conversation, seq=1, kind="inbound",
            author_kind="contact", author_id=person.contact, body=SAID, actor=f"visitor:{person.contact}",
            external_id="mid-Ragnhild", details=Jsonb({"page": "/hos/fjellstad"}), created_at=now,
        )  # fmt: skip
        answer = uuid7()
        await _put(
            tx, "messages", id=answer, conversation_id=person.conversation, seq=2, kind="answer", author_kind="agent",
            author_id=person.agent, body="Hei, Ragnhild! Slå den av og på.", actor=f"agent:{person.agent}", state="queued",
            state_reason="til ragnhild", created_at=now,
        )  # fmt: skip
        await _put_mails(tx, person, answer, now, number)
        delivery = uuid7()
        await _put(
            tx, "deliveries", id=delivery, message_id=answer, conversation_id=person.conversation,
            connection_id=person.connection, seq=2, state="queued", due_at=now, reason="for Ragnhild", created_at=now,
        )  # fmt: skip
        await _put_channel(tx, person, delivery, now, number)
        await tx.run(
            "INSERT INTO message_search (account_id, message_id, conversation_id, words, created_at)"
            " VALUES (%(a)s, %(m)s, %(c)s, to_tsvector('simple', %(body)s), %(now)s) ON CONFLICT DO NOTHING",
            a=tx.account, m=person.message, c=person.conversation, body=SAID, now=now,
        )  # fmt: skip
        await _put(
            tx,
            "drafts",
            conversation_id=person.conversation,
            agent_id=person.agent,
            body="Kjære Ragnhild",
            updated_at=now,
        )
        await _put(
            tx, "files", id=uuid7(), conversation_id=person.conversation, message_id=person.message, actor="visitor",
            name="ragnhilds-ruter.jpg", media_type="image/jpeg", size=stored.size, sha256=stored.sha256, created_at=now,
        )  # fmt: skip
        definition = uuid7()
        await _put(
            tx, "field_definitions", id=definition, entity="contact", key=f"meter-{number}", type="text",
            labels=Jsonb({"nb": "Måler"}),
        )  # fmt: skip
        await _put(
            tx,
            "field_values",
            id=uuid7(),
            definition_id=definition,
            entity_id=person.contact,
            text_value="hos Fjellstad",
        )
        envelope = uuid7()
        await _put(
            tx, "envelopes", id=envelope, connection_id=person.connection, received_at=now, sha256=b"\x01" * 32,
            raw=f'{{"body":"{SAID}"}}'.encode(), headers=Jsonb({"from": ADDRESS}), state="parsed", contact_id=person.merged,
        )  # fmt: skip
        await _put(
            tx, "inbound_items", id=uuid7(), envelope_id=envelope, connection_id=person.connection,
            idempotency_key=f"<1.{number}.{ADDRESS}>", type="message", created_at=now,
        )  # fmt: skip
        await _put(
            tx, "webchat_sessions", id=uuid7(), connection_id=person.connection, contact_id=person.contact,
            identity_id=person.identity, conversation_id=person.conversation, token_hash=uuid4().bytes,
            page_url="https://butikk.example/ragnhild", page_title="Ragnhilds handlekurv", created_at=now, last_seen_at=now,
            expires_at=now + timedelta(days=30),
        )  # fmt: skip
    return person


async def _put_channel(tx: Tx, person: Person, delivery: UUID, now: datetime, number: int) -> None:
    """What a channel with a provider adds: pieces, edits, files that are awaited, where she came from."""
    await _put(
        tx, "delivery_parts", delivery_id=delivery, part=0, connection_id=person.connection,
        external_id=f"m_Ragnhild-{number}", sent_at=now,
    )  # fmt: skip
    await _put(tx, "message_edits", message_id=person.message, edit=0, body=f"{SAID} (Ragnhild)", written_at=now)
    await _put(
        tx, "media", id=uuid7(), message_id=person.message, connection_id=person.connection,
        ref=f"https://cdn.example/ragnhild-{number}", name="ragnhilds-ruter.jpg", state="gone", error="Ragnhild", due_at=now,
    )  # fmt: skip
    await _put(
        tx, "threads", connection_id=person.connection, thread=f"visitor-Ragnhild-{number}",
        first_touch=Jsonb({"ref": "ragnhild"}), last_touch=Jsonb({"ref": "ragnhild"}), updated_at=now,
    )  # fmt: skip
    await _put(
        tx, "meta_profiles", connection_id=person.connection, person=f"Ragnhild-{number}", contact_id=person.contact,
        state="known", due_at=now,
    )  # fmt: skip
    await _put(tx, "message_authors", message_id=person.message, contact_id=person.contact)
    await _put(
        tx, "facebook_comments", connection_id=person.connection, comment_id=f"1_Ragnhild-{number}", post_id="1001_1",
        parent_id="1_1", message_id=person.message, conversation_id=person.conversation, contact_id=person.contact,
        written_at=now, came_at=now,
    )  # fmt: skip
    await _put(
        tx, "facebook_posts", id=uuid7(), connection_id=person.connection, post_id=f"1001_Ragnhild-{number}", body=SAID,
        permalink="https://www.facebook.com/ragnhild", message_id=person.message, created_at=now,
    )  # fmt: skip


async def _put_mails(tx: Tx, person: Person, answer: UUID, now: datetime, number: int) -> None:
    """The same message came by mail too, with a picture in it, and its answer was announced by an automatic one."""
    mail_id = f"{number}.fjellstad@example.no"
    somebody = {"name": NAME, "address": ADDRESS}
    await _put(
        tx, "mails", message_id=person.message, conversation_id=person.conversation, connection_id=person.connection,
        direction="in", mail_id=mail_id, refs=[f"before.{mail_id}"], sender=Jsonb(somebody), reply_to=Jsonb([somebody]),
        recipients=Jsonb([{"name": "Fjordnett", "address": "kundeservice@fjordnett.example"}]), subject="Ragnhilds ruter",
        body=SAID, html=f"<p>{SAID}</p>", inline_files=Jsonb({f"ragnhild.{number}": str(uuid7())}), written_at=now,
        created_at=now,
    )  # fmt: skip
    for kind, one in (("is", mail_id), ("names", f"before.{mail_id}")):
        await _put(
            tx, "mail_ids", mail_id=one, message_id=person.message, conversation_id=person.conversation, kind=kind
        )
    await _put(
        tx,
        "mail_participants",
        conversation_id=person.conversation,
        address=ADDRESS,
        standing="customer",
        created_at=now,
    )
    await _put(
        tx, "automatic_mails", message_id=answer, conversation_id=person.conversation, address=ADDRESS, created_at=now
    )
    # Twice the same person of an organisation has one address.
    await tx.run(
        "INSERT INTO mail_suppressions (account_id, address, code, said, created_at)"
        " VALUES (%(account_id)s, %(address)s, '5.1.1', 'No such user', %(now)s) ON CONFLICT DO NOTHING",
        account_id=tx.account, address=ADDRESS, now=now,
    )  # fmt: skip


def traces(dsn: str, marks: tuple[str, ...] = MARKS) -> list[str]:
    """Every column of the database, as its owner sees it, in which one of the marks stands."""
    found: list[str] = []
    with psycopg.connect(dsn) as conn:
        columns = conn.execute(
            "SELECT c.relname, a.attname, t.typname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " JOIN pg_type t ON t.oid = a.atttypid WHERE n.nspname = 'public' AND c.relkind = 'r'"
            " AND t.typname IN ('text', 'varchar', 'bytea', 'json', 'jsonb', 'tsvector', '_text', 'name')"
        ).fetchall()
        assert len(columns) > 80
        for table, column, kind in columns:
            value = psql.Identifier(column)
            for mark in marks:
                test = psql.SQL(
                    "position({mark}::bytea IN {value}) > 0"
                    if kind == "bytea"
                    else "position({mark} IN {value}::text) > 0"
                )
                query = psql.SQL("SELECT count(*) FROM {table} WHERE ").format(
                    table=psql.Identifier(table)
                ) + test.format(mark=psql.Literal(mark.encode() if kind == "bytea" else mark), value=value)
                row = conn.execute(query).fetchone()
                if row and row[0]:
                    found.append(f"{table}.{column}: {mark}")
    return found
