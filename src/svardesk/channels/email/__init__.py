"""E-mail: mailboxes that are read over IMAP, answers that go out over SMTP."""
