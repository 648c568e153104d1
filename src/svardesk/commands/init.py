"""`svardesk init`: an organisation and its owner, asked for at the terminal where not given as arguments."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import re
import sys
import unicodedata
from pathlib import Path

from svardesk.accounts.setup import create_organisation
from svardesk.commands.database import reachable
from svardesk.commands.failure import CommandError
from svardesk.config import Settings
from svardesk.kit.db import Database
from svardesk.kit.migrate import migrate

# Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "ŋ": "n", "ł": "l"})


def init(settings: Settings, options: argparse.Namespace) -> int:
    """Create the organisation; nothing is made when a value is refused."""
    organisation = options.organisation or _ask("Name of the organisation", "--organisation")
    slug = options.slug or slug_of(organisation)
    name = options.name or _ask("Your name (the owner)", "--name")
    email = options.email or _ask("Your e-mail address", "--email")
    password = _password(options.password_file)
    with reachable(settings, "init") as dsn:
        _ = migrate(dsn)
        asyncio.run(_create(dsn, organisation, slug, options.locale, options.timezone, email, name, password))
    print(f"{organisation} ({slug}) is there, with {name} <{email}> as its owner.")
    print(f"Sign in at {settings.public_url}/app/ once Svardesk runs (`svardesk run`).")
    return 0


async def _create(
    dsn: str, organisation: str, slug: str, locale: str, timezone: str, email: str, name: str, password: str
) -> None:
    db = Database(dsn, pool_min=1, pool_max=2, name="svardesk init")
    await db.open()
    try:
        _ = await create_organisation(db, organisation, slug, locale, timezone, email, name, password)
    finally:
        await db.close()


def slug_of(name: str) -> str:
    """A short name for addresses: `Blåbær & Sønn AS` becomes `blabaer-sonn-as`."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "desk"


def _ask(question: str, option: str) -> str:
    if not sys.stdin.isatty():
        raise CommandError(f"Say {option}: there is no terminal to ask at.", 2)
    while not (answer := input(f"{question}: ").strip()):
        pass
    return answer


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The password file {file} cannot be read ({error.strerror}).", 2) from error
        password = text.split("\n", 1)[0].rstrip("\r")
        if not password:
            raise CommandError("The password file is empty.", 2)
        return password
    if not sys.stdin.isatty():
        raise CommandError("Say --password-file (- reads it from stdin): there is no terminal to ask at.", 2)
    first = getpass.getpass("Your password: ")
    if getpass.getpass("Once more: ") != first:
        raise CommandError("The two passwords differ.", 2)
    return first
