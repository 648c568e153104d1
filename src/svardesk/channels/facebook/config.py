"""What the page's connection is told beyond what both of a page's channels know."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec

from svardesk.channels.contract import Connection
from svardesk.channels.meta.config import PageConfig, read_page

KIND: Final = "facebook"


class FacebookConfig(PageConfig, frozen=True, kw_only=True):
    """A page. ``max_comment``: characters of a comment; ``private_days``: so long after a comment a private reply may be sent."""

    max_comment: Annotated[int, msgspec.Meta(ge=500, le=8000)] = 8000
    private_days: Annotated[float, msgspec.Meta(gt=0, le=30)] = 7.0

    @property
    def private_for(self) -> timedelta:
        """So long after a comment its author may be written to once."""
        return timedelta(days=self.private_days)


def read(connection: Connection) -> FacebookConfig:
    """The settings of a page; what is not of their form counts as not set."""
    try:
        return msgspec.convert(connection.config, FacebookConfig)
    except msgspec.ValidationError:
        return msgspec.convert(msgspec.to_builtins(read_page(connection)), FacebookConfig)
