"""The organisation's Meta app as an adapter: nothing is sent by it, and what lies with it belongs to no connected page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from svardesk.channels.contract import (
    AdapterBase,
    Capabilities,
    Check,
    Connection,
    ErrorText,
    Health,
    InboundEvent,
    NotSent,
    Ok,
    OutboundCommand,
    ParseFailed,
    Permanent,
    Raw,
    ReconcileResult,
    Reject,
    SendResult,
)
from svardesk.channels.meta import errors
from svardesk.channels.meta.config import KIND, UNKNOWN_PAGE, AppConfig, app_secrets, read_app, schema_of
from svardesk.channels.meta.signature import HEADER, is_signed
from svardesk.channels.meta.splitting import NotMetas, split
from svardesk.channels.meta.straying import find_place
from svardesk.kit.db import Tx


class MetaAdapter(AdapterBase):
    """The app of an organisation: its webhook, and what came in for nobody."""

    kind: ClassVar[str] = KIND
    version: ClassVar[int] = 1

    def config_schema(self) -> dict[str, Any]:
        """JSON Schema of the app's settings."""
        return schema_of(AppConfig)

    def capabilities(self, connection: Connection) -> Capabilities:
        """Nobody is written to by it."""
        del connection
        return Capabilities(windows=())

    def authenticate(self, headers: Mapping[str, str], raw: bytes, connection: Connection) -> Ok | Reject:
        """One of the app's secrets signed the bytes."""
        if is_signed(raw, headers.get(HEADER, ""), app_secrets(connection)):
            return Ok()
        return Reject(status=403, code="bad_signature")

    def parse(self, raw: Raw, connection: Connection) -> list[InboundEvent]:
        """Refuse it, and say why it is here."""
        del connection
        page = raw.headers.get(UNKNOWN_PAGE)
        if page:
            raise ParseFailed("unknown_page", f"The page {page} is not connected here.", page=page)
        try:
            pages = sorted({share.page_id for share in split(raw.body)})
        except NotMetas as error:
            raise ParseFailed("not_understood", f"This is nothing that Meta sends for pages: {error}"[:300]) from error
        named = ", ".join(pages)[:200]
        raise ParseFailed("unknown_page", f"The page {named} is not connected here.", page=named)

    async def replayed(self, tx: Tx, now: datetime, connection: Connection, raw: Raw) -> bool:
        """Its page may be connected by now: then it goes there."""
        del now
        return await find_place(tx, connection.id, raw.body, raw.received_at)

    async def send(self, command: OutboundCommand) -> SendResult:
        """Nothing goes out by an app."""
        del command
        return Permanent(code="not_offered", error_class="connection", reason="not_offered")

    async def reconcile(self, command: OutboundCommand) -> ReconcileResult:
        """Nothing ever did."""
        del command
        return NotSent()

    async def health(self, connection: Connection) -> Health:
        """Whether what it needs is there; ``watching`` looks at its pages."""
        config = read_app(connection)
        checks = (
            Check(name="app_id", ok=bool(config.app_id)),
            Check(name="app_secret", ok=bool(app_secrets(connection))),
        )
        return Health(status="ok" if all(one.ok for one in checks) else "degraded", checks=checks)

    def describe_error(self, code: str) -> ErrorText:
        """As the Graph API's table says."""
        return errors.describe(code)
