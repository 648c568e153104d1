"""What the tests of the channels share: a widget, a visitor in a browser, an adapter of a make-believe provider."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID

import httpx
import msgspec
import pytest

from svardesk.accounts.caller import SYSTEM
from svardesk.channels.contract import (
    AdapterBase,
    Attachment,
    Capabilities,
    Connection,
    Content,
    Control,
    ErrorText,
    EventType,
    Health,
    InboundEvent,
    Ok,
    OutboundCommand,
    ParseFailed,
    Raw,
    ReconcileResult,
    Sender,
    SendResult,
    Sent,
    Typing,
    Watermark,
    Window,
)
from svardesk.channels.webchat import http as webchat_http
from svardesk.channels.webchat import visitors, widgets
from svardesk.conversations.schemas import Elsewhere
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.channels.test_identity import make as sign
from tests.client import Client
from tests.factories import Account, make_account, make_widget

SHOP = "https://butikk.example"


@dataclass
class Widget:
    """A widget of a test's organisation."""

    account: Account
    id: UUID
    key: str


@dataclass
class Browser:
    """A visitor's browser: what the frame would send."""

    http: Client
    widget: Widget
    token: str | None = None
    session: dict[str, Any] = field(default_factory=dict)

    async def open(self, *, expect: int = 200, keep: bool = True, **values: Any) -> dict[str, Any]:
        """Open the chat; returns the answer's body."""
        body = {"widget": self.widget.key, "parent": SHOP, "locale": "nb", **values}
        if self.token is not None:
            body.setdefault("visitor_token", self.token)
        answer = await self.http.post("/widget/v1/session", json=body)
        assert answer.status_code == expect, answer.text
        self.session = answer.json()
        if keep and self.session.get("visitor_token"):
            self.token = self.session["visitor_token"]
        return self.session

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def write(self, body: str = "Hei, er det noen der?", **values: Any) -> httpx.Response:
        """Send a message; the answer itself."""
        return await self.http.post(
            "/widget/v1/messages", json={"client_id": str(uuid7()), "body": body, **values}, headers=self.bearer
        )

    async def say(self, body: str = "Hei, er det noen der?", **values: Any) -> dict[str, Any]:
        """Send a message that is taken; the message."""
        answer = await self.write(body, **values)
        assert answer.status_code == 201, answer.text
        return answer.json()["message"]

    async def upload(self, content: bytes, name: str = "bilde.png", **headers: str) -> httpx.Response:
        """Upload a file; the answer itself."""
        return await self.http.post(
            "/widget/v1/files",
            content=content,
            headers={**self.bearer, "x-file-name": name, "content-type": "application/octet-stream", **headers},
        )

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """Send something else."""
        return await self.http.post(f"/widget/v1/{path}", json=body, headers=self.bearer)


@pytest.fixture(autouse=True)
def _unlimited_by_earlier_tests() -> None:
    """Every test starts with full buckets and an empty memory of sessions."""
    visitors.forget()
    for bucket in (
        webchat_http.SESSIONS, webchat_http.FROM_ADDRESS, webchat_http.MESSAGES, webchat_http.UPLOADS,
        webchat_http.UPLOADS_FROM_ADDRESS,
    ):  # fmt: skip
        bucket._buckets.clear()


@pytest.fixture
async def widget(db: Database) -> Widget:
    """A widget that one shop may show."""
    account = await make_account(db)
    widget_id, key = await make_widget(db, account, (SHOP, "https://*.kjede.example"))
    return Widget(account, widget_id, key)


@pytest.fixture
def browse(client: Client, widget: Widget) -> Callable[..., Browser]:
    """Make a browser, of the test's widget unless said otherwise."""
    return lambda of=widget: Browser(client, of)


@pytest.fixture
async def browser(browse: Callable[..., Browser]) -> Browser:
    """A browser in which the chat is open."""
    made = browse()
    await made.open()
    return made


class Call(msgspec.Struct):
    """One call that reached the make-believe provider."""

    verb: str
    delivery_id: UUID
    text: str
    part: int = 0


