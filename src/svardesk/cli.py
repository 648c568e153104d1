"""The command `svardesk`: reads the arguments and calls one function; everything heavy is imported by that call only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from svardesk.commands import lifeline
from svardesk.config import Settings, SettingsError

Command = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 not possible (a sentence says why), 2 wrong arguments or settings."""
    lifeline.watch()
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        return _fail(str(error), 2)
    try:
        return command(settings, options)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        code = _known_failure(error)
        if code is None:
            raise
        return _fail(str(getattr(error, "message", None) or error), code)


def _fail(sentence: str, code: int) -> int:
    print(f"svardesk: {sentence}", file=sys.stderr, flush=True)
    return code


def _known_failure(error: Exception) -> int | None:
    """The exit code for errors that bring a sentence for people; None for a fault of ours, which keeps its traceback."""
    from svardesk.commands.failure import CommandError
    from svardesk.kit.migrate import MigrationError
    from svardesk.kit.postgres import PostgresError

    if isinstance(error, CommandError):
        return error.code
    if isinstance(error, PostgresError | MigrationError):
        return 1
    for module, name in (("svardesk.kit.errors", "SvardeskError"), ("svardesk.kit.keyring", "KeyRingError")):
        # Looked up, not imported: an error of a module that was never loaded cannot have been raised.
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(error, getattr(loaded, name)):
            return 1
    return None


