"""What the contract tests must know of each adapter: samples of what comes in, and a connection to send by.

A new adapter adds one ``Case``; a test fails until it does.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from svardesk.channels.contract import Adapter, Connection, OutboundCommand, Raw
from svardesk.channels.registry import ADAPTERS
from svardesk.kit.ids import uuid7
from tests.channels.conftest import FakeAdapter, Provider

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SESSION = "0193f0c0-0000-7000-8000-000000000001"


def connection(kind: str, **config: Any) -> Connection:
    """A connection of that kind, as the database would give it."""
    return Connection(id=uuid7(), account_id=uuid7(), kind=kind, name="Prøve", public_key="wk_x", config=config)


@dataclass(frozen=True)
class Case:
    """Samples of one adapter.

    ``good``: (what comes in, how many events it holds). ``poison``: what must raise ``ParseFailed``. ``strange``: what holds
    parts that nobody knows; parses to something, never raises. ``codes``: the error codes that ``send`` can answer.
    """

    adapter: Adapter
    connection: Connection
    good: Sequence[tuple[Raw, int]]
    poison: Sequence[Raw]
    strange: Sequence[Raw] = ()
    codes: Sequence[str] = ("no_such_code",)
    files: Sequence[UUID] = field(default_factory=tuple)

    @property
    def headers(self) -> dict[str, str]:
        """Headers with which this adapter's envelopes come."""
        return dict(self.good[0][0].headers) if self.good else {}

    def command(self, text: str = "Hei!") -> OutboundCommand:
        """A message to send by this adapter."""
        return OutboundCommand(
            delivery_id=uuid7(),
            message_id=uuid7(),
            conversation_id=uuid7(),
            connection=self.connection,
            external_thread_key="t1",
            recipient="ola@example.no",
            text=text,
        )


def raw(body: bytes, **headers: str) -> Raw:
    """Something that came in."""
    return Raw(body=body, received_at=AT, headers=headers)


def _chat(body: str) -> Raw:
    return raw(body.encode(), **{"svardesk-session": SESSION, "svardesk-locale": "nb", "svardesk-trust": "none"})


CLIENT = "0193f0c0-1111-7000-8000-000000000001"
FILE = "0193f0c0-2222-7000-8000-000000000001"

WEBCHAT = Case(
    adapter=ADAPTERS["webchat"],
    connection=connection("webchat", origins=["https://butikk.example"]),
    good=[
        (_chat(f'{{"client_id":"{CLIENT}","body":"Hei 👋, når kommer pakken?"}}'), 1),
        (_chat(f'{{"client_id":"{CLIENT}","body":"","file_ids":["{FILE}"]}}'), 1),
        (
            _chat(f'{{"client_id":"{CLIENT}","body":"Blåbær","page":{{"url":"https://butikk.example/","title":"x"}}}}'),
            1,
        ),
        (_chat(f'{{"client_id":"{CLIENT}","body":"{"x" * 8000}"}}'), 1),
    ],
    poison=[
        _chat(""),
        _chat("{"),
        _chat("[]"),
        _chat("null"),
        _chat('{"body":"uten nøkkel"}'),
        _chat('{"client_id":"7","body":"x"}'),
        _chat(f'{{"client_id":"{CLIENT}"}}'),
        _chat(f'{{"client_id":"{CLIENT}","body":"  \\n "}}'),
        _chat(f'{{"client_id":"{CLIENT}","body":7}}'),
        _chat(f'{{"client_id":"{CLIENT}","body":"a\\u0000b"}}'),
        _chat(f'{{"client_id":"{CLIENT}","body":"{"x" * 8001}"}}'),
        _chat(f'{{"client_id":"{CLIENT}","body":"x","file_ids":["{FILE}","{FILE}"]}}'),
        _chat(f'{{"client_id":"{CLIENT}","body":"x","admin":true}}'),
        raw(b'{"client_id":"\xff\xfe"}', **{"svardesk-session": SESSION}),
        raw(f'{{"client_id":"{CLIENT}","body":"hvem?"}}'.encode()),
    ],
    strange=[_chat(f'{{"client_id":"{CLIENT}","body":"x","page":{{"url":"javascript:alert(1)","new_field":[1]}}}}')],
    codes=("delivery_failed", "anything"),
)

SENT = "0193f0c0-3333-7000-8000-000000000001"


