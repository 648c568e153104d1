"""What the settings of every connection are checked for: that what they point to exists, that nobody was faster."""

from svardesk.channels.connections import QUERIES
from svardesk.kit.db import Row, Tx
from svardesk.kit.errors import Conflict, Unprocessable


class UnknownReference(Unprocessable):
    """There is no such brand, team or calendar in your organisation."""

    code = "unknown_reference"


class VersionConflict(Conflict):
    """Somebody changed these settings meanwhile: read them again."""

    code = "version_conflict"


async def check_references(tx: Tx, row: Row) -> None:
    """Raise ``UnknownReference`` unless brand, team and calendar of ``row`` (each an id or None) are the organisation's."""
    known = await tx.one(
        QUERIES.known_references,
        account_id=tx.account,
        brand_id=row["brand_id"],
        team_id=row["team_id"],
        calendar_id=row["calendar_id"],
    )
    for name in ("brand", "team", "calendar"):
        if not known[name]:
            raise UnknownReference(field=f"{name}_id")
