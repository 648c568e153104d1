"""E-mail: mailboxes and the mails in them; the parser (`parsing`) is pure code that everything else here reads from."""