@dataclass
class Provider:
    """A provider that counts. ``answers`` are given in turn (then ``Sent``); an exception in it is raised after the call."""

    calls: list[Call] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    looks: list[Any] = field(default_factory=list)
    has: dict[UUID, str] = field(default_factory=dict)
    retries_for: timedelta | None = None
    pieces: int = 1
    windows: tuple[Window, ...] = (Window("always", None),)
    seen: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    """Ref → bytes, or an exception that fetching raises."""

    def sent(self, delivery_id: UUID | None = None) -> int:
        """How many messages (of one delivery) really went out."""
        return sum(1 for one in self.calls if one.verb == "send" and delivery_id in {None, one.delivery_id})


class Line(msgspec.Struct):
    """One line of what the make-believe provider tells."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    type: EventType = "message"
    text: str = ""
    about: Watermark | None = None
    thread: str = "t1"
    external_id: str | None = None
    edit: int = 0
    emoji: str | None = None
    elsewhere: Elsewhere | None = None
    control: Control | None = None
    referral: dict[str, Any] | None = None
    reply_to: str | None = None
    media: list[str] = []
    standby: bool | None = None
    at: datetime | None = None


class FakeAdapter(AdapterBase):
    """Mail-like: JSON lines in, one call out."""

    kind: ClassVar[str] = "fake"
    version: ClassVar[int] = 1

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def config_schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def capabilities(self, connection: Connection) -> Capabilities:
        return Capabilities(
            trust_default="claimed",
            retries_for=self.provider.retries_for,
            windows=self.provider.windows,
            typing=Typing(outwards=True),
            seen=True,
        )

    def parts(self, command: OutboundCommand) -> int:
        return self.provider.pieces

    async def signal(self, connection: Connection, thread: str, signal: str) -> None:
        self.provider.seen.append((thread, signal))

    def authenticate(self, headers: Any, raw: bytes, connection: Connection) -> Ok:
        return Ok()

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        try:
            lines = [msgspec.json.decode(line, type=Line) for line in raw.body.splitlines()]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ParseFailed("not_understood", "no JSON lines") from error
        return [
            InboundEvent(
                type=line.type,
                idempotency_key=line.id,
                external_thread_key=line.thread,
                sender=Sender(external_id="ola@example.no", display="Ola", trust="claimed"),
                occurred_at=line.at or raw.received_at,
                content=Content(
                    text=line.text,
                    reply_to_external_id=line.reply_to,
                    attachments=tuple(Attachment(ref=one) for one in line.media),
                ),
                about=line.about,
                external_id=line.external_id,
                edit=line.edit,
                emoji=line.emoji,
                elsewhere=line.elsewhere,
                control=line.control,
                referral=line.referral,
                standby=line.standby,
            )
            for line in lines
        ]

    async def send(self, command: OutboundCommand) -> SendResult:
        name = f"x-{command.delivery_id}" + (f":{command.part}" if self.provider.pieces > 1 else "")
        answer = self.provider.answers.pop(0) if self.provider.answers else Sent(external_id=name)
        if not isinstance(answer, ConnectionRefusedError):
            self.provider.calls.append(Call("send", command.delivery_id, command.text, command.part))
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        self.provider.calls.append(Call("reconcile", command.delivery_id, command.text))
        answer = self.provider.looks.pop(0) if self.provider.looks else None
        if isinstance(answer, BaseException):
            raise answer
        return answer or Sent(external_id=f"x-{command.delivery_id}")

    async def health(self, connection: Connection) -> Health:
        return Health(status="ok")

    def describe_error(self, code: str) -> ErrorText:
        return ErrorText(error_class="provider", text_key="delivery.failed")

    async def fetch_media(self, connection: Connection, ref: str) -> AsyncIterator[bytes]:
        found = self.provider.files.get(ref, ref.encode())
        if isinstance(found, BaseException):
            raise found
        yield found


async def secret_of(client: Client, widget: Widget) -> str:
    """A signing secret made as an owner makes it."""
    house = client.web.house
    async with house.db.work(widget.account.id) as tx:
        _, secret = await widgets.rotate_secrets(tx, house.clock.now(), house.keyring, SYSTEM, widget.id)
    return secret.secret


@pytest.fixture
async def signer(client: Client, widget: Widget, clock: FixedClock) -> Callable[..., str]:
    """Signs as the shop's server would."""
    secret = await secret_of(client, widget)

    def make(sub: str = "kunde-17", **claims: Any) -> str:
        stamp = int(clock.now().timestamp())
        return sign(secret, **{"aud": widget.key, "iat": stamp, "exp": stamp + 600, "sub": sub, **claims})

    return make
