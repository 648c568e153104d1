"""The room's named SQL."""

from typing import Final

from svardesk.kit import sql

QUERIES: Final = sql.load(__package__ or "svardesk.channels.facebook")
