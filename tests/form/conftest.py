"""What the tests of the form share: a form that asks a bit of everything, and somebody who fills it in."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import httpx
import pytest

from svardesk.accounts.caller import SYSTEM
from svardesk.channels.form import forms, promise, taking
from svardesk.channels.form import http as form_http
from svardesk.channels.form.forms import FormView
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database, Row
from tests.client import Client
from tests.factories import Account, insert, make_account, make_team

SHOP = "https://butikk.example"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
PDF = b"%PDF-1.7\n" + b"x" * 200


class Page(HTMLParser):
    """A page as a reader without JavaScript has it: fields with their values, links, texts."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._option: tuple[str, str] | None = None
        self._area: str | None = None
        self.values: dict[str, str] = {}
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        name = found.get("name") or ""
        if (tag == "input" and found.get("type") not in {"file", "radio"}) or (
            tag == "input" and found.get("type") == "radio" and "checked" in found
        ):
            self.values[name] = found.get("value") or ""
        elif tag == "select":
            self._option = (name, "")
            self.values[name] = ""
        elif tag == "option" and self._option and "selected" in found:
            self.values[self._option[0]] = found.get("value") or ""
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            self.values[self._area] = self.values[self._area].removeprefix("\n")
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.values[self._area] += data
        elif data.strip():
            self.texts.append(" ".join(data.split()))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attrs
            for one, attrs in self.tags
            if one == tag
            and all(attrs.get(name.replace("_", "-").strip("-")) == value for name, value in wanted.items())
        ]

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@dataclass
class Form:
    """A form of a test's organisation, and its reader."""

    http: Client
    clock: FixedClock
    db: Database
    account: Account
    view: FormView
    teams: dict[str, UUID]
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def url(self) -> str:
        return f"/form/{self.view.key}"

    async def open(self, query: str = "", **headers: str) -> Page:
        answer = await self.http.get(self.url + query, headers={**self.headers, **headers})
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    async def stamp(self, seconds: float = 20) -> str:
        """A stamp of a page that has been open for so long."""
        stamp = (await self.open()).values["stamp"]
        self.clock.advance(seconds)
        return stamp

    async def post(
        self, files: list[tuple[str, tuple[str, bytes, str]]] | None = None, query: str = "", **values: str
    ) -> httpx.Response:
        """Send the form; what is left out is filled in sensibly, None leaves it out."""
        data = {"email": "ola@kunde.example", "answer": "email", "topic": "invoice", "message": "Hvor er fakturaen?"}
        if "stamp" not in values:
            values["stamp"] = await self.stamp()
        # Always multipart, as the page sends it.
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in {**data, **values}.items()]
        parts += files or []
        return await self.http.post(self.url + query, files=parts)

    async def sent(self, **values: Any) -> Page:
        """Send the form, be taken, follow to the receipt."""
        answer = await self.post(**values)
        assert answer.status_code == 303, answer.text
        shown = await self.http.get(answer.headers["location"])
        assert shown.status_code == 200
        return Page(shown.text)

    async def rows(self, statement: str) -> list[Row]:
        async with self.db.work(self.account.id) as tx:
            return await tx.all(statement)

    async def count(self, table: str) -> int:
        return (await self.rows(f"SELECT count(*)::int AS n FROM {table}"))[0]["n"]


VALUES: dict[str, Any] = {
    "languages": ["nb", "sv", "en"],
    "texts": {
        "nb": {"title": "Skriv til Fjordnett", "intro": "Vi svarer alle.\nHver gang."},
        "sv": {"title": "Skriv till Fjordnett"},
    },
    "answers": ["email", "phone"],
    "origins": [SHOP],
    "fields": [
        {
            "key": "order", "type": "order", "labels": {"nb": "Ordrenummer", "sv": "Ordernummer"},
            "patterns": ["FN-####", "####-@@"],
        },
        {
            "key": "where", "type": "choice", "labels": {"nb": "Hvor handlet du?"},
            "choices": [
                {"key": "web", "labels": {"nb": "På nett", "sv": "På nätet"}},
                {"key": "shop", "labels": {"nb": "I butikken"}},
            ],
        },
        {"key": "model", "type": "text", "labels": {"nb": "Modell"}},
        {"key": "story", "type": "long", "labels": {"nb": "Hva har du prøvd?"}},
        {"key": "other", "type": "email", "labels": {"nb": "Kollegas e-post"}},
        {"key": "mobile", "type": "phone", "labels": {"nb": "Mobil"}},
        {"key": "picture", "type": "file", "labels": {"nb": "Bilde"}},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    taking.FROM_ADDRESS._buckets.clear()
    form_http.PAGES._buckets.clear()
    promise.forget()


Make = Callable[..., Any]


@pytest.fixture
def make(client: Client, db: Database, clock: FixedClock) -> Make:
    """Make a form in an organisation of its own; ``values`` over the usual ones."""

    async def made(**values: Any) -> Form:
        account = await make_account(db)
        teams = {name: await make_team(db, account, name) for name in ("Faktura", "Teknisk", "Skjema")}
        topics = [
            {"key": "invoice", "labels": {"nb": "Faktura", "sv": "Faktura (sv)"}, "team_id": str(teams["Faktura"])},
            {"key": "other", "labels": {"nb": "Noe annet"}},
        ]
        import msgspec

        wanted = {"name": "Kontakt", "topics": topics, "team_id": str(teams["Skjema"]), **VALUES, **values}
        async with db.work(account.id) as tx:
            view = await forms.create(tx, clock.now(), SYSTEM, msgspec.convert(wanted, forms.FormValues))
        return Form(client, clock, db, account, view, teams)

    return made


@pytest.fixture
async def form(make: Make) -> Form:
    return await make()


async def make_mailbox(db: Database, account: Account, name: str = "post@fjordnett.example") -> UUID:
    """A connection that can carry answers."""
    return await insert(db, "connections", account.id, kind="email", name=name)


def problems(answer: httpx.Response) -> dict[str, str]:
    """The summary of what is to be mended: where a link leads → its sentence."""
    return {found[1]: found[2] for found in re.finditer(r'<li><a href="#([^"]+)">([^<]+)</a></li>', answer.text)}
