"""What a mail says: `parse` reads the bytes of any mail, never raises, and gives the same answer every time."""

from svardesk.channels.email.parsing.parsed import (
    Address,
    Automatic,
    Bounce,
    MailFile,
    ParsedMail,
    Recipient,
)
from svardesk.channels.email.parsing.reading import parse

__all__ = ["Address", "Automatic", "Bounce", "MailFile", "ParsedMail", "Recipient", "parse"]
