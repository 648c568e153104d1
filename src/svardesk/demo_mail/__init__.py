"""A mail server of our own, for the demo and for tests: SMTP in, IMAP out, loopback only.

Two (or more) mailboxes: the organisation's, which Svardesk reads, and a catch-all for everybody else, in which answers to
customers arrive. Mail never leaves the machine. The protocols are spoken by packages (aiosmtpd, pymap); what is here is
where mail goes (``post``), who may sign in, and how to make the servers misbehave on demand (``rules``).

``python -m svardesk.demo_mail`` runs it; ``DemoMail`` is the same thing inside a test.
"""

from svardesk.demo_mail.post import Account, PostOffice
from svardesk.demo_mail.rules import DROP, KEEP_AND_DROP, Rule, Step
from svardesk.demo_mail.server import DemoMail

__all__ = ["DROP", "KEEP_AND_DROP", "Account", "DemoMail", "PostOffice", "Rule", "Step"]
