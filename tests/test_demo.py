"""The demo organisation: made once, quickly, and as if the last days had been lived through."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row

from svardesk import demo
from svardesk.config import Settings
from svardesk.demo_data.people import AGENTS, PASSWORD
from svardesk.demo_data.ports import Ports, remember
from svardesk.demo_data.script import read
from svardesk.kit.i18n import LOCALES


def counts(dsn: str, statement: LiteralString) -> dict[str, int]:
    with psycopg.connect(dsn) as conn:
        return dict(conn.execute(statement).fetchall())


def test_every_language_and_state_is_told() -> None:
    told = read()
    assert {one.locale for one in told} == set(LOCALES)
    assert len(told) >= 36
    for one in told:
        lived = sum((line.after for line in one.lines[1:]), one.lines[0].after * 0)
        assert lived < one.ago, f"{one.name} writes in the future"
        assert one.lines[0].agent is None


async def test_the_demo_is_made_once_and_quickly(clone: Callable[[], str], tmp_path: Path) -> None:
    dsn = clone()
    settings = Settings.from_environment({"SVARDESK_DATABASE_URL": dsn, "SVARDESK_DATA": str(tmp_path)})
    began = time.monotonic()
    await demo._fill(settings, dsn)
    assert time.monotonic() - began < 15
    with psycopg.Connection[DictRow].connect(dsn, row_factory=dict_row) as conn:
        assert counts(dsn, "SELECT status, count(*) FROM conversations GROUP BY 1").keys() == {
            "open", "waiting", "snoozed", "closed",
        }  # fmt: skip
        agents = conn.execute("SELECT count(*) AS n FROM agents").fetchone()
        assert agents == {"n": len(AGENTS) + 1}
        future = conn.execute("SELECT count(*) AS n FROM messages WHERE created_at > now()").fetchone()
        assert future == {"n": 0}
        kari = conn.execute(
            "SELECT c.*, p.name FROM conversations c JOIN contacts p ON p.id = c.contact_id WHERE p.name = 'Kari Nordmann'"
        ).fetchone()
        assert kari is not None
        assert kari["status"] == "open"
        assert kari["waiting_since"] is not None
        assert kari["assignee_id"] is None
        thanks = conn.execute("SELECT silent FROM messages WHERE body = '👍'").fetchone()
        assert thanks == {"silent": True}
        states = counts(dsn, "SELECT state, count(*) FROM messages WHERE kind = 'answer' GROUP BY 1")
        assert set(states) == {"read"}
        widget = conn.execute("SELECT public_key, config FROM connections WHERE kind = 'webchat'").fetchone()
        assert widget is not None
        assert widget["public_key"] == "fjordnett-demo"
        assert "http://localhost:*" in widget["config"]["origins"]
        form = conn.execute("SELECT public_key, config FROM connections WHERE kind = 'form'").fetchone()
        assert form is not None
        assert form["public_key"] == "fjordnett-kontakt"
        teams = counts(dsn, "SELECT name, id::text FROM teams")
        assert {one["key"]: one["team_id"] for one in form["config"]["topics"]} == {
            "invoice": teams["Kundeservice"], "network": teams["Teknisk"], "order": teams["Salg"],
        }  # fmt: skip
        before = conn.execute("SELECT count(*) AS n FROM messages").fetchone()
    began = time.monotonic()
    await demo._fill(settings, dsn)
    assert time.monotonic() - began < 3
    assert counts(dsn, "SELECT 'n', count(*) FROM messages") == before


def test_the_text_names_the_sign_in(clone: Callable[[], str], tmp_path: Path) -> None:
    dsn = clone()
    text = demo.fill(Settings.from_environment({"SVARDESK_DATABASE_URL": dsn, "SVARDESK_DATA": str(tmp_path)}))
    assert PASSWORD in text
    assert "{url}/demo/shop" in text
    assert "ingrid@fjordnett.example (owner)" in text
    assert "mail" not in text.lower(), "no mail server has ever run here"


def test_the_text_tells_how_to_write_a_mail(clone: Callable[[], str], tmp_path: Path) -> None:
    settings = Settings.from_environment({"SVARDESK_DATABASE_URL": clone(), "SVARDESK_DATA": str(tmp_path)})
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        smtp = nobody.getsockname()[1]
        remember(tmp_path, Ports(smtp, 2, 3))
        text = demo.fill(settings)
    assert 'svardesk demo mail --from "Kari Nordmann <kari@example.no>" --subject' in text
    assert "svardesk demo mail --inbox" in text
    assert f"SMTP 127.0.0.1:{smtp}; IMAP port 3, kunder@postkasse.example, fjordnett" in text