def _run(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.run import run

    return run(settings, demo=options.demo)


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.database import require_running

    require_running(settings)
    from svardesk.app import serve

    serve(settings, demo=options.demo)
    return 0


def _work(settings: Settings, _options: argparse.Namespace) -> int:
    from svardesk.commands.database import require_running

    require_running(settings)
    from svardesk.worker import work

    work(settings)
    return 0


def _migrate(settings: Settings, _options: argparse.Namespace) -> int:
    from svardesk.commands.database import reachable
    from svardesk.kit.migrate import migrate

    with reachable(settings, "migrate") as dsn:
        before, after = migrate(dsn)
    print(f"The schema is {after}." if before == after else f"The schema went from {before or 'empty'} to {after}.")
    return 0


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.demo import demo

    return demo(settings, report=options.report)


def _demo_mail(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.demo_mail import mail

    return mail(settings, options)


def _demo_mail_server(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.demo_mail import serve

    return serve(settings, options.sockets)


def _demo_meta_server(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.demo_meta import serve

    return serve(settings, options.port)


def _init(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.init import init

    return init(settings, options)


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.backup import backup

    return backup(settings, options.file, overwrite=options.overwrite)


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.restore import restore

    return restore(settings, options.file, replace=options.replace)


def _aside(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.aside import aside

    return aside(settings, options.replay)


def _mail_parse(_settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.mail import parse

    return parse(options.files, as_json=options.json, authserv=options.authserv)


def _keys_rotate(settings: Settings, _options: argparse.Namespace) -> int:
    from svardesk.commands.keys import rotate

    return rotate(settings)


def _postgres_start(settings: Settings, _options: argparse.Namespace) -> int:
    from svardesk.commands.database import start

    return start(settings)


def _postgres_stop(settings: Settings, _options: argparse.Namespace) -> int:
    from svardesk.commands.database import stop

    return stop(settings)


def _postgres_psql(settings: Settings, options: argparse.Namespace) -> int:
    from svardesk.commands.database import psql

    return psql(settings, options.arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="svardesk",
        description="Svardesk: the desk at which every customer gets a real answer. Settings come from the environment, "
        "see docs/settings.md.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        return made

    run = add("run", _run, "Run everything on this machine: database, web process, worker.")
    run.add_argument("--demo", action="store_true", help="also fill the demo organisation and print its sign-in")
    serve = add("serve", _serve, "Run one web process (several may run on one database).")
    serve.add_argument("--demo", action="store_true", help="also serve the demo shop")
    add("work", _work, "Run one worker (several may run on one database).")
    add("migrate", _migrate, "Bring the database's schema to what this version needs.")
    demo = add("demo", _demo, "Fill the demo organisation, once, and print its sign-in.")
    demo.add_argument("--report", type=Path, help="write the sign-in to this file instead")
    _demo_parser(demo)
    init = add("init", _init, "Create an organisation and its owner.")
    init.add_argument("--organisation", help="its name, as customers know it")
    init.add_argument("--slug", help="its short name in addresses (default: made from the name)")
    init.add_argument("--name", help="the owner's name")
    init.add_argument("--email", help="the owner's e-mail address, for signing in")
    init.add_argument("--locale", default="nb", choices=("nb", "nn", "da", "sv", "fi", "en"), help="its language (nb)")
    init.add_argument("--timezone", default="Europe/Oslo", help="its time zone (Europe/Oslo)")
    init.add_argument(
        "--password-file", type=Path, help="read the owner's password from the first line of this file (- is stdin)"
    )
    backup = add("backup", _backup, "Save everything (database, files) to one file.")
    backup.add_argument("file", type=Path)
    backup.add_argument("--overwrite", action="store_true", help="replace FILE when it exists")
    restore = add("restore", _restore, "Bring everything back from a file that `svardesk backup` made.")
    restore.add_argument("file", type=Path)
    restore.add_argument("--replace", action="store_true", help="throw away what the database holds now")
    aside = add("aside", _aside, "List what was set aside because it kept failing, or have it tried once more.")
    aside.add_argument(
        "--replay", nargs="?", const="all", metavar="ID", help="try everything again, or the one with this id"
    )
    keys = commands.add_parser("keys", help="The key ring that protects stored secrets.")
    keys_commands = keys.add_subparsers(metavar="COMMAND", required=True)
    rotate = keys_commands.add_parser("rotate", help="Make a new key and store every secret anew under it.")
    rotate.set_defaults(command=_keys_rotate)
    mail = commands.add_parser("mail", help="Look at stored mails.")
    mail_commands = mail.add_subparsers(metavar="COMMAND", required=True)
    text = (
        "Print what the parser makes of mails: who wrote, what is shown, what is quoted, which files, how far trusted."
    )
    parse = mail_commands.add_parser("parse", help=text, description=text)
    parse.add_argument(
        "files", nargs="+", metavar="FILE", help="a mail as it came, byte for byte (- is standard input)"
    )
    parse.add_argument("--json", action="store_true", help="one JSON object a file, each on a line")
    parse.add_argument(
        "--authserv",
        action="append",
        default=[],
        metavar="NAME",
        help="trust this server's Authentication-Results (may be repeated; 'microsoft' for those without a name)",
    )
    parse.set_defaults(command=_mail_parse)
    postgres = commands.add_parser("postgres", help="The embedded database alone: start, stop, psql.")
    postgres_commands = postgres.add_subparsers(metavar="COMMAND", required=True)
    for name, command, text in (
        ("start", _postgres_start, "Start the embedded database and leave it running."),
        ("stop", _postgres_stop, "Stop the embedded database."),
    ):
        postgres_commands.add_parser(name, help=text, description=text).set_defaults(command=command)
    psql = postgres_commands.add_parser("psql", help="Open psql as the owner; arguments after -- are psql's.")
    psql.add_argument("arguments", nargs="*")
    psql.set_defaults(command=_postgres_psql)
    return parser


def _demo_parser(demo: argparse.ArgumentParser) -> None:
    commands = demo.add_subparsers(metavar="mail")
    text = "Be a customer of the demo by e-mail: write to it, or look at what customers received and answer that."
    mail = commands.add_parser("mail", help=text, description=text)
    mail.set_defaults(command=_demo_mail)
    mail.add_argument(
        "--from", dest="sender", metavar="WHO", help='"Kari Nordmann <kari@example.no>", who is the default'
    )
    mail.add_argument("--to", metavar="ADDRESS", help="whom it goes to (default: the demo's mailbox)")
    mail.add_argument("--subject", help="the mail's subject")
    mail.add_argument("--text", help="what it says (- reads it from standard input)")
    mail.add_argument("--file", type=Path, metavar="MAIL.eml", help="send this mail, as it is, instead")
    mail.add_argument("--inbox", action="store_true", help="show what customers received, numbered, oldest first")
    mail.add_argument(
        "--reply",
        nargs="?",
        const=-1,
        type=int,
        metavar="N",
        help="answer mail N of the inbox (default: the newest) with --text",
    )
    # For `svardesk run` alone: the sockets are its own.
    server = commands.add_parser(
        "mail-server", description="The demo's mail server, on sockets that `svardesk run` opened."
    )
    server.set_defaults(command=_demo_mail_server)
    server.add_argument("--sockets", required=True, type=lambda text: [int(one) for one in text.split(",")])
    meta = commands.add_parser(
        "meta-server", description="A stand-in for Meta's Graph API, with a page on which to play the customer."
    )
    meta.set_defaults(command=_demo_meta_server)
    meta.add_argument("--port", required=True, type=int)


if __name__ == "__main__":
    sys.exit(main())