def _form(**values: Any) -> Raw:
    return raw(json.dumps({"id": SENT, "locale": "nb", **values}).encode(), **{"svardesk-answer-via": "yes"})


_WRITTEN: dict[str, Any] = {"email": "ola@kunde.example", "message": "Hvor er pakken?"}
FORM = Case(
    adapter=ADAPTERS["form"],
    connection=connection(
        "form",
        languages=["nb", "fi"],
        texts={"nb": {"title": "Skriv til oss"}},
        fields=[
            {"key": "order", "type": "order", "labels": {"nb": "Ordrenummer"}, "patterns": ["FN-####"]},
            {"key": "picture", "type": "file", "labels": {"nb": "Bilde"}},
        ],
        topics=[{"key": "invoice", "labels": {"nb": "Faktura"}}],
        answers=["email", "phone"],
        reply_connection_id="0193f0c0-4444-7000-8000-000000000001",
    ),
    good=[
        (_form(**_WRITTEN), 1),
        (_form(**_WRITTEN, name="Ola", topic="invoice", values={"order": "FN-1234"}, answer="phone", phone="+4722"), 1),
        (_form(phone="+4722222222", message="Ring meg"), 1),
        (_form(**_WRITTEN, files=[{"field": "picture", "id": FILE, "name": "bilde.png"}]), 1),
        (_form(email="x", message="", trapped=True), 1),
    ],
    poison=[
        raw(b""),
        raw(b"{"),
        raw(b"[]"),
        raw(b"null"),
        _form(message="uten adresse"),
        _form(email="ola@kunde.example", message=" \n "),
        _form(email="ola@kunde.example", message=7),
        _form(email="ola@kunde.example", message="a\0b"),
        _form(**_WRITTEN, values={"order": "a\0b"}),
        _form(**_WRITTEN, admin=True),
        _form(email="ola@kunde.example", message="x" * 8001),
        raw(b'{"id":"7","email":"x","message":"y"}'),
    ],
    strange=[_form(**_WRITTEN, topic="gone", answer="pigeon", values={"gone": "x"}, locale="tlh")],
    codes=("no_way_back", "anything"),
)


def _mail(text: str, head: str = "") -> Raw:
    return raw(
        (
            "From: Kari <kari@example.no>\r\nTo: kundeservice@fjordnett.example\r\nSubject: Nettet\r\n"
            f"Message-ID: <1@example.no>\r\n{head}\r\n{text}\r\n"
        ).encode()
    )


EMAIL = Case(
    adapter=ADAPTERS["email"],
    connection=connection("email", address="kundeservice@fjordnett.example"),
    good=[
        (_mail("Hei, nettet er borte."), 1),
        (_mail("Jeg er borte til mandag.", "Auto-Submitted: auto-replied\r\n"), 1),
        (raw(b""), 1),
        (raw(b"\x00\xff\xfe not a mail at all"), 1),
    ],
    # Whatever comes is kept as a message: nothing is refused.
    poison=[],
    strange=[_mail("x", "Content-Type: multipart/mixed; boundary=\r\nX-New: \xff\r\n"), raw(b"From: <<>>\r\n\r\n\xe5")],
    codes=("5.1.1", "5.7.1", "too_large", "auth_refused", "no_smtp", "anything"),
)

META = Case(
    adapter=ADAPTERS["meta"],
    connection=connection("meta", app_id="1"),
    # What lies with the app itself belongs to no page that is connected: all of it is refused, with the reason.
    good=[],
    poison=[raw(b""), raw(b"{"), raw(b'{"object":"page","entry":[{"id":"7","messaging":[]}]}'), raw(b"[]")],
    codes=("not_offered", "190", "anything"),
)

PAGE = "1001"


def _told(*items: Any, array: str = "messaging") -> Raw:
    return raw(
        json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1_795_424_400_000, array: list(items)}]}).encode()
    )


def _of_ola(**body: Any) -> dict[str, Any]:
    return {"sender": {"id": "7001"}, "recipient": {"id": PAGE}, "timestamp": 1_795_424_400_000, **body}


