"""What web chat does on others' facts."""

from collections.abc import Sequence

from svardesk.channels.events import VisitorSessionChanged
from svardesk.channels.webchat.visitors import QUERIES
from svardesk.contacts.events import ContactsParted
from svardesk.kit.db import Tx
from svardesk.spine import Reaction, Recorded, record


async def let_go(tx: Tx, batch: Sequence[Recorded]) -> None:
    """An agent undid that an anonymous visitor was the one who signed in: the one's conversation leaves the other's chat."""
    for one in batch:
        rows = await tx.all(QUERIES.let_go, account_id=tx.account, contact_ids=list(one.event.contact_ids))
        for row in rows:
            await record(tx, VisitorSessionChanged(stream=row["id"], revoked=False))


REACTIONS = {ContactsParted: (Reaction("let_go_of_conversation", let_go),)}
