"""The widget says how soon we usually answer, once enough answers have been measured."""

from datetime import timedelta
from uuid import UUID

import pytest

from svardesk.channels.webchat import reply_time
from svardesk.channels.webchat.visitors import Visitor
from svardesk.kit.clock import FixedClock
from svardesk.kit.db import Database
from svardesk.kit.ids import uuid7
from tests.factories import NOW, make_account, make_contact, make_conversation, make_widget


@pytest.mark.parametrize(("answered", "expected"), [(9, None), (10, "Vi svarer vanligvis innen 10 minutter.")])
async def test_four_of_five_were_answered_that_soon(
    db: Database, clock: FixedClock, answered: int, expected: str | None
) -> None:
    reply_time.forget()
    account = await make_account(db)
    widget, _ = await make_widget(db, account)
    contact = await make_contact(db, account)
    began = clock.now() - timedelta(hours=1)
    for minutes in range(1, answered + 1):
        await make_conversation(
            db, account, contact, connection_id=widget, created_at=began,
            first_answered_at=began + timedelta(minutes=minutes),
        )  # fmt: skip
    await make_conversation(db, account, contact, connection_id=widget)
    visitor = _visitor(account.id, widget)
    async with db.work(account.id) as tx:
        assert await reply_time.told(tx, clock.now(), visitor) == expected


def _visitor(account_id: UUID, widget: UUID) -> Visitor:
    return Visitor(
        account_id=account_id, id=uuid7(), connection_id=widget, contact_id=None, identity_id=None, conversation_id=None,
        signed=False, locale="nb", page_url=None, page_title=None, brand_id=None, team_id=None, calendar_id=None,
        expires_at=NOW, last_seen_at=NOW, token_hash=b"",
    )  # fmt: skip