MESSENGER = Case(
    adapter=ADAPTERS["messenger"],
    # Nobody listens there: what is sent is surely not taken.
    connection=connection("messenger", page_id=PAGE, app_id="555", graph_url="http://127.0.0.1:9"),
    good=[
        (_told(_of_ola(message={"mid": "m1", "text": "Blåbær 👋"}), _of_ola(read={"watermark": 1_795_424_400_000})), 2),
        (
            _told(
                _of_ola(
                    message={
                        "mid": "m2",
                        "attachments": [{"type": "image", "payload": {"url": "https://x.fbcdn.net/1"}}],
                    }
                )
            ),
            1,
        ),
        (_told(_of_ola(postback={"mid": "m3", "title": "Hei", "payload": "P"}), array="standby"), 1),
        (_told(_of_ola(delivery={"watermark": 1_795_424_400_000, "mids": ["m9"]})), 1),
    ],
    poison=[
        raw(b""),
        raw(b"{"),
        raw(b"[]"),
        raw(b"null"),
        raw(b'{"object":"page","entry":[{"id":"9","messaging":[]}]}'),
    ],
    strange=[_told(_of_ola(hologram={}), 7, None, {"message": {}}, _of_ola(message={"mid": "m1", "text": 7}))],
    codes=("window", "standby", "restricted", "190", "10.2018278", "551", "613", "http.503", "anything"),
)


def _fed(*values: Any) -> Raw:
    return _told(
        *({"field": "feed", "value": one} if isinstance(one, dict) else one for one in values), array="changes"
    )


def _comment(**more: Any) -> dict[str, Any]:
    return {
        "item": "comment", "verb": "add", "from": {"id": "8001", "name": "Ola Hansen"}, "post_id": f"{PAGE}_1",
        "comment_id": "1_2", "parent_id": f"{PAGE}_1", "created_time": 1_795_424_400, "message": "Når åpner dere? 👋", **more,
    }  # fmt: skip


FACEBOOK = Case(
    adapter=ADAPTERS["facebook"],
    # Nobody listens there: what is sent is surely not taken.
    connection=connection("facebook", page_id=PAGE, app_id="555", graph_url="http://127.0.0.1:9"),
    good=[
        (_fed(_comment(), _comment(comment_id="1_3", parent_id="1_2", message="Ja?"), _comment()), 2),
        (_fed(_comment(verb="edited", message="Når stenger dere?"), _comment(verb="remove")), 2),
        (_fed(_comment(verb="hide"), _comment(verb="unhide"), {**_comment(), "from": None}), 3),
        (_fed(_comment(**{"from": {"id": PAGE, "name": "Fjordnett"}, "comment_id": "1_4"})), 1),
        (
            _fed(
                {"item": "photo", "verb": "add", "from": {"id": "8001", "name": "Ola"}, "post_id": f"{PAGE}_5",
                 "link": "https://x.fbcdn.net/1.png", "photo_id": "5", "created_time": 1_795_424_400},
                {"item": "status", "verb": "add", "from": {"id": PAGE, "name": "Fjordnett"}, "post_id": f"{PAGE}_6",
                 "message": "Vi har åpent", "created_time": 1_795_424_400},
                {"item": "reaction", "verb": "add", "post_id": f"{PAGE}_6", "reaction_type": "love"},
            ),
            2,
        ),
    ],
    poison=[
        raw(b""),
        raw(b"{"),
        raw(b"[]"),
        raw(b"null"),
        raw(b'{"object":"page","entry":[{"id":"9","changes":[]}]}'),
    ],
    strange=[_fed({"item": "hologram"}, 7, None, {"item": "comment"}, _comment(message=7, created_time="i går"))],
    codes=("private_late", "comment_gone", "10900", "10903", "10904", "190", "368", "613", "http.503", "anything"),
)  # fmt: skip

FAKE = Case(
    adapter=FakeAdapter(Provider()),
    connection=connection("fake"),
    good=[
        (raw(b'{"id":"1","text":"hei"}\n{"id":"2","text":"og hallo"}'), 2),
        (raw(b'{"id":"3","type":"receipt_read","about":{"external_ids":["x"]}}'), 1),
    ],
    poison=[raw(b"\x00\x01"), raw(b"{")],
)
"""The test double stands here too, so that the suite itself is tried on more than one adapter."""

CASES: dict[str, Case] = {
    "webchat": WEBCHAT,
    "form": FORM,
    "email": EMAIL,
    "meta": META,
    "messenger": MESSENGER,
    "facebook": FACEBOOK,
    "fake": FAKE,
}
