"""The room's statements."""

from typing import Final

from svardesk.kit import sql

META: Final = sql.load(__package__ or "svardesk.channels.meta")
